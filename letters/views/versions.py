"""Versions of a letter: each sealed text, what changed between them, and the file of which each digest is taken."""

from __future__ import annotations

from typing import Any, NamedTuple

from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.cache import get_conditional_response

from coalition import context, pages
from coalition.access import Who, access
from coalition.languages import direction, endonym
from coalition.models import SiteSettings
from letters import differences
from letters.models import Letter, Text, Version
from letters.views.reading import text_to_read


class Asked(NamedTuple):
    """What of the versions is to be shown in full: one of them, or what changed between two."""

    version: int | None
    between: tuple[int, int] | None
    language: str


@access(get=Who.ANYONE)
def versions(request: HttpRequest, slug: str) -> HttpResponse:
    """Every version; the text of one (`version`), or what changed (`from`, `to`), in a language (`text`)."""
    at = timezone.now()
    letter = get_object_or_404(Letter.objects.visible_to(None, at), slug=slug)
    sealed = list(letter.versions.filter(sealed_at__isnull=False).order_by("-number").prefetch_related("texts"))
    asked = _asked(request, letter, sealed)
    site = SiteSettings.load()

    def body() -> str:
        about = {"section": "letters", "letter": letter, "text": text_to_read(letter, ""), "versions": _lines(sealed)}
        page = {**context.site(), "site": site, **about, **_shown(asked, sealed)}
        return render_to_string("letters/versions.html", page)

    # Of two versions far apart, or in another language, there are many pages that hardly anybody asks for twice.
    is_next = asked.between is not None and asked.between[1] - asked.between[0] == 1
    is_plain = asked.language == letter.authoritative_language and (asked.between is None or is_next)
    key = ("versions", letter.pk, letter.revision, *asked, site.revision)
    return pages.keyed(request, *key, render=body, keep=is_plain)


@access(get=Who.ANYONE)
def canonical(request: HttpRequest, slug: str, number: int) -> HttpResponseBase:
    """The bytes of which the digest of a version is the SHA-256."""
    letter = get_object_or_404(Letter.objects.visible_to(None, timezone.now()), slug=slug)
    version = get_object_or_404(letter.versions.filter(sealed_at__isnull=False).select_related("letter"), number=number)
    etag = f'"{version.digest}"'
    response = HttpResponse(version.canonical_json(), content_type="application/json", headers={"ETag": etag})
    answer = get_conditional_response(request, etag=etag, response=response)
    assert answer is not None
    answer["Cache-Control"] = pages.PUBLIC
    return answer


def _asked(request: HttpRequest, letter: Letter, sealed: list[Version]) -> Asked:
    """What is asked for, if it is there; else the page does not exist."""
    numbers = {str(version.number): version.number for version in sealed}
    given = {name: request.GET[name] for name in ("version", "from", "to") if request.GET.get(name)}
    if not given.keys() <= {"version"} and given.keys() != {"from", "to"}:
        raise Http404
    if any(value not in numbers for value in given.values()):
        raise Http404
    chosen = {name: numbers[value] for name, value in given.items()}
    between = (chosen["from"], chosen["to"]) if "from" in chosen else None
    meant = {chosen.get("version"), *(between or ())}
    languages = {text.language for version in sealed if version.number in meant for text in version.texts.all()}
    own = text_to_read(letter, "").language
    language = request.GET.get("text") or (own if own in languages else letter.authoritative_language)
    if chosen and language not in languages:
        raise Http404
    return Asked(chosen.get("version"), between, language if chosen else letter.authoritative_language)


def _lines(sealed: list[Version]) -> list[dict[str, Any]]:
    """The list, newest first: each with the one before it, from which it differs."""
    before = [*sealed[1:], None]
    return [
        {"version": version, "before": older, "texts": _in_order(version)}
        for version, older in zip(sealed, before, strict=True)
    ]


def _shown(asked: Asked, sealed: list[Version]) -> dict[str, Any]:
    by_number = {version.number: version for version in sealed}
    chosen = by_number[asked.version] if asked.version else None
    if asked.between is None:
        return {"shown": chosen, "shown_text": _texts(chosen).get(asked.language) if chosen else None}
    old, new = (by_number[number] for number in asked.between)
    before, after = _texts(old).get(asked.language), _texts(new).get(asked.language)
    return {
        "old": old,
        "new": new,
        "language": {"tag": asked.language, "name": endonym(asked.language), "direction": direction(asked.language)},
        "is_only_new": before is None,
        "is_only_old": after is None,
        "difference": differences.between(before, after),
        "other_languages": sorted((tag, endonym(tag)) for tag in {*_texts(old), *_texts(new)} if tag != asked.language),
    }


def _texts(version: Version) -> dict[str, Text]:
    return {text.language: text for text in version.texts.all()}


def _in_order(version: Version) -> list[Text]:
    return sorted(version.texts.all(), key=lambda text: text.language)
