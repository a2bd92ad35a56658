"""Verbs that change the text after the opening: a new version is prepared beside the one in force, then sealed."""

from __future__ import annotations

from datetime import datetime

from django.utils.translation import gettext as _

from coalition.jobs import enqueue
from coalition.models import User
from coalition.workflow import NOW, SAME, NotAllowed
from letters import endorsing
from letters.lifecycle import flow
from letters.models import Letter, Text, Version
from letters.roles import CONVENER
from letters.sealing import seal

Status = Letter.Status
Change = Version.Change
#: A slip may be found after the delivery too; what was delivered keeps the version that it was made of.
AMENDABLE = (Status.OPEN, Status.CLOSED, Status.DELIVERED)


@flow.step(*AMENDABLE, to=SAME, who=CONVENER)
def prepare(letter: Letter, *, by: User | None, at: datetime = NOW) -> None:
    """The next version, with copies of the present texts to write on; nobody else sees it before it is sealed."""
    present = letter.version
    if letter.draft is not None or present is None:
        raise NotAllowed(_("A new version is being prepared already."))
    draft = Version.objects.create(letter=letter, number=present.number + 1)
    for text in present.texts.all():
        Text.objects.create(version=draft, **{name: getattr(text, name) for name in Text.SIGNED})


@flow.step(*AMENDABLE, to=SAME, who=CONVENER)
def drop_draft(letter: Letter, *, by: User | None, at: datetime = NOW) -> None:
    """The new version that was being prepared is not needed."""
    draft = _draft(letter)
    draft.texts.all().delete()
    draft.delete()


@flow.step(*AMENDABLE, to=SAME, who=CONVENER, is_seen=True)
def amend(
    letter: Letter,
    *,
    by: User | None,
    change: str,
    note: str,
    reconsent_until: datetime | None = None,
    at: datetime = NOW,
) -> None:
    """Seals the version that was prepared; it is in force from now on. The note says what changed, in public.

    After a change of substance who has signed is asked again: until they agree they are neither counted nor listed,
    and from `reconsent_until` on they no longer can.
    """
    draft = _draft(letter)
    present = letter.version
    assert present is not None
    if change not in (Change.TYPO, Change.MATERIAL):
        raise NotAllowed(_("Say whether this corrects a slip or changes the substance."))
    if not note.strip():
        raise NotAllowed(_("Say what changed."))
    if draft.signed_texts() == present.signed_texts():
        raise NotAllowed(_("Nothing differs from the version in force."))
    if change == Change.MATERIAL:
        if letter.is_recorded or letter.status == Status.DELIVERED:
            raise NotAllowed(
                _("What was delivered, or signed elsewhere, stays as it was. Only a slip can be corrected.")
            )
        if reconsent_until is None or reconsent_until <= at:
            raise NotAllowed(_("Set a day that lies ahead, until which those who have signed can agree."))
        _lapse_overdue(letter, at)
        letter.consent_version, letter.reconsent_until = draft.number, reconsent_until
    draft.change, draft.note = change, note
    seal(draft, at)
    letter.forget_texts()
    enqueue("letters.tasks.tell_of_version", version=draft.pk)


def _lapse_overdue(letter: Letter, at: datetime) -> None:
    """Who let the time for the version before pass is not asked again, whether or not the clock's job has run."""
    if letter.reconsent_until is not None and letter.reconsent_until <= at:
        for endorsement in letter.endorsements.filter(status__in=endorsing.flow.steps["lapse"].sources).order_by("pk"):
            if endorsement.has_lapsed(at):
                endorsing.lapse(endorsement, at=at)


def _draft(letter: Letter) -> Version:
    draft = letter.draft
    if draft is None:
        raise NotAllowed(_("No new version is being prepared."))
    return draft
