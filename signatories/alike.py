"""Whether two printed names may be one organisation, and why: reads the names only, never the register."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache, lru_cache
from itertools import pairwise
from typing import NamedTuple

from babel import Locale
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from coalition import countries
from coalition.text import clean_line, fold
from signatories.names import acronym_of, is_legal_form, normalise, pieces
from signatories.words import BODIES, CAUSES, GATHERING, JOINING, PARTS, PLAIN_HAN, REACHES, plain_arabic

PROBABLE, POSSIBLE = 0.85, 0.5
_SPELT_NEARLY = 0.87

SAME_NAME = _("same name")
SAME_WORDS = _("same words")
NEARLY = _("spelt nearly alike")
SAME_ACRONYM = _("same acronym")
INITIALS = _("the acronym may be the initials")
OTHER_ACRONYM = _("another acronym")
TRANSLATED = _("partly a translation")
OTHER_WORDS = _("each has words of its own")
MORE_WORDS = _("one has more words")
ONE_PLACE = _("only one names a place")
OTHER_PLACE = pgettext_lazy("reason why two names differ", "another place")
OTHER_SECTION = _("only one names a section, a chapter or a reach")
SAME_COUNTRY = _("same country")
OTHER_COUNTRY = _("in another country")


class Likeness(NamedTuple):
    score: float
    reasons: tuple[object, ...]


@dataclass(frozen=True)
class Printed:
    """What a printed name says."""

    whole: str
    words: tuple[str, ...]
    acronyms: frozenset[str]
    places: frozenset[str]
    apart: frozenset[str]
    """Those of its places that are printed by themselves or after the acronym."""
    parts: tuple[tuple[str, ...], ...]
    """The words of each piece between dashes and brackets."""

    @property
    def has_words(self) -> bool:
        return any(_weight(word) > BODY for word in self.words) if self.acronyms else bool(self.words)


_COUNTRIES = frozenset(countries.COUNTRIES)
#: What words weigh.
BODY, REACH, CAUSE, OWN = 0.4, 0.6, 0.8, 1.0


def compare(one: Printed, other: Printed, homes: tuple[str, str] = ("", "")) -> Likeness:
    """How likely two printed names are one organisation, 0 to 1, with what speaks for and against it.

    `homes`: the countries they are known to be in. A name that prints its place is like one that need not.
    """
    if one.whole == other.whole:
        return Likeness(1.0, (SAME_NAME,))
    one, other = _as_acronym(one, other), _as_acronym(other, one)
    found = _Aligned.of(one.words, other.words)
    score, reasons = _by_words(one, other, found)
    if score < _SPELT_NEARLY and _is_one_slip(one.whole, other.whole):
        score, reasons = _SPELT_NEARLY, [NEARLY]
    score, more = _by_acronyms(one, other, found, score)
    reasons += more
    if (places := _placed(one, other, homes[0])) != (others := _placed(other, one, homes[1])):
        if places and others and not (places <= others or others <= places):
            score, reasons = min(score, 0.45), [*reasons, OTHER_PLACE]
        elif not _is_bare(one, other) and not _is_bare(other, one):
            has_more = found.of_other if places > others else found.of_one
            score, reasons = min(score, 0.6 if has_more else 0.78), [*reasons, ONE_PLACE]
    return Likeness(score, tuple(reasons))


@lru_cache(maxsize=50_000)
def read(name: str) -> Printed:
    """A printed name taken apart."""
    whole = normalise(name)
    name = _POSSESSIVE.sub("", unicodedata.normalize("NFKC", clean_line(name)))
    acronym = acronym_of(name)
    name = _SCRIPTS_MEET.sub(" ", _DESCRIBED.sub(" ", name)).strip() or name
    shouts = name.isupper() and len(name.split()) > 1 and not any(map(_is_unspaced, name))
    acronyms: set[str] = set()
    apart: set[str] = set()
    places: set[str] = set()
    words: list[str] = []
    for piece in pieces(name):
        if piece == acronym:
            acronyms |= _acronyms(piece, apart)
        elif place := _place_alone(piece):
            apart.add(place)
        else:
            words += _words(piece, acronym, shouts, acronyms, places)
    if not words:
        apart |= places
    parts = [tuple(word for word in fold(part).split() if word not in JOINING) for part in _ASIDE.split(name)]
    return Printed(
        whole,
        tuple(dict.fromkeys(words)),
        frozenset(acronyms),
        frozenset(places | apart),
        frozenset(apart),
        tuple(filter(None, parts)),
    )


def with_acronyms(printed: Printed, acronyms: Iterable[str]) -> Printed:
    """The same with acronyms that are known from elsewhere."""
    known = frozenset(word for acronym in acronyms for word in (_joined(acronym),) if word)
    return replace(printed, acronyms=printed.acronyms | known) if known else printed


def known_as(name: str) -> list[str]:
    """What a name may be looked for by as a whole, folded: the acronyms it prints, itself if it is one word, its
    initials, and in one kind of Chinese letters."""
    whole = normalise(name)
    short = {whole} if len(whole.split()) == 1 and len(whole) <= 16 else set()
    return sorted(read(name).acronyms | short | in_plain_han(name) | set(initials(name)))[:8]


def in_plain_han(name: str) -> set[str]:
    """A name in the same letters whether it is printed in those of Taiwan, of China or of Japan, if it has any."""
    whole = normalise(name)
    return {whole.translate(PLAIN_HAN)} if any(map(_is_unspaced, whole)) else set()


def initials(name: str) -> tuple[str, ...]:
    """The initials of the words of a name, without joining words and with them."""
    words = fold(_BRACKETED.sub(" ", name)).split()
    told = (word[0] for word in words if word not in JOINING)
    both = ("".join(letters)[:16] for letters in (told, (word[0] for word in words)))
    return tuple(dict.fromkeys(letters for letters in both if len(letters) > 1))


def _as_acronym(short: Printed, long: Printed) -> Printed:
    """A name that is nothing but what the other prints as its acronym, or has that for a piece, read as such."""
    joined = short.whole.replace(" ", "")
    if short.acronyms:
        return short
    if joined not in long.acronyms:
        alone = {part[0] for part in short.parts if len(part) == 1} & long.acronyms if len(short.parts) > 1 else set()
        words = tuple(word for word in short.words if word not in alone)
        return replace(short, words=words, acronyms=frozenset(alone)) if alone else short
    return Printed(short.whole, (), frozenset({joined}), long.places if short.places else frozenset(), frozenset(), ())


def _is_bare(short: Printed, long: Printed) -> bool:
    """Whether a name is an acronym only, which says nothing of the place that the other has among its words."""
    return bool(short.acronyms & long.acronyms) and not short.words and not short.places and not long.apart


def _placed(one: Printed, other: Printed, home: str) -> frozenset[str]:
    """The places of a name; where only the other names a country, the one it is known to be in."""
    return one.places or (frozenset({home}) if home and other.places & _COUNTRIES else frozenset())


# What the words say


@dataclass(frozen=True)
class _Aligned:
    common: float
    """The weight of the words that both have."""
    of_one: tuple[str, ...]
    of_other: tuple[str, ...]
    weight: float
    """The weight of all words of both, halved."""
    heaviest: float
    """The weight of the heaviest word that both have."""
    is_translated: bool = False
    rests_on_a_slip: bool = False
    """The only telling word that both have is not spelt alike."""

    @classmethod
    def of(cls, one: Sequence[str], other: Sequence[str]) -> _Aligned:
        total = (sum(map(_weight, one)) + sum(map(_weight, other))) / 2
        if one and other and "".join(one) == "".join(other):
            return cls(total, (), (), total, max(map(_weight, (*one, *other))))
        rest_one = [word for word in one if word not in other]
        rest_other = [word for word in other if word not in one]
        both = [word for word in one if word in other]
        common, heaviest = sum(map(_weight, both)), max(map(_weight, both), default=0.0)
        is_translated = has_slip = False
        for word in list(rest_one):
            for wanted in rest_other:
                alike, translated = _alike(word, wanted)
                if alike:
                    common += alike * (_weight(word) + _weight(wanted)) / 2
                    has_slip |= heaviest <= BODY and not translated
                    heaviest = max(heaviest, _weight(word))
                    is_translated |= translated
                    rest_one.remove(word)
                    rest_other.remove(wanted)
                    break
        if joined := _join(rest_one, rest_other) + _join(rest_other, rest_one):
            common, heaviest = common + joined, OWN
        rests_on_a_slip = has_slip and common < CAUSE + OWN
        return cls(common, tuple(rest_one), tuple(rest_other), total, heaviest, is_translated, rests_on_a_slip)

    @property
    def share(self) -> float:
        return self.common / self.weight if self.weight else 0.0


def _join(split: list[str], joined: list[str]) -> float:
    """The weight of two neighbours that the other name prints as one word; they are taken out of the lists."""
    for before, after in pairwise(list(split)):
        if before + after in joined:
            joined.remove(before + after)
            split.remove(before)
            split.remove(after)
            return 1.5
    return 0.0


def _by_words(one: Printed, other: Printed, found: _Aligned) -> tuple[float, list[object]]:
    share = found.share
    if found.heaviest <= BODY:
        return 0.3 * _grams(one.whole, other.whole), []
    extra_one, extra_other = sum(map(_weight, found.of_one)), sum(map(_weight, found.of_other))
    reasons: list[object] = [SAME_WORDS] if share >= 0.99 else []
    if extra_one and extra_other:
        score = min(share, 0.62 if max(extra_one, extra_other) > BODY else 0.8)
        return score, [*reasons, OTHER_WORDS]
    if found.is_translated:
        return min(share, 0.7), [*reasons, TRANSLATED]
    if found.rests_on_a_slip:
        return min(share, 0.82), reasons
    extra = found.of_one or found.of_other
    if any(word in REACHES or word in PARTS for word in extra):
        return min(share, 0.72), [*reasons, OTHER_SECTION]
    if max(map(_weight, extra), default=0.0) > BODY:
        says_the_same = _explains(one, other) or _is_in_another_script(extra, one, other)
        return (0.86, [MORE_WORDS]) if says_the_same else (min(share, 0.8), [*reasons, MORE_WORDS])
    if extra and (found.common < CAUSE + OWN or any(BODIES[word] in GATHERING for word in extra if word in BODIES)):
        return min(share, 0.8), [MORE_WORDS]
    return share, [*reasons, MORE_WORDS] if extra else reasons


def _explains(one: Printed, other: Printed) -> bool:
    """Whether one name is a piece of the other, whose remaining piece only says what it is."""
    short, long = sorted((one, other), key=lambda printed: len(printed.words))
    if not short.words or max(map(_weight, short.words)) < OWN or short.words not in long.parts:
        return False
    rest = [part for part in long.parts if part != short.words]
    return len(rest) == 1 and len(rest[0]) >= 3


def _is_in_another_script(extra: Sequence[str], one: Printed, other: Printed) -> bool:
    """Whether all that one name has more is long enough to be the name again, in letters that the other never uses."""
    common = set(one.words) & set(other.words)
    if not common or sum(map(len, extra)) < (4 if any(map(_is_unspaced, extra[0])) else 8):
        return False
    return not {_script(word) for word in extra} & {_script(word) for word in common}


@lru_cache(maxsize=10_000)
def _script(word: str) -> str:
    first = unicodedata.name(word[0], "").partition(" ")[0]
    return "CJK" if first in {"HIRAGANA", "KATAKANA"} else first


def _by_acronyms(one: Printed, other: Printed, found: _Aligned, score: float) -> tuple[float, list[object]]:
    if one.acronyms & other.acronyms:
        longest = max(map(len, one.acronyms & other.acronyms))
        return max(score, _for_one_acronym(one, other, found, longest)), [SAME_ACRONYM]
    if one.acronyms and other.acronyms:
        return min(score, 0.8 if found.share >= 0.99 else 0.6), [OTHER_ACRONYM]
    for short, long in ((one, other), (other, one)):
        if short.acronyms and not short.has_words and short.acronyms & set(initials(long.whole)):
            longest = max(map(len, short.acronyms & set(initials(long.whole))))
            return max(score, 0.76 if longest > 3 else 0.66), [INITIALS]
    return score, []


def _for_one_acronym(one: Printed, other: Printed, found: _Aligned, length: int) -> float:
    """What an acronym that both print is worth: many bodies share a short one."""
    if not one.has_words or not other.has_words:
        is_enough = length > 3 or (length == 3 and one.places and one.places == other.places)
        return 0.87 if is_enough else 0.75 if length == 3 else 0.55
    if found.heaviest <= BODY or any(word in PARTS for word in (*found.of_one, *found.of_other)):
        return 0.6
    if max(map(_weight, found.of_one), default=0) > BODY and max(map(_weight, found.of_other), default=0) > BODY:
        return 0.8 if length > 3 else 0.7
    return 0.86 if found.share >= (0.3 if length > 3 else 0.45) else 0.7


def _weight(word: str) -> float:
    if word in BODIES:
        return BODY
    if word in REACHES or word in PARTS:
        return REACH
    return CAUSE if word in CAUSES or len(word) < 3 else OWN


@lru_cache(maxsize=100_000)
def _alike(one: str, other: str) -> tuple[float, bool]:
    """How well one word stands for another, and whether it is only a translation."""
    for table in (BODIES, REACHES, PARTS):
        if one in table and table[one] == table.get(other):
            return 0.95, False
    if CAUSES.get(one, "") == CAUSES.get(other):
        return (0.95, False) if _differ_at_the_end(one, other) else (0.9, True)
    if _is_exact(one) or _is_exact(other):
        return 0.0, False
    if _UMLAUT.sub(r"\1", one) == _UMLAUT.sub(r"\1", other):
        return 0.95, False
    return (0.95 if _is_slip(one, other) else 0.85 if _differ_at_the_end(one, other) else 0.0), False


@lru_cache(maxsize=50_000)
def _is_exact(word: str) -> bool:
    """A figure, or Han letters, of which each counts."""
    return any(letter.isdigit() or _is_han(letter) for letter in word)


def _is_slip(one: str, other: str) -> bool:
    """One letter more, less, other or out of turn; two in a long word."""
    shorter = min(len(one), len(other))
    if shorter == 4 and one[0] == other[0] and abs(len(one) - len(other)) == 1:
        return not all(_rests(one, other))
    if shorter < 5 or abs(len(one) - len(other)) > 2:
        return False
    one, other = _rests(one, other)
    if max(len(one), len(other)) <= 1:
        return True
    return (len(one) == len(other) == 2 and one == other[::-1]) or (shorter >= 8 and max(len(one), len(other)) <= 2)


def _is_one_slip(one: str, other: str) -> bool:
    """Whether two long names differ by one letter, or by two in turn, of one word."""
    if min(len(one), len(other)) < 12 or abs(len(one) - len(other)) > 1 or one.count(" ") != other.count(" "):
        return False
    one, other = _rests(one, other)
    if any(not letter.isalpha() or _is_han(letter) for letter in one + other):
        return False
    return max(len(one), len(other)) <= 1 or (len(one) == len(other) == 2 and one == other[::-1])


def _rests(one: str, other: str) -> tuple[str, str]:
    """What is left of two texts without what both begin and end with."""
    start = 0
    while start < min(len(one), len(other)) and one[start] == other[start]:
        start += 1
    one, other = one[start:], other[start:]
    while one and other and one[-1] == other[-1]:
        one, other = one[:-1], other[:-1]
    return one, other


def _differ_at_the_end(one: str, other: str) -> bool:
    """The same word in another number, gender or case."""
    start = next(
        (place for place, pair in enumerate(zip(one, other, strict=False)) if pair[0] != pair[1]),
        min(len(one), len(other)),
    )
    return start >= 5 and start >= 0.7 * max(len(one), len(other)) and max(len(one), len(other)) - start <= 3


def _grams(one: str, other: str) -> float:
    """Share of common pairs of letters, which orders what has no word in common."""
    of_one, of_other = ({text[place : place + 2] for place in range(len(text) - 1)} for text in (one, other))
    return len(of_one & of_other) / max(1, min(len(of_one), len(of_other)))


# What a piece says


def _words(piece: str, acronym: str, shouts: bool, acronyms: set[str], places: set[str]) -> Iterator[str]:
    """The telling words of a piece; its acronyms and places are put where they belong."""
    tokens = piece.split()
    left: list[str] = []
    for number, token in enumerate(tokens):
        bare = token.strip(_AROUND)
        if bare and (bare == acronym or (not shouts and _is_in_capitals(bare) and fold(bare) not in BODIES)):
            is_last = number == len(tokens) - 1
            if place := _place_in_capitals(bare, is_last and number > 0):
                places.add(place)
                continue
            if len(bare) > 2 or bare == acronym:
                acronyms |= _acronyms(bare, places)
                continue
        left.append(token)
    rest = normalise(" ".join(left))
    folded = [] if is_legal_form(rest) else [part for word in rest.split() for part in _split(word)]
    yield from (plain_arabic(word) for word in _without_places(folded, places) if word not in JOINING)


def _is_in_capitals(token: str) -> bool:
    letters = [letter for letter in token if letter.isalpha()]
    return 2 <= len(letters) <= 10 and all(letter.isupper() for letter in letters) and len(token) <= 12


def _acronyms(printed: str, places: set[str]) -> set[str]:
    """The acronym without the place that is printed with it: CONAQ/MG, RNP+SP."""
    first, *others = [part for part in re.split(r"[/+]", printed) if part]
    for other in others:
        if len(other) == 2 and other.isupper():
            places.add(_place_in_capitals(other, True))
        elif place := countries.parse(other):
            places.add(place)
        else:
            return {_joined(printed)}
    return {_joined(first)}


def _joined(acronym: str) -> str:
    return fold(acronym).replace(" ", "")


def _place_in_capitals(token: str, is_last: bool) -> str:
    bare = token.replace(".", "")
    if bare in {"UK", "USA", "US", "EU", "UAE", "DRC"}:
        return countries.parse(bare)
    return (countries.parse(bare) or bare.casefold()) if is_last and len(bare) == 2 else ""


def _place_alone(piece: str) -> str:
    """The place that a piece of a name is, whole."""
    bare = piece.strip(_AROUND + " ")
    if len(bare) == 2 and bare.isupper():
        return _place_in_capitals(bare, True)
    if len(bare) == 3 and bare not in {"USA", "UAE", "DRC"}:
        return ""
    code = countries.parse(bare) if len(bare) > 2 else ""
    return "" if code == countries.INTERNATIONAL else code


def _without_places(words: list[str], places: set[str]) -> Iterator[str]:
    place = 0
    while place < len(words):
        for length in (4, 3, 2, 1):
            code = _places().get(" ".join(words[place : place + length])) if place + length <= len(words) else None
            if code:
                places.add(code)
                place += length
                break
        else:
            yield words[place]
            place += 1


@cache
def _places() -> dict[str, str]:
    """Codes of countries and parts of the world by their folded names in many languages."""
    named = {
        fold(name): code
        for name, code in countries.names_in_lists().items()
        if len(name) > 2 - _is_unspaced(name[0]) and code != countries.INTERNATIONAL
    }
    for language in ("en", "fr", "es", "pt", "de", "it", "ru", "ar", "zh", "ja"):
        for code, name in Locale.parse(language).territories.items():
            if code.isdigit() and code != "001":
                named.setdefault(fold(name), code)
    return named | {fold("ジャパン"): "JP"}


def _split(word: str) -> Iterator[str]:
    """The words of a run that is written without spaces, by script and by what is known at its ends."""
    if not any(map(_is_unspaced, word)):
        yield word
        return
    for run in _RUNS.findall(word.translate(PLAIN_HAN)):
        yield from _ends_off(run) if _is_unspaced(run[0]) else (run,)


def _ends_off(run: str) -> Iterator[str]:
    for length in range(min(len(run) - 1, 12), 0, -1):
        for end, rest in ((run[-length:], run[:-length]), (run[:length], run[length:])):
            if (length > 1 and (end in _known_ends() or end in _places())) or end in _LONE_ENDS:
                yield from _ends_off(rest)
                yield end
                return
    yield run


@cache
def _known_ends() -> frozenset[str]:
    tables = (BODIES, REACHES, PARTS)
    return frozenset(word.translate(PLAIN_HAN) for table in tables for word in table if _is_unspaced(word[0]))


def _is_han(letter: str) -> bool:
    return "\u3400" <= letter <= "\u9fff" or letter >= "\U00020000"


def _is_unspaced(letter: str) -> bool:
    return "\u3040" <= letter <= "\u30ff" or _is_han(letter)


_LONE_ENDS = frozenset("会會")
_RUNS = re.compile(
    "[\u30a0-\u30ff\uff66-\uff9f]+|[\u3040-\u309f]+|[\u3400-\u9fff\U00020000-\U0003ffff]+|[^\u3040-\u30ff\u3400-\u9fff]+"
)
#: Chinese and Japanese say before a name what kind of body it is: 国際環境NGO, 認定NPO法人.
_DESCRIBED = re.compile("(?<![A-Za-z])[\u3400-\u9fff・]*(?:NGO|NPO)(?:法人)?(?=.)")
_SCRIPTS_MEET = re.compile(
    r"(?<=[A-Za-z])(?=[\u3040-\u30ff\u3400-\u9fff])|(?<=[\u3040-\u30ff\u3400-\u9fff])(?=[A-Za-z])"
)
_ASIDE = re.compile(r"\s*[()]\s*|:\s+|\s+[-‐‑‒–—―]+\s*|\s*[-‐‑‒–—―]+\s+|\s*—\s*")
_POSSESSIVE = re.compile(r"(?<=\w)['’](?=s\b)", re.IGNORECASE)
#: ä, ö and ü spelt out, as folding leaves the dots away.
_UMLAUT = re.compile("([aou])e")
_AROUND = "\"'«»„“”‘’()[]{}.,;:"
_BRACKETED = re.compile(r"\([^()]*\)")
