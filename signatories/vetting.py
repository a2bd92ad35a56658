"""Verbs on organisations: they come onto the register, and a moderator checks them."""

from __future__ import annotations

from datetime import datetime
from urllib.parse import urlsplit

from django.db import models
from django.utils.text import slugify
from django.utils.translation import gettext as _
from publicsuffixlist import PublicSuffixList

from coalition.models import User
from coalition.roles import REGISTRAR
from coalition.workflow import NOW, SAME, Actor, NotAllowed, Workflow
from signatories.models import Domain, Membership, Organisation, OrganisationEvent, OrganisationName
from signatories.names import normalise, sort_key

Standing = Organisation.Standing
flow = Workflow(Organisation, OrganisationEvent, status_field="standing")
#: What `describe` may change.
DETAILS = {"website", "scope", "kind", "about", "ecosoc_status", "ecosoc_since", "at_risk", "is_listed"}
ANYBODY = Actor("anybody", lambda by, subject: True)

_suffixes = PublicSuffixList()


@flow.begin(to=Standing.PROVISIONAL, who=ANYBODY)
def register(
    *,
    name: str,
    country: str = "",
    website: str = "",
    acronym: str = "",
    language: str = "",
    by: User | None = None,
    at: datetime = NOW,
) -> list[models.Model]:
    """Puts an organisation onto the register under one name (cleaned, 1 to 300 characters), not yet checked."""
    organisation = Organisation(country=country, website=website)
    organisation.slug = f"{slugify(name)[:60].strip('-') or 'organisation'}-{organisation.public_id[:6]}"
    rows: list[models.Model] = [organisation, name_row(organisation, name, language=language, is_main=True)]
    if acronym and acronym != name:
        rows.append(name_row(organisation, acronym, language=language, kind=OrganisationName.Kind.ACRONYM))
    if domain := registrable_domain(website):
        rows.append(Domain(organisation=organisation, name=domain, how=Domain.Proof.WEBSITE))
    return rows


@flow.step(Standing.PROVISIONAL, to=Standing.VERIFIED, who=REGISTRAR)
def verify(organisation: Organisation, *, by: User | None, at: datetime = NOW) -> None:
    """A moderator has checked once that it is an organisation and which one."""
    organisation.revision += 1


@flow.step(Standing.VERIFIED, to=Standing.SUSPENDED, who=REGISTRAR)
def suspend(organisation: Organisation, *, by: User | None, note: str, at: datetime = NOW) -> None:
    organisation.revision += 1


@flow.step(Standing.SUSPENDED, to=Standing.VERIFIED, who=REGISTRAR)
def reinstate(organisation: Organisation, *, by: User | None, note: str, at: datetime = NOW) -> None:
    organisation.revision += 1


@flow.step(Standing.VERIFIED, to=SAME, who=REGISTRAR)
def take_logo(organisation: Organisation, *, by: User | None, logo: str, at: datetime = NOW) -> None:
    """Shows a logo on the organisation's page; `logo` is the name of a stored picture that we drew ourselves."""
    organisation.logo = logo
    organisation.revision += 1


@flow.step(Standing.PROVISIONAL, Standing.VERIFIED, Standing.SUSPENDED, to=SAME, who=REGISTRAR)
def drop_logo(organisation: Organisation, *, by: User | None, at: datetime = NOW) -> None:
    """Shows no logo any more: the endorsement that brought it did not stand."""
    organisation.logo = ""
    organisation.revision += 1


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
        sort_key=sort_key(text),
    )


def registrable_domain(address: str) -> str:
    """The registrable domain of a website or of the part behind an e-mail's @, in ASCII; "" if there is none."""
    try:
        host = urlsplit(address if "//" in address else f"//{address}").hostname or ""
        ascii_host = host.encode("idna").decode() if host else ""
    except ValueError:
        return ""
    return _suffixes.privatesuffix(ascii_host) or ""
