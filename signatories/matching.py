"""Which organisation is this? One function for every place that asks."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from copy import copy
from dataclasses import dataclass
from datetime import datetime
from itertools import combinations, pairwise
from math import sqrt
from typing import Any, NamedTuple

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
#: Organisations that are read and compared, of all that Postgres finds; more find hardly anything more.
COMPARED = 12
#: Of so many it is asked whether they are among those to look among.
FILTERED = 200


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


@dataclass(frozen=True)
class Wanted:
    """What is known of the organisation that somebody means."""

    name: str
    country: str = ""
    website: str = ""
    email_domain: str = ""

    @property
    def domains(self) -> set[str]:
        """Its registrable domains, without those at which anybody can have an address or a page."""
        named = {registrable_domain(self.website), registrable_domain(self.email_domain.rpartition("@")[2])}
        return {domain for domain in named if domain and not is_shared(domain)}


def candidates(
    name: str,
    *,
    country: str = "",
    website: str = "",
    email_domain: str = "",
    organisations: OrganisationQuerySet | None = None,
    most: int = MOST,
    language: str = "",
) -> list[Candidate]:
    """Organisations that may be meant by a printed name, likeliest first; whether one is, a person decides.

    `organisations`: those to look among, by default all that are not merged. Each has `score`, and `name` in a language
    of the interface, or without one its main name.
    """
    (found,) = candidates_of_each([Wanted(name, country, website, email_domain)], organisations, most, language)
    return found


def candidates_of_each(
    wanted: Sequence[Wanted],
    organisations: OrganisationQuerySet | None = None,
    most: int = MOST,
    language: str = "",
) -> list[list[Candidate]]:
    """The same for many at once, in as many queries as for one; a list shares most of its words."""
    if organisations is None:
        organisations = Organisation.objects.exclude(standing=Organisation.Standing.MERGED)
    at_domains = _at_domains(wanted)
    nearest = [
        _nearest_first(dict.fromkeys(at_domain, IS_IT) | near)
        for at_domain, near in zip(at_domains, _nearest([one.name for one in wanted], organisations), strict=True)
    ]
    home = dict(organisations.filter(pk__in={pk for near in nearest for pk in near}).values_list("pk", "country"))
    found = [[pk for pk in near if pk in home][:COMPARED] for near in nearest]
    names = _names({pk for pks in found for pk in pks})
    compared = [
        _best({pk: _compared(one, names[pk], home[pk], pk in at_domain) for pk in pks}, most)
        for one, pks, at_domain in zip(wanted, found, at_domains, strict=True)
    ]
    meant = organisations.with_name(language).in_bulk({pk for best in compared for pk in best})
    return [[_candidate(meant[pk], best[pk]) for pk in best if pk in meant] for best in compared]


def find(text: str, at: datetime, language: str = "", most: int = MOST) -> list[Organisation]:
    """Public organisations that may be meant by `text` (a name, an acronym or a website), likeliest first.

    Each has `score`, 0 to 1, and `name` in a language of the interface, or without one its main name.
    """
    return among(Organisation.objects.public(at), text, most, language)


def among(organisations: OrganisationQuerySet, text: str, most: int = MOST, language: str = "") -> list[Organisation]:
    """The same among given organisations."""
    website = text.strip() if "." in text and len(text.split()) == 1 else ""
    found = candidates(text, website=website, organisations=organisations, most=most, language=language)
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

#: The names of one organisation, each with its kind.
Names = Sequence[tuple[str, str]]


def _candidate(organisation: Organisation, likeness: alike.Likeness) -> Candidate:
    found = copy(organisation)
    found.score = likeness.score
    return Candidate(found, likeness.score, tuple(map(str, likeness.reasons)))


def _nearest_first(weights: dict[int, float]) -> list[int]:
    return sorted(weights, key=lambda pk: (-weights[pk], pk))[:FILTERED]


def _best(compared: dict[int, alike.Likeness], most: int) -> dict[int, alike.Likeness]:
    return {pk: compared[pk] for pk in sorted(compared, key=lambda pk: (-compared[pk].score, pk))[:most]}


def _compared(wanted: Wanted, names: Names, home: str, is_at: bool) -> alike.Likeness:
    """An organisation judged by the name of it that is most like the one wanted, its country and its domain.

    `home`: the country it is known to be in.
    """
    printed = alike.read(wanted.name)
    acronyms = [text for text, kind in names if kind == OrganisationName.Kind.ACRONYM]
    likenesses = [
        alike.compare(printed, alike.with_acronyms(alike.read(text), acronyms), (wanted.country, home))
        for text, kind in names
        if kind != OrganisationName.Kind.ACRONYM or len(names) == 1
    ]
    score, reasons = max(likenesses, key=lambda likeness: likeness.score, default=alike.Likeness(0.0, ()))
    words = [_("name %(score).2f") % {"score": score}, *map(str, reasons)]
    if is_at:
        score = max(score, alike.POSSIBLE + 0.2) if score < alike.POSSIBLE else max(score, min(score + 0.2, 0.95))
        words.append(_("same domain"))
    if wanted.country and home == wanted.country:
        words.append(str(alike.SAME_COUNTRY))
    elif wanted.country and home:
        score = min(score, 0.8)
        words.append(str(alike.OTHER_COUNTRY))
    return alike.Likeness(score, tuple(words))


def _names(organisations: Collection[int]) -> defaultdict[int, list[tuple[str, str]]]:
    names: defaultdict[int, list[tuple[str, str]]] = defaultdict(list)
    rows = OrganisationName.objects.filter(organisation__in=organisations).order_by("-is_main", "pk")
    for pk, text, kind in rows.values_list("organisation", "text", "kind"):
        names[pk].append((text, kind))
    return names


def _at_domains(wanted: Sequence[Wanted]) -> list[list[int]]:
    """For each the organisations at one of its domains."""
    domains = [one.domains for one in wanted]
    held = Domain.objects.filter(name__in=set().union(*domains)).order_by("pk").values_list("name", "organisation")
    rows = list(held) if any(domains) else []
    return [list(dict.fromkeys(pk for name, pk in rows if name in some))[:COMPARED] for some in domains]


# What Postgres finds

#: Words of a name that are looked for, the longest first; the rest of a long name adds nothing.
SOUGHT = 8
#: Names read for one question to the index; a word that more names have tells little.
READ = 100
#: What it is worth that a question finds a name: in whole or by acronym, by several words, by one.
IS_IT, SEVERAL, ONE = 1000.0, 100.0, 50.0
#: Unknown words for which the register is asked what they may be slips of.
CORRECTED = 4
#: What such a word is taken for beside the others, at most.
READINGS = 3


class Question(NamedTuple):
    """What the index of the names is asked: one of the ways below, and a text."""

    way: str
    text: str


EQUAL, ACRONYM, WORDS = "equal", "acronym", "words"


def _nearest(names: Sequence[str], organisations: OrganisationQuerySet) -> list[dict[int, float]]:
    """For each name the organisations whose names share something with it, and what that is worth; by index only: in
    whole, by acronym, by words, by slips."""
    asked = [_questions(name) for name in names]
    hits = _hits({question for questions in asked for question in questions})
    known = _known(hits, organisations)
    unknown = [_unknown(name, known) for name in names]
    meant = _corrected({word for words in unknown for word in words})
    for name, questions, words in zip(names, asked, unknown, strict=True):
        if words:
            for better in _better(_sought(name), meant, known):
                questions |= _by_several(better)
            others = [other for word in words for other in meant.get(word, ())]
            questions |= {Question(WORDS, other): ONE for other in others}
    hits |= _hits({question for questions in asked for question in questions} - hits.keys())
    return [_weighed(questions, hits) for questions in asked]


def _weighed(questions: Mapping[Question, float], hits: Mapping[Question, Collection[int]]) -> dict[int, float]:
    """What speaks for each organisation that was found; what is found with many others tells little."""
    weights: defaultdict[int, float] = defaultdict(float)
    for question, worth in questions.items():
        found = set(hits[question])
        for pk in found:
            weights[pk] += worth / sqrt(len(found))
    return weights


def _questions(name: str) -> dict[Question, float]:
    """What to ask for a name, each with what an answer is worth."""
    whole, words = normalise(name), _sought(name)
    if not whole:
        return {}
    parts = {normalise(piece) for piece in pieces(name)} - {""}
    acronyms = {*alike.read(name).acronyms, *(part for part in parts if len(part) <= 16 and " " not in part)}
    telling = {part for part in parts if part not in acronyms and (" " in part or len(part) > 3)}
    questions = {Question(EQUAL, text): IS_IT for text in {whole, *telling, *acronyms, *alike.initials(name)}}
    questions |= {Question(ACRONYM, text): IS_IT for text in acronyms | alike.in_plain_han(name)}
    neighbours = [before + after for before, after in pairwise(words)]
    return questions | {Question(WORDS, word): ONE for word in (*words, *neighbours)} | _by_several(words)


def _sought(name: str) -> list[str]:
    whole = normalise(name)
    words = [word for word in dict.fromkeys(whole.split()) if word not in JOINING] or whole.split()
    longest = sorted(words, key=len, reverse=True)[:SOUGHT]
    return [word for word in words if word in longest]


def _by_several(words: Sequence[str]) -> dict[Question, float]:
    """All of the words; all but one; two of the longest."""
    sets = [tuple(words)]
    if len(words) > 2:
        sets += combinations(words, len(words) - 1)
        sets += combinations(sorted(words, key=len, reverse=True)[:4], 2)
    return {Question(WORDS, " ".join(some)): SEVERAL for some in sets if len(some) > 1}


def _known(hits: Mapping[Question, Collection[int]], organisations: OrganisationQuerySet) -> set[str]:
    """The words that names have which may be found here. One that only a hidden name has is a slip like others: else
    what is found instead of it would tell that somebody hidden is called so."""
    words = {question.text: found for question, found in hits.items() if question.way == WORDS and found}
    having = organisations.filter(pk__in={pk for word, found in words.items() if " " not in word for pk in found})
    seen = set(having.order_by().values_list("pk", flat=True))
    return {word for word, found in words.items() if not seen.isdisjoint(found)}


def _unknown(name: str, known: Collection[str]) -> list[str]:
    """Words of a name that may be slips: those that no name has, and all of a short name."""
    words = _sought(name)
    # Of two Latin letters too many words are made for one to be a slip of another.
    readable = [word for word in words if len(word) > 2 or not word.isascii()]
    return [word for word in readable if len(words) < 3 or word not in known][:CORRECTED]


def _better(words: Sequence[str], meant: Mapping[str, Sequence[str]], known: Collection[str]) -> list[list[str]]:
    """The words of a name as they may be meant, where no name has them as they are: the likeliest of each, and in turn
    the others of one."""
    may_be = [[word] if word in known else [*meant.get(word, ())][:READINGS] or [word] for word in words]
    likeliest = [first for first, *_others in may_be]
    turned = [
        [*likeliest[:place], other, *likeliest[place + 1 :]]
        for place, (_first, *others) in enumerate(may_be)
        for other in others
    ]
    return [likeliest, *turned]


def _hits(questions: Collection[Question]) -> dict[Question, list[int]]:
    """The organisations found for each question, a few of them where there are many; in one statement."""
    asked = list(questions)
    found: dict[Question, list[int]] = {question: [] for question in asked}
    values = {
        name: value
        for way in (EQUAL, ACRONYM, WORDS)
        for name, value in (
            (f"{way}_numbers", [number for number, question in enumerate(asked) if question.way == way]),
            (way, [question.text for question in asked if question.way == way]),
        )
    }
    if asked:
        with connection.cursor() as cursor:
            cursor.execute(_HITS, values | {"most": READ})
            for number, pk in cursor.fetchall():
                found[asked[number]].append(pk)
    return found


#: Materialised, so that Postgres plans it as if all its rows were wanted: by index, whatever it guesses.
_BY_ONE_WAY = """
SELECT question.number, hit.organisation_id
FROM unnest(%({way}_numbers)s::int[], %({way})s::text[]) AS question (number, text) CROSS JOIN LATERAL (
    WITH named AS MATERIALIZED (SELECT organisation_id FROM signatories_organisationname WHERE {condition})
    SELECT organisation_id FROM named LIMIT %(most)s
) AS hit
"""
_HITS = " UNION ALL ".join(
    _BY_ONE_WAY.format(way=way, condition=condition)
    for way, condition in (
        (EQUAL, "normalised = question.text"),
        (ACRONYM, "acronyms @> ARRAY[question.text]::varchar[]"),
        (WORDS, "string_to_array(normalised, ' ') @> string_to_array(question.text, ' ')"),
    )
)


def _corrected(words: Collection[str]) -> dict[str, list[str]]:
    """For each word the words on the register that are most like it, or that it begins, the nearest first."""
    if not words:
        return {}
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
