"""Verbs on letters, in the order in which they happen in life."""

from __future__ import annotations

from datetime import datetime

from django.db.models import F
from django.utils.translation import gettext as _

from coalition.models import User
from coalition.workflow import BEFORE, NOW, NotAllowed, Workflow
from letters.models import Letter, LetterEvent
from letters.roles import CONVENER

Status = Letter.Status


def revise(letter: Letter, *, lowering: bool) -> None:
    """Raises the letter's revision, so that no page made before is taken for the present one.

    `lowering`: something that was visible no longer is; then nothing older may be served at all. Called while the
    letter is locked, as the last write.
    """
    new = F("revision") + 1
    changes = {"revision": new, "hidden_revision": new} if lowering else {"revision": new}
    Letter.objects.filter(pk=letter.pk).update(**changes)


def _changed(letter: Letter, before: object, after: object) -> None:
    revise(letter, lowering=after is None)


flow = Workflow(
    Letter,
    LetterEvent,
    face=lambda letter: (letter.status, letter.closes_at) if letter.status in Letter.PUBLIC else None,
    changed=_changed,
)


@flow.step(Status.DRAFT, to=Status.OPEN, who=CONVENER)
def open(letter: Letter, *, by: User | None, at: datetime = NOW) -> None:
    """Seals the first version and opens it for signature."""
    if letter.closes_at is None or letter.closes_at <= at:
        raise NotAllowed(_("Set a deadline that lies ahead."))
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


@flow.step(Status.CLOSED, to=Status.OPEN, who=CONVENER)
def reopen(letter: Letter, *, by: User | None, closes_at: datetime, note: str, at: datetime = NOW) -> None:
    """Opens again until a new deadline; the note says why."""
    if letter.is_recorded:
        raise NotAllowed(_("A letter recorded from a published list can’t be signed here."))
    if closes_at <= at:
        raise NotAllowed(_("Set a deadline that lies ahead."))
    letter.closes_at, letter.closed_at = closes_at, None


@flow.step(*Letter.PUBLIC, to=Status.TAKEN_DOWN, who=CONVENER)
def take_down(letter: Letter, *, by: User | None, note: str, at: datetime = NOW) -> None:
    """The letter leaves the public; its address says so."""


@flow.step(Status.TAKEN_DOWN, to=BEFORE, who=CONVENER)
def restore(letter: Letter, *, by: User | None, note: str, at: datetime = NOW) -> None:
    """Back to the state in which it was taken down."""


def _seal(letter: Letter, at: datetime) -> None:
    version = letter.versions.filter(sealed_at=None).first()
    if version is None or not version.texts.filter(language=letter.authoritative_language).exists():
        raise NotAllowed(_("Write the text in the authoritative language."))
    if not letter.addressees.exists():
        raise NotAllowed(_("Name at least one addressee."))
    version.digest, version.sealed_at = version.compute_digest(), at
    version.save()
