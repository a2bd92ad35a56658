"""Which organisation is this? One function for every place that asks."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.contrib.postgres.search import TrigramSimilarity
from django.db.models import Max, Q, Value
from django.db.models.functions import Greatest

from signatories.models import Organisation, OrganisationName
from signatories.names import normalise
from signatories.vetting import registrable_domain

#: Names less alike than this are not shown as candidates.
ALIKE = 0.3
MOST = 8


def find(text: str, at: datetime, most: int = MOST) -> list[Organisation]:
    """Public organisations that may be meant by `text` (a name, an acronym or a website), likeliest first.

    Each has `name` and `score`, 0 to 1.
    """
    wanted = normalise(text)
    domain = registrable_domain(text.strip()) if "." in text else ""
    names = OrganisationName.objects.filter(Q(normalised__trigram_similar=wanted) | Q(normalised__contains=wanted))
    ids = set(names.values_list("organisation_id", flat=True)[:500])
    candidates = Organisation.objects.public(at).with_name().filter(Q(pk__in=ids) | Q(domains__name=domain or None))
    contains = Q(names__normalised__startswith=wanted)
    scored = candidates.annotate(
        score=Greatest(
            Max(TrigramSimilarity("names__normalised", wanted)),
            Max(Value(0.9), filter=contains),
            Max(Value(1.0), filter=Q(domains__name=domain or None)),
        )
    )
    return list(scored.filter(score__gte=ALIKE).order_by("-score", "pk").distinct()[:most])


def same(name: str, country: str) -> Organisation | None:
    """The one organisation on the register, public or not, with this name (normalised) and this country; None where
    there is none or more than one."""
    equal = Organisation.objects.filter(
        names__normalised=normalise(name), country=country, standing__in=["provisional", "verified"]
    ).distinct()
    found = list(equal[:2])
    return found[0] if len(found) == 1 else None
