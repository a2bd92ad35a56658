"""A letter as plain text, 72 columns wide."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator

from django.utils.translation import gettext as _

from coalition.templatetags.words import figure
from letters.documents import blocks
from letters.documents.content import Line, Sheet

COLUMNS = 72
#: Where a line may end: at a space, before a wide letter, after the mark between Tibetan syllables.
_PIECES = re.compile(r"\s+|(?<=་)(?=\S)|(?=[\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff])")
_ADDRESS = re.compile(r"\S*(?:://|@)\S*")


def make(sheet: Sheet) -> bytes:
    """UTF-8 with a byte order mark: without it, older programs take Arabic and Chinese for something else."""
    parts = [part for part in _parts(sheet) if part]
    return ("\ufeff" + "\n\n".join(parts) + "\n").encode()


def wrapped(text: str, before: str = "", behind: str | None = None) -> str:
    """The text in lines of 72 columns, the first beginning with `before`, the others with `behind`."""
    behind = " " * width(before) if behind is None else behind
    lines: list[str] = []
    for line in text.split("\n"):
        lines += _lines(line, before if not lines else behind, behind)
    return "\n".join(line.rstrip() for line in lines)


def width(text: str) -> int:
    """Columns that a text takes: wide letters two, marks upon letters none."""
    return sum(_columns(letter) for letter in text)


def _columns(letter: str) -> int:
    if unicodedata.category(letter) in {"Mn", "Me", "Cf"}:
        return 0
    return 2 if unicodedata.east_asian_width(letter) in {"W", "F"} else 1


def _lines(text: str, before: str, behind: str) -> Iterator[str]:
    line, is_empty = before, True
    for space, piece in _pieces(text):
        if is_empty or width(line + space + piece) <= COLUMNS:
            line += piece if is_empty else space + piece
        else:
            yield line
            line = behind + piece
        is_empty = False
    yield line


def _pieces(text: str) -> Iterator[tuple[str, str]]:
    """What may not be broken, each with the space before it."""
    for word in text.split():
        inside = [word] if _ADDRESS.fullmatch(word) else [piece for piece in _PIECES.split(word) if piece]
        for index, piece in enumerate(inside):
            yield ("" if index else " ", piece)


def _parts(sheet: Sheet) -> Iterator[str]:
    yield wrapped(sheet.site)
    yield "\n".join(wrapped(line) for line in _facts(sheet))
    yield wrapped(sheet.title) + "\n" + "=" * min(width(sheet.title), COLUMNS)
    yield wrapped(sheet.addendum_words())
    if sheet.is_submission:
        yield wrapped(_("Joint written statement* submitted by"))
        for lines, status in sheet.submitters():
            yield wrapped(f"{_names(lines)}, {status}")
    yield wrapped(sheet.summary)
    yield wrapped(sheet.salutation)
    yield from (_block(block) for block in blocks.blocks(sheet.body))
    if sheet.demands:
        yield _heading(_("What we ask"))
        yield from (
            wrapped(blocks.plain(demand), f"{figure(number)}. ") for number, demand in enumerate(sheet.demands, start=1)
        )
    yield from (wrapped(part) for part in sheet.closing.split("\n\n"))
    yield from _submission_end(sheet) if sheet.is_submission else _list(sheet)
    yield "\n".join(["-" * 8, *(wrapped(line) for line in _foot(sheet))])


def _facts(sheet: Sheet) -> Iterator[str]:
    yield f"{_('Reference')}: {sheet.reference}"
    if sheet.dated_on:
        yield f"{_('Date')}: {sheet.date_words()}"
    for to in sheet.addressees:
        yield f"{_('Copy:') if to.is_copied else _('To:')} {to.name}"


def _block(block: blocks.Block) -> str:
    before = "> " if block.is_quoted else ""
    if block.kind == "rule":
        return "* * *"
    if block.kind == "code":
        return "\n".join(f"{before}    {line}" for line in block.text.split("\n"))
    if block.kind == "heading":
        return _heading(block.text)
    indent = before + "  " * max(block.depth - 1, 0)
    marker = f"{block.marker} " if block.marker else "  " * bool(block.depth)
    return wrapped(block.text, indent + marker, indent + " " * width(marker))


def _heading(text: str) -> str:
    return wrapped(text) + "\n" + "-" * min(width(text), COLUMNS)


def _list(sheet: Sheet) -> Iterator[str]:
    yield _heading(f"{_('Signatories')}: {sheet.heading()}")
    yield "\n".join(_entry(sheet, line) for line in sheet.lines)
    yield "\n".join(wrapped(words) for words in sheet.withheld_words())


def _entry(sheet: Sheet, line: Line) -> str:
    name = f"{line.name} ({line.acronym})" if line.acronym else line.name
    about = sheet.about(line)
    return wrapped(f"{name}, {about}" if about else name, f"{figure(line.number)}. ")


def _submission_end(sheet: Sheet) -> Iterator[str]:
    if supporters := sheet.supporters():
        yield wrapped(f"* {_('Also supported by:')} {_names(supporters)}")
    yield "\n".join(wrapped(words) for words in sheet.withheld_words())


def _names(lines: list[Line]) -> str:
    return "; ".join(line.name for line in lines)


def _foot(sheet: Sheet) -> Iterator[str]:
    yield sheet.as_of_words()
    yield sheet.address
    if sheet.contact:
        yield sheet.contact
    if sheet.digest:
        yield sheet.sealed_words()
