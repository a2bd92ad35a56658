"""Public pages of the register: the directory, and each organisation with the letters it has signed by name."""

from __future__ import annotations

from collections import Counter
from dataclasses import astuple, dataclass, replace
from datetime import datetime
from itertools import groupby
from typing import Any, NamedTuple
from urllib.parse import urlencode

from django.core.cache import caches
from django.core.paginator import Paginator
from django.db.models import BigIntegerField, Count, F, Func, OuterRef, Q, Subquery, Sum
from django.db.models.functions import Coalesce
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from coalition import countries, languages, pages
from coalition.access import Who, access
from coalition.models import SiteSettings
from coalition.text import clean_line, collation_key
from letters.models import Endorsement, Letter
from letters.views.reading import country_name, public_page, titled
from signatories import logos, matching
from signatories.alphabet import Tab, first_letter, tab, under
from signatories.models import Domain, Membership, Organisation, OrganisationName, OrganisationQuerySet
from signatories.names import normalise
from signatories.vetting import registrable_domain

ORGANISATIONS_PER_PAGE = 100


@dataclass(frozen=True)
class Asked:
    """What of the directory is asked for; what can't be meant is as if it had not been said."""

    query: str = ""
    country: str = ""
    tab: Tab | None = None

    @classmethod
    def of(cls, request: HttpRequest) -> Asked:
        country = request.GET.get("country", "")
        return cls(
            query=clean_line(request.GET.get("q", ""))[:300],
            country=country if country in countries.CODES else "",
            tab=tab(request.GET.get("letter", "")),
        )

    def __bool__(self) -> bool:
        return self != Asked()

    def query_string(self) -> str:
        said = {"q": self.query, "country": self.country, "letter": self.tab.key if self.tab else ""}
        return urlencode({name: value for name, value in said.items() if value})


class Entry(NamedTuple):
    """A public organisation in the roll; `first` tells under which letter it stands."""

    pk: int
    country: str
    first: bytes


@access(get=Who.ANYONE)
def organisations(request: HttpRequest) -> HttpResponse:
    """The public side of the register by alphabet, searched (`q`), by `country`, by first `letter`: each organisation
    by the name that it has in the reader's language, and in the place of that name."""
    at = timezone.now()
    asked = Asked.of(request)
    public = Organisation.objects.public(at).called(_language())
    roll = _roll(at)
    tallies = _tallies(roll)
    found, is_alike = _found(public, asked, roll)
    letters = Letter.objects.visible_to(None, at)
    signed = Endorsement.objects.listed().order_by().filter(organisation=OuterRef("pk"), letter__in=letters)
    number_signed = Subquery(
        signed.values("organisation").annotate(number=Count("letter", distinct=True)).values("number")
    )
    page = Paginator(found, ORGANISATIONS_PER_PAGE).get_page(request.GET.get("page"))
    on_page = public.filter(pk__in=list(page.object_list))
    shown: list[Any] = list(on_page.annotate(letters_signed=Coalesce(number_signed, 0)))
    site = SiteSettings.load()
    key = (page.number, page.paginator.count, [(entry.pk, entry.revision, entry.letters_signed) for entry in shown])

    def body() -> str:
        about = {
            "section": "organisations",
            "page": page,
            "organisations": [
                (entry, tongue(entry.name_language), country_name(entry.country), entry.letters_signed)
                for entry in shown
            ],
            "total": sum(number for _code, _first, number in tallies),
            "countries": _countries(tallies),
            "alphabets": _alphabets(tallies, asked),
            "asked": asked,
            "is_alike": is_alike,
            "page_query": f"{asked.query_string()}&" if asked else "",
        }
        return public_page("letters/organisations.html", about, site)

    # Anybody can make up questions without end, so only the plain list is kept.
    parts = ("organisations", key, tallies, astuple(asked), is_alike, site.revision)
    return pages.keyed(request, *parts, render=body, keep=not asked)


