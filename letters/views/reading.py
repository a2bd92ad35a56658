"""Public pages: letters and their signatories. Without cookies, without a session, kept by revision."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from django.contrib.postgres.expressions import ArraySubquery
from django.core.paginator import Paginator
from django.db.models import Case, Count, Exists, F, OuterRef, Q, Subquery, Value, When
from django.db.models.functions import Coalesce, JSONObject
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import get_language

from coalition import context, countries, pages
from coalition.access import Who, access
from coalition.models import SiteSettings
from coalition.text import clean_line
from letters import counting, responding, timeline
from letters.models import DeliveryLine, Endorsement, Format, Letter, Text
from letters.models.letters import LetterQuerySet
from signatories.models import Organisation
from signatories.names import normalise

#: Up to so many names stand on the letter's own page; beyond, the first of them.
WHOLE_REGISTER = 2000
FIRST_NAMES = 200
NAMES_PER_PAGE = 500
LETTERS_PER_PAGE = 50


@access(get=Who.ANYONE)
def home(request: HttpRequest) -> HttpResponse:
    """All public letters, those open for signature first, then newest first."""
    at = timezone.now()
    letters = (
        titled(Letter.objects.visible_to(None, at))
        .annotate(is_over=Case(When(status=Letter.Status.OPEN, closes_at__gt=at, then=Value(0)), default=Value(1)))
        .order_by("is_over", F("dated_on").desc(nulls_last=True), "-opened_at", "-pk")
    )
    page = Paginator(letters, LETTERS_PER_PAGE).get_page(request.GET.get("page"))
    shown = list(page.object_list)
    site = SiteSettings.load()
    key = [(letter.pk, letter.revision, letter.phase(at)) for letter in shown]

    def body() -> str:
        counts = counting.count_all(shown, at)
        entries = [(letter, counts[letter.pk], letter.is_open(at)) for letter in shown]
        about = {
            "section": "letters",
            "page": page,
            "open_entries": [entry[:2] for entry in entries if entry[2]],
            "other_entries": [entry[:2] for entry in entries if not entry[2]],
            "at": at,
        }
        return public_page("letters/home.html", about, site)

    return pages.keyed(request, "home", page.number, page.paginator.num_pages, key, site.revision, render=body)


@access(get=Who.ANYONE)
def letter(request: HttpRequest, slug: str, language: str = "") -> HttpResponse:
    """One letter, with its register of names."""
    at = timezone.now()
    public = Letter.objects.visible_to(None, at)
    linked = {"slug": "slug", "title": "shown_title", "language": "authoritative_language"}
    newer = responding.with_title(public.filter(supersedes=OuterRef("pk"))).order_by("pk")
    older = responding.with_title(public.filter(pk=OuterRef("supersedes")))
    known: dict[str, Any] = {
        "newer": ArraySubquery(newer.values(seen=JSONObject(**linked, revision="revision"))),
        "older": ArraySubquery(older.values(seen=JSONObject(**linked))),
    }
    found: Any = public.filter(slug=slug).annotate(**known).first()
    if found is None:
        return _gone(request, slug, at)
    site = SiteSettings.load()

    def body() -> str:
        text = text_to_read(found, language)
        is_untranslated = not language and text.language.lower() != (get_language() or "en")
        about = page_of(found, text, at) | {"is_untranslated": is_untranslated}
        about |= {"older": found.older, "newer": found.newer}
        return public_page("letters/letter.html", about, site)

    if language and language not in found.texts:
        raise Http404
    return pages.keyed(request, *_letter_key(found, at), found.newer, found.older, language, site.revision, render=body)


@access(get=Who.ANYONE)
def signatories(request: HttpRequest, slug: str) -> HttpResponse:
    """The whole list, searched (`q`), by `country`, in the letter's `order` or by country."""
    at = timezone.now()
    found = get_object_or_404(Letter.objects.visible_to(None, at), slug=slug)
    site = SiteSettings.load()
    query = clean_line(request.GET.get("q", ""))[:300]
    country = request.GET.get("country", "")
    country = country if country in countries.CODES else ""
    order = "country" if request.GET.get("order") == "country" else ""
    names = found.endorsements.listed().in_order_of(found)
    if query:
        names = names.filter(Q(normalised__contains=normalise(query)) | Q(printed_acronym__iexact=query))
    if country:
        names = names.filter(printed_country=country)
    if order:
        names = names.order_by("printed_country", *Endorsement.ALPHABETICAL)
    number = whole_number(request.GET.get("page"))

    def body() -> str:
        page = Paginator(names, NAMES_PER_PAGE).get_page(number)
        about = about_letter(found, at)
        about |= {
            "page": page,
            "names": _lines(page.object_list, about["deliveries"]),
            "first_number": page.start_index() or 1,
            "text": text_to_read(found, ""),
            "countries": _countries(about["count"]),
            "page_query": urlencode({"q": query, "country": country, "order": order}) + "&",
            "query": query,
            "country": country,
            "order": order,
        }
        return public_page("letters/signatories.html", about, site)

    # Anybody can make up questions without end, so only the plain list is kept.
    is_plain = not query and not country and number == 1
    key = (*_letter_key(found, at), query, country, order, number, site.revision)
    return pages.keyed(request, *key, render=body, keep=is_plain)


