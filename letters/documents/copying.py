"""What is copied out of a PDF, or read aloud: the letters of a text as they were written.

Shapes alone don't tell them. A PDF says one text for each shape, while in many scripts one shape stands for different
letters by its neighbours (an Arabic and a Uyghur one can end alike), is drawn before a letter that it follows, or is
a mark set over another. WeasyPrint keeps what a shape stood for first. So here, first, each shape gets a code of its
own for each text that it stands for; second, text with marks stands beside its shapes as /ActualText.
"""

from __future__ import annotations

import logging
import re
import threading
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import pydyf  # type: ignore[import-untyped]  # it has no types

logger = logging.getLogger(__name__)
_one_at_a_time = threading.Lock()

#: Codes of our own begin here; no font of which they are asked has as many shapes.
_FIRST_CODE = 0x8000
_SHOWN = re.compile(rb"\[(.*)\] TJ", re.DOTALL)
_PART = re.compile(rb"<([0-9a-f]*)>|([^<>\s]+)")


@dataclass(frozen=True)
class Shape:
    """One of a line, from left to right, with the place of its letters in the line's text, in bytes."""

    code: int
    said: str
    """What the PDF says for its code."""
    start: int
    end: int
    is_rtl: bool


@dataclass(frozen=True)
class Stretch:
    """Shapes that stand side by side, by number, and the text they stand for."""

    first: int
    last: int
    text: str


@dataclass
class Codes:
    """For each font by its name in the PDF, the codes that were given out: shape and text → code."""

    given: dict[bytes, dict[tuple[int, str], int]] = field(default_factory=dict)

    def of(self, font: Any, shape: int, text: str) -> int:
        """The code under which a font says that text for a shape; its own number, where there can be no other."""
        if font.to_unicode.get(shape) == text or not self._can_have_more(font):
            return shape
        given = self.given.setdefault(font.name, {})
        code = given.setdefault((shape, text), _FIRST_CODE + len(given))
        font.to_unicode[code] = text
        font.widths[code] = font.widths[shape]
        return code

    def finish(self, document: Any, pdf: Any) -> None:
        """Tells the fonts of a finished PDF which shape each code draws."""
        used = {font.name: font.to_unicode for font in document.fonts.values()}
        kept = {found["BaseFont"]: found for found in pdf.objects if isinstance(found, dict) and "CIDToGIDMap" in found}
        for name, given in self.given.items():
            drawn = {code: code for code in used[name]}
            drawn |= {code: shape for (shape, _text), code in given.items()}
            table = bytearray(2 * max(drawn) + 2)
            for code, shape in drawn.items():
                table[2 * code : 2 * code + 2] = shape.to_bytes(2, "big")
            stream = pydyf.Stream([bytes(table)], compress=True)
            pdf.add_object(stream)
            kept[name]["CIDToGIDMap"] = stream.reference

    @staticmethod
    def _can_have_more(font: Any) -> bool:
        return "glyf" in font.tables and not font.bitmap and font.glyph_count <= _FIRST_CODE


@contextmanager
def exact() -> Iterator[Callable[[Any, Any], None]]:
    """While it lasts, what WeasyPrint draws can be copied; gives the finisher that each PDF needs."""
    from weasyprint.draw import text as drawing  # type: ignore[import-untyped]  # it has no types

    codes = Codes()

    def draw_first_line(stream: Any, textbox: Any, *rest: Any) -> Any:
        start = len(stream.stream)
        made = plain(stream, textbox, *rest)
        if len(stream.stream) > start:
            try:
                stream.stream[start:] = _told(stream, textbox, start, codes)
            except (AttributeError, LookupError, TypeError, ValueError):
                logger.exception("What is copied out of a PDF can be wrong: this WeasyPrint draws in another way.")
        return made

    with _one_at_a_time:
        plain = drawing.draw_first_line
        drawing.draw_first_line = draw_first_line
        try:
            yield codes.finish
        finally:
            drawing.draw_first_line = plain


def _told(stream: Any, textbox: Any, start: int, codes: Codes) -> list[Any]:
    """The operators that drew a line, from that place in the stream, so that they tell its text."""
    text = textbox.pango_layout.text.encode()
    shapes = list(_shapes(stream, textbox, text, codes))
    found = list(stretches(shapes, text))
    if [(stretch.first, stretch.last) for stretch in found] == [(0, len(shapes) - 1)]:
        properties = _properties(stream.stream[max(start - 50, 0) : start])
        if properties is not None:
            properties["ActualText"] = pydyf.String(found.pop().text)
    return rewritten(stream.stream[start:], shapes, found)


