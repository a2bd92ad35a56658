"""The surveyor: are the database and the machine such that promises can be kept?"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.core.checks import CheckMessage, Error, Info, Tags, register
from django.db import connections

from coalition import fonts

#: With these, what was acknowledged survives a crash (docs/decisions/); values that keep the promise.
DURABLE = {
    "fsync": {"on"},
    "full_page_writes": {"on"},
    "synchronous_commit": {"on", "remote_apply"},
}


@register(Tags.database)
def check_durability(*, databases: Sequence[str] | None = None, **kwargs: Any) -> list[CheckMessage]:
    """Errors E001 where Postgres may lose what it has acknowledged."""
    return [
        Error(
            f"Postgres runs with {name} = {setting}: what was acknowledged can be lost.",
            hint=f"Set {name} = on in postgresql.conf, or take it out of the role's settings.",
            obj=alias,
            id="coalition.E001",
        )
        for alias in databases or []
        for name, setting in _rows(alias, "SELECT name, setting FROM pg_settings WHERE name = ANY(%s)", list(DURABLE))
        if setting not in DURABLE[name]
    ]


@register(Tags.database)
def check_trigrams(*, databases: Sequence[str] | None = None, **kwargs: Any) -> list[CheckMessage]:
    """Errors E002 where the database knows no letters beyond ASCII, so that no organisation would be found again."""
    return [
        Error(
            "The database finds no trigrams in letters beyond ASCII.",
            hint="Its LC_CTYPE must know them: create it with LC_CTYPE 'C.UTF-8' (initdb --lc-ctype=C.UTF-8).",
            obj=alias,
            id="coalition.E002",
        )
        for alias in databases or []
        if _rows(alias, "SELECT 1 FROM pg_extension WHERE extname = %s", "pg_trgm")
        and _rows(alias, "SELECT 1 WHERE show_trgm(%s) = '{}'", "Ž")
    ]


@register("fonts")
def check_fonts(**kwargs: Any) -> list[CheckMessage]:
    """I001 where no PDF can be made, I002 where one would have boxes for letters. Only told: all else works."""
    if not fonts.has_pango():
        return [
            Info(
                "Pango can't be loaded: letters are made as DOCX and plain text, and not as PDF.",
                hint="Install libpango-1.0-0, libpangoft2-1.0-0 and libharfbuzz-subset0 (deploy/packages.txt).",
                id="coalition.I001",
            )
        ]
    return [
        Info(
            f"No font on this machine has the letters of this script: {script}. PDFs show boxes in their place.",
            hint=f"Install {package} (deploy/packages.txt).",
            id="coalition.I002",
        )
        for script, package in fonts.without_fonts().items()
    ]


def _rows(alias: str, query: str, parameter: str | list[str]) -> list[tuple[Any, ...]]:
    with connections[alias].cursor() as cursor:
        cursor.execute(query, [parameter])
        rows: list[tuple[Any, ...]] = cursor.fetchall()
    return rows
