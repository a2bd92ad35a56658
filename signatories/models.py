"""The register of organisations: who they are, under which names and domains."""

from __future__ import annotations

from collections.abc import Callable, Collection
from datetime import datetime
from typing import Any

import pgtrigger
from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models import Exists, F, Func, Q, Subquery, Value
from django.db.models.expressions import RawSQL
from django.db.models.functions import Coalesce, Now
from django.urls import reverse
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _

from coalition import constraints
from coalition.fields import EncryptedTextField
from coalition.ids import public_id
from coalition.models import Event, Note, User

#: Where organisations are named in public: each entry gives, for an instant, the rows that name one, to be matched on
#: `organisation`. The apps that name them register theirs when they are ready; this register knows none of them.
NAMED_IN_PUBLIC: list[Callable[[datetime], models.QuerySet[models.Model]]] = []
#: Called with an organisation whose own page is about to come or go, in that transaction and before its row is locked:
#: the apps that link it make their pages anew.
LINKED_IN_PUBLIC: list[Callable[[Organisation], None]] = []


class OrganisationQuerySet(models.QuerySet["Organisation"]):
    def public(self, at: datetime) -> OrganisationQuerySet:
        """What search, form, directory and API may see: verified, not at risk, and named in public at that instant
        (or listed by a moderator)."""
        named = Q(is_listed=True)
        for rows in NAMED_IN_PUBLIC:
            named |= Q(Exists(rows(at).filter(organisation=models.OuterRef("pk"))))
        return self.filter(named, standing=Organisation.Standing.VERIFIED, at_risk=False)

    def with_name(self, language: str = "") -> OrganisationQuerySet:
        """With its name as `name`, in the same query: the one in a language of the interface, else the main one, which
        then stands beside it as `main_name`."""
        names = OrganisationName.objects.filter(organisation=models.OuterRef("pk"))
        main: Any = Subquery(names.filter(is_main=True).values("text")[:1])
        stands_for: dict[str, Any] = {"name": main}  # over the property of that name
        if language:
            in_language = Subquery(names.preferred(language).values("text")[:1])
            stands_for = {"name": Coalesce(in_language, main), "main_name": main}
        return self.annotate(**stands_for)

    def called(self, language: str) -> OrganisationQuerySet:
        """In the order of the names by which `with_name` calls it in a language: with the text as `name`, the name's
        own language as `name_language`, its place in the order as `name_key`."""
        spoken = OrganisationName.objects.filter(organisation=models.OuterRef("pk")).preferred(language)
        stands_for: dict[str, Any] = {
            name: Coalesce(Subquery(spoken.values(column)[:1]), F(f"names__{column}"))
            for name, column in (("name", "text"), ("name_language", "language"), ("name_key", "sort_key"))
        }
        return self.filter(names__is_main=True).annotate(**stands_for).order_by(F("name_key"), "pk")