@access(get=Who.ANYONE)
def about(request: HttpRequest) -> HttpResponse:
    """Who runs this, and how it treats people's data."""
    site = SiteSettings.load()
    return pages.keyed(
        request, "about", site.revision, render=lambda: public_page("letters/about.html", {"section": "about"}, site)
    )


def titled(letters: LetterQuerySet) -> LetterQuerySet:
    """With `shown_title`, in the interface language or else the authoritative one, and the addressees at hand."""
    sealed = Text.objects.filter(version__letter=OuterRef("pk"), version__sealed_at__isnull=False)
    newest = sealed.order_by("-version__number").values("title")
    return letters.annotate(
        shown_title=Coalesce(
            Subquery(newest.filter(language__iexact=get_language() or "en")[:1]),
            Subquery(newest.filter(language=OuterRef("authoritative_language"))[:1]),
        )
    ).prefetch_related("addressees")


def _letter_key(found: Letter, at: datetime) -> tuple[object, ...]:
    return ("letter", found.pk, found.revision, found.phase(at), at.date())


def text_to_read(found: Letter, language: str) -> Text:
    """The text in the language asked for, in that of the interface, or in the authoritative one."""
    ui = get_language() or "en"
    texts = found.texts
    by_ui = {tag.lower(): text for tag, text in texts.items()}
    return texts.get(language) or by_ui.get(ui) or next(iter(texts.values()))


def about_letter(found: Letter, at: datetime) -> dict[str, Any]:
    """What every page about one letter shows of it."""
    count = counting.count(found, at)
    return {
        "section": "letters",
        "letter": found,
        "count": count,
        "at": at,
        "stage": found.stage(at),
        "is_open": found.is_open(at),
        "accepts": found.accepts(at),
        "days_left": found.days_left(at),
        "hours_left": found.hours_left(at),
        "asking_until": found.reconsent_until if found.asks_again(at) else None,
        "embargo_until": found.public_from if found.is_under_embargo(at) else None,
        "letter_url": found.get_absolute_url(),
        "sign_url": reverse("letters:sign", args=[found.slug]),
        "deliveries": about_deliveries(found) if found.status in Letter.HANDED_OVER else [],
        "withheld": sorted((country_name(code), number) for code, number in count.withheld_by_country.items() if code),
    }


