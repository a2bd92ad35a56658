"""The register at the desk: its organisations, their names and domains, and what visitors say should change."""

from __future__ import annotations

from functools import partial
from typing import Any
from urllib.parse import urlsplit

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.contrib.admin.views.main import ORDER_VAR
from django.db.models import Case, Prefetch, Q, QuerySet, When
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.text import Truncator
from django.utils.translation import get_language, gettext_lazy, ngettext
from django.utils.translation import gettext as _

from coalition import countries, languages
from coalition.desk import DeskAdmin, NeededNoteForm, ShownBelow, Verb, staff
from coalition.roles import keeps_the_register
from coalition.templatetags.words import day
from coalition.text import clean_line
from signatories import admin_imports, bulk_desk, correcting, exports, imports, matching, merging_desk, vetting
from signatories.forms import (
    CheckDomainForm,
    CorrectNameForm,
    DescribeForm,
    DropDomainForm,
    JoinForm,
    LeaveForm,
    MainNameForm,
    NameForm,
    OneNameForm,
    RetireNameForm,
)
from signatories.models import LINKED_IN_PUBLIC, Correction, Domain, Organisation, OrganisationName
from signatories.names import normalise
from signatories.suspicion import suspicious
from signatories.vetting import registrable_domain

#: What is done with one of the names: the words of the link beside it.
WITH_A_NAME = {
    "correct_name": gettext_lazy("Correct"),
    "choose_main_name": gettext_lazy("Make it the main name"),
    "retire_name": gettext_lazy("Keep as a former name"),
    "drop_name": gettext_lazy("Drop"),
}


class NamesBelow(ShownBelow):
    model = OrganisationName
    fields = ["text", "kind", "in_language", "is_main", "learnt", "changes"]
    readonly_fields = ["in_language", "learnt", "changes"]
    ordering = ["-is_main", "pk"]

    def get_fields(self, request: HttpRequest, obj: Any = None) -> list[Any]:
        """With what can be done, for who may do it."""
        may_change = _keeps_the_register(request) and obj is not None and obj.standing in vetting.ON_THE_REGISTER
        return [*self.fields] if may_change else [*self.fields[:-1]]

    @admin.display(description=gettext_lazy("language"))
    def in_language(self, name: OrganisationName) -> str:
        return languages.display_name(name.language, get_language() or "en") if name.language else ""

    @admin.display(description=gettext_lazy("change"))
    def changes(self, name: OrganisationName) -> str:
        verbs = [verb for verb in WITH_A_NAME if _makes_sense(verb, name)]
        step = "admin:signatories_organisation_step"
        rows = (
            (reverse(step, args=[name.organisation_id, verb]), name.pk, WITH_A_NAME[verb], name.text) for verb in verbs
        )
        return format_html_join(" · ", '<a href="{}?name={}">{}<span class="vh">: {}</span></a>', rows)


