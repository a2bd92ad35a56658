"""`manage.py judge_matching FILE`: how well the matching tells organisations apart, on names judged by people."""

from __future__ import annotations

import json
from argparse import ArgumentParser
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import ProgrammingError, transaction

from coalition.text import clean_line
from signatories import matching, vetting
from signatories.matching import Candidate, Level
from signatories.models import Organisation


class Command(BaseCommand):
    help = "Judges the matching by a file of names that are one organisation and names that are not; keeps nothing."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path, help="groups with variants, confusables with a and b, as JSON")

    def handle(self, *args: Any, file: Path, **options: Any) -> None:
        try:
            judged = json.loads(file.read_bytes())
            groups = [(group["variants"], bool(group.get("cross_script"))) for group in judged["groups"]]
            confusables = [(pair["a"], pair["b"]) for pair in judged["confusables"]]
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise CommandError(f"{file} can't be read: {error}") from error
        try:
            with transaction.atomic():
                trial = Trial()
                trial.run(groups, confusables)
                transaction.set_rollback(True)
        except ProgrammingError as error:
            raise CommandError(f"The database has not the tables of this version: run migrate. ({error})") from error
        for line in trial.missed:
            self.stdout.write(line)
        self.stdout.write(json.dumps(trial.rates()))


@dataclass
class Trial:
    """One run over a register of the trial's own names, beside whatever is there."""

    organisations: dict[str, Organisation] = field(default_factory=dict)
    within: list[tuple[bool, bool]] = field(default_factory=list)
    """For each variant in the script of the first: whether it is offered, whether as probably the same."""
    across: list[bool] = field(default_factory=list)
    confused: list[bool] = field(default_factory=list)
    missed: list[str] = field(default_factory=list)

    def run(self, groups: list[tuple[list[str], bool]], confusables: list[tuple[str, str]]) -> None:
        for name in [*(variants[0] for variants, _crosses in groups), *(a for a, _b in confusables)]:
            if name not in self.organisations:
                self.organisations[name] = vetting.register(name=clean_line(name))
        for (first, *others), crosses in groups:
            for other in others:
                self.ask_for_variant(first, other, crosses)
        for a, b in confusables:
            found = self.find(a, b)
            self.confused.append(found is not None and found.level == Level.PROBABLE)
            if self.confused[-1]:
                self.tell("taken for the same", a, b, found)

    def ask_for_variant(self, first: str, other: str, crosses: bool) -> None:
        found = self.find(first, other)
        is_probable = found is not None and found.level == Level.PROBABLE
        if crosses:
            self.across.append(found is not None)
        else:
            self.within.append((found is not None, is_probable))
        if not is_probable:
            self.tell("not found" if found is None else "only possibly the same", first, other, found)

    def find(self, registered: str, asked: str) -> Candidate | None:
        """The organisation of a registered name among what the matching offers for another."""
        wanted = self.organisations[registered]
        offered = matching.candidates(clean_line(asked))
        return next((candidate for candidate in offered if candidate.organisation == wanted), None)

    def tell(self, what: str, registered: str, asked: str, found: Candidate | None) -> None:
        reasons = f" ({', '.join(found.reasons)})" if found else ""
        self.missed.append(f"{what}: “{asked}” for “{registered}”{reasons}")

    def rates(self) -> dict[str, float]:
        return {
            "within_script_recall": _share([offered for offered, _probable in self.within]),
            "probable_recall": _share([probable for _offered, probable in self.within]),
            "confusable_rate": _share(self.confused),
            "cross_script_recall": _share(self.across),
        }


def _share(answers: list[bool]) -> float:
    return round(sum(answers) / len(answers), 4) if answers else 0.0
