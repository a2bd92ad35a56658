"""Lists of endorsements that come in: what the register's imports do for a letter."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from coalition.models import User
from coalition.workflow import NotAllowed, locked, together
from letters import endorsing
from letters.endorsing import SignOn
from letters.models import Endorsement, EndorsementImport, ImportedEndorsement, Letter, LetterRole
from letters.roles import MODERATOR
from signatories import imports
from signatories.importing import Problem, Sheet
from signatories.models import Import, ImportLine, Organisation

Visibility = Endorsement.Visibility
#: Steps that an import itself takes; whatever else has happened to an endorsement, a person did.
OWN = ("record", "lower")
#: What a line has to say of who signed.
PERSON = ("contact_name", "role", "email")


def take_in(
    letter: Letter,
    sheet: Sheet,
    *,
    kind: str,
    evidence: str,
    tells_people: bool = False,
    by: User | None,
    at: datetime,
    **said: Any,
) -> Import:
    """Keeps a list of endorsements of one letter; only who moderates it may."""
    if not MODERATOR.allows(by, letter):
        raise NotAllowed(_("You don’t have the role that this needs."))

    def above(batch: Import) -> None:
        EndorsementImport.objects.create(
            origin=batch, letter=letter, kind=kind, evidence=evidence, tells_people=tells_people
        )

    return imports.take_in(sheet, what=Import.What.ENDORSEMENTS, above=above, by=by, at=at, **said)


def may_import(by: User | None, batch: Import) -> bool:
    """While its row is being made, it belongs to no letter yet; `take_in` has asked."""
    about = EndorsementImport.objects.filter(origin=batch).select_related("letter").first() if batch.pk else None
    return about is None or MODERATOR.allows(by, about.letter)


def seen_by(by: User, batches: QuerySet[Import]) -> QuerySet[Import]:
    return batches.filter(for_letter__letter__in=Letter.objects.held_by(by, LetterRole.Role.MODERATOR))


def taken(batch: Import, organisations: Iterable[int]) -> set[int]:
    """Which of them have signed the letter, or wait for its check."""
    live = batch.for_letter.letter.endorsements.live()
    return set(live.filter(organisation__in=organisations).values_list("organisation", flat=True))


def look(batch: Import, line: ImportLine) -> list[Problem]:
    """A wish that this letter can't keep must not be overlooked."""
    return [Problem("withheld")] if wish(line) and not batch.for_letter.letter.allows_withheld_names else []


def wish(line: ImportLine) -> str:
    said = _aside(line).get("visibility") or Visibility.NAMED
    return "" if said == Visibility.NAMED else str(Visibility(said).label)


def ignores(batch: Import) -> frozenset[str]:
    """Where nobody is told, nobody needs to be reached."""
    return frozenset() if batch.for_letter.tells_people else frozenset({"contact_unclear"})


def tell(batch: Import, line: ImportLine) -> list[str]:
    """How it will appear, if the list has a column for it, and who will be written to."""
    aside = _aside(line)
    wish = (aside.get("visibility") or Visibility.NAMED) if "visibility" in (batch.columns or {}) else ""
    person = [aside[part] for part in PERSON] if batch.for_letter.tells_people and _has_person(aside) else []
    return [*([str(Visibility(wish).label)] if wish else []), *([", ".join(person)] if person else [])]


def give(batch: Import, lines: Sequence[tuple[ImportLine, Organisation]], by: User | None, at: datetime) -> None:
    """One sign-on recorded for each line, which then waits for the check like any other."""
    about = batch.for_letter
    letter = about.letter
    note = f"{about.get_kind_display()}: {batch.source}"
    with together(letter):
        made = [
            endorsing.record(
                letter,
                organisation,
                by=by,
                evidence=about.evidence,
                note=note,
                at=at,
                **_told(about, line, organisation),
            )
            for line, organisation in lines
        ]
    rows = [
        ImportedEndorsement(line=line, endorsement=endorsement)
        for (line, _signer), endorsement in zip(lines, made, strict=True)
    ]
    ImportedEndorsement.objects.bulk_create(rows, batch_size=1000)
    for (line, _signer), endorsement in zip(lines, made, strict=True):
        wanted = _aside(line).get("visibility") or Visibility.NAMED
        if wanted != endorsement.visibility:  # refused where the letter names everybody: then nothing is imported
            endorsing.lower(endorsement, visibility=wanted, by=by, at=at)


def take_back(batch: Import, by: User | None, at: datetime) -> list[int]:
    """Rejects what nobody has touched since, which those are mailed who were told of it; returns the lines of the
    others."""
    left = []
    made = Endorsement.objects.filter(imported__line__origin=batch).select_related("letter", "imported__line")
    for endorsement in made.prefetch_related("events").order_by("pk"):
        is_untouched = endorsement.status == Endorsement.Status.CONFIRMED and all(
            event.verb in OWN and event.at <= _carried_out(batch) for event in endorsement.events.all()
        )
        if is_untouched:
            endorsing.reject(endorsement, by=by, code=Endorsement.Reason.WRONG_LIST, at=at)
        else:
            left.append(endorsement.imported.line.number)
    return left


def uses(organisations: Iterable[int]) -> set[int]:
    """Those that have signed anything which an undone import did not bring, or were invited."""
    theirs = Organisation.objects.filter(pk__in=organisations)
    ended = Endorsement.objects.filter(
        status=Endorsement.Status.REJECTED, imported__line__origin__status=Import.Status.UNDOING
    )
    signed = Endorsement.objects.filter(organisation__in=theirs).exclude(pk__in=ended.values("pk"))
    invited = Organisation.objects.filter(pk__in=theirs, invitations__isnull=False)
    return {pk for pk in signed.values_list("organisation", flat=True) if pk} | set(
        invited.values_list("pk", flat=True)
    )


KIND = imports.Kind(
    allows=may_import,
    seen_by=seen_by,
    look=look,
    ignores=ignores,
    tell=tell,
    hold=lambda batch: locked(batch.for_letter.letter),
    taken=taken,
    give=give,
    take_back=take_back,
    uses=uses,
)


def _told(about: EndorsementImport, line: ImportLine, organisation: Organisation) -> dict[str, Any]:
    """What `record` is told of one line. The printed name is the list's; the order, that of a published list."""
    told: dict[str, Any] = {
        "printed_name": line.name,
        "printed_acronym": line.acronym,
        "order": line.number if about.kind == EndorsementImport.Kind.PUBLISHED else None,
    }
    aside = _aside(line)
    if about.tells_people and _has_person(aside):
        told["sign_on"] = _sign_on(about.letter, line, organisation, aside)
    return told


def _sign_on(letter: Letter, line: ImportLine, organisation: Organisation, aside: dict[str, str]) -> SignOn:
    return SignOn(
        organisation=organisation,
        name=line.name,
        country=line.country,
        website=line.website,
        representative_name=aside["contact_name"],
        representative_role=aside["role"],
        representative_email=aside["email"],
        visibility=aside.get("visibility") or Visibility.NAMED,
        language=letter.authoritative_language,
        interface_language="en",
        wants_updates=False,
    )


def _has_person(aside: dict[str, str]) -> bool:
    return all(aside.get(part) for part in PERSON)


def _aside(line: ImportLine) -> dict[str, str]:
    return dict(json.loads(line.aside)) if line.aside else {}


def _carried_out(batch: Import) -> datetime:
    event = batch.events.filter(verb="carry_out").last()
    assert event is not None
    return event.at