class Organisation(models.Model):
    """A body that can sign a letter. Its names stand in a table of their own; one of them is the main one."""

    class Standing(models.TextChoices):
        PROVISIONAL = "provisional", _("provisional")
        VERIFIED = "verified", _("verified")
        SUSPENDED = "suspended", _("suspended")
        MERGED = "merged", _("merged")

    class Scope(models.TextChoices):
        LOCAL = "local", _("local")
        NATIONAL = "national", _("national")
        REGIONAL = "regional", _("regional")
        INTERNATIONAL = "international", _("international")

    class Consultative(models.TextChoices):
        """Status with the Economic and Social Council of the UN (resolution 1996/31)."""

        GENERAL = "general", _("general")
        SPECIAL = "special", _("special")
        ROSTER = "roster", _("roster")

    public_id = models.CharField(max_length=16, unique=True, default=public_id, editable=False)
    slug = models.SlugField(max_length=80, unique=True)
    country = models.CharField(_("country"), max_length=13, blank=True)
    website = models.URLField(_("website"), max_length=300, blank=True)
    scope = models.CharField(_("scope"), max_length=13, choices=Scope, blank=True)
    kind = models.CharField(_("kind"), max_length=80, blank=True)
    logo = models.FileField(_("logo"), upload_to="logos", blank=True)
    about = models.TextField(_("about"), blank=True)
    standing = models.CharField(_("standing"), max_length=11, choices=Standing, default=Standing.PROVISIONAL)
    merged_into = models.ForeignKey("self", models.PROTECT, null=True, blank=True, related_name="merged")
    ecosoc_status = models.CharField(_("consultative status"), max_length=7, choices=Consultative, blank=True)
    ecosoc_since = models.PositiveSmallIntegerField(_("consultative status since"), null=True, blank=True)
    at_risk = models.BooleanField(_("at risk"), default=False)
    is_listed = models.BooleanField(_("listed by a moderator"), default=False)
    revision = models.PositiveBigIntegerField(default=0, editable=False)
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    objects = OrganisationQuerySet.as_manager()

    class Meta:
        verbose_name = _("organisation")
        verbose_name_plural = _("organisations")
        constraints = [
            constraints.one_of(
                "organisation_standing_is_known", "standing", ["provisional", "verified", "suspended", "merged"]
            ),
            constraints.present_when("merged_organisation_says_into_which", "merged_into", standing="merged"),
            constraints.only_when("only_merged_organisation_points_on", "merged_into", standing="merged"),
        ]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("letters:organisation", args=[self.slug])

    #: How well it fits what was searched for, 0 to 1; set by matching.
    score: float
    #: Set by `called`.
    name_language: str
    name_key: bytes

    @cached_property
    def name(self) -> str:
        """The main name, as the organisation writes it."""
        main = self.names.filter(is_main=True).first()
        return main.text if main else self.slug

    @cached_property
    def main_name(self) -> str:
        """What a letter prints, also where `name` is the one in the reader's language."""
        main = self.names.filter(is_main=True).first()
        return main.text if main else self.slug

    def name_in(self, language: str) -> str:
        """Its name in a language of the interface, else the main one. Lists ask `with_name(language)` instead."""
        preferred = self.names.preferred(language).first()
        return preferred.text if preferred else self.name


class OrganisationNameQuerySet(models.QuerySet["OrganisationName"]):
    def preferred(self, language: str) -> OrganisationNameQuerySet:
        """Those by which to call it in a language: the main name if it is in that language, else the translation."""
        shown = Q(is_main=True) | Q(kind=OrganisationName.Kind.TRANSLATION)
        return self.filter(_spoken(language) & shown).order_by("-is_main", "language", "pk")

    def spelt(self, normalised: Collection[str]) -> OrganisationNameQuerySet:
        """Those that are one of these. Each is looked for by itself: for many at once Postgres takes the index of
        trigrams, in which one takes milliseconds."""
        return self.filter(pk__in=RawSQL(_SPELT, [list(normalised)]))  # noqa: S611  the text of the query is constant


_SPELT = """
SELECT named.id FROM unnest(%s::text[]) AS sought (normalised) CROSS JOIN LATERAL (
    SELECT id FROM signatories_organisationname AS name WHERE name.normalised = sought.normalised OFFSET 0
) AS named
"""


def _spoken(language: str) -> Q:
    """In a language of the interface, whatever the region; Chinese that names no script is in simplified letters."""
    whole = Q(language__iexact=language) | Q(language__istartswith=f"{language}-")
    return whole | Q(language__in=["zh", "zh-CN", "zh-SG"]) if language.lower() == "zh-hans" else whole


