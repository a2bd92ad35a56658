"""What typed text may contain, and how texts are compared and sorted."""

from __future__ import annotations

import re
import struct
import unicodedata
from functools import cache, lru_cache
from threading import Lock

from pyuca import Collator

#: Marks that one letter may carry. No orthography needs as many; more of them draw over the neighbours, and make
#: Unicode normalisation slow (UAX #15, stream-safe text, allows 30).
MARKS_ON_A_LETTER = 8
#: Letters of a text that decide where it is sorted.
SORTED_BY = 500


def clean_line(value: str) -> str:
    """`value` as one line of text: a name, a title, a subject.

    NFC; line breaks, tabs and every other run of white space become one space, none at the ends; control characters,
    lone surrogates, private-use and non-characters go, and so does what `has_hidden` reports. (SECURITY, "Input")
    """
    return _SPACES.sub(" ", _visible(value.replace("\u2800", " "))).strip()


def clean_text(value: str) -> str:
    r"""`value` as text of several lines: a body, a note.

    As `clean_line`, but every kind of line break becomes "\n" and a tab four spaces; spaces within a line stay as
    typed, because Markdown reads indentation and typography needs its no-break spaces.
    """
    return _visible(_LINE_BREAKS.sub("\n", value).replace("\t", "    ")).strip()


def has_hidden(value: str) -> bool:
    """Whether `value` holds bidi controls, zero-width or other invisible characters where no script needs them: a
    reason to look twice at a name, which the cleaning functions then remove."""
    if value.isascii():
        return False
    allowed = _normal(_FORBIDDEN.sub("", value))
    return _without_hidden(allowed) != allowed


def fits(value: str, limit: int) -> bool:
    """Whether `value` has at most `limit` code points, as typed and in its compatibility form (NFKC), in which one
    Arabic ligature becomes eighteen letters."""
    return len(value) <= limit and len(unicodedata.normalize("NFKC", _bounded(value))) <= limit


def fold(value: str) -> str:
    """`value` for comparing: words in lower case between single spaces, without accents, punctuation or symbols.

    Only the combining marks U+0300 to U+036F count as accents (Latin, Greek, Cyrillic), so the vowel signs of Indic
    scripts and of Tibetan stay. Empty where there is neither letter nor figure. Idempotent.
    """
    if value.isascii():
        return " ".join(_PLAIN_WORDS.findall(value.lower()))
    value = _JOINERS.sub("", _HIDDEN.sub("", _bounded(value)))
    value = unicodedata.normalize("NFKC", value).casefold()
    value = _ACCENTS.sub("", unicodedata.normalize("NFKD", value)).translate(_PLAIN_LETTERS)
    value = unicodedata.normalize("NFKC", value)
    return " ".join("".join(letter if _is_word(letter) else " " for letter in value).split())


def collation_key(value: str, most: int | None = None) -> bytes:
    """A key that sorts texts of all scripts, compared byte by byte as Postgres does with `bytea`.

    The sort key of the Unicode collation algorithm (default table; punctuation counts), each weight in two bytes, big
    end first; cut after `most` bytes, which never turns an order round. The first call of a process loads the table.
    """
    weights = _collator().sort_key(value[:SORTED_BY])
    while weights and not weights[-1]:
        weights = weights[:-1]
    return struct.pack(f">{len(weights)}H", *weights)[:most]


def _visible(value: str) -> str:
    if value.isascii():
        return _FORBIDDEN.sub("", value)
    value = _normal(_FORBIDDEN.sub("", value))
    # What goes lets marks meet, and normalisation may then reorder them under the next joiner.
    while (cleaner := _normal(_without_hidden(value))) != value:
        value = cleaner
    return value


def _normal(value: str) -> str:
    return unicodedata.normalize("NFC", _bounded(value))


def _bounded(value: str) -> str:
    """`value` without the marks that come after the first few on one letter."""
    return value if value.isascii() else _too_many_marks().sub(r"\1", value)


def _without_hidden(value: str) -> str:
    """`value` without invisible characters; joiners, selectors and word breaks stay where a script needs them."""
    value = _HIDDEN.sub("", value)
    if not _JOINERS.search(value):
        return value
    kept: list[str] = []
    for here, letter in enumerate(value):
        after = value[here + 1 : here + 2]
        if not _JOINERS.match(letter) or _is_needed(letter, kept[-1] if kept else "", _shown(kept), after):
            kept.append(letter)
    return "".join(kept)


def _shown(kept: list[str]) -> str:
    """The last letter that is no variation selector."""
    return next((letter for letter in reversed(kept) if not _SELECTORS.match(letter)), "")


def _is_needed(joiner: str, before: str, shown: str, after: str) -> bool:
    """Whether a script or a picture needs this invisible character between its neighbours."""
    if joiner == "\u200d":
        return _joins(shown) or (_is_picture(shown) and _is_picture(after))
    if joiner == "\u200c":
        return unicodedata.combining(shown or " ") == _VIRAMA or (_joins(shown) and _joins(after))
    if joiner == "\u200b":
        return _is_letter_of(_UNSPACED, shown) and _is_letter_of(_UNSPACED, after)
    if joiner == "\u180e":
        return _is_letter_of(_MONGOLIAN, shown) and _is_letter_of(_MONGOLIAN, after)
    if joiner in "\ufe0e\ufe0f":
        return before in _PICTURES_IN_TEXT or after == "\u20e3" or unicodedata.category(before or " ") in {"So", "Sm"}
    return _is_letter_of(_VARIED, before)


