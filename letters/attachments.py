"""The letter scales: files uploaded at the desk are weighed and looked into before they are kept and handed out."""

from __future__ import annotations

import io
import re
import zipfile
import zlib
from dataclasses import dataclass
from pathlib import PurePath

from django.core.files.uploadedfile import UploadedFile
from django.utils.translation import gettext as _

from coalition.text import clean_line

#: Bytes of an upload, at most.
LARGEST = 5 * 1024 * 1024
#: Members of a packed document, and their bytes when they are unpacked, at most.
MOST_MEMBERS = 2000
LARGEST_UNPACKED = 50 * 1024 * 1024
#: By format: as what a file is handed out, whatever it was sent as.
TYPES = {
    "pdf": "application/pdf",
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "odt": "application/vnd.oasis.opendocument.text",
    "txt": "text/plain; charset=utf-8",
}
#: What no plain text holds.
_CONTROL = re.compile("[\x00-\x08\x0b\x0e-\x1f\x7f]")


class Refused(Exception):
    """A file that we don't take; the message is a sentence we can show."""


@dataclass(frozen=True)
class Checked:
    """A file that may be kept."""

    title: str
    format: str
    data: bytes

    @classmethod
    def of(cls, upload: UploadedFile[bytes]) -> Checked:
        """What `check` makes of it, titled with the name it came with. Raises Refused."""
        found, data = check(upload)
        return cls(PurePath(clean_line(upload.name or "")).stem[:200], found, data)


def check(upload: UploadedFile[bytes]) -> tuple[str, bytes]:
    """Format and bytes of a PDF, DOCX, ODT or plain text of at most 5 MB: its bytes say which, and its name must not
    say another.

    Raises Refused for anything else.
    """
    name = clean_line(upload.name or "")
    if upload.size is None or upload.size > LARGEST:
        raise Refused(_("“%(name)s” is larger than 5 MB") % {"name": name})
    data = upload.read()
    found = _format_of(data)
    if not found:
        raise Refused(_("“%(name)s” is not a PDF, DOCX, ODT or plain text file that we can read") % {"name": name})
    if PurePath(name).suffix.lower() != f".{found}":
        raise Refused(
            _("The content of “%(name)s” is not what its name says. Give it the ending .%(format)s")
            % {"name": name, "format": found}
        )
    return found, data


def _format_of(data: bytes) -> str:
    if data.startswith(b"%PDF-"):
        return "pdf"
    if data.startswith(b"PK\x03\x04"):
        return _packed_format(data)
    return "txt" if _is_plain_text(data) else ""


def _is_plain_text(data: bytes) -> bool:
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return False
    return bool(text.strip()) and not _CONTROL.search(text)


def _packed_format(data: bytes) -> str:
    """What a ZIP is by its members; empty if it is no document, has macros, is damaged, or unpacks to too much."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as packed:
            names = {member.filename for member in packed.infolist()}
            if not _is_bounded(packed) or any(name.lower().endswith("vbaproject.bin") for name in names):
                return ""
            if {"[Content_Types].xml", "word/document.xml"} <= names:
                return "docx"
            is_odt = {"mimetype", "content.xml"} <= names and packed.read("mimetype").decode("ascii") == TYPES["odt"]
            return "odt" if is_odt else ""
    except (zipfile.BadZipFile, zlib.error, RuntimeError, ValueError, EOFError, OSError):
        return ""


def _is_bounded(packed: zipfile.ZipFile) -> bool:
    """Unpacks every member and throws it away, as what the file says about its own size may be a lie."""
    members = packed.infolist()
    if len(members) > MOST_MEMBERS or sum(member.file_size for member in members) > LARGEST_UNPACKED:
        return False
    left = LARGEST_UNPACKED
    for member in members:
        if member.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            return False
        with packed.open(member) as unpacked:
            while chunk := unpacked.read(64 * 1024):
                left -= len(chunk)
                if left < 0:
                    return False
    return True
