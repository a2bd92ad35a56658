"""A letter: to whom it goes, who may see it when, and what its clock says."""

from __future__ import annotations

import zoneinfo
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Exists, OuterRef, Q
from django.db.models.functions import Now
from django.urls import reverse
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _

from coalition import constraints
from coalition.fields import EncryptedTextField
from coalition.models import Event, Note, User

if TYPE_CHECKING:
    from letters.models.versions import Text, Version

#: In the last hours a page says how many are left.
CLOSING = timedelta(hours=48)


class LetterQuerySet(models.QuerySet["Letter"]):
    def visible_to(self, user: User | AnonymousUser | None, at: datetime) -> LetterQuerySet:
        """The letters whose page `user` may see at that instant; nobody (None) is the public.

        The one rule behind every public surface: what is not here does not exist for this visitor.
        """
        public = Q(audience=Letter.Audience.PUBLIC, status__in=Letter.PUBLIC) & (
            Q(public_from__isnull=True) | Q(public_from__lte=at)
        )
        if user is None or not user.is_authenticated or not user.is_active:
            return self.filter(public)
        if user.is_superuser:
            return self
        return self.filter(public | Q(Exists(LetterRole.objects.filter(letter=OuterRef("pk"), user=user))))

    def visible_to_invited(self) -> LetterQuerySet:
        """The letters that the link of an invitation opens: public ones, those still under embargo, and those that only
        the invited may see."""
        return self.filter(audience__in=[Letter.Audience.INVITED, Letter.Audience.PUBLIC], status__in=Letter.PUBLIC)

    def held_by(self, user: User | AnonymousUser, *roles: str) -> LetterQuerySet:
        """The letters on which `user` has one of these roles; an administrator has all."""
        if user.is_superuser and user.is_active:
            return self
        if not user.is_authenticated or not user.is_active:
            return self.none()
        return self.filter(Exists(LetterRole.objects.filter(letter=OuterRef("pk"), user=user, role__in=roles)))


