"""Verbs on organisations: they come onto the register, and a moderator checks them."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from django.db import models
from django.utils.text import slugify
from publicsuffixlist import PublicSuffixList

from coalition.models import User
from coalition.roles import REGISTRAR
from coalition.workflow import BEFORE, NOW, SAME, Actor, Workflow
from signatories.models import Domain, Organisation, OrganisationEvent, OrganisationName
from signatories.names import normalise, sort_key

Standing = Organisation.Standing
flow = Workflow(Organisation, OrganisationEvent, status_field="standing")
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


@flow.step(Standing.PROVISIONAL, Standing.VERIFIED, Standing.SUSPENDED, to=SAME, who=REGISTRAR)
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


def _set(organisation: Organisation, values: dict[str, Any]) -> None:
    for name, value in values.items():
        setattr(organisation, name, value)
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