@access(get=Who.ANYONE)
def organisation(request: HttpRequest, slug: str) -> HttpResponse:
    """One organisation, and the public letters it has signed by name."""
    at = timezone.now()
    found = _organisation(slug, at)
    if found is None:
        return _merged(slug, at)
    tiers = dict(Endorsement.objects.listed().filter(organisation=found).values_list("letter", "tier"))
    signed = list(titled(Letter.objects.visible_to(None, at)).filter(pk__in=tiers).order_by("-dated_on", "-pk"))
    networks, members = _networks(found, at)
    names = _names(found)
    site = SiteSettings.load()

    def body() -> str:
        about = {
            "section": "organisations",
            "organisation": found,
            "networks": networks,
            "members": members,
            "country": country_name(found.country),
            "called": next((name for name in names if name["text"] == found.name), None),
            "names": [name for name in names if name["text"] != found.name],
            "letters": [(entry, tiers[entry.pk]) for entry in signed],
        }
        return public_page("letters/organisation.html", about, site)

    key = [(entry.pk, entry.revision, entry.phase(at), tiers[entry.pk]) for entry in signed]
    belongs = [(entry.pk, entry.role, entry.revision) for entry in (*networks, *members)]
    own = (found.pk, found.revision, str(found.logo), len(networks), belongs)
    return pages.keyed(request, "organisation", *own, key, site.revision, render=body)


@access(get=Who.ANYONE)
def logo(request: HttpRequest, slug: str) -> HttpResponseBase:
    found = _organisation(slug, timezone.now())
    if found is None:
        raise Http404
    try:
        return logos.response(found.logo)
    except (ValueError, FileNotFoundError):
        raise Http404 from None


def _organisation(slug: str, at: datetime) -> Organisation | None:
    """With its name; and with its logo, where an endorsement has brought that, as long as this is listed in public."""
    found = Organisation.objects.public(at).with_name(_language()).filter(slug=slug).first()
    if found is not None and found.logo:
        bringing = found.endorsements.filter(logo=found.logo.name)
        if bringing.exists() and not bringing.listed().filter(letter__in=Letter.objects.visible_to(None, at)).exists():
            found.logo = ""
    return found


def _merged(slug: str, at: datetime) -> HttpResponse:
    """The page of the organisation that an old address now means. Nobody keeps that for long: a merge can be undone."""
    survivor = survivor_of(slug, at)
    if survivor is None:
        raise Http404
    return moved(survivor.get_absolute_url())


def survivor_of(slug: str, at: datetime) -> Organisation | None:
    """The public organisation that the address of a merged entry now means."""
    return Organisation.objects.public(at).with_name().filter(merged__slug=slug).first()


def moved(address: str) -> HttpResponse:
    response = HttpResponseRedirect(address, status=301)
    response["Cache-Control"] = pages.PUBLIC
    return response


def _roll(at: datetime) -> list[Entry]:
    """Every public organisation in the order of the list, kept for each language until one comes, goes or changes.

    Who is public is asked each time, with the revision of each, so nobody who is hidden stands in a roll that was kept.
    """
    public = Organisation.objects.public(at)
    each = Func(F("revision"), F("pk"), function="hashint8extended", output_field=BigIntegerField())
    figures = public.aggregate(number=Count("pk"), mark=Sum(each))
    mark = (pages.site_build(), figures["number"], figures["mark"])
    place = f"roll-{_language()}"
    kept: tuple[object, list[Entry]] = caches["default"].get(place, (None, []))
    kept_mark, roll = kept
    if kept_mark != mark:
        rows = public.called(_language()).annotate(first=first_letter("name_key"))
        roll = [Entry(pk, country, bytes(first)) for pk, country, first in rows.values_list("pk", "country", "first")]
        caches["default"].set(place, (mark, roll))
    return roll


def _tallies(roll: list[Entry]) -> list[tuple[str, bytes, int]]:
    """How many organisations there are by country and first letter, in the order of the letters: every figure and every
    choice of the page."""
    numbers = Counter((entry.first, entry.country) for entry in roll)
    return [(country, first, number) for (first, country), number in sorted(numbers.items())]


