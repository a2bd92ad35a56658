"""The public page of a letter as it will be, for those with a role on it."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.conf import settings
from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone, translation
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from coalition import context
from coalition.desk import DeskAdmin
from letters import drafting
from letters.admin.drafting.fields import is_known
from letters.models import Letter, Text
from letters.sealing import is_written, language_name
from letters.views import reading


def show(desk: DeskAdmin[Letter], request: HttpRequest, pk: int) -> HttpResponse:
    """The public page as it will be with the text that is being written, or as it is, for those with a role."""
    letter, at = desk.get_object(request, str(pk)), timezone.now()
    version = drafting.unsealed(letter)
    if version is None and letter.is_public(at):
        return redirect(letter.get_absolute_url())
    if version is not None:
        # The page shows the version as it will be sealed; these rows are never saved.
        version.digest, version.sealed_at = version.compute_digest(), at
        vars(letter)["version"] = version
    all_texts = letter.texts
    language = request.GET.get("text", "") or letter.authoritative_language
    text = all_texts.get(language)
    about: dict[str, Any] = {
        "letter": letter,
        "text": text,
        "language": language_name(language) if text or is_known(language) else language,
        "languages": [(tag, language_name(tag), tag == language) for tag in all_texts],
        "is_sealed": version is None,
        "is_written": text is not None and is_written(text),
        "back": desk.url_of(letter),
        "missing": drafting.missing(letter, at) if letter.status == Letter.Status.DRAFT else [],
        "site": context.site()["site"],
    }
    ui = language.lower() if language.lower() in dict(settings.LANGUAGES) else get_language() or "en"
    if text is None or not about["is_written"]:
        about |= {**admin.site.each_context(request), "title": _("Preview"), "opts": desk.opts}
        response = render(request, "admin/letters/preview_missing.html", about)
    else:
        with translation.override(ui):
            response = render(
                request, "admin/letters/preview.html", {**context.site(), **about, **_as_public(letter, text, at)}
            )
    response["X-Robots-Tag"] = "noindex"
    return response


def _as_public(letter: Letter, text: Text, at: datetime) -> dict[str, Any]:
    """What the public page shows; its links to sign lead to the sentence that nobody can sign here."""
    # With one text the page shows no choice of languages, whose links would lead to public addresses.
    vars(letter)["texts"] = {text.language: text}
    about = reading.page_of(letter, text, at)
    if letter.status == Letter.Status.DRAFT and letter.closes_at and at < letter.closes_at:
        about |= {"stage": "open", "is_open": True, "accepts": True}
    return about | {"sign_url": "#preview", "is_untranslated": False, "is_preview": True}
