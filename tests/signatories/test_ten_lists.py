"""The full lists of ten published letters, pasted one after the other into one register by somebody who reads well."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from django.utils import timezone

from signatories import imports
from signatories.importing import entries, paste
from signatories.models import Import, ImportLine, Organisation
from signatories.names import normalise

DATA = Path(__file__).parent.parent / "data"
TEN = json.loads((DATA / "ten-lists.json").read_text())
KNOWN = json.loads((DATA / "same-or-different.json").read_text())


def names_of(letter: str) -> list[str]:
    [file] = (DATA / "letters").glob(f"{letter}-*.json")
    return [entry["name"] for entry in json.loads(file.read_text())["signatories"]]


class Reader:
    """Knows of each printed name whose it is."""

    def __init__(self) -> None:
        self.one: dict[str, str] = {}
        for group in [*(group["variants"] for group in KNOWN["groups"]), *TEN["same"]]:
            first = self.whose(group[0])
            for variant in group[1:]:
                whose = self.whose(variant)
                self.one |= {name: first for name, other in self.one.items() if other == whose}
                self.one[self._plain(variant)] = first

    def whose(self, printed: str) -> str:
        plain = self._plain(printed)
        return self.one.setdefault(plain, plain)

    @staticmethod
    def _plain(printed: str) -> str:
        return normalise(entries(paste(printed))[0].name)


@pytest.mark.slow
@pytest.mark.django_db
def test_ten_lists_in_turn_make_as_many_organisations_as_there_are(run_jobs):
    reader = Reader()
    registered: dict[str, Organisation] = {}
    missed: list[str] = []
    for letter in TEN["letters"]:
        names = names_of(letter)
        batch = imports.take_in(paste("\n".join(names)), source=f"Letter {letter}", by=None, at=timezone.now())
        run_jobs()
        batch = Import.objects.get(pk=batch.pk)
        lines = {line.number: line for line in batch.lines.all()}
        choices: dict[int, str] = {}
        seen: dict[str, ImportLine] = {}
        for number, printed in enumerate(names, 1):
            line, whose = lines[number], reader.whose(printed)
            known = registered.get(whose)
            if printed in TEN["parts"] or whose in seen:
                choices[line.pk] = "skip"
                continue
            seen[whose] = line
            suggested = [candidate["organisation"] for candidate in line.candidates]
            if known is not None and known.pk in suggested:
                choices[line.pk] = str(known.pk)
            else:
                choices[line.pk] = "new"
                missed += [printed] if known is not None else []
        imports.choose(batch, choices)
        imports.confirm(batch, by=None)
        run_jobs()
        batch.refresh_from_db()
        assert (batch.status, batch.trouble) == ("confirmed", "")
        for whose, line in seen.items():
            line.refresh_from_db()
            registered[whose] = line.created or line.organisation
    assert missed == []
    assert Organisation.objects.count() == TEN["organisations"]


@pytest.mark.parametrize("hazard", KNOWN["print_hazards"], ids=lambda hazard: hazard["kind"])
def test_every_print_hazard_is_pointed_out(hazard):
    printed = hazard["example"].replace(" (Greek capital Nu)", "").split(" … ")
    assert any(entry.problems for entry in entries(paste("\n".join(printed))))


@pytest.mark.parametrize("letter", ["04", "05", "20", "22", "25", "31", "34", "48"])
def test_the_hazards_of_a_whole_list_are_pointed_out_in_their_lines(letter):
    expected = {
        "04": {"Boat People SOS 2"},
        "20": {"Quilombolas – CONAQ", "Modernidade e Meio Ambiente da UFMA (GEDMMA)"},
        "25": {"FEACT Brasil (representando 23 organizações nacionais baseadas na fé)"},
        "31": {"@segudigital", "l"},
        "34": {"NixΝet"},
        "48": {"共に生きる世の中、違う世の中に向かう連帯"},
    }
    found = entries(paste("\n".join(names_of(letter))))
    pointed_out = {entry.raw for entry in found if entry.problems}
    assert expected.get(letter, set()) <= pointed_out
    assert len(pointed_out) < max(6, len(found) / 10)
