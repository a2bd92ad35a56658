"""Imported endorsements: which letter a list was signed for, and what each of its lines became."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from coalition import constraints
from letters.models.endorsements import Endorsement
from letters.models.letters import Letter
from signatories.models import Import, ImportLine


class EndorsementImport(models.Model):
    """That a list holds endorsements of one letter, how they came together, and how they were verified."""

    class Kind(models.TextChoices):
        FORM = "form", _("collected by form before")
        PAPER = "paper", _("on paper")
        PUBLISHED = "published", _("a published list")

    origin = models.OneToOneField(Import, models.PROTECT, related_name="for_letter")
    letter = models.ForeignKey(Letter, models.PROTECT, related_name="imports")
    kind = models.CharField(_("how they were collected"), max_length=9, choices=Kind)
    evidence = models.CharField(_("evidence"), max_length=9, choices=Endorsement.Evidence)
    tells_people = models.BooleanField(_("records and tells the people"), default=False)

    class Meta:
        verbose_name = _("import of endorsements")
        verbose_name_plural = _("imports of endorsements")
        constraints = [constraints.one_of("import_source_is_known", "kind", ["form", "paper", "published"])]

    def __str__(self) -> str:
        return str(self.origin)


class ImportedEndorsement(models.Model):
    """Which endorsement a line of an import became."""

    line = models.OneToOneField(ImportLine, models.PROTECT, related_name="imported")
    endorsement = models.OneToOneField(Endorsement, models.PROTECT, related_name="imported")

    class Meta:
        verbose_name = _("imported endorsement")
        verbose_name_plural = _("imported endorsements")

    def __str__(self) -> str:
        return str(self.endorsement)
