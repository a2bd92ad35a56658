"""Verbs on invitations: an organisation is asked to sign, accepts or declines, or is asked no longer."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from coalition.fields import email_digest
from coalition.jobs import enqueue
from coalition.models import User
from coalition.workflow import NOW, SAME, NotAllowed, locked
from letters import endorsing
from letters.lifecycle import flow
from letters.models import Endorsement, Invitation, Letter
from letters.roles import CONVENER
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
    invitation.name, invitation.organisation = name, organisation
    invitation.email, invitation.email_digest, invitation.language = email, digest, language
    invitation.invited_at, invitation.revoked_at = at, None
    invitation.declined_at, invitation.declined_for = None, ""
    invitation.save()
    enqueue("letters.tasks.send_invitation", invitation=invitation.pk)


@flow.step(*Letter.PUBLIC, to=SAME, who=CONVENER)
def revoke(letter: Letter, *, by: User | None, invitation: Invitation, at: datetime = NOW) -> None:
    """The link opens nothing from now on. What was signed by it stands."""
    if invitation.letter_id != letter.pk or invitation.revoked_at is not None:
        raise NotAllowed(_("Choose an invitation to this letter that still holds."))
    invitation.revoked_at = at
    invitation.link_epoch += 1
    invitation.save()


def accept(invitation: Invitation, sign_on: endorsing.SignOn, *, is_flood: bool = False, at: datetime) -> Endorsement:
    """Takes in a sign-on that came by an invitation. Raises NotAllowed when the letter takes no more of them."""
    with transaction.atomic():
        endorsement = endorsing.sign(invitation.letter, sign_on, is_flood=is_flood, at=at)
        Invitation.objects.filter(pk=invitation.pk).update(endorsement=endorsement)
    return endorsement


def decline(invitation: Invitation, *, reason: str, at: datetime) -> None:
    """The organisation will not sign; `reason`, if it gives one, is for the conveners. It may still change its mind."""
    with locked(invitation.letter):
        invitation.refresh_from_db(fields=["endorsement", "declined_at", "revoked_at"])
        if invitation.endorsement is not None and invitation.endorsement.status in Endorsement.LIVE:
            raise NotAllowed(_("This invitation has been accepted. A signature is withdrawn by the link to it."))
        invitation.declined_at, invitation.declined_for = at, reason
        invitation.save(update_fields=["declined_at", "declined_for"])
