"""The register at the desk: its organisations, their names and domains."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import F, QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, reverse
from django.utils import timezone
from django.utils.translation import get_language, gettext_lazy

from coalition import countries
from coalition.desk import DeskAdmin, NeededNoteForm, ShownBelow, Verb, staff
from coalition.roles import keeps_the_register
from signatories import admin_imports, exports, vetting
from signatories.models import LINKED_IN_PUBLIC, Domain, Organisation, OrganisationName
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
    change_list_template = "admin/signatories/organisations.html"
    fields = ["name", "country_name", "website", "standing", "merged_into", "at_risk", "is_listed"]
    readonly_fields = ["name", "country_name", "website", "standing", "merged_into"]
    inlines = [NamesBelow, DomainsBelow]

    def get_urls(self) -> list[URLPattern]:
        return [*admin_imports.urls(self.admin_site), *exports.urls(self), *super().get_urls()]

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        keeps = request.user.is_authenticated and keeps_the_register(staff(request), None)
        return super().changelist_view(request, {"keeps_register": keeps, **(extra_context or {})})

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
        links = [(ticks, gettext_lazy("Who changed the ticks"))]
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
