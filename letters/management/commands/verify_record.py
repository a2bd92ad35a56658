"""`manage.py verify_record FILE`: says whether a record.json is whole, and if not, what was changed first."""

from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from letters import chain


class Command(BaseCommand):
    help = "Checks every byte of a letter's public record. Needs the file and nothing else: no settings, no database."
    requires_system_checks = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path)

    def handle(self, *args: Any, file: Path, **options: Any) -> None:
        try:
            found = chain.read(Path(file).read_bytes())
        except (OSError, ValueError) as error:
            raise CommandError(f"{file} can't be read: {getattr(error, 'strerror', None) or error}.") from error
        except chain.Broken as broken:
            raise CommandError(str(broken)) from broken
        self.stdout.write(
            f"The record is whole: {found.entries} entries, {found.names} names opened, head {found.head}"
        )
