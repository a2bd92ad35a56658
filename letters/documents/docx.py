"""A letter as DOCX that people can edit: real headings, real lists, fields, and both directions of writing."""

from __future__ import annotations

import io
import re
import unicodedata
from collections.abc import Iterable, Sequence
from typing import Any

from django.utils.translation import gettext as _
from docx import Document
from docx.document import Document as Documented
from docx.enum.section import WD_SECTION
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.shared import Mm, Pt, RGBColor
from docx.text.paragraph import Paragraph
from docx.text.run import Run

from letters.documents import blocks
from letters.documents.content import Line, Sheet

LATIN = "Times New Roman"
#: Fonts that come with most word processors, by language; what is missing there, the program replaces.
COMPLEX = {"bo": "Microsoft Himalaya", "dz": "Microsoft Himalaya", "hi": "Mangal", "ne": "Mangal"}
EAST_ASIAN = {"zh": "SimSun", "zh-hant": "PMingLiU", "zh-tw": "PMingLiU", "zh-hk": "PMingLiU", "ja": "MS Mincho"} | {
    "ko": "Batang"
}
SOFT = RGBColor(0x4B, 0x4F, 0x59)
_XML_FORBIDS = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff\ud800-\udfff]")


def make(sheet: Sheet) -> bytes:
    return _Maker(sheet).bytes()


