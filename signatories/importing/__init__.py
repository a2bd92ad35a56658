"""The scales at the door: lists of organisations are read and looked at, and nothing is kept of what is no list."""

from __future__ import annotations

from pathlib import PurePath
from typing import Protocol

from django.utils.translation import gettext as _

from signatories.importing import csvs, workbooks
from signatories.importing.entries import Entry, entries
from signatories.importing.pasting import paste
from signatories.importing.sheets import MOST_BYTES, Empty, NotAList, Problem, Refused, Row, Sheet, TooLarge

__all__ = [
    "MOST_BYTES",
    "Entry",
    "Problem",
    "Refused",
    "Row",
    "Sheet",
    "TooLarge",
    "entries",
    "paste",
    "read",
    "read_file",
]

_PACKED = b"PK\x03\x04"
_TEXT = (".csv", ".tsv", ".tab", ".txt")
_BOOK = (".xlsx", ".xlsm")


class Upload(Protocol):
    """As Django's, or any file opened for reading."""

    def read(self, size: int, /) -> bytes: ...


def read_file(file: Upload, filename: str) -> tuple[Sheet, bytes]:
    """The sheet and the bytes, of which no more are taken than a list may have."""
    data = file.read(MOST_BYTES + 1)
    return read(data, filename), data


def read(data: bytes, filename: str) -> Sheet:
    """The list in a CSV or XLSX file. Raises Refused for all else, with a sentence that says what it is."""
    if len(data) > MOST_BYTES:
        raise TooLarge
    if not data.strip():
        raise Empty
    ending = PurePath(filename).suffix.lower()
    if known := _known_otherwise(data, ending):
        raise NotAList(known)
    if ending in _BOOK:
        return workbooks.read(data)
    if ending in _TEXT:
        return csvs.read(data)
    raise NotAList(_("Only CSV and XLSX files are read here. Save the list as one of them"))


def _known_otherwise(data: bytes, ending: str) -> str:
    """What the file is, where its first bytes and its name don't agree, or where we don't read its kind."""
    head = data[:1024].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if data.startswith(b"\xd0\xcf\x11\xe0"):
        return _("Old Excel files (.xls), and those with a password, are not read here. Save it as CSV or XLSX")
    if data.startswith(b"%PDF") or ending == ".pdf":
        return _("This is a PDF. Copy the list out of it, and paste it here")
    if (
        data.startswith((b"\x89PNG", b"\xff\xd8\xff", b"GIF8", b"RIFF", b"II*\0", b"MM\0*", b"BM"))
        and b"\0" in data[:1024]
    ):
        return _("This is a picture, not a list")
    if head.startswith((b"<!doctype html", b"<html", b"<head", b"<body", b"<table", b"<script")):
        return _("This is a web page, not a list. Open it in a spreadsheet, and save it as CSV or XLSX")
    if head.startswith((b"<?xml", b"<svg")):
        return _("This is an XML file, not a list. Save the list as CSV or XLSX")
    if ending in (".ods", ".fods"):
        return _("OpenDocument files (.ods) are not read here. Save it as CSV or XLSX")
    if ending == ".xls":
        return _("Old Excel files (.xls) are not read here. Save it as CSV or XLSX")
    if data.startswith(_PACKED) and ending not in _BOOK:
        return _("The file is packed, but its name does not end with .xlsx. Save the list as CSV or XLSX")
    if ending in _BOOK and not data.startswith(_PACKED):
        return _("The name ends with %(ending)s, but this is not an Excel workbook") % {"ending": ending}
    return ""
