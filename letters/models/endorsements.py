"""An endorsement: one organisation signs one letter. The person who signs for it stands in a table apart."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, NamedTuple

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from coalition import constraints
from coalition.fields import EncryptedTextField
from coalition.ids import public_id
from coalition.models import Event, Note
from letters.models.letters import Letter
from letters.models.versions import Version
from signatories.models import Organisation

#: A link to confirm a sign-on lives this long, or until the letter takes no more confirmations.
CONFIRM_AGE = timedelta(days=21)


class Listed(NamedTuple):
    """A line of the public list: all that a surface may know of a signatory."""

    printed_name: str
    printed_acronym: str
    printed_country: str
    tier: str
    slug: str | None
    """Of the organisation's page, if it has a public one."""


class EndorsementQuerySet(models.QuerySet["Endorsement"]):
    def approved(self) -> EndorsementQuerySet:
        return self.filter(status=Endorsement.Status.APPROVED)

    def consenting(self) -> EndorsementQuerySet:
        """Approved, to a text that the organisation has agreed to: one that is due for re-consent is not here."""
        return self.approved().filter(version__number__gte=F("letter__consent_version"))

    def counted(self) -> EndorsementQuerySet:
        """In the figures: named, country and counted, never confidential."""
        return self.consenting().exclude(visibility=Endorsement.Visibility.CONFIDENTIAL)

    def listed(self) -> EndorsementQuerySet:
        """By name in public, in the order of an alphabetical list. What is withheld is not selected at all."""
        return self.consenting().filter(visibility=Endorsement.Visibility.NAMED).order_by(*Endorsement.ALPHABETICAL)

    def in_order_of(self, letter: Letter) -> EndorsementQuerySet:
        return self.order_by(*(Endorsement.AS_SIGNED if letter.list_order == "signed" else Endorsement.ALPHABETICAL))

    def live(self) -> EndorsementQuerySet:
        """Neither ended nor expired: what a further sign-on of the same address would repeat."""
        return self.filter(status__in=Endorsement.LIVE)

    def seen_by(self, user: Any) -> EndorsementQuerySet:
        """What a person with an account may see at the desk: endorsements of the letters they hold a role on."""
        return self.filter(letter__in=Letter.objects.held_by(user, "convener", "moderator", "observer"))


