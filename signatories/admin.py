"""The register at the desk: its organisations, their names and domains, and what visitors say should change."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import F, Prefetch, QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.text import Truncator
from django.utils.translation import get_language, gettext_lazy, ngettext

from coalition import countries
from coalition.desk import DeskAdmin, NeededNoteForm, ShownBelow, Verb, staff
from coalition.roles import keeps_the_register
from signatories import correcting, vetting
from signatories.models import LINKED_IN_PUBLIC, Correction, Domain, Organisation, OrganisationName
from signatories.names import normalise


class NamesBelow(ShownBelow):
    model = OrganisationName
    fields = ["text", "kind", "language", "is_main"]


class DomainsBelow(ShownBelow):
    model = Domain
    fields = ["name", "how", "verified_at"]


@admin.register(Organisation)
class OrganisationAdmin(DeskAdmin[Organisation]):
    """Newest first: those not yet checked stand on top."""

    flow = vetting.flow
    verbs = {
        "verify": Verb(vetting.verify, gettext_lazy("Verify"), gettext_lazy("verified")),
        "suspend": Verb(
            vetting.suspend,
            gettext_lazy("Suspend"),
            gettext_lazy("suspended"),
            NeededNoteForm,
            gettext_lazy("Its page goes, and nothing is approved for it. Letters that it has signed keep its name."),
        ),
        "reinstate": Verb(vetting.reinstate, gettext_lazy("Reinstate"), gettext_lazy("verified again"), NeededNoteForm),
    }
    told = {
        "register": gettext_lazy("Came onto the register"),
        "verify": gettext_lazy("Verified"),
        "suspend": gettext_lazy("Suspended"),
        "reinstate": gettext_lazy("Reinstated"),
        "take_logo": gettext_lazy("Logo taken over from a sign-on"),
        "drop_logo": gettext_lazy("Logo taken off again"),
    }
    list_display = ["name", "country_name", "standing", "at_risk", "is_listed"]
    list_filter = ["standing", "at_risk", "is_listed"]
    search_fields = ["names__normalised"]
    ordering = ["-pk"]
    fields = ["name", "country_name", "website", "standing", "merged_into", "at_risk", "is_listed"]
    readonly_fields = ["name", "country_name", "website", "standing", "merged_into"]
    inlines = [NamesBelow, DomainsBelow]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Organisation]:
        return Organisation.objects.with_name()

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        if not search_term.strip():
            return queryset, False
        named = OrganisationName.objects.filter(normalised__contains=normalise(search_term))
        return queryset.filter(pk__in=named.values("organisation")), False

    @admin.display(description=gettext_lazy("name"))
    def name(self, organisation: Organisation) -> str:
        return organisation.name

    @admin.display(description=gettext_lazy("country"))
    def country_name(self, organisation: Organisation) -> str:
        return countries.name(organisation.country, get_language() or "en")

    def context_of(self, request: HttpRequest, subject: Organisation) -> dict[str, Any]:
        ticks = reverse("admin:signatories_organisation_history", args=[subject.pk])
        links: list[tuple[str, Any]] = [(ticks, gettext_lazy("Who changed the ticks"))]
        if suggested := subject.corrections.filter(status=Correction.Status.OPEN).count():
            address = reverse("admin:signatories_correction_changelist")
            words = ngettext("%(number)d correction suggested", "%(number)d corrections suggested", suggested)
            links.append((f"{address}?organisation__exact={subject.pk}", words % {"number": suggested}))
        if Organisation.objects.public(timezone.now()).filter(pk=subject.pk).exists():
            links.insert(0, (subject.get_absolute_url(), gettext_lazy("Public page")))
        return {"links": links}

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self.has_view_permission(request, obj)

    def save_model(self, request: HttpRequest, obj: Organisation, form: Any, change: bool) -> None:
        """Only what can be edited is written: whatever else has changed meanwhile stays."""
        if form.has_changed():
            self.prepare(obj)
            obj.revision = F("revision") + 1
            obj.save(update_fields=["at_risk", "is_listed", "revision"])

    def prepare(self, subject: Organisation) -> None:
        for make_anew in LINKED_IN_PUBLIC:
            make_anew(subject)


@admin.register(Correction)
class CorrectionAdmin(DeskAdmin[Correction]):
    """What waits comes first, oldest on top. Only who keeps the register sees it."""

    flow = correcting.flow
    verbs = {
        "settle": Verb(
            correcting.settle,
            gettext_lazy("Settle"),
            gettext_lazy("settled"),
            NeededNoteForm,
            gettext_lazy("Say what you changed, or why nothing. The email address is deleted, so answer before."),
        ),
    }
    told = {"suggest": gettext_lazy("Came in"), "settle": gettext_lazy("Settled")}
    list_display = ["__str__", "words_begin", "status", "created_at"]
    list_filter = ["status"]
    ordering = ["status", "pk"]
    fields = ("organisation_page", "words", "email", "language", "is_automatic", "status", "created_at")
    readonly_fields = fields

    def has_module_permission(self, request: HttpRequest) -> bool:
        return super().has_module_permission(request) and _keeps_the_register(request)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Correction]:
        return Correction.objects.prefetch_related(Prefetch("organisation", Organisation.objects.with_name()))

    @admin.display(description=gettext_lazy("organisation"))
    def organisation_page(self, correction: Correction) -> str:
        address = reverse("admin:signatories_organisation_change", args=[correction.organisation_id])
        return format_html('<a href="{}"><bdi>{}</bdi></a>', address, correction.organisation.name)

    @admin.display(description=gettext_lazy("what should change"))
    def words_begin(self, correction: Correction) -> str:
        return Truncator(correction.words).chars(120)


def _keeps_the_register(request: HttpRequest) -> bool:
    """Whether who sits at the desk does; asked once for a page."""
    known = vars(request)
    if "keeps_the_register" not in known:
        known["keeps_the_register"] = keeps_the_register(staff(request), None)
    return bool(known["keeps_the_register"])