class OrganisationName(models.Model):
    """One of the names of an organisation, in one language."""

    class Kind(models.TextChoices):
        OFFICIAL = "official", _("official name")
        SHORT = "short", _("short name")
        ACRONYM = "acronym", _("acronym")
        TRANSLATION = "translation", _("translation")
        FORMER = "former", _("former name")
        ALIAS = "alias", _("also written as")

    class Learnt(models.TextChoices):
        """Where a person recognised it by a name that was not known yet."""

        LIST = "list", _("in a list of organisations")
        SIGN_ON = "sign_on", _("under a letter")

    organisation = models.ForeignKey(Organisation, models.PROTECT, related_name="names")
    text = models.CharField(_("name"), max_length=300)
    language = models.CharField(_("language"), max_length=35, blank=True)
    kind = models.CharField(_("kind"), max_length=11, choices=Kind, default=Kind.OFFICIAL)
    is_main = models.BooleanField(_("main name"), default=False)
    learnt = models.CharField(
        _("learnt"), max_length=7, choices=Learnt, blank=True, default="", db_default="", editable=False
    )
    sort_key = models.BinaryField(max_length=512)
    normalised = models.CharField(max_length=1000)
    #: What it may be called for short, folded: the acronym it prints, and its initials. Never shown.
    acronyms = ArrayField(models.CharField(max_length=300), default=list, editable=False)

    objects = OrganisationNameQuerySet.as_manager()

    class Meta:
        verbose_name = _("name of an organisation")
        verbose_name_plural = _("names of organisations")
        constraints = [
            models.UniqueConstraint(
                name="one_main_name_per_organisation", fields=["organisation"], condition=Q(is_main=True)
            ),
            models.UniqueConstraint(
                name="name_stands_once_per_organisation", fields=["organisation", "text", "language", "kind"]
            ),
            models.UniqueConstraint(
                name="one_translation_per_language",
                fields=["organisation", "language"],
                condition=Q(kind="translation"),
            ),
            models.CheckConstraint(name="name_has_text", condition=~Q(text="") & ~Q(normalised="")),
            models.CheckConstraint(name="only_an_alias_is_learnt", condition=Q(learnt="") | Q(kind="alias")),
            constraints.one_of("learnt_is_known", "learnt", ["", "list", "sign_on"]),
        ]
        indexes = [
            # Without fastupdate no search has to read through what came in since the index was last put in order.
            GinIndex(name="name_by_trigram", fields=["normalised"], opclasses=["gin_trgm_ops"], fastupdate=False),
            models.Index(name="name_by_equality", fields=["normalised"]),
            GinIndex(
                Func(F("normalised"), Value(" "), function="string_to_array"), name="name_by_word", fastupdate=False
            ),
            GinIndex(name="name_by_acronym", fields=["acronyms"], fastupdate=False),
        ]
        triggers = [
            pgtrigger.Trigger(
                name=f"words_of_{when}",
                when=pgtrigger.After,
                operation=operation,
                level=pgtrigger.Statement,
                referencing=pgtrigger.Referencing(new="named"),  # type: ignore[no-untyped-call]  # it has no types
                func=(
                    "INSERT INTO signatories_word (text)"
                    " SELECT DISTINCT word FROM named, unnest(string_to_array(named.normalised, ' ')) AS word"
                    " WHERE NOT EXISTS (SELECT FROM signatories_word AS known WHERE known.text = word);"
                    " RETURN NULL;"
                ),
            )
            for when, operation in (("new", pgtrigger.Insert), ("changed", pgtrigger.Update))
        ]

    def __str__(self) -> str:
        return self.text


class Word(models.Model):
    """A word of the names on the register, folded: among these we look for what a misspelt or unfinished one means.

    Written by Postgres as names come. One word may stand here twice when two names bring it at once: were it unique,
    one of the two would have to wait for the other's whole transaction.
    """

    text = models.CharField(max_length=1000)

    class Meta:
        indexes = [
            GinIndex(name="word_by_trigram", fields=["text"], opclasses=["gin_trgm_ops"], fastupdate=False),
            models.Index(name="word_by_equality", fields=["text"]),
        ]

    def __str__(self) -> str:
        return self.text