class _Maker:
    """Writes one document from top to bottom."""

    def __init__(self, sheet: Sheet) -> None:
        self.sheet = sheet
        self.doc: Documented = Document()
        self.is_rtl = sheet.direction == "rtl"
        self._set_up()

    def bytes(self) -> bytes:
        self._head()
        self._text()
        self._signatories()
        self._colophon()
        self._footer()
        stream = io.BytesIO()
        self.doc.save(stream)
        return stream.getvalue()

    def _set_up(self) -> None:
        sheet, properties = self.sheet, self.doc.core_properties
        properties.title = _clean(sheet.title)[:255]
        properties.author = _clean(sheet.site)[:255]
        properties.subject = sheet.reference
        properties.language = sheet.language
        properties.comments = ""
        properties.created = properties.modified = sheet.as_of.replace(tzinfo=None)
        section = self.doc.sections[0]
        section.page_width, section.page_height = Mm(210), Mm(297)
        section.left_margin = section.right_margin = Mm(28)
        section.top_margin = section.bottom_margin = Mm(24)
        if self.is_rtl:
            _put(section._sectPr, "w:bidi", {}, before=("w:docGrid",))  # the first column on the right
        styles = self.doc.styles
        for name, size in (
            ("Normal", 11),
            ("Footer", 8),
            ("Title", 20),
            ("Heading 1", 14),
            ("Heading 2", 12),
            ("Heading 3", 11),
        ):
            style: Any = styles[name]
            style.font.size = Pt(size)
            style.font.color.rgb = RGBColor(0, 0, 0)
            self._set_fonts(style.element.get_or_add_rPr(), size)
            if self.is_rtl:
                _set_bidi(style.element.get_or_add_pPr())
        title: Any = styles["Title"]
        title.paragraph_format.space_before = Pt(18)
        for border in title.element.pPr.findall(qn("w:pBdr")):
            title.element.pPr.remove(border)

    def _set_fonts(self, properties: Any, size: int) -> None:
        """Fonts and language for Latin, East Asian and complex scripts alike."""
        tag = self.sheet.language
        base = tag.lower().partition("-")[0]
        fonts = properties.get_or_add_rFonts()
        for name in list(fonts.attrib):
            del fonts.attrib[name]
        for kind in ("ascii", "hAnsi"):
            fonts.set(qn(f"w:{kind}"), LATIN)
        fonts.set(qn("w:eastAsia"), EAST_ASIAN.get(tag.lower(), EAST_ASIAN.get(base, "SimSun")))
        fonts.set(qn("w:cs"), COMPLEX.get(base, LATIN))
        _put(properties, "w:szCs", {"w:val": str(size * 2)}, before=("w:highlight", "w:u", "w:lang", "w:rtl", "w:cs"))
        _put(properties, "w:lang", {"w:val": tag, "w:eastAsia": tag, "w:bidi": tag})

    # From top to bottom

    def _head(self) -> None:
        sheet = self.sheet
        letterhead = self._paragraph(sheet.site)
        letterhead.runs[0].font.size = Pt(14)
        _rule_below(letterhead)
        self._fact(_("Reference"), sheet.reference)
        if sheet.dated_on:
            self._fact(_("Date"), sheet.date_words())
        for to in sheet.addressees:
            self._fact(_("Copy:") if to.is_copied else _("To:"), to.name)
        self._paragraph(sheet.title, style="Title")
        if words := sheet.addendum_words():
            self._paragraph(words)
        if sheet.is_submission:
            self._paragraph(_("Joint written statement* submitted by"))
            for lines, status in sheet.submitters():
                self._names(lines, f", {status}")

    def _text(self) -> None:
        sheet = self.sheet
        if sheet.summary:
            for run in self._paragraph(sheet.summary).runs:
                run.font.italic = True
                run.font.cs_italic = True
        if sheet.salutation:
            self._paragraph(sheet.salutation)
        for block in blocks.blocks(sheet.body):
            self._block(block)
        if sheet.demands:
            self._paragraph(_("What we ask"), style="Heading 1")
            numbering = self._new_numbering()
            for demand in sheet.demands:
                _number(self._runs(self._paragraph(), blocks.inline(demand)), numbering)
        for part in filter(None, sheet.closing.split("\n\n")):
            self._paragraph(part)

    def _signatories(self) -> None:
        sheet = self.sheet
        if sheet.is_submission:
            if supporters := sheet.supporters():
                self._names(supporters, "", before=f"* {_('Also supported by:')} ", size=9)
        else:
            self._paragraph(f"{_('Signatories')}: {sheet.heading()}", style="Heading 1")
            self._list()
        for words in sheet.withheld_words():
            self._paragraph(words, size=9)

    def _list(self) -> None:
        if self.sheet.has_columns:
            self._section(2)
        numbering = self._new_numbering()
        for line, about in self.sheet.entries():
            paragraph = self._name(self._paragraph(), line, 9)
            paragraph.paragraph_format.space_after = Pt(2)
            if about:
                self._soft(paragraph, f" {about}", 8)
            _number(paragraph, numbering)
        if self.sheet.has_columns:
            self._section(1)

    def _colophon(self) -> None:
        sheet = self.sheet
        words = [sheet.as_of_words(), sheet.address, sheet.contact, sheet.sealed_words() if sheet.digest else ""]
        for text in filter(None, words):
            self._soft(self._paragraph(), text, 8).paragraph_format.space_after = Pt(0)

    def _footer(self) -> None:
        section = self.doc.sections[0]
        footer = section.footer.paragraphs[0]
        self._turn(footer)
        self._soft(footer, f"{self.sheet.reference} · {self.sheet.as_of_words()}\t", 8)
        for words in ("PAGE", " / ", "NUMPAGES"):
            run = footer.add_run("" if words.isalpha() else words)
            run.font.size = Pt(8)
            if words.isalpha():
                _field(run, words)

    # One paragraph

    def _paragraph(self, text: str = "", *, style: str = "Normal", size: int = 0) -> Paragraph:
        paragraph = self.doc.add_paragraph(style=style)
        self._turn(paragraph)
        if text:
            self._run(paragraph, text, size=size)
        return paragraph

    def _turn(self, paragraph: Paragraph) -> None:
        if self.is_rtl:
            _set_bidi(paragraph._p.get_or_add_pPr())

    def _run(self, paragraph: Paragraph, text: str, *, size: float = 0) -> Run:
        """Words in one run for each direction: in Word a run has one, and its font goes by that."""
        run = paragraph.add_run()
        for index, (part, is_rtl) in enumerate(_directed(_clean(text), self.is_rtl)):
            run = run if index == 0 else paragraph.add_run()
            run.text = part
            if is_rtl:
                run.font.rtl = True
            elif _is_complex(part):
                run.font.complex_script = True
            if size:
                run.font.size = Pt(size)
                _put(run._r.get_or_add_rPr(), "w:szCs", {"w:val": str(int(size * 2))}, before=_AFTER_SIZE)
        return run

    def _runs(self, paragraph: Paragraph, runs: Iterable[blocks.Run]) -> Paragraph:
        for words in runs:
            first = len(paragraph.runs)
            self._run(paragraph, words.text)
            for run in paragraph.runs[first:]:
                run.font.bold = run.font.cs_bold = words.bold or None
                run.font.italic = run.font.cs_italic = words.italic or None
                if words.is_code:
                    run.font.name = "Courier New"
        return paragraph

    def _soft(self, paragraph: Paragraph, text: str, size: int) -> Paragraph:
        first = len(paragraph.runs)
        self._run(paragraph, text, size=size)
        for run in paragraph.runs[first:]:
            run.font.color.rgb = SOFT
        return paragraph

    def _fact(self, label: str, text: str) -> None:
        paragraph = self._soft(self._paragraph(), f"{label} ", 9)
        self._run(paragraph, text)
        paragraph.paragraph_format.space_after = Pt(2)

    def _name(self, paragraph: Paragraph, line: Line, size: int) -> Paragraph:
        self._run(paragraph, line.name, size=size)
        if line.acronym:
            self._run(paragraph, f" ({line.acronym})", size=size)
        return paragraph

    def _names(self, lines: Sequence[Line], after: str, *, before: str = "", size: int = 11) -> None:
        paragraph = self._paragraph(before, size=size)
        for index, line in enumerate(lines):
            self._run(paragraph, ("; " if index else "") + line.name, size=size)
        self._run(paragraph, after, size=size)

    def _block(self, block: blocks.Block) -> None:
        if block.kind == "rule":
            _rule_below(self._paragraph())
            return
        style = "Heading 2" if block.kind == "heading" else "Quote" if block.is_quoted else "Normal"
        if block.kind == "item" and block.marker == "•" and block.depth <= 3 and not block.is_quoted:
            style = "List Bullet" if block.depth == 1 else f"List Bullet {block.depth}"
        paragraph = self._paragraph(style=style)
        if block.depth and not style.startswith("List"):
            paragraph.paragraph_format.left_indent = Mm(7 * block.depth)
            if block.marker:
                paragraph.paragraph_format.first_line_indent = Mm(-7)
                self._run(paragraph, f"{block.marker}\t")
        self._runs(paragraph, block.runs)

    # What python-docx has no word for

    def _section(self, columns: int) -> None:
        section = self.doc.add_section(WD_SECTION.CONTINUOUS)
        properties = section._sectPr
        _put(properties, "w:cols", {"w:num": str(columns), "w:space": "454"}, before=("w:bidi", "w:docGrid"))

    def _new_numbering(self) -> int:
        """A numbered list of its own, which begins with 1."""
        numbering: Any = self.doc.part.numbering_part.element
        number = 900 + len(numbering.findall(qn("w:num")))
        abstract = _element("w:abstractNum", {"w:abstractNumId": str(number)})
        abstract.append(_element("w:multiLevelType", {"w:val": "singleLevel"}))
        level = _element("w:lvl", {"w:ilvl": "0"})
        style = "hindiNumbers" if self.sheet.words_language == "ar" else "decimal"
        for name, value in (("w:start", "1"), ("w:numFmt", style), ("w:lvlText", "%1."), ("w:lvlJc", "left")):
            level.append(_element(name, {"w:val": value}))
        properties = _element("w:pPr", {})
        properties.append(_element("w:ind", {"w:left": "510", "w:hanging": "510"}))
        level.append(properties)
        abstract.append(level)
        first = numbering.find(qn("w:num"))
        first.addprevious(abstract)
        num = _element("w:num", {"w:numId": str(number)})
        num.append(_element("w:abstractNumId", {"w:val": str(number)}))
        numbering.append(num)
        return number


