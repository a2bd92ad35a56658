"""What the signals of endorsements need, asked in the query that fetches them."""

from __future__ import annotations

from typing import Any

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import Case, Exists, OuterRef, QuerySet, Subquery, When
from django.db.models.functions import JSONArray

from letters import evidence
from letters.models import Endorsement, EndorsementEvent, Invitation, Letter, Representative
from letters.models.endorsements import EndorsementQuerySet
from signatories.models import Domain, Organisation, OrganisationName

Standing = Organisation.Standing
#: So many of one name, of one domain or of one address are shown at most.
MOST = 3


def with_signals(endorsements: EndorsementQuerySet, moderated: QuerySet[Letter]) -> EndorsementQuerySet:
    """With what the signals need, in the same query. `moderated`: other letters of which the visitor may be told."""
    same = Endorsement.objects.filter(letter=OuterRef("letter"), organisation=OuterRef("organisation"))
    same = same.exclude(pk=OuterRef("pk"))
    twins, waiting = same.approved(), same.filter(status__in=["confirmed", "asked", "held"])
    address = OuterRef("representative__email_digest")
    theirs = Representative.objects.exclude(email_digest=address)
    held = EndorsementEvent.objects.filter(endorsement=OuterRef("pk"), verb="hold", code="flood")
    invited = Invitation.objects.filter(endorsement=OuterRef("pk"))
    elsewhere = Endorsement.objects.approved().filter(letter__in=moderated, organisation=OuterRef("organisation"))
    known = Domain.objects.filter(organisation=OuterRef("organisation")).order_by("pk")
    return endorsements.select_related("letter", "version", "organisation").annotate(
        has_approved_twin=Exists(twins),
        has_due_twin=Exists(twins.filter(version__number__lt=OuterRef("letter__consent_version"))),
        has_waiting_twin=Exists(waiting),
        has_colleague=Exists(
            theirs.filter(
                endorsement__letter=OuterRef("letter"),
                endorsement__organisation=OuterRef("organisation"),
                endorsement__status__in=Endorsement.AGREED,
                endorsement__confirmed_at__isnull=False,
            )
        ),
        came_in_a_flood=Exists(held),
        is_invited=Exists(invited),
        is_invited_here=Exists(invited.filter(email_digest=address)),
        approved_elsewhere=ArraySubquery(elsewhere.exclude(letter=OuterRef("letter")).values("pk")),
        signs_for=_signs_for(moderated),
        known_domains=ArraySubquery(known.values(said=JSONArray("name", "how", "verified_at"))),
        sharing=_holders(evidence.sharing(OuterRef("representative__email_domain"), OuterRef("organisation"))),
        namesakes=Case(When(organisation__standing=Standing.PROVISIONAL, then=_namesakes())),
    )


def _namesakes() -> ArraySubquery:
    """Others on the register, public or not, of which one of the names is the same but for its spelling."""
    named = OrganisationName.objects.filter(normalised=OuterRef(OuterRef("normalised"))).values("organisation")
    others = Organisation.objects.exclude(standing=Standing.MERGED).exclude(pk=OuterRef("organisation"))
    found = others.filter(pk__in=named).with_name().order_by("pk")
    return ArraySubquery(found.values(said=JSONArray("name", "country", "standing"))[:MOST])


def _signs_for(moderated: QuerySet[Letter]) -> ArraySubquery:
    """Other organisations for which the same address signs, as far as the visitor moderates those letters."""
    signed = Endorsement.objects.live().filter(
        letter__in=moderated, representative__email_digest=OuterRef("representative__email_digest")
    )
    others = signed.exclude(organisation=OuterRef("organisation")).order_by("printed_name")
    return ArraySubquery(others.values("printed_name").distinct()[:MOST])


def _holders(domains: QuerySet[Domain]) -> ArraySubquery:
    return ArraySubquery(domains.order_by("pk").values(said=name_of("organisation"))[:MOST])


def name_of(organisation: str) -> Any:
    """The main name of the organisation that a column points at."""
    names = OrganisationName.objects.filter(organisation=OuterRef(organisation), is_main=True)
    return Subquery(names.values("text")[:1])
