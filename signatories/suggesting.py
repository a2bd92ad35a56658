"""What the register has like a line of a list: the one place where imports ask the matching."""

from __future__ import annotations

from dataclasses import dataclass

from signatories import matching
from signatories.models import Organisation, OrganisationQuerySet

MOST = 8


@dataclass(frozen=True)
class Candidate:
    organisation: Organisation
    score: float
    level: str
    """As in ImportLine.Level."""
    reasons: tuple[str, ...]


def register() -> OrganisationQuerySet:
    """What a list can be matched with."""
    return Organisation.objects.filter(standing__in=[Organisation.Standing.PROVISIONAL, Organisation.Standing.VERIFIED])


def match(name: str, country: str, website: str) -> list[Candidate]:
    """Organisations that a line may mean, likeliest first."""
    equal = matching.same(name, country)
    found = [*matching.among(register(), name, MOST), *(matching.among(register(), website, 2) if website else [])]
    candidates = {
        organisation.pk: Candidate(organisation, organisation.score, "possible", (f"name {organisation.score:.2f}",))
        for organisation in reversed(found)
    }
    if equal is not None and equal.pk in candidates:
        candidates[equal.pk] = Candidate(equal, 1.0, "probable", ("same name and country",))
    return sorted(candidates.values(), key=lambda c: (-c.score, c.organisation.pk))[:MOST]
