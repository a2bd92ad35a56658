"""The public record of a letter: what is written into its chain, and which names may be opened."""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterable
from datetime import UTC, date, datetime
from typing import Any

from django.db.models import F, Max

from letters import counting
from letters.chain import NOTHING, Problem, canonical, digest_of, sha256, to_bytes, verify
from letters.models import Delivery, Endorsement, Letter, LetterEvent, Opening, RecordEntry

__all__ = [
    "Problem",
    "add_delivery",
    "append",
    "forget_names",
    "last_number",
    "tell",
    "to_file",
    "verify",
    "write_list",
]

#: Verb of a letter → kinds of the entries that it writes.
TOLD = {
    "open": ("sealed", "opened"),
    "record": ("sealed", "recorded"),
    "amend": ("sealed",),
    "close": ("closed",),
    "reopen": ("reopened",),
    "conclude": ("concluded",),
    "take_down": ("taken_down",),
    "restore": ("restored",),
}


def tell(event: LetterEvent) -> None:
    """Puts a step of a letter on record, in its transaction."""
    letter = event.letter
    for kind in TOLD.get(event.verb, ()):
        facts: dict[str, Any] = {}
        if kind == "sealed":
            version = letter.versions.exclude(sealed_at=None).latest("number")
            facts = {"version": version.number, "digest": version.digest}
        elif kind == "reopened":
            facts = {"closes_at": _written(letter.closes_at) if letter.closes_at else None}
        append(letter, kind, event.at, **facts)


def append(letter: Letter, kind: str, at: date, **facts: Any) -> RecordEntry:
    """Writes the next entry of the chain; called while the letter is locked."""
    last = letter.record_entries.only("number", "sha256").order_by("-number").first()
    number = last.number + 1 if last else 1
    content = canonical(
        facts
        | {
            "number": number,
            "kind": kind,
            "at": _written(at),
            "letter": letter.reference,
            "previous": last.sha256 if last else NOTHING,
        }
    )
    return RecordEntry.objects.create(letter=letter, number=number, kind=kind, content=content, sha256=sha256(content))


def write_list(letter: Letter, at: datetime) -> RecordEntry | None:
    """Puts today's list on record, once a day (UTC) and only if it has changed; called while the letter is locked."""
    day = at.astimezone(UTC).date()
    latest = letter.record_entries.filter(kind="list").order_by("-number").first()
    known: dict[str, Any] = _content(latest) if latest else {"number": 0, "count": 0, "names": []}
    if latest is not None and known["at"] >= _written(day):
        return None
    whole = (content for content in _deliveries(letter) if not content["addendum"])
    known = max([known, *whole], key=lambda content: int(content["number"]))
    count = counting.count(letter, at).organisations
    listed = letter.endorsements.listed().values_list("pk", "printed_name").order_by()
    names = sorted(opening.sha256 for opening in _opened(letter, listed).values())
    if (count, names) == (known["count"], known["names"]):
        return None
    return append(letter, "list", day, count=count, names=names)


def add_delivery(delivery: Delivery) -> RecordEntry | None:
    """Puts a delivery on record, if it is not yet; called while the letter is locked."""
    letter = delivery.letter
    if any(content["delivery"] == delivery.number for content in _deliveries(letter)):
        return None
    lines = delivery.lines.filter(visibility=Endorsement.Visibility.NAMED).values_list("endorsement", "printed")
    printed = {pk: str(line["name"]) for pk, line in lines if line}
    listed = letter.endorsements.listed().filter(pk__in=printed).values_list("pk", "printed_name").order_by()
    opened = _opened(letter, [(pk, name) for pk, name in listed if name == printed[pk]])
    # Who has been hidden meanwhile is in the chain by a digest that nobody can open.
    closed = {pk: digest_of(_salt(), name) for pk, name in printed.items() if pk not in opened}
    return append(
        letter,
        "delivery",
        delivery.at,
        delivery=delivery.number,
        addendum=delivery.is_addendum,
        count=delivery.count,
        files=list(delivery.files.order_by("language", "format").values("language", "format", "sha256")),
        names=sorted([*closed.values(), *(opening.sha256 for opening in opened.values())]),
    )


def forget_names(endorsement: Endorsement) -> None:
    """From now on nobody can tell which digest in the chain means this endorsement."""
    Opening.objects.filter(endorsement=endorsement).delete()


def to_file(letter: Letter) -> bytes:
    """The record as everybody may have it, with the openings of those who are listed now."""
    listed = letter.openings.filter(endorsement__in=Endorsement.objects.listed(), name=F("endorsement__printed_name"))
    # Openings first: those written meanwhile belong to an entry that would not be there yet.
    openings = list(listed.values_list("name", "salt"))
    entries = list(letter.record_entries.order_by("number").values_list("content", "sha256"))
    return to_bytes(letter.reference, entries, openings)


def last_number(letter: Letter) -> int:
    return letter.record_entries.aggregate(last=Max("number"))["last"] or 0


def _opened(letter: Letter, listed: Iterable[tuple[int, str]]) -> dict[int, Opening]:
    """The openings of these endorsements: each keeps its own while its name is the same, else it gets a new one.

    Those of nobody listed by that name any more are deleted on the way.
    """
    names = dict(listed)
    current = dict(letter.endorsements.listed().values_list("pk", "printed_name").order_by())
    openings = {opening.endorsement_id: opening for opening in letter.openings.all()}
    stale = [opening.pk for pk, opening in openings.items() if current.get(pk) != opening.name]
    if stale:
        Opening.objects.filter(pk__in=stale).delete()
    kept = {pk: openings[pk] for pk, name in names.items() if pk in openings and openings[pk].name == name}
    new = {pk: _opening(letter, pk, name) for pk, name in names.items() if pk not in kept}
    Opening.objects.bulk_create(new.values())
    return kept | new


def _opening(letter: Letter, endorsement: int, name: str) -> Opening:
    salt = _salt()
    return Opening(letter=letter, endorsement_id=endorsement, salt=salt, name=name, sha256=digest_of(salt, name))


def _salt() -> str:
    return secrets.token_hex(16)


def _deliveries(letter: Letter) -> list[dict[str, Any]]:
    return [_content(entry) for entry in letter.record_entries.filter(kind="delivery")]


def _content(entry: RecordEntry) -> dict[str, Any]:
    content: dict[str, Any] = json.loads(entry.content)
    return content


def _written(at: date) -> str:
    """In UTC, to the second; a day as a day."""
    if isinstance(at, datetime):
        return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return at.isoformat()
