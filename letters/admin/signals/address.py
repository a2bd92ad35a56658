"""What the address of a representative, its domain, and the domains of the organisation say."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Any

from django.utils.translation import gettext as _

from letters import evidence
from letters.admin.signals.asked import name_of
from letters.admin.signals.signal import ASIDE, ASK, FITS, ODD, SEEN, Signal, listed
from letters.models import Endorsement, Representative
from signatories import mailboxes
from signatories.models import Domain
from signatories.suspicion import as_seen, meant_by, suspicious

Evidence = Endorsement.Evidence
#: Domains, and for each those on the register that it looks like, with the names of whose they are.
Posing = Mapping[str, list[tuple[str, str]]]


def proof(endorsement: Any, representative: Representative | None, *, sees_contacts: bool) -> Signal | None:
    """What proves that the organisation meant it, with the reason; to those who don't see contacts, no more than that
    somebody confirmed it by mail."""
    kind = endorsement.evidence
    is_by_mail = endorsement.consented_at is not None and kind not in (Evidence.PUBLISHED, Evidence.CHECKED, "")
    if is_by_mail and not sees_contacts:
        return Signal("", _("confirmed by mail"))
    if not is_by_mail or representative is None or not representative.email_domain:
        return Signal("", str(endorsement.get_evidence_display())) if kind else None
    said = {"domain": _said(representative.email_domain), "why": _whose(endorsement, representative.email_domain)}
    match kind:
        case Evidence.KNOWN:
            return Signal(SEEN, _("confirmed from an address that was approved for it before, at %(domain)s") % said)
        case Evidence.DOMAIN:
            return Signal(FITS, _("confirmed from an address at %(domain)s, %(why)s") % said)
    return Signal("", _("confirmed from an address at %(domain)s") % said)


def of_its_address(endorsement: Any, representative: Representative | None) -> Iterable[Signal]:
    if representative is None or endorsement.organisation is None:
        return
    if endorsement.is_invited_here:
        yield Signal(FITS, _("came by an invitation to this address"))
    elif endorsement.is_invited:
        yield Signal(ASK, _("came by an invitation that was sent to another address"))
    match mailboxes.kind(representative.email_domain):
        case mailboxes.Kind.DISPOSABLE:
            yield Signal(ODD, _("address at a provider of disposable mailboxes"))
        case mailboxes.Kind.FREE:
            yield Signal(ASIDE, _("address at a free mail provider"))
        case _:
            yield from _of_its_domain(endorsement, representative.email_domain)


def _of_its_domain(endorsement: Any, domain: str) -> Iterable[Signal]:
    """Of an address that is at nobody else's domain, as far as the lists of providers go."""
    own = _own_domains(endorsement)
    said = {"domain": _said(domain), "why": _whose(endorsement, domain), "names": listed(endorsement.sharing)}
    if not domain:
        yield Signal(ASK, _("address at a domain below which anybody can have one"))
    elif domain in own:
        is_proof = own[domain] and not endorsement.sharing and endorsement.evidence == Evidence.DOMAIN
        if own[domain] and not is_proof:
            yield Signal(FITS, _("address at %(domain)s, %(why)s") % said)
        elif not is_proof:
            yield Signal(ASK, _("address at %(domain)s, %(why)s; nobody has checked that yet") % said)
    elif own:
        others = {"domain": said["domain"], "own": listed([_said(name) for name in own])}
        yield Signal(ODD, _("address at %(domain)s, but the organisation’s domain is %(own)s") % others)
    else:
        yield Signal(ASK, _("address at %(domain)s; we know no domain of the organisation") % said)
    if endorsement.sharing and domain in own:
        yield Signal(ODD, _("the domain %(domain)s is that of others too: %(names)s") % said)
    elif endorsement.sharing:
        yield Signal(ODD, _("the domain %(domain)s is that of %(names)s") % said)


def _own_domains(endorsement: Any) -> dict[str, bool]:
    """Its domains, but for those that are no organisation's own; whether somebody has verified them."""
    domains = endorsement.known_domains
    return {name: verified is not None for name, _how, verified in domains if not mailboxes.is_shared(name)}


def _whose(endorsement: Any, domain: str) -> str:
    """How we know that the domain is the organisation's."""
    match next((how for name, how, _verified in endorsement.known_domains if name == domain), None):
        case Domain.Proof.WEBSITE:
            return _("the domain of its website")
        case Domain.Proof.CHECKED:
            return _("a domain that a moderator has checked")
        case Domain.Proof.PUBLISHED:
            return _("its domain in a published list")
    return _("its domain at that time")


def doubtful(endorsement: Any, representative: Representative | None) -> list[str]:
    """The domains of the organisation that nobody has verified, and that of the address if it is another one."""
    own = _own_domains(endorsement)
    found = [name for name, is_verified in own.items() if not is_verified]
    if representative is not None and not mailboxes.is_shared(representative.email_domain):
        found += [representative.email_domain] * (representative.email_domain not in own)
    return [domain for domain in found if domain]


def of_a_domain(domain: str, endorsement: Any, alike: Posing) -> Iterable[Signal]:
    for reason in suspicious(domain):
        yield Signal(ODD, _("the domain %(domain)s %(reason)s") % {"domain": _said(domain), "reason": reason})
    own = _own_domains(endorsement)
    for meant, name in alike.get(domain, []):
        if meant not in own:
            said = {"domain": _said(domain), "meant": _said(meant), "name": name}
            yield Signal(ODD, _("the domain %(domain)s looks like %(meant)s, that of %(name)s") % said)


def posing(domains: Collection[str], looks_closely: bool) -> Posing:
    """For each of the domains those on the register that it looks like, with whose they are; in one query."""
    meant = {domain: meant_by(domain, slips=looks_closely) for domain in domains}
    wanted = frozenset().union(*meant.values())
    if not wanted:
        return {}
    known = Domain.objects.filter(name__in=wanted).exclude(organisation__standing__in=evidence.GONE)
    whose = dict(known.order_by("-pk").values_list("name", name_of("organisation")))
    return {domain: [(name, whose[name]) for name in sorted(names & whose.keys())] for domain, names in meant.items()}


def _said(domain: str) -> str:
    """A domain in its own letters, with what stands for them between machines."""
    seen = as_seen(domain)
    return domain if seen == domain else f"{seen} ({domain})"
