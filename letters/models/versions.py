"""What is signed: versions of a letter, each a sealed set of texts, one text per language."""

from __future__ import annotations

import hashlib
import json
from typing import Any

import pgtrigger
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from coalition import constraints
from coalition.languages import direction, endonym
from letters.models.letters import Letter


class Version(models.Model):
    """A set of texts under one number. Once sealed it can't change: Postgres refuses it."""

    class Change(models.TextChoices):
        FIRST = "first", _("first version")
        TYPO = "typo", _("correction of a slip")
        MATERIAL = "material", _("change of substance")

    letter = models.ForeignKey(Letter, models.PROTECT, related_name="versions")
    number = models.PositiveIntegerField(_("number"), default=1)
    change = models.CharField(_("kind of change"), max_length=8, choices=Change, default=Change.FIRST)
    note = models.TextField(_("what changed"), blank=True)
    sealed_at = models.DateTimeField(_("sealed at"), null=True, blank=True, editable=False)
    digest = models.CharField(_("digest"), max_length=64, null=True, blank=True, editable=False)  # noqa: DJ001  null while unsealed

    class Meta:
        verbose_name = _("version")
        verbose_name_plural = _("versions")
        constraints = [
            models.UniqueConstraint(name="version_number_stands_once_per_letter", fields=["letter", "number"]),
            models.UniqueConstraint(
                name="one_unsealed_version_per_letter", fields=["letter"], condition=Q(sealed_at__isnull=True)
            ),
            constraints.present_when("sealed_version_has_a_digest", "digest", sealed_at__isnull=False),
            constraints.only_when("only_sealed_version_has_a_digest", "digest", sealed_at__isnull=False),
        ]
        triggers = [
            pgtrigger.Protect(
                name="sealed",
                operation=pgtrigger.Update | pgtrigger.Delete,
                condition=pgtrigger.Q(old__sealed_at__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return str(_("version %(number)s") % {"number": self.number})

    def canonical_json(self) -> bytes:
        """What the digest is taken of: UTF-8, keys sorted, no spaces, texts by language."""
        content = {"letter": self.letter.reference, "version": self.number, "texts": self.signed_texts()}
        return json.dumps(content, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()

    def signed_texts(self) -> list[dict[str, Any]]:
        """What people sign, by language."""
        return [{name: getattr(text, name) for name in Text.SIGNED} for text in self.texts.order_by("language")]

    def compute_digest(self) -> str:
        """SHA-256 of the canonical JSON, in hex."""
        return hashlib.sha256(self.canonical_json()).hexdigest()


class Text(models.Model):
    """A version in one language. Plain text, but for `body` and `demands`, which are Markdown."""

    #: The fields that people sign, and of which the digest is taken.
    SIGNED = ("language", "title", "summary", "salutation", "body", "demands", "closing")

    version = models.ForeignKey(Version, models.PROTECT, related_name="texts")
    language = models.CharField(_("language"), max_length=35)
    title = models.CharField(_("title"), max_length=300)
    summary = models.TextField(_("summary"), blank=True)
    salutation = models.CharField(_("salutation"), max_length=300, blank=True)
    body = models.TextField(_("body"))
    demands = ArrayField(models.TextField(), verbose_name=_("demands"), default=list, blank=True)
    closing = models.TextField(_("closing"), blank=True)

    class Meta:
        verbose_name = _("text")
        verbose_name_plural = _("texts")
        constraints = [
            models.UniqueConstraint(name="one_text_per_language_and_version", fields=["version", "language"]),
            models.CheckConstraint(name="text_has_a_title_and_a_body", condition=~Q(title="") & ~Q(body="")),
        ]
        triggers = [
            pgtrigger.Trigger(
                name="sealed",
                when=pgtrigger.Before,
                operation=pgtrigger.Insert | pgtrigger.Update | pgtrigger.Delete,
                declare=[("touched", "bigint[]")],
                func="""
                    touched := ARRAY[CASE WHEN TG_OP <> 'INSERT' THEN OLD.version_id END,
                                     CASE WHEN TG_OP <> 'DELETE' THEN NEW.version_id END];
                    IF EXISTS (SELECT 1 FROM letters_version WHERE id = ANY(touched) AND sealed_at IS NOT NULL) THEN
                        RAISE EXCEPTION 'pgtrigger: the texts of a sealed version cannot change';
                    END IF;
                    IF TG_OP = 'DELETE' THEN RETURN OLD; END IF;
                    RETURN NEW;
                """,
            ),
        ]

    def __str__(self) -> str:
        return self.title

    @property
    def direction(self) -> str:
        return direction(self.language)

    @property
    def language_name(self) -> str:
        return endonym(self.language)
