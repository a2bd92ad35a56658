"""Verbs on invitations: an organisation is asked to sign, accepts or declines, or is asked no longer."""

from __future__ import annotations

from datetime import datetime

from django.utils.translation import gettext as _

from coalition.fields import email_digest
from coalition.jobs import enqueue
from coalition.models import User
from coalition.workflow import NOW, SAME, NotAllowed, locked
from letters import endorsing
from letters.lifecycle import flow
from letters.models import Endorsement, Invitation, Letter
from letters.roles import CONVENER
from signatories import merging
from signatories.models import Organisation

Status = Letter.Status


@flow.step(Status.OPEN, Status.CLOSED, Status.DELIVERED, to=SAME, who=CONVENER)
def invite(
    letter: Letter,
    *,
    by: User | None,
    name: str,
    email: str,
    language: str,
    organisation: Organisation | None = None,
    at: datetime = NOW,
) -> None:
    """Mails a personal link, which opens the letter under embargo too; `language` is that of the mail.

    An address whose invitation was revoked is asked anew, with a new link.
    """
    if letter.audience == Letter.Audience.TEAM:
        raise NotAllowed(_("Only the team may see this letter. Let those invited see it first."))
    if not letter.accepts(at):
        raise NotAllowed(_("This letter takes no more signatures."))
    digest = email_digest(email)
    invitation = letter.invitations.filter(email_digest=digest).first() or Invitation(letter=letter)
    if invitation.pk is not None and invitation.revoked_at is None:
        raise NotAllowed(_("This address has been invited already."))
    invitation.name, invitation.organisation = name, merging.survivor(organisation) if organisation else None
    invitation.email, invitation.email_digest, invitation.language = email, digest, language
    invitation.invited_at, invitation.revoked_at = at, None
    invitation.declined_at, invitation.declined_for, invitation.endorsement = None, "", None
    invitation.save()
    enqueue("letters.tasks.send_invitation", invitation=invitation.pk)


@flow.step(*Letter.PUBLIC, to=SAME, who=CONVENER)
def revoke(letter: Letter, *, by: User | None, invitation: Invitation, at: datetime = NOW) -> None:
    """The link opens nothing from now on. What was signed by it stands."""
    present = _present(letter, invitation)
    present.revoked_at = max(at, present.invited_at)
    present.link_epoch += 1
    present.save()


def accept(invitation: Invitation, sign_on: endorsing.SignOn, *, is_flood: bool = False, at: datetime) -> Endorsement:
    """Takes in a sign-on that came by an invitation. Raises NotAllowed when the letter takes no more of them."""
    with locked(invitation.letter) as letter:
        present = _present(letter, invitation)
        endorsement = endorsing.sign(letter, sign_on, is_flood=is_flood, at=at)
        if not present.is_answered:  # a link that was passed on may bring a second signature
            present.endorsement = endorsement
            present.save(update_fields=["endorsement"])
    return endorsement


def decline(invitation: Invitation, *, reason: str, at: datetime) -> None:
    """The organisation will not sign; `reason`, if it gives one, is for the conveners. It may still change its mind."""
    with locked(invitation.letter) as letter:
        present = _present(letter, invitation)
        if present.is_answered:
            raise NotAllowed(_("This invitation has been accepted. A signature is withdrawn by the link to it."))
        present.endorsement = None  # what ended is not the answer any more
        present.declined_at, present.declined_for = max(at, present.invited_at), reason
        present.save(update_fields=["endorsement", "declined_at", "declined_for"])


def _present(letter: Letter, invitation: Invitation) -> Invitation:
    """As it stands now that its letter is locked, if its link still holds."""
    holding = letter.invitations.filter(revoked_at=None, link_epoch=invitation.link_epoch)
    present: Invitation | None = holding.select_related("endorsement").filter(pk=invitation.pk).first()
    if present is None:
        raise NotAllowed(_("Choose an invitation to this letter that still holds."))
    return present
