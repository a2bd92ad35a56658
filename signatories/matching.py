"""Which organisation is this? One function for every place that asks."""

from __future__ import annotations

from datetime import datetime

from django.contrib.postgres.search import TrigramSimilarity, TrigramWordSimilarity
from django.db.models import FloatField, Max, Q
from django.db.models.functions import Greatest

from signatories.models import Domain, Organisation, OrganisationName, OrganisationQuerySet
from signatories.names import normalise
from signatories.vetting import registrable_domain

MOST = 8
#: A name of which a part is like what was typed counts less than one that is like it as a whole.
PART = 0.9


def find(text: str, at: datetime, most: int = MOST) -> list[Organisation]:
    """Public organisations that may be meant by `text` (a name, an acronym or a website), likeliest first.

    Each has `name` and `score`, 0 to 1.
    """
    return among(Organisation.objects.public(at), text, most)


def among(organisations: OrganisationQuerySet, text: str, most: int = MOST) -> list[Organisation]:
    """The same among given organisations."""
    wanted = normalise(text)
    if not wanted:
        return []
    score = Greatest(
        TrigramSimilarity("normalised", wanted),
        TrigramWordSimilarity(wanted, "normalised") * PART,
        output_field=FloatField(),
    )
    alike = Q(normalised__trigram_similar=wanted) | Q(normalised__trigram_word_similar=wanted)
    names = OrganisationName.objects.filter(alike, organisation__in=organisations)
    scores = dict(names.values_list("organisation").annotate(best=Max(score)).order_by("-best", "organisation")[:most])
    if domain := registrable_domain(text.strip()):
        at_domain = Domain.objects.filter(name=domain, organisation__in=organisations)
        scores |= dict.fromkeys(at_domain.values_list("organisation", flat=True)[:most], 1.0)
    found = list(organisations.with_name().filter(pk__in=scores))
    for organisation in found:
        organisation.score = scores[organisation.pk]
    return sorted(found, key=lambda organisation: (-organisation.score, organisation.pk))[:most]


def same(name: str, country: str) -> Organisation | None:
    """The organisation on the register, public or not, with this name (normalised; acronyms do not count, many bodies
    share one) and this country; of several the one that came first, so that no further double arises."""
    names = OrganisationName.objects.filter(normalised=normalise(name)).exclude(kind=OrganisationName.Kind.ACRONYM)
    # Asked for in two steps: in one, Postgres may start from the country, and in the middle of an import that is many.
    named = set(names.values_list("organisation", flat=True))
    equal = Organisation.objects.filter(pk__in=named, country=country).exclude(standing=Organisation.Standing.MERGED)
    return equal.order_by("pk").first()
