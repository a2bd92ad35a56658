"""Verbs that put published letters on record: the letter, its organisations and their endorsements, all or nothing."""

from __future__ import annotations

from collections.abc import Hashable, Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import count
from textwrap import shorten

from django.db import transaction
from django.utils.text import slugify

from coalition.text import clean_line
from coalition.workflow import lock_all, together
from letters import endorsing, lifecycle
from letters.importing.located import Refused
from letters.importing.published import Published, Signatory, read
from letters.models import Addressee, Endorsement, Letter, Text, Version
from signatories import matching, vetting
from signatories.models import Organisation, OrganisationName
from signatories.names import normalise

__all__ = ["Outcome", "Published", "Refused", "Signatory", "put_on_record", "read"]


@dataclass(frozen=True)
class Entry:
    """One organisation of a list, in all the places where it is printed; the first of them counts."""

    printed: list[Signatory]
    known: Organisation | None
    """The one on the register before."""


@dataclass(frozen=True)
class Outcome:
    letter: Letter
    is_new: bool
    entries: list[Entry]


@transaction.atomic
def put_on_record(published: Published, *, at: datetime) -> Outcome:
    """Makes what the file says; nothing where it is on record already.

    Raises Refused where the letter is on record and the file says something else: what is sealed can't change.
    """
    if letter := _on_record(published):
        if difference := next(_differences(published, letter), None):
            raise Refused(f"It is on record as “{letter.slug}” and can't change, but the file differs: {difference}")
        return Outcome(letter, is_new=False, entries=[])
    if Letter.objects.filter(reference=published.reference).exists():
        raise Refused(f"Another letter has the reference “{published.reference}”.")
    entries = _entries(published)
    letter = lifecycle.record(_draft(published), by=None, at=at)
    lock_all(Organisation, {entry.known.pk for entry in entries if entry.known})  # in order, not as they are printed
    with together(letter):
        for entry in entries:
            _endorse(letter, entry, at)
    return Outcome(letter, is_new=True, entries=entries)


def _entries(published: Published) -> list[Entry]:
    """The organisations of the list, looked up before any of them comes onto the register."""
    entries: dict[Hashable, Entry] = {}
    names = OrganisationName.objects.spelt({normalise(one.name) for one in published.signatories})
    on_register = set(names.values_list("normalised", flat=True))
    for signatory in published.signatories:
        may_be_known = normalise(signatory.name) in on_register
        known = matching.same(signatory.name, signatory.country) if may_be_known else None
        if known and known.standing == Organisation.Standing.SUSPENDED:
            raise Refused(f"position {signatory.position}: “{signatory.name}” is suspended on the register.")
        key = known.pk if known else _key(signatory)
        entries.setdefault(key, Entry([], known)).printed.append(signatory)
    return list(entries.values())


def _key(signatory: Signatory) -> tuple[str, str]:
    """Equal for two entries that are one organisation."""
    return normalise(signatory.name), signatory.country


def _endorse(letter: Letter, entry: Entry, at: datetime) -> None:
    signatory = entry.printed[0]
    organisation = entry.known or vetting.register(
        name=clean_line(signatory.name),
        country=signatory.country,
        website=signatory.website,
        acronym=clean_line(signatory.acronym),
        at=at,
    )
    endorsement = endorsing.record(
        letter,
        organisation,
        by=None,
        evidence=Endorsement.Evidence.PUBLISHED,
        printed_name=signatory.name,
        printed_acronym=signatory.acronym,
        order=signatory.position,
        at=at,
    )
    endorsing.approve(endorsement, by=None, at=at)


def _draft(published: Published) -> Letter:
    letter = Letter.objects.create(
        slug=published.slug or _free("slug", _short_slug(f"{published.day} {published.title}")),
        reference=published.reference or _free("reference", published.day[:7]),
        kind=published.kind,
        audience=Letter.Audience.PUBLIC,
        source_name=published.source_name,
        source_url=published.source_url,
        source_remark=published.source_remark,
        dated_on=published.dated_on,
        date_precision=published.precision,
        list_order=Letter.Order.SIGNED,
        withheld_names=Letter.Withheld.NOT_ALLOWED,
        authoritative_language=published.language,
    )
    for order, (office, is_copied) in enumerate(published.addressees):
        Addressee.objects.create(letter=letter, order=order, office=office, is_copied=is_copied)
    Text.objects.create(
        version=Version.objects.create(letter=letter),
        language=published.language,
        title=published.title,
        body=published.summary,
        demands=published.demands,
    )
    return letter


def _short_slug(words: str) -> str:
    """In ASCII, of whole words; what has no ASCII form is left out."""
    return slugify(shorten(words, 70, placeholder=""))[:70].strip("-")


def _free(column: str, wish: str) -> str:
    """The wish, with a number behind it where another letter has it."""
    values = (f"{wish}-{number}" if number > 1 else wish for number in count(1))
    return next(value for value in values if not Letter.objects.filter(**{column: value}).exists())


def _on_record(published: Published) -> Letter | None:
    """The letter with this slug, or of this date from this address; one address may hold letters of several dates."""
    same_source = Letter.objects.filter(
        source_url=published.source_url, dated_on=published.dated_on, date_precision=published.precision
    )
    return Letter.objects.filter(slug=published.slug).first() or same_source.first()


def _differences(published: Published, letter: Letter) -> Iterator[str]:
    text = letter.texts.get(letter.authoritative_language) or Text()
    addressees = list(letter.addressees.order_by("order").values_list("office", "is_copied"))
    pairs: list[tuple[str, object, object]] = [
        ("slug", published.slug or letter.slug, letter.slug),
        ("reference", published.reference or letter.reference, letter.reference),
        ("title", published.title, text.title),
        ("kind", published.kind, letter.kind),
        ("date", (published.dated_on, published.precision), (letter.dated_on, letter.date_precision)),
        ("addressees", published.addressees, addressees),
        ("host_organisation", published.source_name, letter.source_name),
        ("source_url", published.source_url, letter.source_url),
        ("language", published.language, letter.authoritative_language),
        ("summary", published.summary, text.body),
        ("demands", published.demands, text.demands),
        ("list_complete or signatory_count_stated", published.source_remark, letter.source_remark),
    ]
    yield from (name for name, said, recorded in pairs if said != recorded)
    yield from _differences_of_lists(published.signatories, letter)


def _differences_of_lists(signatories: list[Signatory], letter: Letter) -> Iterator[str]:
    """Whatever a moderator has decided since stays decided, so no status counts."""
    recorded = {entry.order: entry for entry in letter.endorsements.exclude(order=None)}
    organisations = {entry.organisation_id for entry in recorded.values()}
    keys: set[tuple[str, str]] = set()
    for signatory in signatories:
        entry = recorded.pop(signatory.position, None)
        if entry is None:
            same = matching.same(signatory.name, signatory.country)
            if _key(signatory) not in keys and not (same and same.pk in organisations):
                yield f"position {signatory.position} is not on record, “{signatory.name}”"
        elif entry.status != Endorsement.Status.REMOVED:
            printed = (entry.printed_name, entry.printed_acronym, entry.printed_country)
            if printed != (signatory.name, signatory.acronym, signatory.country):
                yield f"position {signatory.position} is “{signatory.name}”, on record “{entry.printed_name}”"
        keys.add(_key(signatory))
    yield from (f"position {position} is missing" for position in recorded)
