"""`manage.py import_letter FILE.json`: puts a published letter with its list on record."""

from __future__ import annotations

from argparse import ArgumentParser
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from coalition.workflow import NotAllowed
from letters import importing


class Command(BaseCommand):
    help = "Puts a published letter and its list of organisations on record, all or nothing. Format: docs/samples.md."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument("--slug", help="the letter's place in its address, instead of the one in the file")
        parser.add_argument("--reference", help="instead of the one in the file")

    def handle(self, *args: Any, file: Path, slug: str | None, reference: str | None, **options: Any) -> None:
        given = {"slug": slug, "reference": reference}
        try:
            published = importing.read(Path(file).read_bytes(), **{key: value for key, value in given.items() if value})
            outcome = importing.put_on_record(published, at=timezone.now())
        except OSError as error:
            raise CommandError(f"{file} can't be read: {error.strerror}.") from error
        except (importing.Refused, NotAllowed) as refusal:
            raise CommandError(f"Nothing was imported from {file}.\n{refusal}") from refusal
        for sentence in (*_told(outcome), *published.remarks):
            self.stdout.write(sentence)


def _told(outcome: importing.Outcome) -> Iterator[str]:
    letter = outcome.letter
    if not outcome.is_new:
        yield f"Nothing to do: “{letter.title}” is on record as {letter.slug}."
        return
    matched = [(entry.printed[0], entry.known) for entry in outcome.entries if entry.known]
    yield f"On record: “{letter.title}”, as {letter.slug}, reference {letter.reference}."
    yield (
        f"{len(outcome.entries)} organisations: {len(outcome.entries) - len(matched)} came onto the register, "
        f"{len(matched)} matched one there by name and country."
    )
    for signatory, known in matched:
        yield f"position {signatory.position}: “{signatory.name}” matched {known.slug}."
    for entry in outcome.entries:
        if len(entry.printed) > 1:
            positions = ", ".join(str(signatory.position) for signatory in entry.printed)
            yield f"positions {positions}: “{entry.printed[0].name}” is one organisation, so one endorsement."