class Domain(models.Model):
    """A registrable domain (public suffix list) that belongs to an organisation."""

    class Proof(models.TextChoices):
        WEBSITE = "website", _("stated as its website")
        CHECKED = "checked", _("checked by a moderator")
        PUBLISHED = "published", _("from a published list")

    organisation = models.ForeignKey(Organisation, models.PROTECT, related_name="domains")
    name = models.CharField(_("domain"), max_length=253)
    how = models.CharField(_("known by"), max_length=9, choices=Proof)
    verified_at = models.DateTimeField(_("verified at"), null=True, blank=True)

    class Meta:
        verbose_name = _("domain")
        verbose_name_plural = _("domains")
        constraints = [
            models.UniqueConstraint(name="domain_stands_once_per_organisation", fields=["organisation", "name"]),
            constraints.present_when("checked_domain_says_when", "verified_at", how="checked"),
        ]
        indexes = [models.Index(name="domain_by_name", fields=["name"])]

    def __str__(self) -> str:
        return self.name


class OrganisationEvent(Event):
    """One step in the life of an entry of the register."""

    organisation = models.ForeignKey(Organisation, models.PROTECT, related_name="events")


class OrganisationNote(Note):
    event = models.OneToOneField(OrganisationEvent, models.PROTECT, related_name="note")


class Merge(models.Model):
    """That one entry has been merged into another, and all that is needed to take it back."""

    kept = models.ForeignKey(Organisation, models.PROTECT, related_name="merges")
    gone = models.ForeignKey(Organisation, models.PROTECT, related_name="own_merges")
    by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    at = models.DateTimeField()
    undone_at = models.DateTimeField(null=True)
    journal = models.JSONField(help_text="Keys and plain values of columns, no names of persons.")

    class Meta:
        constraints = [
            models.CheckConstraint(name="merge_has_two_entries", condition=~Q(kept=F("gone"))),
            models.UniqueConstraint(name="entry_is_merged_once", fields=["gone"], condition=Q(undone_at=None)),
            constraints.in_order("undone_after_merged", "at", "undone_at"),
        ]

    def __str__(self) -> str:
        return f"{self.gone_id} into {self.kept_id}"


class Difference(models.Model):
    """That somebody has looked at two entries and found two organisations: they are not suggested as one again."""

    one = models.ForeignKey(Organisation, models.PROTECT, related_name="+")
    other = models.ForeignKey(Organisation, models.PROTECT, related_name="+")
    by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(name="difference_is_said_once", fields=["one", "other"]),
            models.CheckConstraint(name="difference_is_in_order", condition=Q(one__lt=F("other"))),
        ]

    def __str__(self) -> str:
        return f"{self.one_id} is not {self.other_id}"


class LikenessQuerySet(models.QuerySet["Likeness"]):
    def open(self) -> LikenessQuerySet:
        """Those that nobody has decided: neither merged nor told apart, also by what was merged into one of them."""
        one = Q(one=models.OuterRef("one")) | Q(one__merged_into=models.OuterRef("one"))
        other = Q(other=models.OuterRef("other")) | Q(other__merged_into=models.OuterRef("other"))
        one_turned = Q(other=models.OuterRef("one")) | Q(other__merged_into=models.OuterRef("one"))
        other_turned = Q(one=models.OuterRef("other")) | Q(one__merged_into=models.OuterRef("other"))
        told_apart = Difference.objects.filter((one & other) | (one_turned & other_turned))
        merged = Organisation.Standing.MERGED
        standing = self.exclude(one__standing=merged).exclude(other__standing=merged)
        return standing.exclude(Exists(told_apart)).order_by("-score", "one", "other")