_AFTER_SIZE = ("w:highlight", "w:u", "w:effect", "w:bdr", "w:shd", "w:vertAlign", "w:rtl", "w:cs", "w:em", "w:lang")
_AFTER_BIDI = (
    *("w:adjustRightInd", "w:snapToGrid", "w:spacing", "w:ind", "w:contextualSpacing", "w:mirrorIndents"),
    *("w:suppressOverlap", "w:jc", "w:textDirection", "w:textAlignment", "w:textboxTightWrap", "w:outlineLvl"),
    *("w:divId", "w:cnfStyle", "w:rPr", "w:sectPr", "w:pPrChange"),
)


def _clean(text: str) -> str:
    return _XML_FORBIDS.sub("", text)


def _directed(text: str, is_rtl: bool) -> list[tuple[str, bool]]:
    """The text in parts of one direction; what has none of its own goes with what stands before it."""
    parts: list[tuple[str, bool]] = []
    for letter in text:
        kind = unicodedata.bidirectional(letter)
        way = kind in {"R", "AL", "AN"} if kind in {"L", "R", "AL", "AN", "EN"} else parts[-1][1] if parts else is_rtl
        if parts and parts[-1][1] == way:
            parts[-1] = (parts[-1][0] + letter, way)
        else:
            parts.append((letter, way))
    return parts


