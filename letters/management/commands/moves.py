"""Prints the tables of allowed moves, as they stand in docs/moves.md."""

from typing import Any

from django.core.management.base import BaseCommand

from coalition.workflow import Workflow
from letters import endorsing, lifecycle
from signatories import vetting

TABLES: dict[str, Workflow[Any]] = {
    "Letter": lifecycle.flow,
    "Endorsement": endorsing.flow,
    "Organisation": vetting.flow,
}


class Command(BaseCommand):
    help = "Prints the allowed moves of letters, endorsements and organisations as Markdown."

    def handle(self, *args: object, **options: object) -> None:
        self.stdout.write(as_markdown())


def as_markdown() -> str:
    lines: list[str] = []
    for title, flow in TABLES.items():
        lines += [f"## {title}", "", "| verb | from | to | who |", "|---|---|---|---|"]
        lines += [f"| {verb} | {sources or '–'} | {target} | {who} |" for verb, sources, target, who in flow.table()]
        lines.append("")
    return "\n".join(lines)
