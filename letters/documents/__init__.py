"""The press: a letter as PDF, as DOCX to edit and as plain text, each made of one Sheet."""

from __future__ import annotations

from letters.documents.content import Sheet
from letters.models import Format


def make(sheet: Sheet, file_format: str) -> bytes:
    """The bytes of one document. Nothing is asked of the database or the network."""
    from letters.documents import docx, pdf, txt

    makers = {Format.PDF: pdf.make, Format.DOCX: docx.make, Format.TXT: txt.make}
    with sheet.in_its_words():
        return makers[Format(file_format)](sheet)


__all__ = ["Sheet", "make"]
