"""Which organisation is this? One function for every place that asks."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import combinations, pairwise
from typing import Any

from django.db import connection, models
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from signatories import alike
from signatories.mailboxes import is_shared
from signatories.models import Domain, Organisation, OrganisationName, OrganisationQuerySet
from signatories.names import normalise, pieces
from signatories.vetting import registrable_domain
from signatories.words import JOINING

MOST = 8
#: What is offered to somebody who searches has at least this score.
FLOOR = 0.2
#: Names that are read and compared, of all that Postgres finds.
COMPARED = 30


class Level(models.TextChoices):
    PROBABLE = "probable", gettext_lazy("probably the same")
    POSSIBLE = "possible", gettext_lazy("possibly the same")
    DIFFERENT = "different", gettext_lazy("probably different")

    @classmethod
    def of(cls, score: float) -> Level:
        return cls.PROBABLE if score >= alike.PROBABLE else cls.POSSIBLE if score >= alike.POSSIBLE else cls.DIFFERENT


@dataclass(frozen=True)
class Candidate:
    """An organisation that may be meant, how surely, and why, in words for whoever decides."""

    organisation: Organisation
    score: float
    reasons: tuple[str, ...]

    @property
    def level(self) -> Level:
        return Level.of(self.score)


def candidates(
    name: str,
    *,
    country: str = "",
    website: str = "",
    email_domain: str = "",
    organisations: OrganisationQuerySet | None = None,
    most: int = MOST,
) -> list[Candidate]:
    """Organisations that may be meant by a printed name, likeliest first; whether one is, a person decides.

    `organisations`: those to look among, by default all that are not merged. Each has `name` and `score`.
    """
    if organisations is None:
        organisations = Organisation.objects.exclude(standing=Organisation.Standing.MERGED)
    domains = {registrable_domain(website), registrable_domain(email_domain.rpartition("@")[2])}
    domains = {domain for domain in domains if domain and not is_shared(domain)}
    at_domain = _at(domains)
    nearest = [*at_domain, *(pk for pk in _nearest(name) if pk not in at_domain)][: 3 * COMPARED]
    allowed = dict(organisations.filter(pk__in=nearest).values_list("pk", "country"))
    found = [pk for pk in nearest if pk in allowed][:COMPARED]
    names: defaultdict[int, list[tuple[str, str]]] = defaultdict(list)
    rows = OrganisationName.objects.filter(organisation__in=found).order_by("-is_main", "pk")
    for pk, text, kind in rows.values_list("organisation", "text", "kind"):
        names[pk].append((text, kind))
    wanted = alike.read(name)
    compared = {pk: _compared(wanted, names[pk], country, allowed[pk], pk in at_domain) for pk in found}
    best = sorted(compared, key=lambda pk: (-compared[pk].score, pk))[:most]
    meant = organisations.with_name().in_bulk(best)
    return [_candidate(meant[pk], compared[pk]) for pk in best if pk in meant]


def find(text: str, at: datetime, most: int = MOST) -> list[Organisation]:
    """Public organisations that may be meant by `text` (a name, an acronym or a website), likeliest first.

    Each has `name` and `score`, 0 to 1.
    """
    return among(Organisation.objects.public(at), text, most)


def among(organisations: OrganisationQuerySet, text: str, most: int = MOST) -> list[Organisation]:
    """The same among given organisations."""
    website = text.strip() if "." in text and len(text.split()) == 1 else ""
    found = candidates(text, website=website, organisations=organisations, most=most)
    return [candidate.organisation for candidate in found if candidate.score >= FLOOR]


def same(name: str, country: str) -> Organisation | None:
    """The organisation on the register, public or not, with this name (normalised; acronyms do not count, many bodies
    share one) and this country; of several the one that came first, so that no further double arises."""
    names = OrganisationName.objects.filter(normalised=normalise(name)).exclude(kind=OrganisationName.Kind.ACRONYM)
    # Asked for in two steps: in one, Postgres may start from the country, and in the middle of an import that is many.
    named = set(names.values_list("organisation", flat=True))
    equal = Organisation.objects.filter(pk__in=named, country=country).exclude(standing=Organisation.Standing.MERGED)
    return equal.order_by("pk").first()


# One candidate


def _candidate(organisation: Organisation, likeness: alike.Likeness) -> Candidate:
    organisation.score = likeness.score
    return Candidate(organisation, likeness.score, tuple(map(str, likeness.reasons)))


def _compared(
    wanted: alike.Printed, names: Sequence[tuple[str, str]], country: str, home: str, is_at: bool
) -> alike.Likeness:
    """An organisation judged by the name of it that is most like the one wanted, its country and its domain.

    `names`: each with its kind; `home`: the country it is known to be in.
    """
    acronyms = [text for text, kind in names if kind == OrganisationName.Kind.ACRONYM]
    likenesses = [
        alike.compare(wanted, alike.with_acronyms(alike.read(text), acronyms), (country, home))
        for text, kind in names
        if kind != OrganisationName.Kind.ACRONYM or len(names) == 1
    ]
    score, reasons = max(likenesses, key=lambda likeness: likeness.score, default=alike.Likeness(0.0, ()))
    words = [_("name %(score).2f") % {"score": score}, *map(str, reasons)]
    if is_at:
        score = max(score, alike.POSSIBLE + 0.2) if score < alike.POSSIBLE else max(score, min(score + 0.2, 0.95))
        words.append(_("same domain"))
    if country and home == country:
        words.append(str(alike.SAME_COUNTRY))
    elif country and home:
        score = min(score, 0.8)
        words.append(str(alike.OTHER_COUNTRY))
    return alike.Likeness(score, tuple(words))


def _at(domains: set[str]) -> list[int]:
    if not domains:
        return []
    held = Domain.objects.filter(name__in=domains).order_by("pk").values_list("organisation", flat=True)
    return list(dict.fromkeys(held[:COMPARED]))


# What Postgres finds

#: Words of a name that are looked for, the longest first; the rest of a long name adds nothing.
SOUGHT = 8
#: Names read for one question to the index; a word that more names have tells little.
READ = 100
#: Unknown words for which the register is asked what they may be slips of.
CORRECTED = 4


def _nearest(name: str) -> list[int]:
    """The organisations whose names share most with a name, by index only: in whole, by acronym, by words, by slips."""
    whole = normalise(name)
    if not whole:
        return []
    words = _sought(whole)
    worth = _hits(_questions(whole, name, words))
    known = {word for word, hits in worth.items() if hits and not word.startswith("=")}
    # Of two Latin letters too many words are made for one to be a slip of another.
    readable = [word for word in words if len(word) > 2 or not word.isascii()]
    unknown = [word for word in readable if word not in known or len(words) < 3][:CORRECTED]
    if unknown:
        meant = _corrected(unknown)
        better = [next(iter(meant.get(word, ())), word) if word not in known else word for word in words]
        others = [other for found in meant.values() for other in found]
        worth |= _hits([*_by_several(better), *((other, _WITH_WORDS, [other]) for other in dict.fromkeys(others))])
    weights: defaultdict[int, float] = defaultdict(float)
    for question, hits in worth.items():
        value = 100.0 if question.startswith("=") else 1.0 if len(hits) >= READ else 10.0
        for pk in set(hits):
            weights[pk] += value
    return sorted(weights, key=lambda pk: (-weights[pk], pk))[: 3 * COMPARED]


def _sought(whole: str) -> list[str]:
    words = [word for word in dict.fromkeys(whole.split()) if word not in JOINING] or whole.split()
    longest = sorted(words, key=len, reverse=True)[:SOUGHT]
    return [word for word in words if word in longest]


Question = tuple[str, str, Any]
_EQUAL = "normalised = ANY(%s)"
_KNOWN_AS = "acronyms && %s::varchar[]"
_WITH_WORDS = "string_to_array(normalised, ' ') @> %s::text[]"


def _questions(whole: str, name: str, words: list[str]) -> list[Question]:
    parts = {normalise(piece) for piece in pieces(name)} - {""}
    acronyms = {*alike.read(name).acronyms, *(part for part in parts if len(part) <= 16 and " " not in part)}
    telling = [part for part in parts if part not in acronyms and (" " in part or len(part) > 3)]
    questions: list[Question] = [
        ("= whole", _EQUAL, [whole]),
        ("= parts", _EQUAL, [*telling, *acronyms, *alike.initials(name)]),
        ("= acronym", _KNOWN_AS, sorted(acronyms | alike.in_plain_han(name))),
    ]
    neighbours = [before + after for before, after in pairwise(words)]
    return [*questions, *_by_several(words), *((word, _WITH_WORDS, [word]) for word in (*words, *neighbours))]


def _by_several(words: Sequence[str]) -> list[Question]:
    """All of the words; all but one; two of the longest."""
    sets = [tuple(words)]
    if len(words) > 2:
        sets += combinations(words, len(words) - 1)
        sets += combinations(sorted(words, key=len, reverse=True)[:4], 2)
    return [("= " + " ".join(some), _WITH_WORDS, list(some)) for some in dict.fromkeys(sets) if len(some) > 1]


def _hits(questions: Sequence[Question]) -> dict[str, list[int]]:
    """The organisations found for each question, a few of them where there are many; in one statement."""
    asked = {question: (condition, value) for question, condition, value in questions}
    if not asked:
        return {}
    numbered = list(enumerate(condition for condition, _value in asked.values()))
    sources = ", ".join(_SOURCE.format(number=number, condition=condition) for number, condition in numbered)
    rows = " UNION ALL ".join(_ROWS.format(number=number, most=READ) for number, _condition in numbered)
    found: dict[str, list[int]] = {question: [] for question in asked}
    with connection.cursor() as cursor:
        cursor.execute(f"WITH {sources} {rows}", [value for _condition, value in asked.values()])
        tags = list(asked)
        for number, pk in cursor.fetchall():
            found[tags[number]].append(pk)
    return found


#: Materialised, so that Postgres plans each as if all its rows were wanted: by index, whatever it guesses.
_SOURCE = "q{number} AS MATERIALIZED (SELECT organisation_id FROM signatories_organisationname WHERE {condition})"
_ROWS = "(SELECT {number}, organisation_id FROM q{number} LIMIT {most})"


def _corrected(words: Sequence[str]) -> dict[str, list[str]]:
    """For each word the words on the register that are most like it, or that it begins, the nearest first."""
    slips = [(word, meant) for word in words for meant in _turned(word)]
    values: dict[str, Any] = {"words": [word for word in words if not word.isdigit()], "most": 5}
    values |= {"slips": [word for word, _meant in slips], "meant": [meant for _word, meant in slips]}
    meant: defaultdict[str, list[str]] = defaultdict(list)
    with connection.cursor() as cursor:
        cursor.execute(_SLIPS, values)
        for word, other, _score in cursor.fetchall():
            if other not in meant[word]:
                meant[word].append(other)
    return meant


def _turned(word: str) -> list[str]:
    """A word with two letters in turn again, or with one letter less: slips after which few trigrams are left."""
    if not 3 < len(word) <= 20 or word.isdigit():
        return []
    turned = [word[:at] + word[at + 1] + word[at] + word[at + 2 :] for at in range(len(word) - 1)]
    return [*turned, *(word[:at] + word[at + 1 :] for at in range(len(word)))]


_SLIPS = """
SELECT sought, near.text, near.score
FROM unnest(%(words)s::text[]) AS sought CROSS JOIN LATERAL (
    (SELECT text, similarity(text, sought) AS score FROM signatories_word WHERE text %% sought
     ORDER BY score DESC, text LIMIT %(most)s)
    UNION ALL
    (SELECT text, word_similarity(sought, text) * 0.9 FROM signatories_word WHERE sought <%% text
     ORDER BY 2 DESC, length(text), text LIMIT %(most)s)
) AS near
WHERE near.text <> sought
UNION ALL
SELECT slip.sought, word.text, 0.8
FROM unnest(%(slips)s::text[], %(meant)s::text[]) AS slip (sought, meant)
CROSS JOIN LATERAL (SELECT text FROM signatories_word WHERE text = slip.meant LIMIT 1) AS word
ORDER BY 1, 3 DESC, 2
"""