def _found(public: OrganisationQuerySet, asked: Asked, roll: list[Entry]) -> tuple[list[int], bool]:
    """The keys of what was asked for. Where nothing is spelt like that, of what is most like it, which the second value
    tells."""
    within = {first for first in {entry.first for entry in roll} if not asked.tab or under(first) == asked.tab}
    chosen = [
        entry.pk for entry in roll if entry.first in within and (not asked.country or entry.country == asked.country)
    ]
    if not asked.query:
        return chosen, False
    named = OrganisationName.objects.filter(normalised__contains=normalise(asked.query)).values("organisation")
    domain = registrable_domain(asked.query)
    at_domain = Domain.objects.filter(name=domain or None).values("organisation")
    in_public = public.order_by()
    spelt = set(in_public.filter(Q(pk__in=named) | Q(pk__in=at_domain)).values_list("pk", flat=True))
    if not spelt.isdisjoint(chosen):
        return [pk for pk in chosen if pk in spelt], False
    among = Organisation.objects.filter(pk__in=in_public.values("pk"))
    if asked.country or asked.tab:
        among = among.filter(pk__in=chosen)
    alike = {known.pk for known in matching.among(among, asked.query)}
    return [pk for pk in chosen if pk in alike], bool(alike)


def _countries(tallies: list[tuple[str, bytes, int]]) -> list[tuple[str, str, int]]:
    """Countries for the filter: code, name, number."""
    numbers: Counter[str] = Counter()
    for code, _first, number in tallies:
        numbers[code] += number
    named = [(code, country_name(code), number) for code, number in numbers.items() if code]
    return sorted(named, key=lambda entry: collation_key(entry[1]))


def _alphabets(tallies: list[tuple[str, bytes, int]], asked: Asked) -> list[list[dict[str, Any]]]:
    """The first letters that there are, in the order of the list, those of one script together."""
    ui = _language()
    tabs = dict.fromkeys(under(first) for _country, first, _number in tallies)
    entries = [
        {
            "label": tab.label(ui),
            "query": replace(asked, query="", tab=tab).query_string(),
            "is_chosen": tab == asked.tab,
            "script": tab.script if tab.script != tab.key else "",
        }
        for tab in tabs
    ]
    return [list(group) for _script, group in groupby(entries, key=lambda entry: entry["script"])]


def _networks(found: Organisation, at: datetime) -> tuple[list[Any], list[Any]]:
    """The networks to which it belongs and the members that it has, where both are public: each with its `role`."""
    by_name = Organisation.objects.public(at).called(_language())
    above, below = Membership.objects.filter(organisation=found), Membership.objects.filter(network=found)
    networks = by_name.filter(pk__in=above.values("network"))
    members = by_name.filter(pk__in=below.values("organisation"))
    in_network = Subquery(above.filter(network=OuterRef("pk")).values("role")[:1])
    of_member = Subquery(below.filter(organisation=OuterRef("pk")).values("role")[:1])
    return list(networks.annotate(role=in_network)), list(members.annotate(role=of_member))


def _names(found: Organisation) -> list[dict[str, Any]]:
    """All its names, the main one first: what each is, in which language."""
    ui = _language()
    order = OrganisationName.Kind.values
    names = sorted(found.names.all(), key=lambda name: (not name.is_main, order.index(name.kind), bytes(name.sort_key)))
    return [
        {
            "text": name.text,
            "tongue": tongue(name.language),
            "kind": _("main name") if name.is_main else name.get_kind_display(),
            "in_language": languages.display_name(name.language, ui) if name.language else "",
        }
        for name in names
    ]


def tongue(language: str) -> tuple[str, str] | None:
    """What `lang` and `dir` say of a name; None where nobody has said in which language it is."""
    return (language, languages.direction(language)) if language else None


def _language() -> str:
    return get_language() or "en"
