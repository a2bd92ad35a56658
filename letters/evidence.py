"""What a confirmed mailbox proves about an organisation: worked out once, when its button is pressed."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet

from letters.models import Endorsement
from signatories import mailboxes
from signatories.models import Domain, Organisation

Evidence = Endorsement.Evidence
#: Entries that stand for nobody.
GONE = (Organisation.Standing.MERGED, Organisation.Standing.SUSPENDED)


def of(endorsement: Endorsement) -> str:
    """Of an endorsement that its representative confirms.

    Anybody may read a disposable mailbox, so that one proves no more when it answers again.
    """
    representative, organisation = endorsement.representative, endorsement.organisation
    assert organisation is not None
    domain = representative.email_domain
    if mailboxes.kind(domain) == mailboxes.Kind.DISPOSABLE:
        return Evidence.MAILBOX
    approved = organisation.endorsements.approved()
    if approved.filter(representative__email_digest=representative.email_digest).exists():
        return Evidence.KNOWN
    return Evidence.DOMAIN if _is_its_own(domain, organisation) else Evidence.MAILBOX


def sharing(domain: Any, organisation: Any) -> QuerySet[Domain]:
    """A domain as other organisations on the register have it. Takes values, or references to the query around."""
    others = Domain.objects.filter(name=domain).exclude(organisation=organisation)
    return others.exclude(organisation__standing__in=GONE)


def _is_its_own(domain: str, organisation: Organisation) -> bool:
    """Whether somebody has verified it, and nobody else has it: one that is shared tells nothing of which they are."""
    if not domain or mailboxes.is_shared(domain):
        return False
    is_verified = organisation.domains.filter(name=domain, verified_at__isnull=False).exists()
    return is_verified and not sharing(domain, organisation).exists()