class DomainsBelow(ShownBelow):
    model = Domain
    fields = ["name", "how", "since"]
    readonly_fields = ["since"]

    @admin.display(description=gettext_lazy("verified at"))
    def since(self, domain: Domain) -> str:
        return day(domain.verified_at)


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
        "describe": Verb(vetting.describe, gettext_lazy("Change details"), gettext_lazy("changed"), DescribeForm),
        "check_domain": Verb(
            vetting.check_domain,
            gettext_lazy("Check a domain"),
            gettext_lazy("domain checked"),
            CheckDomainForm,
            gettext_lazy(
                "You know that the domain is its own. An address there is evidence from now on, unless others have it."
            ),
        ),
        "drop_domain": Verb(
            vetting.drop_domain, gettext_lazy("Drop a domain"), gettext_lazy("domain dropped"), DropDomainForm
        ),
        "join": Verb(vetting.join, gettext_lazy("Add a network"), gettext_lazy("network added"), JoinForm),
        "leave": Verb(vetting.leave, gettext_lazy("Take off a network"), gettext_lazy("network taken off"), LeaveForm),
        "add_name": Verb(
            vetting.add_name,
            gettext_lazy("Add a name"),
            gettext_lazy("name added"),
            NameForm,
            gettext_lazy(
                "It is found by each of its names. In a language of this site it is called by the translation."
            ),
        ),
        "correct_name": Verb(
            vetting.correct_name,
            gettext_lazy("Correct a name"),
            gettext_lazy("name corrected"),
            CorrectNameForm,
            gettext_lazy("Letters that it has signed keep what they print."),
        ),
        "choose_main_name": Verb(
            vetting.choose_main_name,
            gettext_lazy("Choose the main name"),
            gettext_lazy("called by another name"),
            MainNameForm,
            gettext_lazy("It signs by this name from now on. Letters that it has signed keep what they print."),
        ),
        "retire_name": Verb(
            vetting.retire_name,
            gettext_lazy("Keep a name as a former one"),
            gettext_lazy("name kept as a former one"),
            RetireNameForm,
            gettext_lazy("It is still found by it, and not called by it any more."),
        ),
        "drop_name": Verb(
            vetting.drop_name,
            gettext_lazy("Drop a name"),
            gettext_lazy("name dropped"),
            OneNameForm,
            gettext_lazy("For a name that was never its own: nobody finds it by that any more."),
        ),
    }
    told = {
        "register": gettext_lazy("Came onto the register"),
        "verify": gettext_lazy("Verified"),
        "suspend": gettext_lazy("Suspended"),
        "reinstate": gettext_lazy("Reinstated"),
        "take_up": gettext_lazy("Taken up again"),
        "take_logo": gettext_lazy("Logo taken over from a sign-on"),
        "drop_logo": gettext_lazy("Logo taken off again"),
        "absorb": gettext_lazy("Another entry merged into it"),
        "merge": gettext_lazy("Merged into another entry"),
        "give_back": gettext_lazy("The merge of another entry into it undone"),
        "unmerge": gettext_lazy("The merge into another entry undone"),
        "tell_apart": gettext_lazy("Told apart from another entry"),
        "forget_difference": gettext_lazy("No longer told apart from another entry"),
        "add_name": gettext_lazy("Name added"),
        "correct_name": gettext_lazy("Name corrected"),
        "retire_name": gettext_lazy("Name kept as a former one"),
        "drop_name": gettext_lazy("Name dropped"),
        "choose_main_name": gettext_lazy("Main name chosen"),
        "learn_name": gettext_lazy("Name learnt"),
        "unlearn_name": gettext_lazy("Learnt name taken off again"),
        "describe": gettext_lazy("Details changed"),
        "check_domain": gettext_lazy("Domain checked"),
        "drop_domain": gettext_lazy("Domain dropped"),
        "join": gettext_lazy("Network added"),
        "leave": gettext_lazy("Network taken off"),
    }
    codes = {
        "at_risk": gettext_lazy("at risk"),
        "safe": gettext_lazy("no longer at risk"),
        "is_listed": gettext_lazy("listed or no longer listed by a moderator"),
        "country": gettext_lazy("country"),
        "website": gettext_lazy("website"),
        "scope": gettext_lazy("scope"),
        "kind": gettext_lazy("kind"),
        "about": gettext_lazy("about"),
        "ecosoc_status": gettext_lazy("consultative status"),
        "ecosoc_since": gettext_lazy("consultative status since"),
        "several": gettext_lazy("several details"),
        **dict(OrganisationName.Learnt.choices),
    }
    list_display = ["name", "country_name", "standing", "at_risk", "is_listed"]
    list_filter = ["standing", "at_risk", "is_listed"]
    search_fields = ["names__normalised"]
    ordering = ["-pk"]
    change_list_template = "admin/signatories/organisations.html"
    fields = (
        "name", "country_name", "website", "scope", "kind", "about", "ecosoc_status", "ecosoc_since", "networks",
        "standing", "merged_into", "at_risk", "is_listed",
    )  # fmt: skip
    readonly_fields = fields
    inlines = [NamesBelow, DomainsBelow]
    change_form_template = "admin/signatories/organisation.html"

    def get_urls(self) -> list[URLPattern]:
        act = self.admin_site.admin_view(partial(bulk_desk.act, self))
        bulk = path("bulk/<slug:verb>/", act, name="signatories_organisation_bulk")
        rooms = [*merging_desk.urls(self.admin_site), *admin_imports.urls(self.admin_site), *exports.urls(self)]
        return [bulk, *rooms, *super().get_urls()]

    def get_actions(self, request: HttpRequest) -> dict[str, Any]:
        """Each shows first who is meant."""
        if not _keeps_the_register(request):
            return {}
        pages = {verb: partial(bulk_desk.page, verb=verb) for verb in bulk_desk.VERBS}
        return {verb: (page, verb, bulk_desk.VERBS[verb].label) for verb, page in pages.items()}

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        if request.method == "POST" and not request.POST.getlist(ACTION_CHECKBOX_NAME):
            messages.warning(request, _("Nothing was done. Tick those that you mean first."))
            return redirect(request.get_full_path())
        keeps = request.user.is_authenticated and _keeps_the_register(request)
        return super().changelist_view(request, {"keeps_register": keeps, **(extra_context or {})})

    def get_queryset(self, request: HttpRequest) -> QuerySet[Organisation]:
        """All of it for who keeps the register; anybody else at the desk sees what the public sees, as who is on it and
        since when can tell of a signature."""
        seen = (
            Organisation.objects.all() if _keeps_the_register(request) else Organisation.objects.public(timezone.now())
        )
        return seen.with_name()

    def get_fields(self, request: HttpRequest, obj: Organisation | None = None) -> Any:
        """Networks that are not public are for who keeps the register; the public page shows the others."""
        return [name for name in self.fields if name != "networks" or _keeps_the_register(request)]

    def lookup_allowed(self, lookup: str, value: Any, request: HttpRequest | None = None) -> bool:
        """Only the filters on the page: by any other column an address could ask who has signed, whom nobody names."""
        return lookup.partition("__")[0] in self.list_filter

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        """As on the sign form, by any name, slip, acronym or website, the likeliest first; after these whatever else
        has what was typed in one of its names. A column that was chosen to sort by still sorts."""
        typed = clean_line(search_term)[:300]
        if not typed:
            return queryset, False
        shown = Organisation.objects.filter(pk__in=queryset.order_by().values("pk"))
        likely = [found.pk for found in matching.among(shown, typed, matching.COMPARED)]
        plain = normalise(typed)
        named = (
            OrganisationName.objects.filter(normalised__contains=plain) if plain else OrganisationName.objects.none()
        )
        found = queryset.filter(Q(pk__in=likely) | Q(pk__in=named.values("organisation")))
        if ORDER_VAR in request.GET or not likely:
            return found, False
        place = Case(*(When(pk=pk, then=at) for at, pk in enumerate(likely)), default=len(likely))
        return found.order_by(place, *self.ordering), False

    @admin.display(description=gettext_lazy("name"))
    def name(self, organisation: Organisation) -> str:
        return organisation.name

    @admin.display(description=gettext_lazy("country"))
    def country_name(self, organisation: Organisation) -> str:
        return countries.name(organisation.country, get_language() or "en")

    def context_of(self, request: HttpRequest, subject: Organisation) -> dict[str, Any]:
        links: list[tuple[str, Any]] = []
        if not _keeps_the_register(request):
            return {"links": [(subject.get_absolute_url(), gettext_lazy("Public page"))], "events": []}
        if suggested := subject.corrections.filter(status=Correction.Status.OPEN).count():
            address = reverse("admin:signatories_correction_changelist")
            words = ngettext("%(number)d correction suggested", "%(number)d corrections suggested", suggested)
            links.append((f"{address}?organisation__exact={subject.pk}", words % {"number": suggested}))
        if Organisation.objects.public(timezone.now()).filter(pk=subject.pk).exists():
            links.insert(0, (subject.get_absolute_url(), gettext_lazy("Public page")))
        if subject.merged_into is not None:
            links.append((self.url_of(subject.merged_into), gettext_lazy("The entry that it was merged into")))
        else:
            find = reverse("admin:signatories_organisation_merge_find", args=[subject.pk])
            links.append((find, gettext_lazy("Merge with another entry")))
        for line in subject.created_by_lines.select_related("origin"):
            if imports.IMPORTER.allows(staff(request), line.origin):
                words = _("Came with the list: %(source)s") % {"source": line.origin.source}
                links.append((admin_imports.url_of(line.origin), words))
        return {
            "links": links,
            "merges": merging_desk.merges_into(request, subject),
            "different": merging_desk.told_apart_from(subject),
            "suspicions": _suspicions(subject),
        }

    def makes_sense(self, name: str, subject: Organisation) -> bool:
        match name:
            case "leave":
                return subject.memberships.exists()
            case "drop_domain":
                return subject.domains.exists()
            case "correct_name" | "add_name":
                return True
            case _ if name in WITH_A_NAME:
                return any(_makes_sense(name, one) for one in subject.names.all())
        return True

    def buttons(self, request: HttpRequest, subject: Organisation) -> list[dict[str, Any]]:
        """What is done with one of its names stands beside that."""
        beside = {self.verbs[verb].label for verb in WITH_A_NAME}
        return [button for button in super().buttons(request, subject) if button["label"] not in beside]

    def form_for(self, request: HttpRequest, verb: str, subject: Organisation) -> forms.Form:
        if verb not in WITH_A_NAME:
            return super().form_for(request, verb, subject)
        said = request.POST if request.method == "POST" else None
        name = (request.GET if said is None else said).get("name", "")
        return self.form_of(verb, subject, said, name=name)

    def form_of(self, verb: str, subject: Organisation, data: Any, **beforehand: Any) -> forms.Form:
        make: Any = self.verbs[verb].form
        return make(subject, data, **beforehand) if beforehand else super().form_of(verb, subject, data)

    def step_view(self, request: HttpRequest, pk: int, verb: str) -> HttpResponse:
        """A name is corrected by the link beside it; one that is gone meanwhile can't be."""
        answer = super().step_view(request, pk, verb)
        form = getattr(answer, "context_data", {}).get("form")
        if isinstance(form, CorrectNameForm) and form.now is None:
            messages.warning(request, _("This name is not there any more. Look at the others."))
            return redirect("admin:signatories_organisation_change", pk)
        return answer

    def timeline(self, request: HttpRequest, subject: Any) -> list[dict[str, Any]]:
        """With the names of networks, where the events have their public ids."""
        told = super().timeline(request, subject)
        networks = Organisation.objects.with_name().filter(public_id__in={entry["code"] for entry in told})
        names = {network.public_id: network.name for network in networks}
        return [entry | {"code": names.get(entry["code"], entry["code"])} for entry in told]

    @admin.display(description=gettext_lazy("networks"))
    def networks(self, organisation: Organisation) -> str:
        belongs = organisation.memberships.prefetch_related(Prefetch("network", Organisation.objects.with_name()))
        address = partial(reverse, "admin:signatories_organisation_change")
        rows = ((address(args=[one.network_id]), one.network.name, one.get_role_display()) for one in belongs)
        return format_html_join("", '<p><a href="{}"><bdi>{}</bdi></a> ({})</p>', rows)

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


