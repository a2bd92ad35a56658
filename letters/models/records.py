"""The public record of a letter: a chain of entries without names, and the openings that stand outside it."""

from __future__ import annotations

import pgtrigger
from django.db import models

from letters.models.endorsements import Endorsement
from letters.models.letters import Letter


class RecordEntry(models.Model):
    """One link of the chain. `content` is the canonical JSON of which `sha256` is taken, and holds the SHA-256 of the
    entry before; no names, only counts, instants and digests. Postgres refuses to change or delete it."""

    letter = models.ForeignKey(Letter, models.PROTECT, related_name="record_entries")
    number = models.PositiveIntegerField()
    kind = models.CharField(max_length=16)
    content = models.TextField()
    sha256 = models.CharField(max_length=64)

    class Meta:
        ordering = ["letter", "number"]
        constraints = [
            models.UniqueConstraint(name="record_number_stands_once_per_letter", fields=["letter", "number"])
        ]
        triggers = [pgtrigger.Protect(name="append_only", operation=pgtrigger.Update | pgtrigger.Delete)]

    def __str__(self) -> str:
        return f"{self.number} {self.kind}"


class Opening(models.Model):
    """What opens the digest of one line in entries of the record: the salt and the printed name. Deleted when the name
    is hidden; then nobody can tell whom the digest meant."""

    letter = models.ForeignKey(Letter, models.PROTECT, related_name="openings")
    endorsement = models.OneToOneField(Endorsement, models.PROTECT, related_name="opening")
    salt = models.CharField(max_length=32, help_text="128 random bits, in hex.")
    name = models.CharField(max_length=300)
    sha256 = models.CharField(max_length=64, help_text="Of salt, a space and the name, in UTF-8.")

    class Meta:
        constraints = [models.UniqueConstraint(name="opening_opens_one_digest", fields=["letter", "sha256"])]

    def __str__(self) -> str:
        return self.name
