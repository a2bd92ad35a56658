"""What becomes of memberships in networks when two entries of the register are merged, or parted again."""

from __future__ import annotations

from datetime import datetime

from coalition.models import User
from signatories.merging import Repoint
from signatories.models import Membership, Organisation


def _move(old: Organisation, new: Organisation, by: User | None, at: datetime) -> dict[str, list[int]]:
    """Those that the new entry has too, or that would make it a member of itself, stay where nobody sees them."""
    belongs = old.memberships.exclude(network=new).exclude(network__in=new.memberships.values("network"))
    members = old.members.exclude(organisation=new).exclude(organisation__in=new.members.values("organisation"))
    moved = {name: sorted(rows.values_list("pk", flat=True)) for name, rows in (("belongs", belongs), ("has", members))}
    Membership.objects.filter(pk__in=moved["belongs"]).update(organisation=new)
    Membership.objects.filter(pk__in=moved["has"]).update(network=new)
    return moved


def _return(old: Organisation, new: Organisation, journal: dict[str, list[int]], by: User | None, at: datetime) -> None:
    new.memberships.filter(pk__in=journal["belongs"]).update(organisation=old)
    new.members.filter(pk__in=journal["has"]).update(network=old)


MEMBERSHIPS = Repoint(lambda organisations: Membership.objects.none(), _move, _return, lambda old, new: [])
