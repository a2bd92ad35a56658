"""The picture frame: logos uploaded on the sign form are drawn anew, kept while the form has errors, and shown."""

from __future__ import annotations

import base64
import io
import logging
import re
import secrets
import subprocess
import sys
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path, PurePath
from tempfile import TemporaryFile
from urllib.parse import urlsplit

from django.conf import settings
from django.core.files.base import ContentFile
from django.core.files.uploadedfile import UploadedFile
from django.core.signing import BadSignature, TimestampSigner
from django.db.models.fields.files import FieldFile
from django.http import FileResponse
from django.utils.translation import gettext as _

from coalition.pages import PUBLIC

logger = logging.getLogger(__name__)

#: Bytes of an upload, at most.
LARGEST = 1024 * 1024
#: How long a logo is kept in a form with errors.
KEPT = timedelta(hours=1)
PNG_MAGIC = b"\x89PNG\r\n\x1a\n"
JPEG_MAGIC = b"\xff\xd8\xff"
_PNG, _JPEG = re.compile(re.escape(PNG_MAGIC)), re.compile(re.escape(JPEG_MAGIC))
#: Four bytes in the middle give the length.
_WEBP = re.compile(rb"RIFF....WEBPVP8[ LX]", re.DOTALL)
#: By the end of a file's name: what its decoder is called, and how the file begins.
KINDS: dict[str, tuple[str, re.Pattern[bytes]]] = {
    ".png": ("PNG", _PNG),
    ".jpg": ("JPEG", _JPEG),
    ".jpeg": ("JPEG", _JPEG),
    ".jfif": ("JPEG", _JPEG),  # as browsers on Windows name them
    ".webp": ("WEBP", _WEBP),
}

# Run as a file, not as a module: in isolated mode (-I) neither our packages nor the working directory is looked into.
DARKROOM = Path(__file__).with_name("redraw.py")
#: Seconds of the wall clock; the processor's are limited in the darkroom itself.
PATIENCE = 5
#: The darkroom's exit status for what can't be read (`redraw.REFUSED`, which we don't import: it loads decoders).
REFUSED = 3
#: And for what is too wide or high (`redraw.TOO_LARGE`).
TOO_LARGE = 4


class Unreadable(Exception):
    """A logo that we don't take; the message is a sentence we can show."""


@dataclass(frozen=True)
class Logo:
    """A PNG that we drew ourselves: at most 20 KB, within 192 × 192 pixels, without metadata."""

    data: bytes

    def file(self) -> ContentFile[bytes]:
        """For a FileField, under a random name."""
        return ContentFile(self.data, name=f"{secrets.token_hex(16)}.png")

    def token(self) -> str:
        """The picture itself, signed, for a hidden field: about 27 KB at most. `kept` reads it back."""
        return _signer().sign(self._base64)

    @property
    def data_url(self) -> str:
        return f"data:image/png;base64,{self._base64}"

    @property
    def _base64(self) -> str:
        return base64.b64encode(self.data).decode()


def redraw(upload: UploadedFile[bytes]) -> Logo:
    """The uploaded PNG, JPEG or WebP (at most 1 MB and 4000 × 4000 pixels) drawn anew, and nothing else of it kept.

    Of an animation the first picture is drawn. Raises Unreadable for anything else, and where name, first bytes and
    decoder don't agree.
    """
    if upload.size is None or upload.size > LARGEST:
        raise Unreadable(_("The logo must be smaller than 1 MB"))
    kind, magic = KINDS.get(PurePath(upload.name or "").suffix.lower(), ("", None))
    data = upload.read()
    if magic is None or not magic.match(data):
        raise Unreadable(_("The logo must be a PNG, JPEG or WebP"))
    drawn = _draw(data, kind)
    if not drawn.startswith(PNG_MAGIC):
        raise Unreadable(_("The logo could not be read"))
    return Logo(drawn)


def _draw(data: bytes, kind: str) -> bytes:
    """What the darkroom makes of it; empty if nothing. Raises Unreadable if it has too many pixels."""
    # A file and not a pipe, so that the limit on file sizes bounds what we read back.
    with TemporaryFile() as drawn:
        command = [sys.executable, "-I", str(DARKROOM), kind]
        try:
            status = subprocess.run(  # noqa: S603  (our own program, no shell)
                command, input=data, stdout=drawn, stderr=subprocess.DEVNULL, env={}, timeout=PATIENCE
            ).returncode
        except subprocess.TimeoutExpired:
            return b""
        if status == TOO_LARGE:
            raise Unreadable(_("The logo must be at most 4,000 pixels wide and high"))
        if status not in (0, REFUSED):
            logger.warning("Drawing a logo ended with status %d", status)
        drawn.seek(0)
        return drawn.read() if status == 0 else b""


def kept(token: str) -> Logo | None:
    """The logo of a token that we made within the hour; None if it was altered or is older."""
    try:
        return Logo(base64.b64decode(_signer().unsign(token, max_age=KEPT)))
    except BadSignature:
        return None


def _signer() -> TimestampSigner:
    return TimestampSigner(salt=f"signatories.logos {urlsplit(settings.SITE_URL).hostname} kept")


def response(file: FieldFile) -> FileResponse:
    """A stored logo as public answer, which can't become anything but a picture.

    Raises ValueError if the field is empty and FileNotFoundError if the file is gone. Under Django's `conditional_page`
    the view answers 304 to whoever has it already.
    """
    with file.open("rb") as stored:
        picture = io.BytesIO(stored.read())
    headers = {
        "Cache-Control": PUBLIC,
        "Content-Security-Policy": "default-src 'none'; sandbox",
        "ETag": f'"{PurePath(file.name or "").stem}"',
        "X-Content-Type-Options": "nosniff",
    }
    return FileResponse(picture, content_type="image/png", filename="logo.png", headers=headers)
