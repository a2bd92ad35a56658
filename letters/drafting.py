"""Verbs on drafts: a letter is started, its facts and texts are written, and what it still needs is said in words."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import models
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from coalition.models import User
from coalition.workflow import NOW, Actor, NotAllowed, locked
from letters.lifecycle import closes_unseen, flow
from letters.models import Addressee, Letter, LetterRole, Text, Version
from letters.sealing import language_name, unfinished

Status = Letter.Status

#: Stands in a column that may not be empty, as the database wants of a text, until its words are written.
UNWRITTEN = " "
#: What is copied into a new letter that is started from another.
COPIED = (
    "kind", "time_zone", "confirmation_grace", "list_order", "withdrawal", "withheld_names", "eligibility", "topics",
    "authoritative_language",
)  # fmt: skip
#: The facts of a letter that are written while it is a draft.
FACTS = (
    "reference", "slug", "audience", "public_from", "closes_at", "late_until", "supersedes_id", "dated_on",
    "date_precision", *COPIED,
)  # fmt: skip
#: What is written of an addressee, in the order in which it is asked.
ADDRESSEE = ("honorific", "holder", "office", "body", "country", "email", "is_copied")
#: What is written of a text, in the order of the page.
WRITTEN = ("title", "summary", "salutation", "body", "demands", "closing")


def may_start(by: User | None, source: Letter | None) -> bool:
    """Administrators, and conveners of any letter; from a letter, whoever has a role on that."""
    if by is None or not by.is_active:
        return by is None
    roles = LetterRole.objects.filter(user=by.pk)
    if source is not None:
        return by.is_superuser or roles.filter(letter=source.pk).exists()
    return by.is_superuser or roles.filter(role=LetterRole.Role.CONVENER).exists()


STARTER = Actor("convener", may_start)


@flow.begin(to=Status.DRAFT, who=STARTER)
def draft(
    source: Letter | None,
    *,
    by: User,
    reference: str,
    slug: str,
    kind: str = "",
    language: str = "",
    title: str = "",
    at: datetime = NOW,
) -> Sequence[models.Model]:
    """A new letter, whose convener is the person who starts it; from a `source`, with what the next one has in common
    with it: texts in force, addressees, policies, but no dates.

    The private addresses of the addressees come along only for those who may read them there.
    """
    if Letter.objects.filter(reference=reference).exists():
        raise NotAllowed(_("Another letter has this reference."))
    if Letter.objects.filter(slug=slug).exists():
        raise NotAllowed(_("Another letter has this address."))
    copied = {name: getattr(source, name) for name in COPIED} if source else {}
    typed = {name: value for name, value in (("kind", kind), ("authoritative_language", language)) if value}
    letter = Letter(reference=reference, slug=slug, **copied | typed)
    version = Version(letter=letter)
    texts = [_copy(text, version) for text in source.texts.values()] if source else []
    first = next((text for text in texts if text.language == letter.authoritative_language), None)
    if first is None and title:
        texts.append(Text(version=version, language=letter.authoritative_language, title=title, body=UNWRITTEN))
    elif first is not None and title:
        first.title = title
    role = LetterRole(user=by, letter=letter, role=LetterRole.Role.CONVENER)
    return [letter, version, *texts, *_addressees_of(source, letter, by), role]


def save_facts(letter: Letter, facts: dict[str, Any], addressees: Iterable[dict[str, Any]], *, seen: str) -> None:
    """Writes the facts of a draft and all its addressees, unless it was opened or changed since `seen`."""
    with locked(letter):
        if letter.status != Status.DRAFT:
            raise NotAllowed(_("This letter is no longer a draft, so nothing was saved."))
        if seen != facts_token(letter):
            raise Changed()
        for name, value in facts.items():
            setattr(letter, name, value)
        letter.save()
        letter.addressees.all().delete()
        for order, fields in enumerate(addressees):
            Addressee.objects.create(letter=letter, order=order, **fields)


def save_texts(letter: Letter, texts: dict[str, dict[str, Any]], *, seen: str) -> None:
    """Writes the texts of the version that is not sealed, by language, unless somebody changed them since `seen`."""
    with locked(letter):
        version = _writable(letter, seen)
        for language, words in texts.items():
            needed = {name: words[name] or UNWRITTEN for name in ("title", "body")}
            Text.objects.update_or_create(version=version, language=language, defaults=words | needed)


def remove_text(letter: Letter, language: str, *, seen: str) -> None:
    """Takes a language out of the version that is not sealed."""
    with locked(letter):
        version = _writable(letter, seen)
        if language == letter.authoritative_language:
            raise NotAllowed(_("The text in the authoritative language can’t be removed."))
        version.texts.filter(language=language).delete()


class Changed(NotAllowed):
    """Somebody else saved after the page was shown."""

    def __init__(self) -> None:
        super().__init__(
            _(
                "Somebody else changed this meanwhile, so nothing was saved. What you typed is kept below: compare it"
                " with what stands now, and save again to put it in its place."
            )
        )


def unsealed(letter: Letter) -> Version | None:
    """The version that is being written: that of a draft, or the next one of a public letter."""
    if letter.status != Status.DRAFT and letter.status not in Letter.PUBLIC:
        return None
    return letter.versions.filter(sealed_at=None).first()


def facts_token(letter: Letter) -> str:
    """Changes whenever one of the facts of a draft does."""
    addressees = letter.addressees.order_by("order").values_list("order", *ADDRESSEE)
    return _digest([[getattr(letter, name) for name in FACTS], list(addressees)])


def texts_token(letter: Letter) -> str:
    """Changes whenever one of the words that are being written does."""
    version = unsealed(letter)
    if version is None:
        return ""
    return _digest([version.pk, list(version.texts.order_by("language").values_list("language", *WRITTEN))])


@dataclass(frozen=True)
class Gaps:
    """What one language of the version that is being written lacks."""

    language: str
    lacks: list[str]

    def __str__(self) -> str:
        return f"{language_name(self.language)}: {', '.join(self.lacks) or _('complete')}"


def gaps(letter: Letter, texts: dict[str, Text]) -> list[Gaps]:
    """By language, the authoritative one first, what is missing in words."""
    leading = texts.get(letter.authoritative_language)
    most = len(leading.demands) if leading else 0
    languages = sorted(
        {*texts, letter.authoritative_language}, key=lambda tag: (tag != letter.authoritative_language, tag)
    )
    return [Gaps(tag, list(_lacks(texts.get(tag), most))) for tag in languages]


def missing(letter: Letter, at: datetime) -> list[str]:
    """What a draft needs before it can be opened, as sentences."""
    version = unsealed(letter)
    return [
        *_missing_deadline(letter, at),
        *([] if letter.addressees.exists() else [_("Name at least one addressee.")]),
        *unfinished(letter, version.texts.all() if version else []),
    ]


def next_reference(at: datetime) -> str:
    """The year and the next free number in it, like 2026-08."""
    known = Letter.objects.filter(reference__startswith=f"{at.year}-").values_list("reference", flat=True)
    numbers = [int(found[1]) for found in (re.fullmatch(r"[0-9]{4}-([0-9]{1,6})", text) for text in known) if found]
    return f"{at.year}-{max(numbers, default=0) + 1:02}"


def supersedes_itself(letter: Letter, other: Letter | None) -> bool:
    """Whether a chain of letters, each superseding the next, leads from `other` back to this one."""
    seen: set[int] = set()
    while other is not None and other.pk not in seen:
        if other.pk == letter.pk:
            return True
        seen.add(other.pk)
        other = other.supersedes
    return False


def _copy(text: Text, version: Version) -> Text:
    return Text(version=version, language=text.language, **{name: getattr(text, name) for name in WRITTEN})


def _addressees_of(source: Letter | None, letter: Letter, by: User) -> Iterator[Addressee]:
    if source is None:
        return
    sees_addresses = by.is_superuser or source.roles.filter(user=by, role=LetterRole.Role.CONVENER).exists()
    for order, addressee in enumerate(source.addressees.order_by("order")):
        fields = {name: getattr(addressee, name) for name in ADDRESSEE}
        yield Addressee(letter=letter, order=order, **fields | ({} if sees_addresses else {"email": ""}))


def _writable(letter: Letter, seen: str) -> Version:
    """The version that is being written, which a draft always has; called while the letter is locked."""
    version = unsealed(letter)
    if version is None and letter.status == Status.DRAFT and not letter.versions.exists():
        if seen:
            raise Changed()
        return Version.objects.create(letter=letter)
    if version is None:
        raise NotAllowed(_("This text has been sealed or given up meanwhile, so nothing was saved."))
    if seen != texts_token(letter):
        raise Changed()
    return version


def _lacks(text: Text | None, most: int) -> Iterator[str]:
    if text is None:
        yield _("nothing written yet")
        return
    for name, words in (
        ("title", _("no title")),
        ("summary", _("no summary")),
        ("salutation", _("no salutation")),
        ("body", _("no body")),
        ("closing", _("no closing")),
    ):
        if not getattr(text, name).strip():
            yield words
    number = len(text.demands)
    if number < most:
        yield ngettext("%(number)s of %(most)s demand", "%(number)s of %(most)s demands", most) % {
            "number": number,
            "most": most,
        }
    elif number > most:
        yield ngettext("%(number)s demand instead of %(most)s", "%(number)s demands instead of %(most)s", number) % {
            "number": number,
            "most": most,
        }


def _missing_deadline(letter: Letter, at: datetime) -> Iterator[str]:
    if letter.closes_at is None:
        yield _("Set a deadline.")
    elif letter.closes_at <= at:
        yield _("Set a deadline that lies ahead: the present one has passed.")
    elif sentence := closes_unseen(letter):
        yield sentence


def _digest(values: object) -> str:
    return hashlib.sha256(json.dumps(values, default=str, ensure_ascii=False).encode()).hexdigest()[:32]