class Letter(models.Model):
    """One joint letter. Its words are in versions, its life in events."""

    class Kind(models.TextChoices):
        JOINT_LETTER = "joint_letter", _("joint letter")
        OPEN_LETTER = "open_letter", _("open letter")
        STATEMENT = "statement", _("statement")
        SUBMISSION = "submission", _("submission")

    class Status(models.TextChoices):
        DRAFT = "draft", _("draft")
        OPEN = "open", _("open")
        CLOSED = "closed", _("closed")
        DELIVERED = "delivered", _("delivered")
        CONCLUDED = "concluded", _("concluded")
        DISCARDED = "discarded", _("discarded")
        TAKEN_DOWN = "taken_down", _("taken down")

    class Audience(models.TextChoices):
        TEAM = "team", _("the team")
        INVITED = "invited", _("the team and those invited")
        PUBLIC = "public", _("everybody")

    class Order(models.TextChoices):
        ALPHABETICAL = "alphabetical", _("conveners first, then by alphabet")
        SIGNED = "signed", _("in the order of signing")

    class Withdrawal(models.TextChoices):
        SILENT = "silent", _("An organisation that withdraws is taken off the list without a remark.")

    class Withheld(models.TextChoices):
        ALLOWED = "allowed", _("An organisation may be counted without its name being published.")
        NOT_ALLOWED = "not_allowed", _("Every organisation is published by name.")

    class Eligibility(models.TextChoices):
        ORGANISATIONS = "organisations", _("Any organisation may sign. Individuals can’t.")
        CIVIL_SOCIETY = (
            "civil_society",
            _("Civil society organisations may sign. Individuals, companies, parties and public bodies can’t."),
        )

    class Precision(models.TextChoices):
        DAY = "day", _("day")
        MONTH = "month", _("month")
        YEAR = "year", _("year")

    #: The states in which the public may see a letter.
    PUBLIC = (Status.OPEN, Status.CLOSED, Status.DELIVERED, Status.CONCLUDED)
    #: The states of one that has been delivered at least once.
    HANDED_OVER = (Status.DELIVERED, Status.CONCLUDED)

    reference = models.CharField(_("reference"), max_length=40, unique=True)
    slug = models.SlugField(_("address"), max_length=80, unique=True)
    kind = models.CharField(_("kind"), max_length=12, choices=Kind, default=Kind.JOINT_LETTER)
    status = models.CharField(_("status"), max_length=10, choices=Status, default=Status.DRAFT, editable=False)
    audience = models.CharField(_("audience"), max_length=7, choices=Audience, default=Audience.TEAM)
    public_from = models.DateTimeField(_("public from"), null=True, blank=True)
    closes_at = models.DateTimeField(_("closes at"), null=True, blank=True)
    time_zone = models.CharField(_("time zone"), max_length=64, default="UTC")
    confirmation_grace = models.DurationField(_("grace for confirmations"), default=timedelta(hours=1))
    late_until = models.DateTimeField(_("late signatures until"), null=True, blank=True)
    opened_at = models.DateTimeField(_("opened at"), null=True, blank=True, editable=False)
    closed_at = models.DateTimeField(_("closed at"), null=True, blank=True, editable=False)
    list_order = models.CharField(_("order of the list"), max_length=12, choices=Order, default=Order.ALPHABETICAL)
    withdrawal = models.CharField(_("withdrawal"), max_length=12, choices=Withdrawal, default=Withdrawal.SILENT)
    withheld_names = models.CharField(_("withheld names"), max_length=12, choices=Withheld, default=Withheld.ALLOWED)
    eligibility = models.CharField(
        _("who may sign"), max_length=16, choices=Eligibility, default=Eligibility.CIVIL_SOCIETY
    )
    topics = ArrayField(models.CharField(max_length=60), verbose_name=_("topics"), default=list, blank=True)
    authoritative_language = models.CharField(_("authoritative language"), max_length=35, default="en")
    supersedes = models.ForeignKey("self", models.PROTECT, null=True, blank=True, related_name="superseded_by")
    consent_version = models.PositiveIntegerField(default=1, editable=False)
    reconsent_until = models.DateTimeField(null=True, blank=True, editable=False)
    dated_on = models.DateField(_("date of the letter"), null=True, blank=True)
    date_precision = models.CharField(max_length=5, choices=Precision, default=Precision.DAY)
    #: A letter of the past put on record from a published list says where; it can't be signed here.
    source_name = models.CharField(_("source"), max_length=200, blank=True)
    source_url = models.URLField(_("address of the source"), max_length=500, blank=True)
    source_remark = models.TextField(_("remark on the source"), blank=True)
    revision = models.PositiveBigIntegerField(default=0, editable=False)
    hidden_revision = models.PositiveBigIntegerField(default=0, editable=False)
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    objects = LetterQuerySet.as_manager()

    #: The public letters that supersede it, with their revisions; set by the query of its page.
    newer: list[dict[str, Any]]

    class Meta:
        verbose_name = _("letter")
        verbose_name_plural = _("letters")
        constraints = [
            constraints.one_of(
                "letter_status_is_known",
                "status",
                ["draft", "open", "closed", "delivered", "concluded", "discarded", "taken_down"],
            ),
            constraints.present_when(
                "opened_letter_says_when", "opened_at", status__in=["open", "closed", "delivered", "concluded"]
            ),
            constraints.present_when("closed_letter_says_when", "closed_at", status__in=["closed"]),
            constraints.in_order("letter_closes_after_it_opens", "opened_at", "closes_at"),
            constraints.in_order("late_signatures_end_after_closing", "closes_at", "late_until"),
            models.CheckConstraint(
                name="open_letter_has_a_deadline", condition=~Q(status="open") | Q(closes_at__isnull=False)
            ),
            models.CheckConstraint(
                name="order_of_signing_only_without_withheld_names",
                condition=~Q(list_order="signed") | Q(withheld_names="not_allowed"),
            ),
            models.CheckConstraint(
                name="hidden_revision_is_reached", condition=Q(hidden_revision__lte=models.F("revision"))
            ),
        ]
        indexes = [models.Index(name="letter_by_audience", fields=["audience", "status", "closes_at"])]

    def __str__(self) -> str:
        return f"{self.reference} {self.slug}"

    def get_absolute_url(self) -> str:
        return reverse("letters:letter", args=[self.slug])

    def refresh_from_db(
        self, using: str | None = None, fields: Iterable[str] | None = None, from_queryset: Any = None
    ) -> None:
        """Forgets the version in force too: somebody may have amended the letter."""
        super().refresh_from_db(using, fields, from_queryset)
        self.forget_texts()

    def forget_texts(self) -> None:
        """The version in force and its texts are read again when they are next asked for."""
        for name in ("version", "texts"):
            self.__dict__.pop(name, None)

    @property
    def is_recorded(self) -> bool:
        return bool(self.source_url)

    @property
    def allows_withheld_names(self) -> bool:
        return self.withheld_names == self.Withheld.ALLOWED

    @property
    def zone(self) -> zoneinfo.ZoneInfo:
        return zoneinfo.ZoneInfo(self.time_zone)

    def is_under_embargo(self, at: datetime) -> bool:
        return self.public_from is not None and at < self.public_from

    def is_public(self, at: datetime) -> bool:
        return self.audience == self.Audience.PUBLIC and self.status in self.PUBLIC and not self.is_under_embargo(at)

    def is_open(self, at: datetime) -> bool:
        """May be signed: open and before the deadline. The clock rules, whether or not a job has written `closed`."""
        return self.status == self.Status.OPEN and self.closes_at is not None and at < self.closes_at

    def takes_late(self, at: datetime) -> bool:
        """After the deadline, late signatures are still taken."""
        after = self.status in (self.Status.CLOSED, self.Status.DELIVERED) or (
            self.status == self.Status.OPEN and not self.is_open(at)
        )
        return after and not self.is_recorded and self.late_until is not None and at < self.late_until

    def accepts(self, at: datetime) -> bool:
        """A new sign-on may come in."""
        return self.is_open(at) or self.takes_late(at)

    def confirms_until(self, submitted_at: datetime) -> datetime | None:
        """Until when a sign-on that came in at that instant may be confirmed: the deadline and its grace, or the end
        of late signatures."""
        if self.late_until is not None and self.closes_at is not None and submitted_at >= self.closes_at:
            return self.late_until
        return self.closes_at + self.confirmation_grace if self.closes_at else None

    def accepts_confirmation(self, submitted_at: datetime, at: datetime) -> bool:
        until = self.confirms_until(submitted_at)
        in_grace = self.status == self.Status.OPEN and until is not None and at < until
        return in_grace or self.takes_late(at)

    def asks_again(self, at: datetime) -> bool:
        """The text has changed in substance, and who signed the one before can still agree."""
        return self.reconsent_until is not None and at < self.reconsent_until and self.status in self.PUBLIC

    @property
    def ended_at(self) -> datetime | None:
        """When signing ended or ends: at the deadline, or when it was closed before."""
        return min(filter(None, (self.closes_at, self.closed_at)), default=None)

    def phase(self, at: datetime) -> str:
        """What the clock makes of the status: the part of a page's key that changes without anybody acting."""
        return f"{self._phase(at)}+asking" if self.asks_again(at) else self._phase(at)

    def _phase(self, at: datetime) -> str:
        if self.status != self.Status.OPEN:
            return f"{self.status}+late" if self.takes_late(at) else self.status
        if self.is_under_embargo(at):
            return "embargo"
        if not self.is_open(at):
            return "over+late" if self.takes_late(at) else "over"
        return "open" if self.hours_left(at) is None else f"closes in {self.hours_left(at)} hours"

    def stage(self, at: datetime) -> str:
        """Where the letter stands, for its seal: open, closed, recorded, delivered, concluded, draft …"""
        if self.is_open(at):
            return "open"
        if self.is_recorded and self.status == self.Status.CLOSED:
            return "recorded"
        return "closed" if self.status == self.Status.OPEN else self.status

    def days_left(self, at: datetime) -> int:
        """By the calendar in UTC, as the pages that show it are made once a day."""
        return (self.closes_at.astimezone(UTC).date() - at.astimezone(UTC).date()).days if self.closes_at else 0

    def hours_left(self, at: datetime) -> int | None:
        """Whole hours, in the last two days only."""
        if self.closes_at is None or not timedelta() < self.closes_at - at < CLOSING:
            return None
        return (self.closes_at - at) // timedelta(hours=1)

    @cached_property
    def version(self) -> Version | None:
        """The version in force: the latest sealed one, or before the opening the draft."""
        versions = list(self.versions.order_by("-number")[:2])
        return next((v for v in versions if v.sealed_at), versions[0] if versions else None)

    @cached_property
    def texts(self) -> dict[str, Text]:
        """The texts of the version in force by language, the authoritative one first."""
        if self.version is None:
            return {}
        texts = sorted(self.version.texts.all(), key=lambda t: (t.language != self.authoritative_language, t.language))
        return {text.language: text for text in texts}

    @property
    def draft(self) -> Version | None:
        """The version that is being written beside the one in force, if there is one."""
        return self.versions.filter(sealed_at=None).first() if self.status != self.Status.DRAFT else None

    @property
    def title(self) -> str:
        """In the authoritative language."""
        text = next(iter(self.texts.values()), None)
        return text.title if text else self.reference


