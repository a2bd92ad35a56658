"""Constraints that several nouns share: a status and its instants agree, dates come in order."""

from collections.abc import Iterable

from django.db.models import CheckConstraint, F, Q


def present_when(name: str, field: str, **condition: object) -> CheckConstraint:
    """`field` (nullable) has a value in every row that meets `condition`, a lookup such as status__in=[…]."""
    return CheckConstraint(name=name, condition=~Q(**condition) | Q(**{f"{field}__isnull": False}))


def only_when(name: str, field: str, **condition: object) -> CheckConstraint:
    """`field` (nullable) is empty in every row that does not meet `condition`."""
    return CheckConstraint(name=name, condition=Q(**condition) | Q(**{f"{field}__isnull": True}))


def in_order(name: str, earlier: str, later: str) -> CheckConstraint:
    """Of two dates or instants that are both known, `later` is not before `earlier`."""
    known = Q(**{f"{earlier}__isnull": False, f"{later}__isnull": False})
    return CheckConstraint(name=name, condition=~known | Q(**{f"{later}__gte": F(earlier)}))


def one_of(name: str, field: str, values: Iterable[str]) -> CheckConstraint:
    """`field` holds one of `values`, whoever writes it."""
    return CheckConstraint(name=name, condition=Q(**{f"{field}__in": sorted(values)}))
