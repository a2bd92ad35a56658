"""A delivery: the frozen batch that was handed to the addressees."""

from __future__ import annotations

import pgtrigger
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from coalition import constraints
from coalition.languages import endonym
from letters.models.documents import Format
from letters.models.endorsements import Endorsement
from letters.models.letters import Addressee, Letter
from letters.models.versions import Version


class Delivery(models.Model):
    """What was handed over: to the addressees, at one instant, with so many signatories. Postgres lets nobody change
    or delete it. Its figures are those of counting.Count at that instant; of an addendum, which lists only those who
    signed since, `named` and `withheld` are of these alone."""

    class Channel(models.TextChoices):
        EMAIL = "email", _("by email from here")
        BY_HAND = "by_hand", _("handed over in person")
        POST = "post", _("by post")
        PORTAL = "portal", _("entered on the addressee’s website")
        OTHER = "other", _("in another way")

    letter = models.ForeignKey(Letter, models.PROTECT, related_name="deliveries")
    number = models.PositiveIntegerField(_("number"))
    version = models.ForeignKey(Version, models.PROTECT, related_name="deliveries")
    at = models.DateTimeField(_("delivered at"))
    channel = models.CharField(_("how"), max_length=8, choices=Channel)
    reference = models.CharField(_("reference number"), max_length=120, blank=True)
    proof = models.FileField(_("proof"), upload_to="proofs", blank=True)
    is_addendum = models.BooleanField(_("only those who signed since the delivery before"), default=False)
    count = models.PositiveIntegerField(_("organisations"))
    named = models.PositiveIntegerField(_("by name"))
    #: Country code → organisations listed without their name; "" for those whose country is not given.
    withheld = models.JSONField(_("without their name"), default=dict)

    class Meta:
        verbose_name = _("delivery")
        verbose_name_plural = _("deliveries")
        ordering = ["number"]
        constraints = [
            models.UniqueConstraint(name="delivery_number_stands_once_per_letter", fields=["letter", "number"]),
            constraints.one_of("channel_is_known", "channel", ["email", "by_hand", "post", "portal", "other"]),
            models.CheckConstraint(name="delivery_names_some_of_its_count", condition=Q(named__lte=models.F("count"))),
        ]
        triggers = [pgtrigger.Protect(name="append_only", operation=pgtrigger.Update | pgtrigger.Delete)]

    def __str__(self) -> str:
        return str(_("delivery %(number)s") % {"number": self.number})

    @property
    def listed(self) -> int:
        """The organisations on its list, by name or without it."""
        return sum(self.withheld.values(), self.named) if self.is_addendum else self.count

    def reached(self, addressee: Addressee) -> bool:
        """By email from here it goes only to those whose address is known; in any other way, to all."""
        return self.channel != self.Channel.EMAIL or bool(addressee.email)

    @property
    def recipients(self) -> list[Addressee]:
        """The main addressees that got it."""
        return [to for to in self.letter.addressees.all() if not to.is_copied and self.reached(to)]


class DeliveryLine(models.Model):
    """One counted signatory of a delivery, in its place. `printed` is what the list says of it, NULL where the name
    was withheld or has been removed for safety since: the only change that Postgres allows."""

    delivery = models.ForeignKey(Delivery, models.PROTECT, related_name="lines")
    position = models.PositiveIntegerField()
    endorsement = models.ForeignKey(Endorsement, models.PROTECT, related_name="delivery_lines")
    visibility = models.CharField(max_length=12, choices=Endorsement.Visibility)
    #: name, acronym, country (code), tier, is_consultative (general, special, roster or "": status with ECOSOC)
    printed = models.JSONField(null=True)

    class Meta:
        ordering = ["position"]
        constraints = [
            models.UniqueConstraint(name="line_has_its_place", fields=["delivery", "position"]),
            models.UniqueConstraint(name="endorsement_stands_once_per_delivery", fields=["delivery", "endorsement"]),
        ]
        triggers = [
            pgtrigger.Protect(name="kept", operation=pgtrigger.Delete),
            pgtrigger.Protect(
                name="only_emptied",
                operation=pgtrigger.Update,
                condition=pgtrigger.Condition(
                    "NEW.printed IS NOT NULL OR NEW.id IS DISTINCT FROM OLD.id"
                    " OR NEW.delivery_id IS DISTINCT FROM OLD.delivery_id"
                    " OR NEW.position IS DISTINCT FROM OLD.position"
                    " OR NEW.endorsement_id IS DISTINCT FROM OLD.endorsement_id"
                    " OR NEW.visibility IS DISTINCT FROM OLD.visibility"
                ),
            ),
        ]

    def __str__(self) -> str:
        return str(self.printed["name"]) if self.printed else "–"


class DeliveryFile(models.Model):
    """A file as it was handed over, made once. It goes to the addressees and is kept for the conveners."""

    delivery = models.ForeignKey(Delivery, models.PROTECT, related_name="files")
    language = models.CharField(max_length=35)
    format = models.CharField(max_length=4, choices=Format)
    file = models.FileField(upload_to="deliveries")
    sha256 = models.CharField(max_length=64)
    size = models.PositiveIntegerField(help_text="Bytes.")
    made_at = models.DateTimeField()

    class Meta:
        ordering = ["delivery", "language", "format"]
        constraints = [
            models.UniqueConstraint(name="file_stands_once_per_delivery", fields=["delivery", "language", "format"])
        ]
        triggers = [pgtrigger.Protect(name="append_only", operation=pgtrigger.Update | pgtrigger.Delete)]

    def __str__(self) -> str:
        return f"{self.delivery} {self.language} {self.format}"

    @property
    def language_name(self) -> str:
        return endonym(self.language)
