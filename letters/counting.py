"""How many have signed? The one place that answers, for every page, list, file, mail and desk."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.db import models

from coalition.countries import counts_as_country
from letters.models import Endorsement, Letter

Visibility = Endorsement.Visibility


@dataclass(frozen=True)
class Count:
    """Figures of one letter, public ones: organisations = named + country_only + counted_only, always."""

    organisations: int
    named: int
    country_only: int
    """Without their name, as “an organisation in …”."""
    counted_only: int
    """In the total alone, country not given."""
    by_country: dict[str, int]
    """Country code → organisations shown with it (named and country_only); "" where none is recorded."""
    withheld_by_country: dict[str, int]
    """The same, of country_only alone."""
    as_of: datetime

    @property
    def countries(self) -> int:
        return sum(1 for code in self.by_country if counts_as_country(code))

    @property
    def withheld(self) -> int:
        return self.country_only + self.counted_only

    @property
    def country_not_given(self) -> int:
        """Withheld organisations of which not even the country is said."""
        return self.counted_only + self.withheld_by_country.get("", 0)

    @property
    def next_number(self) -> int:
        return self.organisations + 1


def count(letter: Letter, at: datetime) -> Count:
    """The figures of a letter, in one query."""
    return count_all([letter], at)[letter.pk]


def count_all(letters: Iterable[Letter], at: datetime) -> dict[int, Count]:
    """The figures of several letters by their primary key, in one query."""
    ids = [letter.pk for letter in letters]
    rows = (
        Endorsement.objects.counted()
        .filter(letter__in=ids)
        .values_list("letter", "visibility", "printed_country")
        .annotate(number=models.Count("pk"))
        .order_by()
    )
    groups: dict[int, list[tuple[str, str, int]]] = {pk: [] for pk in ids}
    for pk, visibility, country, number in rows:
        groups[pk].append((visibility, country, number))
    return {pk: _count(group, at) for pk, group in groups.items()}


def _count(group: list[tuple[str, str, int]], at: datetime) -> Count:
    totals = dict.fromkeys(Visibility.values, 0)
    by_country: dict[str, int] = {}
    withheld: dict[str, int] = {}
    for visibility, country, number in group:
        totals[visibility] += number
        if visibility in (Visibility.NAMED, Visibility.COUNTRY):
            by_country[country] = by_country.get(country, 0) + number
        if visibility == Visibility.COUNTRY:
            withheld[country] = withheld.get(country, 0) + number
    return Count(
        organisations=sum(totals.values()),
        named=totals[Visibility.NAMED],
        country_only=totals[Visibility.COUNTRY],
        counted_only=totals[Visibility.COUNTED],
        by_country=by_country,
        withheld_by_country=withheld,
        as_of=at,
    )
