"""What changed between two texts: first by paragraphs, then by words inside those that changed."""

from __future__ import annotations

import re
import textwrap
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from enum import StrEnum
from typing import Any

from coalition.languages import direction
from letters.models import Text, Version

#: Comparing costs about as much as there are pairs of equal words; beyond so many, the common ones are left out.
PAIRS = 300_000
#: So many pairs of paragraphs are looked at, to find out which has become which.
LIKENESSES = 2_500
#: From here on two paragraphs are the same one, changed: twice the words they share, by all their words.
ALIKE = 0.4
COLUMNS = 72


class Kind(StrEnum):
    SAME = "same"
    ADDED = "added"
    REMOVED = "removed"
    CHANGED = "changed"


@dataclass(frozen=True)
class Piece:
    """Words of a paragraph in a row that share a fate; never `changed`."""

    kind: Kind
    text: str


@dataclass(frozen=True)
class Paragraph:
    kind: Kind
    pieces: tuple[Piece, ...]


@dataclass(frozen=True)
class Difference:
    """Between two versions in one language."""

    paragraphs: tuple[Paragraph, ...]
    language: str = ""

    @property
    def direction(self) -> str:
        return direction(self.language)

    @property
    def is_none(self) -> bool:
        return all(paragraph.kind is Kind.SAME for paragraph in self.paragraphs)

    @property
    def changed(self) -> list[Paragraph]:
        return [paragraph for paragraph in self.paragraphs if paragraph.kind is not Kind.SAME]

    def as_plain_text(self) -> str:
        """Changed paragraphs alone, for a mail: what was there after −, what is there now after +."""
        blocks = []
        for paragraph in self.changed:
            was = "".join(piece.text for piece in paragraph.pieces if piece.kind is not Kind.ADDED)
            now = "".join(piece.text for piece in paragraph.pieces if piece.kind is not Kind.REMOVED)
            sides = [("−", was)] * (paragraph.kind is not Kind.ADDED) + [("+", now)] * (paragraph.kind != Kind.REMOVED)
            blocks.append("\n".join(_hung(sign, words) for sign, words in sides))
        return "\n\n".join(blocks)


def since(old: Version, new: Version, language: str) -> Difference:
    """In that language, or, where either has no text in it or no word of it differs, in the authoritative one."""
    sides = [{text.language: text for text in version.texts.all()} for version in (old, new)]
    found = between(*(side.get(language) for side in sides))
    if found.is_none or not all(language in side for side in sides):
        language = new.letter.authoritative_language
        return between(*(side.get(language) for side in sides))
    return found


def between(old: Text | None, new: Text | None) -> Difference:
    """Paragraph by paragraph: title, summary, salutation, body, demands and closing."""
    found: list[Paragraph] = []
    for before, after in zip(_sections(old), _sections(new), strict=True):
        found += _compared(before, after)
    text = new or old
    return Difference(tuple(found), text.language if text else "")


def _sections(text: Text | None) -> list[list[str]]:
    if text is None:
        return [[] for _ in Text.SIGNED[1:]]
    return [_paragraphs(getattr(text, name)) for name in Text.SIGNED[1:]]


def _paragraphs(value: str | list[str]) -> list[str]:
    """As Markdown has them: divided by empty lines, each entry of a list by itself, white space folded."""
    parts = value if isinstance(value, list) else _BREAKS.split(value)
    return [folded for part in parts if (folded := " ".join(part.split()))]


def _compared(old: list[str], new: list[str]) -> Iterator[Paragraph]:
    for is_same, before, after in _runs(old, new):
        if is_same:
            yield from (Paragraph(Kind.SAME, (Piece(Kind.SAME, text),)) for text in before)
        else:
            yield from _replaced(before, after)


def _replaced(old: Sequence[str], new: Sequence[str]) -> Iterator[Paragraph]:
    """Which paragraph has become which; the others went or came."""
    i = j = 0
    for partner, match in [*_partners(old, new), (len(old), len(new))]:
        yield from (Paragraph(Kind.REMOVED, (Piece(Kind.REMOVED, text),)) for text in old[i:partner])
        yield from (Paragraph(Kind.ADDED, (Piece(Kind.ADDED, text),)) for text in new[j:match])
        if partner < len(old):
            yield Paragraph(Kind.CHANGED, tuple(_words(old[partner], new[match])))
        i, j = partner + 1, match + 1


