"""The register at the desk: its organisations, their names and domains."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import F, QuerySet
from django.http import HttpRequest
from django.urls import URLPattern, reverse
from django.utils import timezone
from django.utils.translation import get_language, gettext_lazy

from coalition import countries
from coalition.desk import DeskAdmin, NeededNoteForm, ShownBelow, Verb, staff
from coalition.roles import keeps_the_register
from signatories import merging_desk, vetting
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
        "absorb": gettext_lazy("Another entry merged into it"),
        "merge": gettext_lazy("Merged into another entry"),
        "give_back": gettext_lazy("The merge of another entry into it undone"),
        "unmerge": gettext_lazy("The merge into another entry undone"),
        "add_name": gettext_lazy("Name added"),
        "correct_name": gettext_lazy("Name corrected"),
        "retire_name": gettext_lazy("Name kept as a former one"),
        "drop_name": gettext_lazy("Name dropped"),
        "choose_main_name": gettext_lazy("Main name chosen"),
    }
    list_display = ["name", "country_name", "standing", "at_risk", "is_listed"]
    list_filter = ["standing", "at_risk", "is_listed"]
    search_fields = ["names__normalised"]
    ordering = ["-pk"]
    fields = ["name", "country_name", "website", "standing", "merged_into", "at_risk", "is_listed"]
    readonly_fields = ["name", "country_name", "website", "standing", "merged_into"]
    inlines = [NamesBelow, DomainsBelow]
    change_form_template = "admin/signatories/organisation.html"

    def get_urls(self) -> list[URLPattern]:
        return [*merging_desk.urls(self.admin_site), *super().get_urls()]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Organisation]:
        """All of it for who keeps the register; anybody else at the desk sees what the public sees, as who is on it and
        since when can tell of a signature."""
        seen = (
            Organisation.objects.all() if _keeps_the_register(request) else Organisation.objects.public(timezone.now())
        )
        return seen.with_name()

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
        if subject.merged_into is not None:
            links.append((self.url_of(subject.merged_into), gettext_lazy("The entry that it was merged into")))
        elif _keeps_the_register(request):
            find = reverse("admin:signatories_organisation_merge_find", args=[subject.pk])
            links.append((find, gettext_lazy("Merge with another entry")))
        return {"links": links, "merges": merging_desk.merges_into(request, subject)}

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self.has_view_permission(request, obj) and _keeps_the_register(request)

    def save_model(self, request: HttpRequest, obj: Organisation, form: Any, change: bool) -> None:
        """Only what can be edited is written: whatever else has changed meanwhile stays."""
        if form.has_changed():
            self.prepare(obj)
            obj.revision = F("revision") + 1
            obj.save(update_fields=["at_risk", "is_listed", "revision"])

    def prepare(self, subject: Organisation) -> None:
        for make_anew in LINKED_IN_PUBLIC:
            make_anew(subject)


def _keeps_the_register(request: HttpRequest) -> bool:
    """Asked several times for one page, answered once."""
    if "keeps_the_register" not in vars(request):
        vars(request)["keeps_the_register"] = keeps_the_register(staff(request), None)
    return bool(vars(request)["keeps_the_register"])