class LetterRole(models.Model):
    """What a person with an account may do with one letter."""

    class Role(models.TextChoices):
        CONVENER = "convener", _("convener")
        MODERATOR = "moderator", _("moderator")
        OBSERVER = "observer", _("observer")

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="letter_roles")
    letter = models.ForeignKey(Letter, models.PROTECT, related_name="roles")
    role = models.CharField(_("role"), max_length=9, choices=Role)

    class Meta:
        verbose_name = _("role")
        verbose_name_plural = _("roles")
        constraints = [models.UniqueConstraint(name="role_is_given_once", fields=["user", "letter", "role"])]

    def __str__(self) -> str:
        return f"{self.user}: {self.get_role_display()}"


class Addressee(models.Model):
    """An office to which the letter goes; its e-mail address is private."""

    letter = models.ForeignKey(Letter, models.PROTECT, related_name="addressees")
    order = models.PositiveSmallIntegerField(_("order"), default=0)
    office = models.CharField(_("office"), max_length=300)
    holder = models.CharField(_("holder"), max_length=200, blank=True)
    honorific = models.CharField(_("honorific"), max_length=80, blank=True)
    body = models.CharField(_("body"), max_length=200, blank=True)
    country = models.CharField(_("country"), max_length=13, blank=True)
    email = EncryptedTextField(_("email"), blank=True)
    is_copied = models.BooleanField(_("gets a copy (cc)"), default=False)

    class Meta:
        verbose_name = _("addressee")
        verbose_name_plural = _("addressees")
        ordering = ["is_copied", "order", "id"]
        constraints = [
            models.UniqueConstraint(name="addressee_has_its_place", fields=["letter", "order"]),
            models.CheckConstraint(name="addressee_has_an_office", condition=~Q(office="")),
        ]

    def __str__(self) -> str:
        return ", ".join(filter(None, [self.holder, self.office, self.body]))


class LetterEvent(Event):
    """One step in the life of a letter."""

    letter = models.ForeignKey(Letter, models.PROTECT, related_name="events")


class LetterNote(Note):
    event = models.OneToOneField(LetterEvent, models.PROTECT, related_name="note")
