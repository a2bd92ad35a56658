"""Verbs on organisations: they come onto the register, and a moderator checks them."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from functools import cache
from typing import Any
from urllib.parse import urlsplit

import idna
from django.db import models
from django.utils.text import slugify
from django.utils.translation import gettext as _
from publicsuffixlist import PublicSuffixList

from coalition.models import User
from coalition.roles import REGISTRAR
from coalition.text import clean_line, fits
from coalition.workflow import BEFORE, NOW, SAME, Actor, NotAllowed, Workflow
from signatories import alike, mailboxes
from signatories.models import Domain, Membership, Organisation, OrganisationEvent, OrganisationName
from signatories.names import normalise, sort_key

Standing = Organisation.Standing
flow = Workflow(Organisation, OrganisationEvent, status_field="standing")
#: What `describe` may change.
DETAILS = {"country", "website", "scope", "kind", "about", "ecosoc_status", "ecosoc_since", "at_risk", "is_listed"}
ANYBODY = Actor("anybody", lambda by, subject: True)
ON_THE_REGISTER = (Standing.PROVISIONAL, Standing.VERIFIED, Standing.SUSPENDED)
#: Kinds of names by which an organisation may be called.
CAN_BE_MAIN = frozenset(
    {OrganisationName.Kind.OFFICIAL, OrganisationName.Kind.SHORT, OrganisationName.Kind.TRANSLATION}
)

#: The language of a name given "in English or Latin letters"; a moderator can say otherwise.
LATIN = "en"


@flow.begin(to=Standing.PROVISIONAL, who=ANYBODY)
def register(
    *,
    name: str,
    country: str = "",
    website: str = "",
    acronym: str = "",
    language: str = "",
    latin_name: str = "",
    by: User | None = None,
    at: datetime = NOW,
) -> list[models.Model]:
    """Puts an organisation onto the register under one name (cleaned, 1 to 300 characters), not yet checked.

    `latin_name`: what it is called in English or in Latin letters, where its name is in another script.
    """
    organisation = Organisation(country=country, website=website)
    spelt = slugify(name) or slugify(latin_name)
    organisation.slug = f"{spelt[:60].strip('-') or 'organisation'}-{organisation.public_id[:6]}"
    rows: list[models.Model] = [organisation, name_row(organisation, name, language=language, is_main=True)]
    if latin_name and normalise(latin_name) != normalise(name):
        rows.append(name_row(organisation, latin_name, language=LATIN, kind=OrganisationName.Kind.TRANSLATION))
    if acronym and acronym != name:
        rows.append(name_row(organisation, acronym, language=language, kind=OrganisationName.Kind.ACRONYM))
    if domain := registrable_domain(website):
        rows.append(Domain(organisation=organisation, name=domain, how=Domain.Proof.WEBSITE))
    return rows


@flow.step(Standing.PROVISIONAL, to=Standing.VERIFIED, who=REGISTRAR)
def verify(organisation: Organisation, *, note: str = "", by: User | None, at: datetime = NOW) -> None:
    """A moderator has checked once that it is an organisation and which one; so the website that it states is its own.

    What a program puts onto the register as verified has been looked at by nobody.
    """
    if by is not None:
        _prove_website(organisation, at)
    organisation.revision += 1


@flow.step(Standing.PROVISIONAL, Standing.VERIFIED, to=Standing.SUSPENDED, who=REGISTRAR)
def suspend(organisation: Organisation, *, by: User | None, note: str, at: datetime = NOW) -> None:
    organisation.revision += 1


@flow.step(Standing.SUSPENDED, to=Standing.VERIFIED, who=REGISTRAR)
def reinstate(organisation: Organisation, *, by: User | None, note: str, at: datetime = NOW) -> None:
    organisation.revision += 1


@flow.step(Standing.SUSPENDED, to=Standing.PROVISIONAL, who=REGISTRAR)
def take_up(organisation: Organisation, *, by: User | None, note: str, at: datetime = NOW) -> None:
    """The undoing of a list had suspended it, and a later list names it again; nobody has checked it."""
    organisation.revision += 1


@flow.step(Standing.VERIFIED, to=SAME, who=REGISTRAR)
def take_logo(organisation: Organisation, *, by: User | None, logo: str, at: datetime = NOW) -> None:
    """Shows a logo on the organisation's page; `logo` is the name of a stored picture that we drew ourselves."""
    organisation.logo = logo


@flow.step(*ON_THE_REGISTER, to=SAME, who=REGISTRAR)
def drop_logo(organisation: Organisation, *, by: User | None, at: datetime = NOW) -> None:
    """Shows no logo any more: the endorsement that brought it did not stand."""
    organisation.logo = ""