def stretches(shapes: Sequence[Shape], text: bytes) -> Iterator[Stretch]:
    """Those of a line that need their text beside them.

    None of writing from the right: pdftotext turns whatever it finds there around, letter by letter. So it still tears
    vowel points off Arabic, Hebrew and Thaana letters, which readers that heed the codes alone keep in their place.
    """
    first = 0
    for here, shape in enumerate([*shapes, None]):
        if shape is None or shape.is_rtl:
            group = shapes[first:here]
            if group:
                written = text[group[0].start : max(part.end for part in group)].decode()
                if written != "".join(part.said for part in group) or any(map(_is_mark, written)):
                    yield Stretch(first, here - 1, written)
            first = here + 1


def shares(text: str, shapes: int, is_rtl: bool) -> list[str]:
    """The letters of a cluster for its shapes from left to right, so that together they say them in order."""
    cut = [text[place : place + 1] for place in range(shapes - 1)] + [text[shapes - 1 :]]
    return cut[::-1] if is_rtl else cut


def rewritten(operators: Sequence[Any], shapes: Sequence[Shape], found: Iterable[Stretch]) -> list[Any]:
    """The operators that draw a line, with other codes for its shapes, and each stretch in a /Span of its own."""
    drawn = b"".join(part for row in map(_row, operators) for part, _moved in _PART.findall(row))
    if len(drawn) != 4 * len(shapes):
        # A font of bitmaps, whose codes are shorter. We use none.
        return list(operators)
    starts: dict[int, str] = {}
    ends = set()
    for stretch in found:
        starts[stretch.first] = stretch.text
        ends.add(stretch.last)
    made: list[Any] = []
    number = 0
    for operator in operators:
        if not (shown := _row(operator)):
            made.append(operator)
            continue
        row = b""
        for part, moved in _PART.findall(shown):
            row += b" " * bool(moved) + moved
            for _place in range(0, len(part), 4):
                if number in starts:
                    made += [_show(row)] * bool(row)
                    letters = b"\xfe\xff" + starts[number].encode("utf-16-be")
                    made.append(b"/Span <</ActualText <" + letters.hex().encode() + b">>> BDC")
                    row = b""
                row += b"<%04x>" % shapes[number].code
                if number in ends:
                    made += [_show(row), b"EMC"]
                    row = b""
                number += 1
        made += [_show(row)] * bool(row)
    return made


def _properties(operators: Sequence[Any]) -> dict[str, Any] | None:
    """Those of the marked content that was begun last, unless it has ended."""
    for number in range(len(operators) - 1, 0, -1):
        if operators[number] in (b"EMC", b"BMC"):
            return None
        if operators[number] == b"BDC":
            found = operators[number - 1]
            return found if isinstance(found, dict) else None
    return None


def _row(operator: Any) -> bytes:
    """What an operator shows; nothing where it is another one."""
    shown = _SHOWN.fullmatch(operator) if isinstance(operator, bytes) else None
    return shown[1] if shown else b""


def _show(row: bytes) -> bytes:
    return b"[" + row.replace(b"><", b"") + b"] TJ"


def _shapes(stream: Any, textbox: Any, text: bytes, codes: Codes) -> Iterator[Shape]:
    """Those of the line as it is drawn."""
    from weasyprint.text.ffi import ffi, pango  # type: ignore[import-untyped]  # it has no types

    line, _next = textbox.pango_layout.get_first_line()
    run = line.runs[0]
    while run != ffi.NULL:
        item, glyphs = run.data.item, run.data.glyphs
        is_rtl = bool(item.analysis.level % 2)
        font, _size = stream.add_font(item.analysis.font)
        clusters: dict[int, list[int]] = {}
        for number in range(glyphs.num_glyphs):
            shape = glyphs.glyphs[number].glyph
            if shape != pango.PANGO_GLYPH_EMPTY:
                clusters.setdefault(item.offset + glyphs.log_clusters[number], []).append(shape)
        starts = sorted(clusters)
        ends = dict(zip(starts, [*starts[1:], item.offset + item.length], strict=False))
        for start, members in clusters.items():
            letters = text[start : ends[start]].decode()
            for shape, share in zip(members, shares(letters, len(members), is_rtl), strict=True):
                if shape & pango.PANGO_GLYPH_UNKNOWN_FLAG:
                    code = font.get_unused_glyph_id(shape - pango.PANGO_GLYPH_UNKNOWN_FLAG)
                else:
                    code = codes.of(font, shape, share)
                yield Shape(code, font.to_unicode.get(code, ""), start, ends[start], is_rtl)
        run = run.next


def _is_mark(letter: str) -> bool:
    return unicodedata.category(letter).startswith("M")