class Endorsement(models.Model):
    """What the organisation signed, where its check stands, and how it wants to be shown."""

    class Status(models.TextChoices):
        SUBMITTED = "submitted", _("waiting for confirmation")
        CONFIRMED = "confirmed", _("waiting for the check")
        ASKED = "asked", _("question asked")
        HELD = "held", _("held")
        APPROVED = "approved", _("approved")
        REJECTED = "rejected", _("rejected")
        WITHDRAWN = "withdrawn", _("withdrawn")
        EXPIRED = "expired", _("expired")
        FOLDED = "folded", _("folded into another")
        REMOVED = "removed", _("removed")

    class Visibility(models.TextChoices):
        """How an organisation appears, from most to least."""

        NAMED = "named", _("With its name and country")
        COUNTRY = "country", _("As “an organisation in …”, without its name")
        COUNTED = "counted", _("In the total only")
        CONFIDENTIAL = "confidential", _("Known to the conveners only, in no figure")

    class Tier(models.TextChoices):
        CONVENER = "convener", _("convener")
        INITIAL = "initial", _("initial signatory")
        SIGNATORY = "signatory", _("signatory")

    class Evidence(models.TextChoices):
        PUBLISHED = "published", _("from a published list")
        MAILBOX = "mailbox", _("a mailbox answered")
        DOMAIN = "domain", _("an address at the organisation’s verified domain")
        KNOWN = "known", _("an address approved before")
        CHECKED = "checked", _("a moderator verified it otherwise")

    class Reason(models.TextChoices):
        """Why an endorsement was rejected: for the mail, where the reason is told, as a sentence."""

        NOT_AN_ORGANISATION = "not_an_organisation", _("Only organisations can sign this letter.")
        CANNOT_VERIFY = "cannot_verify", _("We could not verify the organisation or the address.")
        NO_AUTHORITY = "no_authority", _("We could not confirm that you may sign for the organisation.")
        NOT_ELIGIBLE = "not_eligible", _("The organisation is not among those that may sign this letter.")
        DUPLICATE = "duplicate", _("The organisation has already signed this letter.")
        CONDITIONAL = "conditional", _("The signature was bound to a condition, and the text can’t be changed for it.")
        IMPOSTOR = "impostor", _("Somebody else signed in the organisation’s name.")
        ADVERTISING = "advertising", _("The entry was advertising.")
        WRONG_LIST = "wrong_list", _("The entry belongs to another letter.")
        ASKED_TO_BE_REMOVED = "asked_to_be_removed", _("The organisation asked to be removed.")

    #: Code of the step `lapse` where the organisation has signed the present text by another endorsement.
    SIGNED_ANEW = "signed_anew"
    #: Rejected for these, nobody gets a mail.
    UNTOLD = (Reason.IMPOSTOR, Reason.ADVERTISING)
    #: The mail does not say this: that an organisation has signed is told to its own representative only.
    UNSAID = (Reason.DUPLICATE,)
    LIVE = (Status.SUBMITTED, Status.CONFIRMED, Status.ASKED, Status.HELD, Status.APPROVED)
    #: Where a confirmed one may stand: each can come to be due for re-consent.
    AGREED = (Status.CONFIRMED, Status.ASKED, Status.HELD, Status.APPROVED)
    #: Orders of the public list; tiers sort as conveners, initial signatories, signatories.
    ALPHABETICAL = ("tier", F("order").asc(nulls_last=True), "sort_key", "printed_name", "id")
    AS_SIGNED = (F("order").asc(nulls_last=True), "approved_at", "id")

    public_id = models.CharField(max_length=16, unique=True, default=public_id, editable=False)
    letter = models.ForeignKey(Letter, models.PROTECT, related_name="endorsements")
    organisation = models.ForeignKey(Organisation, models.PROTECT, null=True, related_name="endorsements")
    version = models.ForeignKey(Version, models.PROTECT, related_name="endorsements")
    language = models.CharField(_("language signed"), max_length=35)
    status = models.CharField(_("status"), max_length=9, choices=Status, default=Status.SUBMITTED, editable=False)
    visibility = models.CharField(_("visibility"), max_length=12, choices=Visibility, default=Visibility.NAMED)
    tier = models.CharField(_("tier"), max_length=9, choices=Tier, default=Tier.SIGNATORY)
    order = models.PositiveIntegerField(_("order in the tier"), null=True, blank=True)
    printed_name = models.CharField(_("name as printed"), max_length=300)
    printed_acronym = models.CharField(_("acronym as printed"), max_length=40, blank=True)
    printed_country = models.CharField(_("country as printed"), max_length=13, blank=True)
    sort_key = models.BinaryField(max_length=512)
    normalised = models.CharField(max_length=1000)
    evidence = models.CharField(_("evidence"), max_length=9, choices=Evidence, blank=True)
    signals = ArrayField(models.CharField(max_length=20), default=list, blank=True)
    logo = models.FileField(_("logo"), upload_to="logos", blank=True)
    consent_wording = models.CharField(max_length=12, blank=True)
    consented_at = models.DateTimeField(null=True, blank=True)
    consents_to_contact = models.BooleanField(_("wants to hear what comes of the letter"), default=False)
    consents_to_logo = models.BooleanField(default=False)
    submitted_at = models.DateTimeField(_("signed on"), default=None, null=True)
    confirmed_at = models.DateTimeField(_("confirmed"), null=True, blank=True)
    approved_at = models.DateTimeField(_("approved"), null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    objects = EndorsementQuerySet.as_manager()

    class Meta:
        verbose_name = _("endorsement")
        verbose_name_plural = _("endorsements")
        constraints = [
            models.UniqueConstraint(
                name="one_approved_endorsement_per_organisation",
                fields=["letter", "organisation"],
                condition=Q(status="approved"),
            ),
            constraints.one_of(
                "endorsement_status_is_known",
                "status",
                [
                    "submitted",
                    "confirmed",
                    "asked",
                    "held",
                    "approved",
                    "rejected",
                    "withdrawn",
                    "expired",
                    "folded",
                    "removed",
                ],
            ),
            constraints.one_of("visibility_is_known", "visibility", ["named", "country", "counted", "confidential"]),
            constraints.present_when(
                "confirmed_says_when", "confirmed_at", status__in=["confirmed", "asked", "approved"]
            ),
            constraints.present_when("approved_says_when", "approved_at", status="approved"),
            constraints.present_when(
                "ended_says_when", "ended_at", status__in=["rejected", "withdrawn", "expired", "folded", "removed"]
            ),
            constraints.only_when(
                "only_ended_has_an_end",
                "ended_at",
                status__in=["rejected", "withdrawn", "expired", "folded", "removed"],
            ),
            constraints.in_order("confirmed_after_it_came_in", "submitted_at", "confirmed_at"),
            constraints.present_when(
                "only_removed_forgets_its_organisation",
                "organisation",
                status__in=[
                    "submitted",
                    "confirmed",
                    "asked",
                    "held",
                    "approved",
                    "rejected",
                    "withdrawn",
                    "expired",
                    "folded",
                ],
            ),
            models.CheckConstraint(
                name="only_removed_has_no_name", condition=Q(status="removed") | ~Q(printed_name="")
            ),
            models.CheckConstraint(name="approved_has_evidence", condition=~Q(status="approved") | ~Q(evidence="")),
        ]
        indexes = [
            models.Index(
                name="listed_by_alphabet",
                fields=["letter", "tier", "order", "sort_key", "id"],
                condition=Q(status="approved", visibility="named"),
            ),
            models.Index(
                name="named_organisations",
                fields=["organisation", "letter"],
                condition=Q(status="approved", visibility="named"),
            ),
            models.Index(name="queue", fields=["status", "letter", "confirmed_at"]),
            GinIndex(name="listed_by_trigram", fields=["normalised"], opclasses=["gin_trgm_ops"], fastupdate=False),
        ]

    def __str__(self) -> str:
        return self.printed_name or str(self.get_status_display())

    @property
    def face(self) -> tuple[object, ...] | None:
        """What the public sees of it; None if nothing at all, as of confidential, unapproved or due ones."""
        if self.status != self.Status.APPROVED or self.visibility == self.Visibility.CONFIDENTIAL or self.is_due:
            return None
        match self.visibility:
            case self.Visibility.NAMED:
                shown: tuple[object, ...] = (
                    self.printed_name,
                    self.printed_acronym,
                    self.printed_country,
                    self.tier,
                    self.order,
                    self.organisation_id,
                )
            case self.Visibility.COUNTRY:
                shown = (self.printed_country,)
            case _:
                shown = ()
        return (self.visibility, self.version_id, *shown)

    @property
    def is_due(self) -> bool:
        """The letter has changed in substance since: neither counted nor listed until its representative agrees."""
        needed = self.letter.consent_version
        is_agreed = needed > 1 and self.status in self.AGREED and self.confirmed_at is not None
        return is_agreed and self.version.number < needed

    def has_lapsed(self, at: datetime) -> bool:
        """Nobody agreed to the changed text in time; the clock rules, whether or not a job has written `expired`."""
        if self.status == self.Status.EXPIRED:
            return self.confirmed_at is not None
        until = self.letter.reconsent_until
        return until is not None and until <= at and self.is_due

    @property
    def stands_anew(self) -> bool:
        """The organisation signs the present text by another endorsement."""
        same = self.letter.endorsements.consenting().filter(organisation=self.organisation_id)
        return same.exclude(pk=self.pk).exists()

    @property
    def status_but_for_a_hold(self) -> str:
        """Where it would stand had nobody held it; what its representative has done since counts."""
        hold = self.events.filter(verb="hold").last() if self.status == self.Status.HELD else None
        if hold is None:
            return self.status
        confirmed_since = hold.from_status == self.Status.SUBMITTED and self.confirmed_at is not None
        if confirmed_since or self.events.filter(verb="answer_held", pk__gt=hold.pk).exists():
            return self.Status.CONFIRMED
        return hold.from_status

    def told_status(self, at: datetime) -> str:
        """The status as the representative may know it: nobody is told of being held, and what lapsed is over."""
        if self.has_lapsed(at):
            return self.Status.EXPIRED
        told = self.status_but_for_a_hold
        has_ended = self.expires_at is not None and self.expires_at <= at
        is_over = self.status == self.Status.HELD and told == self.Status.SUBMITTED and has_ended
        return self.Status.EXPIRED if is_over else told

    @property
    def expires_at(self) -> datetime | None:
        """When an unconfirmed sign-on, and the link to confirm it, ends."""
        return confirm_by(self.letter, self.submitted_at) if self.submitted_at else None


def confirm_by(letter: Letter, submitted_at: datetime) -> datetime:
    """Until when a sign-on that comes in at that instant can be confirmed."""
    return min(filter(None, (submitted_at + CONFIRM_AGE, letter.confirms_until(submitted_at))))


class Representative(models.Model):
    """The person who signs for an organisation. Private; deleted by the retention job, and the link with it."""

    endorsement = models.OneToOneField(Endorsement, models.PROTECT, related_name="representative")
    name = EncryptedTextField(_("name"))
    role = EncryptedTextField(_("role"))
    email = EncryptedTextField(_("email"))
    email_domain = models.CharField(_("domain of the address"), max_length=253)
    email_digest = models.CharField(max_length=64, db_index=True)
    language = models.CharField(_("language of mails"), max_length=12, default="en")
    link_epoch = models.PositiveIntegerField(default=0)

    class Meta:
        verbose_name = _("representative")
        verbose_name_plural = _("representatives")
        indexes = [models.Index(name="representative_by_domain", fields=["email_domain"])]

    def __str__(self) -> str:
        return self.name


class EndorsementEvent(Event):
    """One step in the life of an endorsement."""

    endorsement = models.ForeignKey(Endorsement, models.PROTECT, related_name="events")


class EndorsementNote(Note):
    event = models.OneToOneField(EndorsementEvent, models.PROTECT, related_name="note")