def page_of(found: Letter, text: Text, at: datetime) -> dict[str, Any]:
    """What the letter's own page shows: one text, and the register of names or its beginning."""
    about = about_letter(found, at)
    names = found.endorsements.listed().in_order_of(found)
    is_whole = about["count"].named <= WHOLE_REGISTER
    if not is_whole:
        names = names.order_by(*Endorsement.ALPHABETICAL)[:FIRST_NAMES]
    return about | {
        "text": text,
        "addressees": list(found.addressees.all()),
        "countries": _countries(about["count"]),
        "names": _lines(names, about["deliveries"]),
        "is_whole": is_whole,
        "documents": [(kind, _document_url(found, kind, text.language)) for kind in Format],
        **timeline.about_responses(found, text, at),
    }


def _document_url(found: Letter, kind: Format, language: str) -> str:
    return f"{reverse(f'files:letter-{kind.value}', args=[found.slug])}?{urlencode({'lang': language})}"


def about_deliveries(letter: Letter) -> list[dict[str, Any]]:
    """The deliveries as the public sees them, newest first: date, count, digests, and how many of the names have been
    withheld since. Two queries."""
    listed = Endorsement.objects.listed().order_by().filter(pk=OuterRef("lines__endorsement"))
    gone = Q(~Exists(listed), lines__visibility=Endorsement.Visibility.NAMED)
    deliveries = letter.deliveries.annotate(withheld_since=Count("lines", filter=gone)).prefetch_related("files")
    return [
        {"delivery": delivery, "files": list(delivery.files.all()), "withheld_since": delivery.withheld_since}
        for delivery in deliveries.order_by("-number")
    ]


def _lines(names: Any, deliveries: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Lines of the public list: what is printed, the address of the organisation's page if it has one, and after
    which delivery it was signed, if after one."""
    latest = deliveries[0]["delivery"].number if deliveries else 0
    has_page = When(
        organisation__standing=Organisation.Standing.VERIFIED, organisation__at_risk=False, then=F("organisation__slug")
    )
    delivered = DeliveryLine.objects.filter(endorsement=OuterRef("pk")).order_by("delivery__number")
    first = Subquery(delivered.values("delivery__number")[:1]) if deliveries else Value(1)
    rows = names.annotate(slug=Case(has_page, default=None), first=Coalesce(first, Value(latest + 1))).values_list(
        "printed_name", "printed_acronym", "printed_country", "tier", "slug", "first"
    )
    shown = {code: country_name(code) for code in countries.CODES}
    return [
        {
            "name": name,
            "acronym": acronym,
            "country": shown.get(code, ""),
            "tier": tier,
            "slug": slug,
            "after_delivery": first - 1,
        }
        for name, acronym, code, tier, slug, first in rows
    ]


def _countries(count: counting.Count) -> list[tuple[str, str, int]]:
    """Countries shown in a list, for its filter: code, name, number."""
    shown = [(code, country_name(code), number) for code, number in count.by_country.items() if code]
    return sorted(shown, key=lambda entry: entry[1])


def country_name(code: str) -> str:
    return countries.name(code, get_language() or "en") if code else ""


def public_page(template: str, about: dict[str, Any], site: SiteSettings) -> str:
    """Rendered without the request: nothing of the visitor can get into a page that is kept."""
    return render_to_string(template, {**context.site(), "site": site, **about})


def _gone(request: HttpRequest, slug: str, at: datetime) -> HttpResponse:
    """A letter that was public and has been taken down says so; anything else is not there."""
    taken_down = Letter.objects.filter(
        Q(public_from__isnull=True) | Q(public_from__lte=at),
        slug=slug, status=Letter.Status.TAKEN_DOWN, audience=Letter.Audience.PUBLIC,
    ).first()  # fmt: skip
    event = taken_down.events.filter(verb="take_down").last() if taken_down else None
    if taken_down is None or (event and taken_down.is_under_embargo(event.at)):
        raise Http404
    return render(request, "letters/gone.html", {"taken_down_at": event.at if event else None}, status=410)


def whole_number(value: str | None) -> int:
    return int(value) if value and value.isascii() and value.isdigit() and len(value) < 7 else 1