@flow.step(Standing.PROVISIONAL, Standing.VERIFIED, to=SAME, who=REGISTRAR)
def absorb(organisation: Organisation, *, values: dict[str, Any], by: User | None, at: datetime = NOW) -> None:
    """Another entry is merged into this one, which takes these values from it. Only `merging` calls these four."""
    _set(organisation, values)


@flow.step(Standing.PROVISIONAL, Standing.VERIFIED, Standing.SUSPENDED, to=Standing.MERGED, who=REGISTRAR)
def merge(organisation: Organisation, *, into: Organisation, by: User | None, at: datetime = NOW) -> None:
    """The entry turned out to mean the same organisation as another, to which its address points from now on."""
    _set(organisation, {"merged_into": into})


@flow.step(Standing.PROVISIONAL, Standing.VERIFIED, Standing.SUSPENDED, to=SAME, who=REGISTRAR)
def give_back(organisation: Organisation, *, values: dict[str, Any], by: User | None, at: datetime = NOW) -> None:
    """The merge is undone: what it had taken from the other entry goes, what stood there before comes back."""
    _set(organisation, values)


@flow.step(Standing.MERGED, to=BEFORE, who=REGISTRAR)
def unmerge(
    organisation: Organisation, *, values: dict[str, Any] | None = None, by: User | None, at: datetime = NOW
) -> None:
    """An entry of its own again, as it was before the merge."""
    _set(organisation, {"merged_into": None, **(values or {})})


@flow.step(*ON_THE_REGISTER, to=SAME, who=REGISTRAR)
def tell_apart(organisation: Organisation, *, by: User | None, code: str = "", at: datetime = NOW) -> None:
    """It is not the same as another entry; `code` is the public_id of that one. Only `merging` calls these two."""
    organisation.revision += 1


@flow.step(*ON_THE_REGISTER, to=SAME, who=REGISTRAR)
def forget_difference(organisation: Organisation, *, by: User | None, code: str = "", at: datetime = NOW) -> None:
    """It may be the same as that entry after all."""
    organisation.revision += 1


def _set(organisation: Organisation, values: dict[str, Any]) -> None:
    for name, value in values.items():
        setattr(organisation, name, value)
    organisation.revision += 1


@flow.step(*ON_THE_REGISTER, to=SAME, who=REGISTRAR)
def add_name(
    organisation: Organisation,
    *,
    text: str,
    kind: str,
    language: str = "",
    note: str = "",
    by: User | None,
    at: datetime = NOW,
) -> None:
    """Knows it by one more name; of several translations into one language the first is shown, others are aliases."""
    row = name_row(organisation, _readable(text), language=language, kind=kind)
    _refuse_twin(row)
    row.save()
    organisation.revision += 1


@flow.step(*ON_THE_REGISTER, to=SAME, who=REGISTRAR)
def correct_name(
    organisation: Organisation,
    *,
    name: int,
    text: str,
    kind: str,
    language: str = "",
    note: str = "",
    by: User | None,
    at: datetime = NOW,
) -> None:
    """Puts a slip right in one of its names; letters keep what they printed."""
    old = _name_of(organisation, name)
    row = name_row(organisation, _readable(text), language=language, kind=kind, is_main=old.is_main)
    row.pk = old.pk
    if row.is_main and kind not in CAN_BE_MAIN:
        raise NotAllowed(_("The main name can’t be of this kind. Choose another main name first."))
    _refuse_twin(row)
    row.save()
    _call_anew(organisation)
    organisation.revision += 1


@flow.step(*ON_THE_REGISTER, to=SAME, who=REGISTRAR)
def retire_name(organisation: Organisation, *, name: int, note: str = "", by: User | None, at: datetime = NOW) -> None:
    """Keeps a name as a former one: it is still found by it, and not called by it."""
    row = _name_of(organisation, name)
    if row.is_main:
        raise NotAllowed(_("This is the main name. Choose another main name first."))
    row.kind, row.learnt = OrganisationName.Kind.FORMER, ""
    _refuse_twin(row)
    row.save()
    organisation.revision += 1


@flow.step(*ON_THE_REGISTER, to=SAME, who=REGISTRAR)
def drop_name(organisation: Organisation, *, name: int, note: str = "", by: User | None, at: datetime = NOW) -> None:
    """Forgets a name that was never its own."""
    row = _name_of(organisation, name)
    if row.is_main:
        raise NotAllowed(_("This is the main name. Choose another main name first."))
    row.delete()
    organisation.revision += 1


