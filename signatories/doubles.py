"""Likely doubles: entries that came or changed are compared with the register, and the pairs kept for the desk."""

from __future__ import annotations

from collections.abc import Collection

from django.db.models import F, Q
from django.utils.translation import gettext as _
from django.utils.translation import override

from coalition.jobs import enqueue
from signatories import matching
from signatories.matching import Candidate, Level, Wanted
from signatories.models import Compared, Domain, Likeness, Organisation, OrganisationName, OrganisationQuerySet

Standing = Organisation.Standing
#: Entries that are compared in one transaction.
CHUNK = 100


def look() -> None:
    """Compares what has come or changed, in jobs, when the present transaction is committed."""
    enqueue("signatories.tasks.compare_changed", once="doubles")


def changed() -> OrganisationQuerySet:
    """Entries that have come or changed since they were compared."""
    return Organisation.objects.filter(Q(compared=None) | ~Q(compared__revision=F("revision")))


def compare_some() -> bool:
    """Compares some of them, and finds their pairs anew; whether there was anything to compare."""
    due = dict(changed().order_by("pk").values_list("pk", "revision")[:CHUNK])
    if not due:
        return False
    touched = Likeness.objects.filter(Q(one__in=due) | Q(other__in=due))
    # What was found from the other side only is found again from there.
    beside = {pk for pair in touched.values_list("one", "other") for pk in pair}
    with override("en"):
        found = _pairs(beside | set(due))
    touched.delete()
    Likeness.objects.bulk_create(
        found, update_conflicts=True, unique_fields=["one", "other"], update_fields=["score", "reasons"]
    )
    Compared.objects.bulk_create(
        [Compared(organisation_id=pk, revision=revision) for pk, revision in due.items()],
        update_conflicts=True,
        unique_fields=["organisation"],
        update_fields=["revision"],
    )
    return True


def first_to_stay(pair: Likeness) -> list[Organisation]:
    """Both entries, first the one that had better stay in a merge: verified before provisional, then the older."""
    order = (Standing.VERIFIED, Standing.PROVISIONAL, Standing.SUSPENDED)
    return sorted((pair.one, pair.other), key=lambda entry: (order.index(Standing(entry.standing)), entry.pk))


def _pairs(keys: Collection[int]) -> list[Likeness]:
    """What is like these entries by any of their names, each pair once and as its likeliest reading has it."""
    entries = Organisation.objects.exclude(standing=Standing.MERGED).in_bulk(keys)
    names = OrganisationName.objects.filter(organisation__in=entries).exclude(kind=OrganisationName.Kind.ACRONYM)
    domains = dict(
        Domain.objects.filter(organisation__in=entries, how=Domain.Proof.CHECKED).values_list("organisation", "name")
    )
    asked = [
        (pk, Wanted(text, entries[pk].country, entries[pk].website, domains.get(pk, "")))
        for pk, text in names.order_by("pk").values_list("organisation", "text")
    ]
    answers = matching.candidates_of_each([wanted for _pk, wanted in asked])
    best: dict[tuple[int, int], Likeness] = {}
    for (pk, _wanted), candidates in zip(asked, answers, strict=True):
        for candidate in candidates:
            other = candidate.organisation.pk
            pair = (min(pk, other), max(pk, other))
            if other != pk and _is_likely(candidate) and (pair not in best or best[pair].score < candidate.score):
                best[pair] = Likeness(
                    one_id=pair[0], other_id=pair[1], score=candidate.score, reasons=list(candidate.reasons)
                )
    return list(best.values())


def _is_likely(candidate: Candidate) -> bool:
    return candidate.level == Level.PROBABLE or _("same domain") in candidate.reasons
