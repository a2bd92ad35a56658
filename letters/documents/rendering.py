"""The press room: prints the documents of a letter anew, and throws the old ones away."""

from __future__ import annotations

import logging
from collections.abc import Iterator

from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.utils import timezone

from coalition.workflow import locked
from letters.documents import Sheet, make
from letters.documents.pdf import Unavailable
from letters.models import Document, Format, Letter, Text
from letters.models.documents import drop, store, swept

logger = logging.getLogger(__name__)


def render(letter_id: int) -> None:
    """Makes every document of a letter that is older than the letter; one that left the public keeps none.

    All that is printed is read while the letter is locked, so its list and its figures agree; it is printed afterwards.
    """
    with locked(Letter(pk=letter_id)) as letter:
        texts = letter.texts if letter.status in Letter.PUBLIC else {}
        _drop(letter, set(texts))
        at = timezone.now()
        wanted = [
            (Sheet.of(letter, text, at), missing) for text in texts.values() if (missing := _missing(letter, text))
        ]
        revision = letter.revision
    for sheet, formats in wanted:
        for file_format, content in _made(sheet, formats):
            _keep(letter, sheet, file_format, content, revision)


def _missing(letter: Letter, text: Text) -> list[Format]:
    made = {
        found.format for found in letter.documents.filter(language=text.language) if _is_good(found, letter.revision)
    }
    return [file_format for file_format in Format if file_format not in made]


def _is_good(document: Document, revision: int) -> bool:
    return document.revision >= revision and default_storage.exists(str(document.file.name))


def _made(sheet: Sheet, formats: list[Format]) -> Iterator[tuple[Format, bytes]]:
    for file_format in formats:
        try:
            yield file_format, make(sheet, file_format)
        except Unavailable as error:
            logger.warning("No PDF is made: %s. Install the packages of deploy/packages.txt.", error)


@swept()
def _keep(letter: Letter, sheet: Sheet, file_format: Format, content: bytes, revision: int) -> None:
    """Stores a document in place of the one before, unless a newer one stands there by now."""
    name = store("documents", file_format, ContentFile(content))
    with locked(letter):
        old = letter.documents.filter(language=sheet.language, format=file_format).first()
        if letter.status not in Letter.PUBLIC or (old and _is_good(old, revision)):
            default_storage.delete(name)
            return
        said = {"revision": revision, "as_of": sheet.as_of, "file": name, "size": len(content)}
        letter.documents.update_or_create(language=sheet.language, format=file_format, defaults=said)
        if old:
            drop(str(old.file.name))


def _drop(letter: Letter, languages: set[str]) -> None:
    """Documents in a language that the letter no longer has, or of a letter that is not public."""
    for document in letter.documents.exclude(language__in=languages):
        document.delete()
        drop(str(document.file.name))