def _joins(letter: str) -> bool:
    return _is_letter_of(_JOINING, letter)


def _is_letter_of(ranges: tuple[tuple[int, int], ...], letter: str) -> bool:
    if not letter or _JOINERS.match(letter) or unicodedata.category(letter)[0] not in "LM":
        return False
    return any(first <= ord(letter) <= last for first, last in ranges)


def _is_picture(letter: str) -> bool:
    if not letter:
        return False
    return "\U0001f3fb" <= letter <= "\U0001f3ff" or (
        letter >= "\u2190" and unicodedata.category(letter) in {"So", "Sm"}
    )


@lru_cache(maxsize=4096)
def _is_word(letter: str) -> bool:
    return unicodedata.category(letter)[0] in "LMN" and letter not in _APOSTROPHES


@cache
def _too_many_marks() -> re.Pattern[str]:
    # Beyond plane 3 Unicode has no letters, and its marks there (tags, selectors) are of class 0.
    marks = "".join(letter for letter in map(chr, range(0x40000)) if unicodedata.combining(letter))
    return re.compile(f"([{marks}]{{{MARKS_ON_A_LETTER}}})[{marks}]+")


def _collator() -> Collator:
    with _one_at_a_time:
        return _load_collator()


@cache
def _load_collator() -> Collator:
    return Collator()


_one_at_a_time = Lock()

_LINE_BREAKS = re.compile("\r\n?|[\v\f\x1c-\x1e\x85\u2028\u2029]")
#: White space, but for the narrow space that ties a Mongolian suffix to its word.
_SPACES = re.compile("(?:(?!(?<=[\u180b-\u180f\u1820-\u18aa])\u202f(?=[\u1820-\u18aa]))\\s)+")
_FORBIDDEN = re.compile(
    "[\x00-\x08\x0e-\x1b\x7f-\x84\x86-\x9f\ud800-\udfff\ue000-\uf8ff\ufdd0-\ufdef\U000f0000-\U0010ffff"
    + "".join(chr(plane << 16 | last) for plane in range(17) for last in (0xFFFE, 0xFFFF))
    + "]"
)
#: Invisible wherever it stands: bidi controls, zero-width marks, fillers, annotations, tags (Unicode's
#: Default_Ignorable_Code_Point, less `_JOINERS`).
_HIDDEN = re.compile(
    "[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u200e\u200f\u202a-\u202e\u2060-\u206f\u3164\ufeff\uffa0\ufff0-\ufffc"
    "\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e00ff\U000e01f0-\U000e0fff]"
)
_SELECTORS = re.compile("[\u180b-\u180d\u180f\ufe00-\ufe0f\U000e0100-\U000e01ef]")
#: Invisible, but needed in its place.
_JOINERS = re.compile("[\u200b-\u200d\u180b-\u180f\ufe00-\ufe0f\U000e0100-\U000e01ef]")
_VIRAMA = 9
#: Arabic, Syriac, Mandaic, N'Ko, the scripts of India and of those who learned from them, Mongolian, Adlam, Rohingya.
_JOINING = (
    (0x0620, 0x07FF),
    (0x0840, 0x0DFF),
    (0x0F40, 0x109F),
    (0x1700, 0x18AF),
    (0x1900, 0x1CFF),
    (0xA800, 0xA82F),
    (0xA840, 0xA9FF),
    (0xAA00, 0xAAFF),
    (0xABC0, 0xABFF),
    (0xFB50, 0xFDFF),
    (0xFE70, 0xFEFC),
    (0x10A00, 0x10A5F),
    (0x10D00, 0x10D3F),
    (0x11000, 0x11FFF),
    (0x1E900, 0x1E95F),
)
#: Written without spaces between words, so that typists mark where a line may break: Thai, Lao, Burmese, Khmer, Tai.
_UNSPACED = ((0x0E00, 0x0EFF), (0x1000, 0x109F), (0x1780, 0x17FF), (0x1950, 0x19DF), (0x1A20, 0x1AAF), (0xAA60, 0xAADF))
_MONGOLIAN = ((0x1820, 0x18AA),)
#: Letters with standardised variants: Han, Mongolian, Burmese, Phags-pa.
_VARIED = ((0x3400, 0x9FFF), (0xF900, 0xFAFF), (0x20000, 0x3FFFF), *_MONGOLIAN, (0x1000, 0x109F), (0xA840, 0xA87F))
_PICTURES_IN_TEXT = ("‼", "⁉", "〰")

_PLAIN_WORDS = re.compile("[a-z0-9]+")
_ACCENTS = re.compile("[\u0300-\u036f\u0640]")
_PLAIN_LETTERS = str.maketrans(
    {"ł": "l", "ø": "o", "đ": "d", "ð": "d", "þ": "th", "ħ": "h", "ŧ": "t", "ı": "i", "æ": "ae", "œ": "oe"}
)
#: Letters by their category, apostrophes by their use.
_APOSTROPHES = "ʹʺʻʼʽʾʿˈ"