class Likeness(models.Model):
    """That two entries may be one organisation, as the matching has found when one of them came or changed."""

    one = models.ForeignKey(Organisation, models.CASCADE, related_name="+")
    other = models.ForeignKey(Organisation, models.CASCADE, related_name="+")
    score = models.FloatField()
    reasons = ArrayField(models.CharField(max_length=100))

    objects = LikenessQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(name="likeness_stands_once", fields=["one", "other"]),
            models.CheckConstraint(name="likeness_is_in_order", condition=Q(one__lt=F("other"))),
        ]
        indexes = [models.Index(name="likeness_by_score", fields=["-score", "one", "other"])]

    def __str__(self) -> str:
        return f"{self.one_id} is like {self.other_id}"


class Compared(models.Model):
    """The revision at which an entry was last compared with the register: at another one it is due again."""

    organisation = models.OneToOneField(Organisation, models.CASCADE, related_name="compared")
    revision = models.PositiveBigIntegerField()

    def __str__(self) -> str:
        return f"{self.organisation_id} at {self.revision}"


class Correction(models.Model):
    """What somebody says should change about an organisation. The desk reads it; nothing public changes by it."""

    class Status(models.TextChoices):
        OPEN = "open", _("open")
        SETTLED = "settled", _("settled")

    organisation = models.ForeignKey(Organisation, models.PROTECT, related_name="corrections")
    words = models.TextField(_("what should change"), max_length=2000)
    email = EncryptedTextField(_("email address"), blank=True, default="")
    language = models.CharField(_("language"), max_length=12, default="en")
    is_automatic = models.BooleanField(_("looks filled in by a program"), default=False)
    status = models.CharField(_("status"), max_length=7, choices=Status, default=Status.OPEN)
    created_at = models.DateTimeField(_("received"), db_default=Now(), editable=False)

    class Meta:
        verbose_name = _("correction")
        verbose_name_plural = _("corrections")
        constraints = [constraints.one_of("correction_status_is_known", "status", ["open", "settled"])]
        indexes = [models.Index(name="open_correction", fields=["organisation"], condition=Q(status="open"))]

    def __str__(self) -> str:
        return self.organisation.name


class CorrectionEvent(Event):
    """One step in the life of a correction."""

    correction = models.ForeignKey(Correction, models.PROTECT, related_name="events")


class CorrectionNote(Note):
    event = models.OneToOneField(CorrectionEvent, models.PROTECT, related_name="note")


class Membership(models.Model):
    """An organisation belongs to a network: as one of its members, or as its section in some place."""

    class Role(models.TextChoices):
        MEMBER = "member", _("member")
        SECTION = "section", _("section or chapter")

    organisation = models.ForeignKey(Organisation, models.PROTECT, related_name="memberships")
    network = models.ForeignKey(Organisation, models.PROTECT, related_name="members")
    role = models.CharField(_("as"), max_length=7, choices=Role, default=Role.MEMBER)

    class Meta:
        verbose_name = _("membership")
        verbose_name_plural = _("memberships")
        constraints = [
            models.UniqueConstraint(name="member_of_a_network_once", fields=["organisation", "network"]),
            models.CheckConstraint(name="no_network_of_itself", condition=~Q(organisation=F("network"))),
            constraints.one_of("membership_role_is_known", "role", ["member", "section"]),
        ]

    def __str__(self) -> str:
        return f"{self.organisation} → {self.network}"


