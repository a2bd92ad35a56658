"""Prints the tables of allowed moves, as they stand in docs/moves.md."""

from typing import Any

from django.core.management.base import BaseCommand

from coalition.workflow import Workflow
from letters import amending, delivering, drafting, endorsing, inviting, lifecycle, responding
from signatories import correcting, imports, vetting

#: Modules whose verbs stand in a table.
VERBS = (drafting, lifecycle, inviting, amending, delivering, responding, endorsing, vetting, correcting, imports)

TABLES: dict[str, Workflow[Any]] = {
    "Letter": lifecycle.flow,
    "Endorsement": endorsing.flow,
    "Organisation": vetting.flow,
    "Correction": correcting.flow,
    "Import": imports.flow,
}


class Command(BaseCommand):
    help = "Prints the allowed moves of letters, endorsements, organisations and imports as Markdown."

    def handle(self, *args: object, **options: object) -> None:
        self.stdout.write(as_markdown())


def as_markdown() -> str:
    lines: list[str] = []
    # In the order in which they are written, whichever module was imported first.
    flows = {id(flow): title for title, flow in TABLES.items()}
    written = [(flows[id(module.flow)], name) for module in VERBS for name in vars(module)]
    for title, flow in TABLES.items():
        lines += [f"## {title}", "", "| verb | from | to | who |", "|---|---|---|---|"]
        rows = sorted(flow.table(), key=lambda row: written.index((title, row[0])))
        lines += [f"| {verb} | {sources or '–'} | {target} | {who} |" for verb, sources, target, who in rows]
        lines.append("")
    return "\n".join(lines)