def _is_complex(text: str) -> bool:
    """Has letters of a script from Devanagari to Myanmar or Khmer, which Word sets in its font for complex scripts."""
    return any("\u0900" <= letter <= "\u109f" or "\u1780" <= letter <= "\u18af" for letter in text)


def _element(name: str, attributes: dict[str, str]) -> Any:
    element = OxmlElement(name)
    for key, value in attributes.items():
        element.set(qn(key), value)
    return element


def _put(parent: Any, name: str, attributes: dict[str, str], before: Sequence[str] = ()) -> None:
    """Adds a child where the schema has its place: before the first of those that follow it."""
    for old in parent.findall(qn(name)):
        parent.remove(old)
    element = _element(name, attributes)
    follower = next((child for child in parent if child.tag in {qn(other) for other in before}), None)
    if follower is None:
        parent.append(element)
    else:
        follower.addprevious(element)


def _set_bidi(properties: Any) -> None:
    if properties.find(qn("w:bidi")) is None:
        _put(properties, "w:bidi", {}, before=_AFTER_BIDI)


def _number(paragraph: Paragraph, numbering: int) -> None:
    properties: Any = paragraph._p.get_or_add_pPr()
    chosen = properties.get_or_add_numPr()
    chosen.get_or_add_ilvl().val = 0
    chosen.get_or_add_numId().val = numbering


def _rule_below(paragraph: Paragraph) -> None:
    borders = _element("w:pBdr", {})
    borders.append(_element("w:bottom", {"w:val": "double", "w:sz": "6", "w:space": "4", "w:color": "17345F"}))
    properties: Any = paragraph._p.get_or_add_pPr()
    follower = next((child for child in properties if child.tag == qn("w:bidi")), None)
    if follower is None:
        properties.append(borders)
    else:
        follower.addprevious(borders)


def _field(run: Run, code: str) -> None:
    for kind in ("begin", "", "end"):
        if kind:
            run._r.append(_element("w:fldChar", {"w:fldCharType": kind}))
        else:
            words = _element("w:instrText", {"xml:space": "preserve"})
            words.text = code
            run._r.append(words)
