"""`python -m tests.bench.importing [SIZE]`: how long a list of 5,000 lines takes beside a register of 100,000.

Works in a transaction that it rolls back, in the database of DATABASE_URL, which should be an empty one.
"""

from __future__ import annotations

import os
import sys
import time

import django

LINES = 5000


def main(size: int) -> None:
    from django.db import connection, transaction
    from django.utils import timezone

    from signatories import imports
    from signatories.importing import paste
    from signatories.models import Import, ImportLine, OrganisationName
    from tests.bench.finding import say
    from tests.bench.register import fill

    def compared(what: str, names: list[str]) -> Import:
        batch = imports.take_in(paste("\n".join(names)), source=what, by=None, at=timezone.now())
        began = time.perf_counter()
        imports.preview(batch)
        say(f"preview of {LINES} lines, {what}: {time.perf_counter() - began:.1f} s")
        return batch

    with transaction.atomic():
        fill(size)
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE")
        known = list(OrganisationName.objects.filter(is_main=True).values_list("text", flat=True)[:LINES])
        new = [f"Forum {number} of Lake {number}" for number in range(LINES)]
        half_known = [*known[: LINES // 2], *new[: LINES // 2]]
        batch = compared("half of them known", half_known)
        compared("none of them known", new)
        compared("all of them misspelt", [name[:-3] + name[-2] + name[-3] + name[-1] for name in known])
        batch.refresh_from_db()
        batch.lines.filter(choice="").update(choice=ImportLine.Choice.NEW)
        imports.confirm(batch, by=None)
        began = time.perf_counter()
        imports.carry_out(batch, by=None)
        say(f"import of them: {time.perf_counter() - began:.1f} s")
        transaction.set_rollback(True)


if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "coalition.settings")
    django.setup()
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 100_000)