@flow.step(*ON_THE_REGISTER, to=SAME, who=REGISTRAR)
def choose_main_name(
    organisation: Organisation, *, name: int, note: str = "", by: User | None, at: datetime = NOW
) -> None:
    """Calls it by another of its names from now on; its address stays, and letters keep what they printed."""
    row = _name_of(organisation, name)
    if row.kind not in CAN_BE_MAIN:
        raise NotAllowed(_("A name of this kind can’t be the main name. Correct its kind first."))
    organisation.names.filter(is_main=True).update(is_main=False)
    row.is_main = True
    row.save()
    _call_anew(organisation)
    organisation.revision += 1


@flow.step(*ON_THE_REGISTER, to=SAME, who=REGISTRAR)
def learn_name(
    organisation: Organisation, *, text: str, code: str, note: str = "", by: User | None, at: datetime = NOW
) -> None:
    """A person has recognised it by a name that was not known yet; `code` is one of OrganisationName.Learnt. It is an
    alias like any other, and goes again with what taught it, unless a moderator has changed it since."""
    row = name_row(organisation, _readable(text), kind=OrganisationName.Kind.ALIAS)
    row.learnt = OrganisationName.Learnt(code)
    _refuse_twin(row)
    row.save()
    organisation.revision += 1


@flow.step(*ON_THE_REGISTER, to=SAME, who=REGISTRAR)
def unlearn_name(
    organisation: Organisation, *, name: int, code: str, note: str = "", by: User | None, at: datetime = NOW
) -> None:
    """What taught a name stands no more, and nobody has changed the name since."""
    row = _name_of(organisation, name)
    if row.learnt != code:
        raise NotAllowed(_("Somebody else changed this a moment ago. Look at it again."))
    row.delete()
    organisation.revision += 1


def learn(
    recognised: Collection[tuple[Organisation, str]], *, how: str, note: str = "", by: User | None, at: datetime
) -> None:
    """Learns the names by which a person has recognised organisations, as far as they are new: not one that another
    organisation has, and nothing of whoever is at risk or comes onto the register by this very name."""
    heard = [(one, text, normalise(text)) for one, text in recognised if one.pk and not one.at_risk]
    if not heard:
        return
    named = OrganisationName.objects.spelt({plain for _one, _text, plain in heard})
    having = list(named.values_list("normalised", "organisation"))
    # Asked for in two steps: in one, Postgres may start from the organisations.
    merged = Organisation.objects.filter(pk__in={pk for _plain, pk in having}, standing=Standing.MERGED)
    gone = set(merged.values_list("pk", flat=True))
    known = {plain for plain, pk in having if pk not in gone}
    for organisation, text, plain in heard:
        if plain and plain not in known:
            known.add(plain)
            learn_name(organisation, text=text, code=how, note=note, by=by, at=at)


@flow.step(Standing.PROVISIONAL, Standing.VERIFIED, Standing.SUSPENDED, to=SAME, who=REGISTRAR)
def describe(
    organisation: Organisation,
    /,
    *,
    by: User | None,
    note: str = "",
    code: str = "",
    at: datetime = NOW,
    **details: object,
) -> None:
    """Says of it what a moderator knows; `details` are among DETAILS, those not given stay. `code`: which changed.

    Whoever calls it for at_risk or is_listed revises the letters that link its page first: see LINKED_IN_PUBLIC.
    """
    changed = {name: value for name, value in details.items() if getattr(organisation, name) != value}
    if unknown := details.keys() - DETAILS:
        raise TypeError(f"No details of an organisation: {', '.join(sorted(unknown))}.")
    if not changed:
        raise NotAllowed(_("Nothing has changed."))
    for name, value in changed.items():
        setattr(organisation, name, value)
    if "website" in changed:
        domain = registrable_domain(organisation.website)
        organisation.domains.filter(how=Domain.Proof.WEBSITE).exclude(name=domain).delete()
        if domain:
            organisation.domains.get_or_create(name=domain, defaults={"how": Domain.Proof.WEBSITE})
        if by is not None and organisation.standing == Standing.VERIFIED:
            _prove_website(organisation, at)
    organisation.revision += 1


@flow.step(*ON_THE_REGISTER, to=SAME, who=REGISTRAR)
def check_domain(
    organisation: Organisation, *, domain: str, by: User | None, note: str = "", at: datetime = NOW
) -> None:
    """A moderator knows that a domain is its own: who has an address there can speak for it."""
    name = registrable_domain(domain)
    if not name:
        raise NotAllowed(_("This is no domain of one organisation. Enter one like organisation.org."))
    if mailboxes.is_shared(name):
        words = _("Anybody can have an address or a page at %(domain)s, so it proves nothing.")
        raise NotAllowed(words % {"domain": name})
    if organisation.domains.filter(name=name, how=Domain.Proof.CHECKED).exists():
        raise NotAllowed(_("This domain has been checked already."))
    proof = {"how": Domain.Proof.CHECKED, "verified_at": at}
    organisation.domains.update_or_create(name=name, defaults=proof)
    organisation.revision += 1


