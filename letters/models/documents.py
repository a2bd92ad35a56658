"""The documents that are made of a letter: PDF, DOCX and plain text."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from coalition.ids import public_id
from letters.models.letters import Letter


def stored_name(folder: str, file_format: str) -> str:
    """Where a file of ours lies: a random name, which tells nothing and is never used twice."""
    return f"{folder}/{public_id()}{public_id()}.{file_format}"


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
