"""`python -m tests.bench.finding [SIZE]`: how long the form's search takes on a register of 100,000 organisations.

Works in a transaction that it rolls back, in the database of DATABASE_URL, which should be an empty one.
"""

from __future__ import annotations

import os
import random
import statistics
import sys
import time

import django


def main(size: int) -> None:
    from django.db import transaction
    from django.utils import timezone

    from signatories import matching
    from signatories.models import OrganisationName
    from tests.bench.register import fill

    with transaction.atomic():
        began = time.perf_counter()
        fill(size)
        say(f"{size} organisations made in {time.perf_counter() - began:.0f} s")
        chance = random.Random(7)  # noqa: S311  the same every time
        names = list(
            OrganisationName.objects.filter(organisation__public_id__startswith="bench").values_list("text", flat=True)[
                :: max(1, size * 3 // 100)
            ]
        )
        matching.find("warm up", timezone.now())
        for kind, queries in queries_of(names, chance).items():
            took = []
            for query in queries:
                began = time.perf_counter()
                matching.find(query, timezone.now())
                took.append((time.perf_counter() - began) * 1000)
            worst = queries[took.index(max(took))]
            say(f"{kind:12} median {statistics.median(took):4.0f} ms, worst {max(took):4.0f} ms ({worst[:40]})")
        transaction.set_rollback(True)


def say(line: str) -> None:
    sys.stdout.write(f"{line}\n")


def queries_of(names: list[str], chance: random.Random) -> dict[str, list[str]]:
    def slipped(name: str) -> str:
        place = chance.randrange(1, len(name) - 1)
        return name[:place] + name[place + 1] + name[place] + name[place + 2 :]

    return {
        "whole": names,
        "misspelt": [slipped(name) for name in names],
        "twice": [slipped(slipped(name)) for name in names],
        "begun": [name[: 3 + chance.randrange(len(name) - 3)] for name in names],
        "words": [" ".join(chance.sample(name.split(), min(2, len(name.split())))) for name in names],
        "short": ["un", "amf", "fidh", "ai", "a", "the", "de", "wwf", "xx", "es", "ong"],
        "common": [
            "association",
            "rede de",
            "union for water",
            "verein fur umwelt",
            "comite pour paix",
            "for",
            "water",
        ],
        "slips": ["asociatoin", "federaton of womens rigts", "untied natoins", "greenpaece", "amnesti"],
        "other": [
            "Totally Different Body",
            "藏人行政中央",
            "جمعية أصدقاء النهر",
            "www.example.org",
            "https://unpo.org/",
        ],
        "long": [" ".join(names[:6])[:300], "word " * 60, "x" * 300],
    }


if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "coalition.settings")
    django.setup()
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 100_000)
