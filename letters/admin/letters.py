"""Letters at the desk: where each stands, the steps in its life, and who has which role on it."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.contrib import admin
from django.contrib.admin.utils import unquote
from django.contrib.admin.views.main import ChangeList
from django.db.models import F, QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from coalition.desk import (
    AdministratorsKeep,
    DeskAdmin,
    ModelAdmin,
    NeededNoteForm,
    NoteForm,
    ShownBelow,
    StepForm,
    Verb,
    staff,
)
from coalition.templatetags.words import instant
from letters import counting, delivering, lifecycle
from letters import drafting as drafts
from letters.admin import amending, drafting, inviting, responding
from letters.admin import delivering as desk
from letters.admin.clock import AudienceForm, DeadlineForm, LateForm
from letters.admin.delivering import DeliverForm
from letters.admin.importing import endorsement_list
from letters.models import Addressee, Letter, LetterRole, Text
from letters.roles import CONVENER, MODERATOR


def titles(letters: Iterable[Letter]) -> dict[int, str]:
    """Titles in the authoritative language, of the newest sealed version or else of the draft, in one query."""
    theirs = Text.objects.filter(version__letter__in=letters, language=F("version__letter__authoritative_language"))
    newest_last = theirs.order_by(F("version__sealed_at").asc(nulls_first=True))
    return dict(newest_last.values_list("version__letter", "title"))


class AddresseesBelow(ShownBelow):
    model = Addressee
    fields = ["holder", "office", "body", "copied"]
    readonly_fields = ["copied"]

    @admin.display(description=gettext_lazy("gets a copy (cc)"))
    def copied(self, addressee: Addressee) -> str:
        return _("yes") if addressee.is_copied else "–"


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
        "extend": Verb(
            lifecycle.extend,
            gettext_lazy("Extend the deadline"),
            gettext_lazy("extended"),
            DeadlineForm,
            gettext_lazy("Organisations can sign until the new deadline, which is later than the present one."),
        ),
        "allow_late": Verb(
            lifecycle.allow_late,
            gettext_lazy("Take late signatures"),
            gettext_lazy("takes late signatures"),
            LateForm,
            gettext_lazy("After the deadline organisations can still sign, until that instant."),
        ),
        "set_audience": Verb(
            lifecycle.set_audience,
            gettext_lazy("Change who may see it"),
            gettext_lazy("who may see it is changed"),
            AudienceForm,
            gettext_lazy("It holds at once, for the page, the list and every file."),
        ),
        "reopen": Verb(
            lifecycle.reopen,
            gettext_lazy("Open again"),
            gettext_lazy("open again"),
            DeadlineForm,
            gettext_lazy("Organisations can sign until the new deadline."),
        ),
        **amending.VERBS,
        "deliver": Verb(
            delivering.deliver,
            gettext_lazy("Deliver"),
            gettext_lazy("delivered"),
            DeliverForm,
            gettext_lazy(
                "The list and the count are frozen as they are now, and the files are made from them. After that only "
                "late signatures are taken. Every signer is told."
            ),
        ),
        "conclude": Verb(
            lifecycle.conclude,
            gettext_lazy("Conclude"),
            gettext_lazy("concluded"),
            NoteForm,
            gettext_lazy("Nothing more is expected of the letter. It stays on record and takes no more signatures."),
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
        "draft": gettext_lazy("Started"),
        "open": gettext_lazy("Opened for signature"),
        "record": gettext_lazy("Put on record from a published list"),
        "discard": gettext_lazy("Discarded"),
        "close": gettext_lazy("Closed"),
        "extend": gettext_lazy("Deadline extended"),
        "allow_late": gettext_lazy("Late signatures allowed"),
        "set_audience": gettext_lazy("Audience or embargo changed"),
        "invite": gettext_lazy("An organisation invited"),
        "revoke": gettext_lazy("An invitation revoked"),
        **amending.TOLD,
        "deliver": gettext_lazy("Delivered"),
        "respond": gettext_lazy("Response recorded"),
        "correct_response": gettext_lazy("Response corrected"),
        "remove_response": gettext_lazy("Response taken off the record"),
        "post_update": gettext_lazy("Update published"),
        "correct_update": gettext_lazy("Update corrected"),
        "remove_update": gettext_lazy("Update taken off the record"),
        "conclude": gettext_lazy("Concluded"),
        "reopen": gettext_lazy("Opened again"),
        "take_down": gettext_lazy("Taken down"),
        "restore": gettext_lazy("Restored"),
    }
    list_display = ["reference", "shown_title", "status", "shown_count", "deadline"]
    list_filter = ["status"]
    search_fields = ["reference", "slug", "versions__texts__title"]
    ordering = ["-pk"]
    fields = [
        *("reference", "kind", "status", "audience", "embargo", "deadline", "late", "time_zone"),
        *("list_order", "withheld_names", "withdrawal", "eligibility", "authoritative_language", "source_name"),
    ]
    inlines = [AddresseesBelow, RolesBelow]
    change_form_template = "admin/letters/letter_page.html"
    change_list_template = "admin/letters/letters.html"

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view
        return [
            *drafting.urls(self),
            path("<int:pk>/deliveries/<int:number>/", view(desk.delivery), name="letters_letter_delivery"),
            path(
                "<int:pk>/deliveries/<int:number>/files/<int:file>/",
                view(desk.delivery_file),
                name="letters_letter_delivery_file",
            ),
            path(
                "<int:pk>/deliveries/<int:number>/proof/",
                view(desk.delivery_proof),
                name="letters_letter_delivery_proof",
            ),
            path("<int:pk>/import/", view(endorsement_list), name="letters_letter_import"),
            *inviting.urls(self.admin_site),
            *responding.urls(self.admin_site),
            *super().get_urls(),
        ]

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        may_start = {"may_start": drafts.may_start(staff(request), None)} if request.user.is_authenticated else {}
        return super().changelist_view(request, may_start | (extra_context or {}))

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """A draft is written on its page, by its conveners; any other letter is only shown."""
        letter = self.get_object(request, unquote(object_id))
        is_draft = letter.status == Letter.Status.DRAFT
        if (is_draft or "seen" in request.POST) and CONVENER.allows(staff(request), letter):
            return drafting.facts.edit(self, request, letter)
        missing = drafts.missing(letter, timezone.now()) if is_draft else amending.unfinished(letter)
        return super().change_view(request, object_id, form_url, {"missing": missing} | (extra_context or {}))

    def makes_sense(self, verb: str, subject: Letter) -> bool:
        """A letter is neither opened nor amended while it lacks anything."""
        if not amending.makes_sense(verb, subject):
            return False
        if verb == "open":
            return not drafts.missing(subject, timezone.now())
        return verb != "amend" or not amending.unfinished(subject)

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
        return _by_its_clock(letter, letter.closes_at)

    @admin.display(description=gettext_lazy("public from"))
    def embargo(self, letter: Letter) -> str:
        return _by_its_clock(letter, letter.public_from)

    @admin.display(description=gettext_lazy("late signatures until"))
    def late(self, letter: Letter) -> str:
        return _by_its_clock(letter, letter.late_until)

    def context_of(self, request: HttpRequest, subject: Letter) -> dict[str, Any]:
        queue = f"{reverse('admin:letters_endorsement_changelist')}?letter={subject.pk}"
        links: list[tuple[str, Any]] = [(queue, gettext_lazy("Queue of its endorsements"))]
        if subject.is_public(timezone.now()):
            links.append((subject.get_absolute_url(), gettext_lazy("Public page")))
        if subject.status in Letter.PUBLIC and MODERATOR.allows(staff(request), subject):
            record = reverse("admin:letters_endorsement_record", args=[subject.pk])
            links.append((record, gettext_lazy("Record a sign-on that came by mail or on paper")))
            listed = reverse("admin:letters_letter_import", args=[subject.pk])
            links.append((listed, gettext_lazy("Import a list of endorsements")))
        links += drafting.links(subject, staff(request))
        if subject.status in Letter.PUBLIC and CONVENER.allows(staff(request), subject):
            links.append((reverse("admin:letters_letter_invitations", args=[subject.pk]), gettext_lazy("Invitations")))
            outcome = reverse("admin:letters_letter_outcome", args=[subject.pk])
            links.append((outcome, gettext_lazy("Responses and updates")))
            for delivery in subject.deliveries.all():
                links.append((reverse("admin:letters_letter_delivery", args=[subject.pk, delivery.number]), delivery))
        if request.user.is_superuser:
            role = f"{reverse('admin:letters_letterrole_add')}?letter={subject.pk}"
            links.append((role, gettext_lazy("Give a role on it")))
        return {"title": subject.title, "links": links, "zone": subject.zone}


def _by_its_clock(letter: Letter, at: datetime | None) -> str:
    return instant(at, letter.zone) if at else "–"


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
