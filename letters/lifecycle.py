"""Verbs on letters, in the order in which they happen in life."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from functools import partial

from django.db.models import F
from django.utils.translation import gettext as _

from coalition.jobs import enqueue
from coalition.models import User
from coalition.workflow import BEFORE, NOW, SAME, NotAllowed, Workflow, last_of_all
from letters import record as records
from letters.models import Letter, LetterEvent
from letters.roles import CONVENER
from letters.sealing import seal

Status = Letter.Status


def revise(letter: Letter, *, lowering: bool) -> None:
    """Raises the letter's revision, so that no page made before is taken for the present one, and has its documents
    made anew.

    `lowering`: something that was visible no longer is; then nothing older may be served at all. Called while the
    letter is locked, as the last write.
    """
    last_of_all((letter.pk, lowering), partial(_revise, letter, lowering))


def _revise(letter: Letter, lowering: bool) -> None:
    new = F("revision") + 1
    changes = {"revision": new, "hidden_revision": new} if lowering else {"revision": new}
    Letter.objects.filter(pk=letter.pk).update(**changes)
    enqueue("letters.tasks.render_documents", once=f"documents of letter {letter.pk}", letter=letter.pk)


@dataclass(frozen=True)
class Face:
    """What the public sees of a letter itself; `shown` is what may be shown less of."""

    shown: tuple[object, ...]
    told: tuple[object, ...]


def _face(letter: Letter) -> Face | None:
    if letter.status not in Letter.PUBLIC:
        return None
    return Face(
        shown=(letter.audience, letter.public_from, letter.consent_version),
        told=(letter.status, letter.closes_at, letter.late_until),
    )


def _changed(letter: Letter, before: Face | None, after: Face | None) -> None:
    shows_less = after is None or (before is not None and before.shown != after.shown)
    revise(letter, lowering=shows_less)


flow = Workflow(Letter, LetterEvent, face=_face, changed=_changed, tell=records.tell)


@flow.step(Status.DRAFT, to=Status.OPEN, who=CONVENER)
def open(letter: Letter, *, by: User | None, at: datetime = NOW) -> None:
    """Seals the first version and opens it for signature."""
    if letter.closes_at is None or letter.closes_at <= at:
        raise NotAllowed(_("Set a deadline that lies ahead."))
    _refuse_unseen(letter)
    _seal(letter, at)
    letter.opened_at = at


@flow.step(Status.DRAFT, to=Status.CLOSED, who=CONVENER)
def record(letter: Letter, *, by: User | None, at: datetime = NOW) -> None:
    """Puts a letter of the past on record from a published list; it was never open for signature here."""
    if not letter.is_recorded:
        raise NotAllowed(_("Say where the letter and its list were published."))
    _seal(letter, at)
    letter.opened_at = letter.closed_at = at


@flow.step(Status.DRAFT, to=Status.DISCARDED, who=CONVENER)
def discard(letter: Letter, *, by: User | None, at: datetime = NOW) -> None:
    """A draft that will not be used; no letter is ever deleted."""


@flow.step(Status.OPEN, to=Status.CLOSED, who=CONVENER)
def close(letter: Letter, *, by: User | None, at: datetime = NOW) -> None:
    letter.closed_at = at


@flow.step(Status.OPEN, to=SAME, who=CONVENER)
def extend(letter: Letter, *, by: User | None, closes_at: datetime, note: str, at: datetime = NOW) -> None:
    """A later deadline; the note says why."""
    if letter.closes_at is not None and closes_at <= max(letter.closes_at, at):
        raise NotAllowed(_("Set a deadline that lies ahead and is later than the present one."))
    letter.closes_at = closes_at
    _refuse_unseen(letter)


@flow.step(Status.OPEN, Status.CLOSED, Status.DELIVERED, to=SAME, who=CONVENER)
def allow_late(letter: Letter, *, by: User | None, late_until: datetime, note: str, at: datetime = NOW) -> None:
    """Takes signatures after the deadline too, until that instant; one in the past ends it now."""
    if letter.is_recorded:
        raise NotAllowed(_("A letter recorded from a published list can’t be signed here."))
    if letter.closes_at is not None and late_until < letter.closes_at:
        raise NotAllowed(_("Late signatures can’t end before the deadline."))
    letter.late_until = late_until


@flow.step(*Letter.PUBLIC, to=SAME, who=CONVENER)
def set_audience(
    letter: Letter, *, by: User | None, audience: str, public_from: datetime | None, note: str, at: datetime = NOW
) -> None:
    """Who may see it, and from which instant on: the end of the embargo, the same for every surface."""
    if audience not in Letter.Audience.values:
        raise NotAllowed(_("Choose who may see the letter."))
    letter.audience, letter.public_from = audience, public_from
    if letter.is_open(at):
        _refuse_unseen(letter)


@flow.step(Status.CLOSED, to=Status.OPEN, who=CONVENER)
def reopen(letter: Letter, *, by: User | None, closes_at: datetime, note: str, at: datetime = NOW) -> None:
    """Opens again until a new deadline; the note says why."""
    if letter.is_recorded:
        raise NotAllowed(_("A letter recorded from a published list can’t be signed here."))
    if closes_at <= at:
        raise NotAllowed(_("Set a deadline that lies ahead."))
    letter.closes_at, letter.closed_at = closes_at, None
    _refuse_unseen(letter)


@flow.step(Status.DELIVERED, to=Status.CONCLUDED, who=CONVENER)
def conclude(letter: Letter, *, by: User | None, note: str = "", at: datetime = NOW) -> None:
    """Nothing more is expected of it; it stays on record, and takes no more signatures."""


@flow.step(*Letter.PUBLIC, to=Status.TAKEN_DOWN, who=CONVENER)
def take_down(letter: Letter, *, by: User | None, note: str, at: datetime = NOW) -> None:
    """The letter leaves the public; its address says so."""


@flow.step(Status.TAKEN_DOWN, to=BEFORE, who=CONVENER)
def restore(letter: Letter, *, by: User | None, note: str, at: datetime = NOW) -> None:
    """Back to the state in which it was taken down."""


def closes_unseen(letter: Letter) -> str:
    """The sentence for a letter that is meant for the public, which could never sign it; "" for any other."""
    if letter.audience != Letter.Audience.PUBLIC or letter.public_from is None or letter.closes_at is None:
        return ""
    if letter.public_from < max(letter.closes_at, letter.late_until or letter.closes_at):
        return ""
    return _("The letter would be closed before it is public. Set a later deadline, or an earlier end of the embargo.")


def _refuse_unseen(letter: Letter) -> None:
    if sentence := closes_unseen(letter):
        raise NotAllowed(sentence)


def _seal(letter: Letter, at: datetime) -> None:
    version = letter.versions.filter(sealed_at=None).first()
    if version is None:
        raise NotAllowed(_("Write the text in the authoritative language."))
    if not letter.addressees.exists():
        raise NotAllowed(_("Name at least one addressee."))
    seal(version, at)
