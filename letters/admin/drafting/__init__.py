"""A convener writes a letter: the doors to its facts, its texts side by side, and the page as it will look."""

from __future__ import annotations

from functools import partial
from typing import Any

from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy

from coalition.desk import DeskAdmin
from letters import drafting
from letters.admin.drafting import facts, preview, texts
from letters.models import Letter
from letters.roles import CONVENER


def urls(desk: DeskAdmin[Letter]) -> list[URLPattern]:
    """Doors below admin/letters/letter/."""
    view = desk.admin_site.admin_view
    return [
        path("start/", view(partial(facts.start, desk)), name="letters_letter_start"),
        path("<int:pk>/start/", view(partial(facts.start, desk)), name="letters_letter_start_from"),
        path("<int:pk>/texts/", view(partial(texts.write, desk)), name="letters_letter_texts"),
        path(
            "<int:pk>/texts/<slug:language>/remove/",
            view(partial(texts.remove, desk)),
            name="letters_letter_text_remove",
        ),
        path("<int:pk>/preview/", view(partial(preview.show, desk)), name="letters_letter_preview"),
    ]


def links(letter: Letter, user: Any) -> list[tuple[str, Any]]:
    """What can be done with the words of a letter, as links on its page."""
    found: list[tuple[str, Any]] = []
    if may_write(letter, user):
        found.append((reverse("admin:letters_letter_texts", args=[letter.pk]), gettext_lazy("Write the texts")))
    if drafting.unsealed(letter) is not None or not letter.is_public(timezone.now()):
        found.append((reverse("admin:letters_letter_preview", args=[letter.pk]), gettext_lazy("Preview")))
    if letter.roles.filter(user=user).exists() or user.is_superuser:
        again = reverse("admin:letters_letter_start_from", args=[letter.pk])
        found.append((again, gettext_lazy("Start a new letter from this one")))
    return found


def may_write(letter: Letter, user: Any) -> bool:
    """Whether there is a text for this person to write."""
    is_there = letter.status == Letter.Status.DRAFT or drafting.unsealed(letter) is not None
    return is_there and CONVENER.allows(user, letter)
