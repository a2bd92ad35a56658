"""What the register has like a line of a list: the one place where imports ask the matching."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import replace

from django.db.models import Exists, OuterRef, Q, Subquery
from django.utils.translation import gettext as _

from signatories import alike, matching
from signatories.matching import Candidate, Wanted
from signatories.models import (
    Import,
    ImportEvent,
    Organisation,
    OrganisationEvent,
    OrganisationName,
    OrganisationQuerySet,
)

#: Lines of one list that share a word or an acronym, of which each is compared with the others.
SHARED = 12
#: What happens to an organisation without anybody touching it.
OF_THEMSELVES = ("learn_name", "unlearn_name")


def register() -> OrganisationQuerySet:
    """What a list can be matched with: also what an undone list took along, so that it does not come a second time."""
    here = Q(standing__in=[Organisation.Standing.PROVISIONAL, Organisation.Standing.VERIFIED])
    if taken := _taken_back():
        here |= Q(pk__in=taken)
    return Organisation.objects.filter(here)


def _taken_back() -> list[int]:
    """Suspended by the undoing of the import that had brought them, and by nobody since."""
    latest = OrganisationEvent.objects.filter(organisation=OuterRef("pk")).exclude(verb__in=OF_THEMSELVES)
    latest = latest.order_by("-pk")
    brought = Organisation.objects.filter(
        standing=Organisation.Standing.SUSPENDED, created_by_lines__origin__status=Import.Status.UNDONE
    ).annotate(last=Subquery(latest.values("verb")[:1]), last_at=Subquery(latest.values("at")[:1]))
    undone = ImportEvent.objects.filter(verb="take_back", at=OuterRef("last_at"), origin__lines__created=OuterRef("pk"))
    return list(brought.filter(Exists(undone), last="suspend").values_list("pk", flat=True))


def like_each(wanted: Sequence[tuple[Wanted, str]]) -> list[list[Candidate]]:
    """Organisations that each line may mean by its name, or by the one in Latin letters beside it, likeliest first."""
    beside = [replace(one, name=latin_name) for one, latin_name in wanted if latin_name]
    found = matching.candidates_of_each([*(one for one, _latin_name in wanted), *beside], register())
    more = iter(found[len(wanted) :])
    return [
        _best_of(by_name, next(more) if latin_name else [])
        for by_name, (_one, latin_name) in zip(found, wanted, strict=False)
    ]


def _best_of(one: Sequence[Candidate], other: Sequence[Candidate]) -> list[Candidate]:
    best: dict[int, Candidate] = {}
    for found in sorted((*one, *other), key=lambda found: (-found.score, found.organisation.pk)):
        if found.score < matching.FLOOR:
            break
        best.setdefault(found.organisation.pk, found)
    return list(best.values())[: matching.MOST]


def equal(wanted: Collection[tuple[str, str]]) -> dict[tuple[str, str], Candidate]:
    """By normalised name and country, or name alone where the list gives no country, those that only one organisation
    has, found together: most of a list that comes again. A name of one word is left to the matching."""
    telling = {name for name, _country in wanted if " " in name}
    names = OrganisationName.objects.spelt(telling).exclude(kind=OrganisationName.Kind.ACRONYM)
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


def within(lines: Sequence[tuple[int, str, str]]) -> dict[int, int]:
    """Lines of one list, given as number, name and country, that are probably the same organisation as an earlier one:
    which. Only what shares an uncommon word, an acronym or its beginning is compared."""
    read = {number: alike.read(name) for number, name, _country in lines if name}
    at = {number: country for number, _name, country in lines}
    sharing: defaultdict[str, list[int]] = defaultdict(list)
    for number, printed in read.items():
        for key in _keys(printed):
            sharing[key].append(number)
    near: dict[int, int] = {}
    for number, printed in read.items():
        lists = sorted((sharing[key] for key in _keys(printed)), key=len)
        beside = {other for numbers in lists[:4] if len(numbers) <= SHARED for other in numbers if other < number}
        for other in sorted(beside - near.keys()):
            one, two = at[number], at[other]
            if (not one or not two or one == two) and _is_probable(printed, read[other], (one, two)):
                near[number] = other
                break
    return near


def _keys(printed: alike.Printed) -> set[str]:
    return {*printed.words, *printed.acronyms, f"{printed.whole[:6]}…"}


def _is_probable(one: alike.Printed, other: alike.Printed, homes: tuple[str, str]) -> bool:
    return alike.compare(one, other, homes).score >= alike.PROBABLE