@flow.step(*ON_THE_REGISTER, to=SAME, who=REGISTRAR)
def drop_domain(
    organisation: Organisation, *, domain: str, by: User | None, note: str = "", at: datetime = NOW
) -> None:
    """A domain is not its own, or not any more. What was signed from there keeps its evidence."""
    if not organisation.domains.filter(name=domain).delete()[0]:
        raise NotAllowed(_("It does not have this domain."))
    organisation.revision += 1


@flow.step(Standing.PROVISIONAL, Standing.VERIFIED, Standing.SUSPENDED, to=SAME, who=REGISTRAR)
def join(
    organisation: Organisation,
    *,
    by: User | None,
    network: Organisation,
    role: str = Membership.Role.MEMBER,
    note: str = "",
    code: str = "",
    at: datetime = NOW,
) -> None:
    """It belongs to a network, in this role; `code` is the public_id of the network."""
    if network == organisation:
        raise NotAllowed(_("An organisation can’t be a network of itself."))
    if network.memberships.filter(network=organisation).exists():
        raise NotAllowed(_("The network is on the register as belonging to it. Take that away first."))
    organisation.memberships.update_or_create(network=network, defaults={"role": role})
    organisation.revision += 1


@flow.step(Standing.PROVISIONAL, Standing.VERIFIED, Standing.SUSPENDED, to=SAME, who=REGISTRAR)
def leave(
    organisation: Organisation,
    *,
    by: User | None,
    network: Organisation,
    note: str = "",
    code: str = "",
    at: datetime = NOW,
) -> None:
    """It belongs to a network no more."""
    if not organisation.memberships.filter(network=network).delete()[0]:
        raise NotAllowed(_("It does not belong to this network."))
    organisation.revision += 1


def _prove_website(organisation: Organisation, at: datetime) -> None:
    organisation.domains.filter(how=Domain.Proof.WEBSITE, verified_at=None).update(verified_at=at)


def name_row(
    organisation: Organisation,
    text: str,
    *,
    language: str = "",
    kind: str = OrganisationName.Kind.OFFICIAL,
    is_main: bool = False,
) -> OrganisationName:
    """An unsaved name with what is derived from its text."""
    return OrganisationName(
        organisation=organisation,
        text=text,
        language=language,
        kind=kind,
        is_main=is_main,
        normalised=normalise(text),
        acronyms=alike.known_as(text),
        sort_key=sort_key(text),
    )


def _name_of(organisation: Organisation, pk: int) -> OrganisationName:
    row = organisation.names.filter(pk=pk).first()
    if row is None:
        raise NotAllowed(_("Somebody else changed this a moment ago. Look at it again."))
    return row


def _call_anew(organisation: Organisation) -> None:
    """Forgets by which name it was called, as its main name may be another now."""
    for called in ("name", "main_name"):
        organisation.__dict__.pop(called, None)


def _readable(text: str) -> str:
    text = clean_line(text)
    if not normalise(text):
        raise NotAllowed(_("Enter a name."))
    if not fits(text, 300):
        raise NotAllowed(_("This name is longer than 300 characters."))
    return text


def why_not_named(row: OrganisationName) -> str:
    """The sentence that says why an organisation can't have this name beside its others, or ""."""
    others = row.organisation.names.exclude(pk=row.pk)
    if others.filter(text=row.text, language=row.language, kind=row.kind).exists():
        return _("It has this name already.")
    if row.kind == OrganisationName.Kind.TRANSLATION and others.filter(kind=row.kind, language=row.language).exists():
        return _("It has a translation into this language already. Correct that one, or add an alias.")
    return ""


def _refuse_twin(row: OrganisationName) -> None:
    if refusal := why_not_named(row):
        raise NotAllowed(refusal)


def registrable_domain(address: str) -> str:
    """The registrable domain of a website or of the part behind an e-mail's @, in ASCII; "" if there is none.

    Letters of other scripts as browsers and mail servers write them: straße.de is not strasse.de.
    """
    try:
        host = urlsplit(address if "//" in address else f"//{address}").hostname or ""
        ascii_host = (host.encode("idna") if host.isascii() else idna.encode(host, uts46=True)).decode()
    except ValueError:
        return ""
    return _suffixes().privatesuffix(ascii_host.rstrip(".")) or ""


@cache
def _suffixes() -> PublicSuffixList:
    return PublicSuffixList()
