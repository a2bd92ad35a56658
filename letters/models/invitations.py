"""Invitations: who has been asked to sign a letter, and what came of it."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from coalition import constraints
from coalition.fields import EncryptedTextField
from coalition.ids import public_id
from letters.models.endorsements import Endorsement
from letters.models.letters import Letter
from signatories.models import Organisation


class InvitationQuerySet(models.QuerySet["Invitation"]):
    def valid(self) -> InvitationQuerySet:
        """Those whose link opens their letter now."""
        return self.filter(revoked_at=None, letter__in=Letter.objects.visible_to_invited())


class Invitation(models.Model):
    """One address that was asked to sign a letter for one organisation; its link opens the letter under embargo too."""

    class State(StrEnum):
        SIGNED = "signed"
        ENDED = "ended"
        DECLINED = "declined"
        REVOKED = "revoked"
        WAITING = "waiting"

    public_id = models.CharField(max_length=16, unique=True, default=public_id, editable=False)
    letter = models.ForeignKey(Letter, models.PROTECT, related_name="invitations")
    organisation = models.ForeignKey(Organisation, models.PROTECT, null=True, related_name="invitations")
    name = models.CharField(_("name of the organisation"), max_length=300)
    email = EncryptedTextField(_("email"))
    email_digest = models.CharField(max_length=64)
    language = models.CharField(_("language of mails"), max_length=12, default="en")
    link_epoch = models.PositiveIntegerField(default=0)
    invited_at = models.DateTimeField(_("invited"))
    revoked_at = models.DateTimeField(_("revoked"), null=True)
    declined_at = models.DateTimeField(_("declined"), null=True)
    declined_for = EncryptedTextField(_("reason"), default="")
    endorsement = models.ForeignKey(Endorsement, models.PROTECT, null=True, related_name="invitations")
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    objects = InvitationQuerySet.as_manager()

    class Meta:
        verbose_name = _("invitation")
        verbose_name_plural = _("invitations")
        constraints = [
            models.UniqueConstraint(name="address_is_invited_once", fields=["letter", "email_digest"]),
            models.CheckConstraint(name="invitation_says_whom", condition=~Q(name="")),
            constraints.in_order("declined_after_invited", "invited_at", "declined_at"),
            constraints.in_order("revoked_after_invited", "invited_at", "revoked_at"),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def is_answered(self) -> bool:
        """By a signature that was confirmed and has not ended."""
        given = self.endorsement
        return given is not None and given.confirmed_at is not None and given.status in Endorsement.LIVE

    def told_state(self, at: datetime) -> State:
        """As whoever holds the link may know it: a signature is told once it is confirmed, being held never."""
        given = self.endorsement
        if given is None or given.confirmed_at is None:
            return self.State.WAITING if self.declined_at is None else self.State.DECLINED
        return self.State.SIGNED if given.told_status(at) in Endorsement.LIVE else self.State.ENDED

    @property
    def state(self) -> State:
        """What came of it so far, for the desk."""
        if self.revoked_at is not None:
            return self.State.REVOKED
        if self.endorsement is not None:
            return self.State.SIGNED if self.endorsement.status in Endorsement.LIVE else self.State.ENDED
        return self.State.WAITING if self.declined_at is None else self.State.DECLINED