def _partners(old: Sequence[str], new: Sequence[str]) -> list[tuple[int, int]]:
    """Pairs in order on both sides, with the greatest likeness in all."""
    if len(old) * len(new) > LIKENESSES:
        return [(i, i) for i in range(len(old))] if len(old) == len(new) else []
    words = [[Counter(_TOKENS.findall(text)) for text in side] for side in (old, new)]
    sizes = [[count.total() for count in side] for side in words]
    best = [[0.0] * (len(new) + 1) for _ in range(len(old) + 1)]
    alike = [[0.0] * len(new) for _ in old]
    for i in reversed(range(len(old))):
        for j in reversed(range(len(new))):
            shared = (words[0][i] & words[1][j]).total()
            ratio = 2 * shared / (sizes[0][i] + sizes[1][j])
            alike[i][j] = ratio if ratio >= ALIKE else 0.0
            paired = alike[i][j] + best[i + 1][j + 1] if alike[i][j] else 0.0
            best[i][j] = max(paired, best[i + 1][j], best[i][j + 1])
    pairs = []
    i = j = 0
    while i < len(old) and j < len(new):
        if alike[i][j] and best[i][j] == alike[i][j] + best[i + 1][j + 1]:
            pairs.append((i, j))
            i, j = i + 1, j + 1
        elif best[i][j] == best[i + 1][j]:
            i += 1
        else:
            j += 1
    return pairs


def _words(old: str, new: str) -> Iterator[Piece]:
    """The words of a changed paragraph; a space before both sides of a change belongs to neither."""
    for is_same, before, after in _runs(_TOKENS.findall(old), _TOKENS.findall(new)):
        was, now = "".join(before), "".join(after)
        if is_same:
            yield Piece(Kind.SAME, was)
            continue
        if was[:1] == now[:1] == " ":
            yield Piece(Kind.SAME, " ")
            was, now = was[1:], now[1:]
        if was:
            yield Piece(Kind.REMOVED, was)
        if now:
            yield Piece(Kind.ADDED, now)


def _runs(old: Sequence[str], new: Sequence[str]) -> Iterator[tuple[bool, Sequence[str], Sequence[str]]]:
    """Stretches that are the same, and stretches that took each other's place, in order."""
    start = 0
    while start < min(len(old), len(new)) and old[start] == new[start]:
        start += 1
    end = 0
    while end < min(len(old), len(new)) - start and old[-1 - end] == new[-1 - end]:
        end += 1
    middle = old[start : len(old) - end], new[start : len(new) - end]
    if start:
        yield True, old[:start], new[:start]
    for tag, i, k, j, m in _opcodes(*middle):
        yield tag == "equal", middle[0][i:k], middle[1][j:m]
    if end:
        yield True, old[len(old) - end :], new[len(new) - end :]


def _opcodes(old: Sequence[str], new: Sequence[str]) -> Sequence[tuple[str, int, int, int, int]]:
    """Of difflib, in bounded time: where too much repeats itself, all of it took the other's place."""
    if not old and not new:
        return []
    left, right = Counter(old), Counter(new)
    is_heavy = _pairs(left, right) > PAIRS
    if is_heavy:
        common = max(1, len(new) // 100)
        right = Counter({word: number for word, number in right.items() if number <= common})
    if _pairs(left, right) > PAIRS:
        return [("replace", 0, len(old), 0, len(new))]
    matcher: SequenceMatcher[Any] = SequenceMatcher(None, old, new, autojunk=is_heavy)
    return matcher.get_opcodes()


def _pairs(left: Counter[str], right: Counter[str]) -> int:
    return sum(number * right[word] for word, number in left.items())


def _hung(sign: str, words: str) -> str:
    return textwrap.fill(words, COLUMNS, initial_indent=f"{sign} ", subsequent_indent="  ", break_on_hyphens=False)


_BREAKS = re.compile(r"\n[^\S\n]*\n|\n(?=[^\S\n]*(?:[-*+]|\d+[.)])[^\S\n])")
_PUNCTUATION = (
    r"!-/:-@\[-`{-~¡-¿\u2010-\u2027\u2030-\u205e\u060c\u061b\u061f\u06d4\u0964\u0965\u3001-\u303f\uff01-\uff20"
)
#: Written without spaces: each is a word of its own.
_IDEOGRAMS = r"\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff"
#: Each with the space before it.
_TOKENS = re.compile(rf" ?(?:[{_IDEOGRAMS}]|[{_PUNCTUATION}]|[^\s{_IDEOGRAMS}{_PUNCTUATION}]+)")
