"""What came of a letter: the addressees' responses, the conveners' assessment of each demand, updates, attachments."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from coalition import constraints
from coalition.ids import public_id
from letters.models.letters import Addressee, Letter


class Response(models.Model):
    """What one addressee answered."""

    class Kind(models.TextChoices):
        ACKNOWLEDGED = "acknowledged", _("receipt acknowledged")
        SUBSTANTIVE = "substantive", _("answered in substance")
        PARTIAL = "partial", _("answered in part")
        REFUSED = "refused", _("refused to answer")

    #: An acknowledgement of receipt is no reply yet.
    REPLIES = (Kind.SUBSTANTIVE, Kind.PARTIAL, Kind.REFUSED)

    letter = models.ForeignKey(Letter, models.PROTECT, related_name="responses")
    addressee = models.ForeignKey(Addressee, models.PROTECT, related_name="responses", verbose_name=_("from"))
    kind = models.CharField(_("kind"), max_length=12, choices=Kind)
    dated_on = models.DateField(_("date"))
    language = models.CharField(_("language"), max_length=35, default="en")
    text = models.TextField(_("text"), blank=True)
    #: Some replies are confidential: then the public learns date and kind, and nothing else.
    is_published = models.BooleanField(_("its text and file may be published"), default=True)
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        verbose_name = _("response")
        verbose_name_plural = _("responses")
        ordering = ["dated_on", "pk"]
        constraints = [
            constraints.one_of("response_kind_is_known", "kind", ["acknowledged", "substantive", "partial", "refused"])
        ]

    def __str__(self) -> str:
        return f"{self.addressee}: {self.get_kind_display()}"


class Assessment(models.Model):
    """The conveners' judgement on what a response does for one demand."""

    class Verdict(models.TextChoices):
        MET = "met", _("met")
        PARTLY = "partly", _("partly met")
        NOT_MET = "not_met", _("not met")
        NO_ANSWER = "no_answer", _("no answer")

    response = models.ForeignKey(Response, models.PROTECT, related_name="assessments")
    demand = models.PositiveSmallIntegerField(_("demand"), help_text="Its number in the letter, from 1.")
    verdict = models.CharField(_("assessment"), max_length=9, choices=Verdict)

    class Meta:
        verbose_name = _("assessment")
        verbose_name_plural = _("assessments")
        ordering = ["response", "demand"]
        constraints = [
            models.UniqueConstraint(name="one_assessment_per_response_and_demand", fields=["response", "demand"]),
            constraints.one_of("verdict_is_known", "verdict", ["met", "partly", "not_met", "no_answer"]),
        ]

    def __str__(self) -> str:
        return f"{self.demand}: {self.get_verdict_display()}"


class Update(models.Model):
    """Dated news outside the signed text, labelled as the conveners'."""

    letter = models.ForeignKey(Letter, models.PROTECT, related_name="updates")
    dated_on = models.DateField(_("date"))
    language = models.CharField(_("language"), max_length=35, default="en")
    title = models.CharField(_("title"), max_length=200)
    body = models.TextField(_("text"), blank=True)
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        verbose_name = _("update")
        verbose_name_plural = _("updates")
        ordering = ["dated_on", "pk"]

    def __str__(self) -> str:
        return self.title


class Attachment(models.Model):
    """A file that goes with a response or an update."""

    public_id = models.CharField(max_length=16, unique=True, default=public_id, editable=False)
    letter = models.ForeignKey(Letter, models.PROTECT, related_name="attachments")
    response = models.ForeignKey(Response, models.PROTECT, null=True, blank=True, related_name="attachments")
    update = models.ForeignKey(Update, models.PROTECT, null=True, blank=True, related_name="attachments")
    title = models.CharField(_("title"), max_length=200)
    file = models.FileField(_("file"), upload_to="attachments")
    #: One of attachments.TYPES: found from the bytes, never from the name.
    format = models.CharField(max_length=4)
    sha256 = models.CharField(max_length=64)
    size = models.PositiveIntegerField(help_text="Bytes.")

    class Meta:
        verbose_name = _("attachment")
        verbose_name_plural = _("attachments")
        ordering = ["pk"]
        constraints = [
            models.CheckConstraint(
                name="attachment_goes_with_one_thing",
                condition=Q(response__isnull=False, update__isnull=True)
                | Q(response__isnull=True, update__isnull=False),
            )
        ]

    def __str__(self) -> str:
        return self.title
