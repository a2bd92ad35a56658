"""Letters at the desk: where each stands, the steps in its life, and who has which role on it."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django import forms
from django.contrib import admin
from django.contrib.admin.views.main import ChangeList
from django.db.models import F, QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy

from coalition.desk import AdministratorsKeep, DeskAdmin, ModelAdmin, NeededNoteForm, ShownBelow, StepForm, Verb, staff
from coalition.templatetags.words import instant
from letters import counting, lifecycle
from letters.models import Addressee, Letter, LetterRole, Text
from letters.roles import MODERATOR


def titles(letters: Iterable[Letter]) -> dict[int, str]:
    """Titles in the authoritative language, of the newest sealed version or else of the draft, in one query."""
    theirs = Text.objects.filter(version__letter__in=letters, language=F("version__letter__authoritative_language"))
    newest_last = theirs.order_by(F("version__sealed_at").asc(nulls_first=True))
    return dict(newest_last.values_list("version__letter", "title"))


class ReopenForm(NeededNoteForm):
    closes_at = forms.DateTimeField(
        label=gettext_lazy("New deadline"),
        error_messages={
            "required": gettext_lazy("Enter a day and a time"),
            "invalid": gettext_lazy("Enter a day and a time"),
        },
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}),
    )
    field_order = ["closes_at", "note"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["closes_at"].help_text = self.subject.time_zone

    def clean_closes_at(self) -> datetime:
        """By the letter's own clock."""
        typed: datetime = self.cleaned_data["closes_at"]
        return timezone.make_naive(typed).replace(tzinfo=self.subject.zone)


class AddresseesBelow(ShownBelow):
    model = Addressee
    fields = ["holder", "office", "body", "is_copied"]


class RolesBelow(ShownBelow):
    model = LetterRole
    fields = ["user", "role"]


class LetterList(ChangeList):
    """A page of letters, with titles and figures of all of them from one query each."""

    def get_results(self, request: HttpRequest) -> None:
        super().get_results(request)
        self.result_list = list(self.result_list)
        shown_titles, counts = titles(self.result_list), counting.count_all(self.result_list, timezone.now())
        for letter in self.result_list:
            letter.shown_title = shown_titles.get(letter.pk, "")
            letter.shown_count = counts[letter.pk].organisations


@admin.register(Letter)
class LetterAdmin(DeskAdmin[Letter]):
    """The letters on which one holds a role."""

    flow = lifecycle.flow
    verbs = {
        "open": Verb(
            lifecycle.open,
            gettext_lazy("Open for signature"),
            gettext_lazy("open for signature"),
            StepForm,
            gettext_lazy("The text is sealed and can’t be changed any more. From now on organisations can sign."),
        ),
        "close": Verb(
            lifecycle.close,
            gettext_lazy("Close"),
            gettext_lazy("closed"),
            StepForm,
            gettext_lazy("From now on nobody can sign. Sign-ons that are not confirmed yet are lost."),
        ),
        "reopen": Verb(
            lifecycle.reopen,
            gettext_lazy("Open again"),
            gettext_lazy("open again"),
            ReopenForm,
            gettext_lazy("Organisations can sign until the new deadline."),
        ),
        "take_down": Verb(
            lifecycle.take_down,
            gettext_lazy("Take down"),
            gettext_lazy("taken down"),
            NeededNoteForm,
            gettext_lazy("The letter and its list leave the public at once. Their address says that they were here."),
        ),
        "restore": Verb(
            lifecycle.restore,
            gettext_lazy("Restore"),
            gettext_lazy("restored"),
            NeededNoteForm,
            gettext_lazy("The letter is public again, as it was before it was taken down."),
        ),
        "discard": Verb(
            lifecycle.discard,
            gettext_lazy("Discard"),
            gettext_lazy("discarded"),
            StepForm,
            gettext_lazy("The draft can’t be used any more."),
        ),
    }
    told = {
        "open": gettext_lazy("Opened for signature"),
        "record": gettext_lazy("Put on record from a published list"),
        "discard": gettext_lazy("Discarded"),
        "close": gettext_lazy("Closed"),
        "reopen": gettext_lazy("Opened again"),
        "take_down": gettext_lazy("Taken down"),
        "restore": gettext_lazy("Restored"),
    }
    list_display = ["reference", "shown_title", "status", "shown_count", "deadline"]
    list_filter = ["status"]
    search_fields = ["reference", "slug", "versions__texts__title"]
    ordering = ["-pk"]
    fields = [
        *("reference", "kind", "status", "audience", "public_from", "deadline", "late_until", "time_zone"),
        *("list_order", "withheld_names", "withdrawal", "eligibility", "authoritative_language", "source_name"),
    ]
    inlines = [AddresseesBelow, RolesBelow]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Letter]:
        return Letter.objects.held_by(request.user, *LetterRole.Role.values)

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        return LetterList

    @admin.display(description=gettext_lazy("title"))
    def shown_title(self, letter: Any) -> str:
        return str(letter.shown_title)

    @admin.display(description=gettext_lazy("organisations"))
    def shown_count(self, letter: Any) -> int:
        return int(letter.shown_count)

    @admin.display(description=gettext_lazy("closes at"))
    def deadline(self, letter: Letter) -> str:
        return instant(letter.closes_at, letter.zone) if letter.closes_at else "–"

    def context_of(self, request: HttpRequest, subject: Letter) -> dict[str, Any]:
        queue = f"{reverse('admin:letters_endorsement_changelist')}?letter={subject.pk}"
        links = [(queue, gettext_lazy("Queue of its endorsements"))]
        if subject.is_public(timezone.now()):
            links.append((subject.get_absolute_url(), gettext_lazy("Public page")))
        if subject.status in Letter.PUBLIC and MODERATOR.allows(staff(request), subject):
            record = reverse("admin:letters_endorsement_record", args=[subject.pk])
            links.append((record, gettext_lazy("Record a sign-on that came by mail or on paper")))
        if request.user.is_superuser:
            role = f"{reverse('admin:letters_letterrole_add')}?letter={subject.pk}"
            links.append((role, gettext_lazy("Give a role on it")))
        return {"title": subject.title, "links": links}


@admin.register(LetterRole)
class LetterRoleAdmin(AdministratorsKeep, ModelAdmin[LetterRole]):
    """Who may do what on which letter; given and taken by administrators."""

    fields = ["user", "letter", "role"]
    list_display = ["user", "letter", "role"]
    list_filter = ["role"]
    show_facets = admin.ShowFacets.NEVER
    list_select_related = ["user", "letter"]
    search_fields = ["user__email", "user__name", "letter__reference", "letter__slug"]

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self.has_module_permission(request)