def _makes_sense(verb: str, name: OrganisationName) -> bool:
    """Whether this could do anything with one of the names."""
    match verb:
        case "choose_main_name":
            return not name.is_main and name.kind in vetting.CAN_BE_MAIN
        case "retire_name":
            return not name.is_main and name.kind != OrganisationName.Kind.FORMER
        case "drop_name":
            return not name.is_main
    return True


def _suspicions(organisation: Organisation) -> list[str]:
    """What may pose as something else, of its names, its website and its other domains."""
    host = urlsplit(organisation.website).hostname or ""
    names = organisation.names.order_by("-is_main", "pk").values_list("text", flat=True)
    domains = organisation.domains.order_by("pk").values_list("name", flat=True)
    others = [domain for domain in domains if domain != registrable_domain(host)]
    texts = dict.fromkeys([*names, *([host] if host else []), *others])
    return [
        _("“%(text)s” %(reason)s") % {"text": text, "reason": reason} for text in texts for reason in suspicious(text)
    ]


def _keeps_the_register(request: HttpRequest) -> bool:
    """Whether who sits at the desk does; asked once for a page."""
    known = vars(request)
    if "keeps_the_register" not in known:
        known["keeps_the_register"] = keeps_the_register(staff(request), None)
    return bool(known["keeps_the_register"])
