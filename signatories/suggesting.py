"""What the register has like a line of a list: the one place where imports ask the matching."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection

from django.utils.translation import gettext as _

from signatories import matching
from signatories.matching import Candidate
from signatories.models import Organisation, OrganisationName, OrganisationQuerySet


def register() -> OrganisationQuerySet:
    """What a list can be matched with."""
    return Organisation.objects.filter(standing__in=[Organisation.Standing.PROVISIONAL, Organisation.Standing.VERIFIED])


def match(name: str, country: str, website: str, latin_name: str = "") -> list[Candidate]:
    """Organisations that a line may mean by its name, or by the one in Latin letters beside it, likeliest first."""
    best: dict[int, Candidate] = {}
    for text in filter(None, (name, latin_name)):
        for found in matching.candidates(text, country=country, website=website, organisations=register()):
            earlier = best.get(found.organisation.pk)
            if earlier is None or found.score > earlier.score:
                best[found.organisation.pk] = found
    return sorted(best.values(), key=lambda found: (-found.score, found.organisation.pk))[: matching.MOST]


def equal(wanted: Collection[tuple[str, str]]) -> dict[tuple[str, str], Candidate]:
    """By normalised name and country, or name alone where the list gives no country, those that only one organisation
    has, found together: most of a list that comes again. A name of one word is left to the matching."""
    telling = {name for name, _country in wanted if " " in name}
    names = OrganisationName.objects.filter(normalised__in=telling).exclude(kind=OrganisationName.Kind.ACRONYM)
    having: defaultdict[tuple[str, str], list[Organisation]] = defaultdict(list)
    here = register().with_name().in_bulk(names.values_list("organisation", flat=True))
    for name in names:
        if (organisation := here.get(name.organisation_id)) is not None:
            for country in {organisation.country, ""}:
                same = having[name.normalised, country]
                same += [organisation] if organisation not in same else []
    return {
        key: Candidate(organisations[0], 1.0, (_("same name and country") if key[1] else _("same name"),))
        for key, organisations in having.items()
        if key in wanted and len(organisations) == 1
    }
