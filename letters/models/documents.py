"""The documents that are made of a letter: PDF, DOCX and plain text."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from django.core.files.base import File
from django.core.files.storage import default_storage
from django.db import models, transaction
from django.utils.translation import gettext_lazy as _

from coalition.ids import public_id
from letters.models.letters import Letter

_stored: ContextVar[list[str] | None] = ContextVar("_stored", default=None)


def store(folder: str, file_format: str, content: File[Any]) -> str:
    """Keeps a file of ours under a random name, which tells nothing and is never used twice, and returns the name."""
    name = default_storage.save(f"{folder}/{public_id()}{public_id()}.{file_format}", content)
    if (stored := _stored.get()) is not None:
        stored.append(name)
    return name


def drop(name: str) -> None:
    """Throws a stored file away once that is committed. If the storage then fails, that is logged and no more: an error
    after the commit would make `swept` take away files that rows name."""
    transaction.on_commit(lambda: default_storage.delete(name), robust=True)


@contextmanager
def swept() -> Iterator[None]:
    """Stands around a transaction: if that fails, what was stored in it goes too, so that no file is left that no row
    names."""
    stored: list[str] = []
    before = _stored.set(stored)
    try:
        yield
    except BaseException:
        for name in stored:
            default_storage.delete(name)
        raise
    finally:
        _stored.reset(before)


class Format(models.TextChoices):
    PDF = "pdf", "PDF"
    DOCX = "docx", "DOCX"
    TXT = "txt", _("plain text")


class Document(models.Model):
    """Today's edition of a letter with its signatories: made anew after each change, kept with the revision it was
    made from, and never served when that is below the letter's `hidden_revision`."""

    letter = models.ForeignKey(Letter, models.PROTECT, related_name="documents")
    language = models.CharField(max_length=35)
    format = models.CharField(max_length=4, choices=Format)
    revision = models.PositiveBigIntegerField()
    as_of = models.DateTimeField()
    file = models.FileField(upload_to="documents")
    size = models.PositiveIntegerField(help_text="Bytes.")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                name="one_document_per_language_and_format", fields=["letter", "language", "format"]
            )
        ]

    def __str__(self) -> str:
        return f"{self.letter} {self.language} {self.format}"