class Import(models.Model):
    """A list that came in from outside: read, matched with the register, decided line by line, and then done."""

    class What(models.TextChoices):
        ORGANISATIONS = "organisations", _("organisations")
        ENDORSEMENTS = "endorsements", _("endorsements of a letter")

    class Status(models.TextChoices):
        READ = "read", _("its columns are to be named")
        PREVIEWING = "previewing", _("being compared with the register")
        PREVIEWED = "previewed", _("waiting for decisions")
        CONFIRMING = "confirming", _("being imported")
        CONFIRMED = "confirmed", _("imported")
        UNDOING = "undoing", _("being undone")
        UNDONE = "undone", _("undone")
        DROPPED = "dropped", _("dropped")
        FAILED = "failed", _("failed")

    public_id = models.CharField(max_length=16, unique=True, default=public_id, editable=False)
    what = models.CharField(_("what it holds"), max_length=13, choices=What, default=What.ORGANISATIONS)
    status = models.CharField(_("status"), max_length=10, choices=Status, default=Status.READ, editable=False)
    source = models.CharField(_("where it came from"), max_length=300)
    filename = models.CharField(_("file"), max_length=200, blank=True)
    sha256 = models.CharField(max_length=64, blank=True)
    read_as = models.CharField(max_length=40, blank=True)
    header = models.JSONField(default=list)
    columns = models.JSONField(null=True)
    remarks = models.JSONField(default=list)
    done = models.PositiveIntegerField(default=0)
    total = models.PositiveIntegerField(default=0)
    trouble = models.TextField(blank=True)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", verbose_name=_("by")
    )
    created_at = models.DateTimeField(_("at"))

    class Meta:
        verbose_name = _("import")
        verbose_name_plural = _("imports")
        constraints = [
            constraints.one_of(
                "import_status_is_known",
                "status",
                [
                    *("read", "previewing", "previewed", "confirming", "confirmed"),
                    *("undoing", "undone", "dropped", "failed"),
                ],
            ),
            constraints.one_of("import_holds_what_we_know", "what", ["organisations", "endorsements"]),
        ]

    def __str__(self) -> str:
        return self.filename or self.source

    @property
    def is_pasted(self) -> bool:
        return not self.filename


class ImportLine(models.Model):
    """One line of a list: what it says, what the register has like it, and what a person has decided."""

    class Choice(models.TextChoices):
        UNDECIDED = "", _("not decided")
        NEW = "new", _("put onto the register")
        KNOWN = "known", _("an organisation on the register")
        SKIP = "skip", _("leave out")

    class Level(models.TextChoices):
        NONE = "", _("probably another")
        POSSIBLE = "possible", _("possibly the same")
        PROBABLE = "probable", _("probably the same")

    origin = models.ForeignKey(Import, models.PROTECT, related_name="lines")
    number = models.PositiveIntegerField(_("line"))
    raw = EncryptedTextField()
    aside = EncryptedTextField(blank=True)
    name = models.CharField(_("name"), max_length=300, blank=True)
    normalised = models.CharField(max_length=1000, blank=True)
    latin_name = models.CharField(_("name in English or Latin letters"), max_length=300, blank=True)
    acronym = models.CharField(_("acronym"), max_length=40, blank=True)
    country = models.CharField(_("country"), max_length=13, blank=True)
    website = models.CharField(_("website"), max_length=300, blank=True)
    corrected = models.JSONField(default=dict)
    """What a person has said that it means, instead of what the list printed."""
    problems = models.JSONField(default=list)
    match = models.ForeignKey(Organisation, models.PROTECT, null=True, related_name="+")
    level = models.CharField(max_length=8, choices=Level, blank=True)
    score = models.FloatField(null=True)
    candidates = models.JSONField(default=list)
    choice = models.CharField(_("decision"), max_length=5, choices=Choice, blank=True)
    organisation = models.ForeignKey(Organisation, models.PROTECT, null=True, related_name="import_lines")
    created = models.ForeignKey(Organisation, models.PROTECT, null=True, related_name="created_by_lines")

    class Meta:
        verbose_name = _("line of an import")
        verbose_name_plural = _("lines of an import")
        ordering = ["number"]
        constraints = [
            models.UniqueConstraint(name="line_stands_once_per_import", fields=["origin", "number"]),
            constraints.one_of("line_choice_is_known", "choice", ["", "new", "known", "skip"]),
            constraints.present_when("known_organisation_is_named", "organisation", choice="known"),
        ]

    def __str__(self) -> str:
        return self.name or str(self.number)


class ImportEvent(Event):
    """One step in the life of an import."""

    origin = models.ForeignKey(Import, models.PROTECT, related_name="events")
