"""Two entries of the register that mean one organisation are merged, and parted again for thirty days."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import models, transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from coalition.models import User
from coalition.roles import REGISTRAR
from coalition.workflow import NotAllowed, lock, lock_all
from signatories import vetting
from signatories.models import (
    LINKED_IN_PUBLIC,
    Compared,
    Correction,
    Difference,
    Domain,
    ImportLine,
    Likeness,
    Merge,
    Organisation,
    OrganisationEvent,
    OrganisationName,
)

Kind = OrganisationName.Kind
Standing = Organisation.Standing

UNDOABLE_FOR = timedelta(days=30)
KEPT, GONE = "kept", "gone"


@dataclass(frozen=True)
class Repoint:
    """How the rows of another app that point at an organisation go with it when it is merged, and come back."""

    above: Callable[[Sequence[Organisation]], models.QuerySet[Any]]
    """The rows that stand above those of these organisations, and are locked before the organisations."""
    repoint: Callable[[Organisation, Organisation, User | None, datetime], Any]
    """Points the rows of the first at the second; returns what `restore` needs, as JSON: keys, nobody's name."""
    restore: Callable[[Organisation, Organisation, Any, User | None, datetime], None]
    """Points them back at the first, as far as they still are what the merge made them."""
    preview: Callable[[Organisation, Organisation], list[str]]
    """Sentences for the desk: what would move."""


#: For each model of another app that points at organisations; that app registers it when it is ready.
REPOINT: dict[type[models.Model], Repoint] = {}
#: What points at an organisation and is seen to here.
OWN: dict[type[models.Model], str] = {
    Organisation: "merged_into: entries merged earlier point to the survivor of all",
    OrganisationName: "copied to the survivor",
    Domain: "copied to the survivor",
    Merge: "the merges themselves",
    Difference: "asked for the survivor and for all that was merged into it",
}
#: What stays with the entry that it belongs to, and why.
STAYS: dict[type[models.Model], str] = {
    OrganisationEvent: "what happened to an entry happened to that entry",
    Correction: "what a visitor said of an entry was said of that entry",
    Likeness: "found anew by `doubles` for each entry that changed",
    Compared: "says when `doubles` has compared that entry",
    ImportLine: "what a line was found to mean; the verbs that import it go on to the survivor",
}

#: What is chosen between two entries → its columns. The main name is chosen too, under NAME.
FIELDS: dict[str, tuple[str, ...]] = {
    "country": ("country",),
    "website": ("website",),
    "scope": ("scope",),
    "kind": ("kind",),
    "about": ("about",),
    "logo": ("logo",),
    "ecosoc": ("ecosoc_status", "ecosoc_since"),
    "is_listed": ("is_listed",),
}
NAME = "name"
#: Is not chosen: whoever is at risk stays so.
AT_RISK = "at_risk"


def merge(
    kept: Organisation,
    gone: Organisation,
    *,
    choices: dict[str, str] | None = None,
    seen: tuple[int, int] | None = None,
    by: User | None,
    at: datetime,
) -> Merge:
    """Merges one entry into another. `choices`: what the survivor takes from the one that goes, a key of FIELDS or
    NAME → GONE. `seen`: the revisions of both, as they were when they were looked at."""
    if kept.pk == gone.pk:
        raise NotAllowed(_("These are one and the same entry. Choose another one."))
    with transaction.atomic():
        _lock(kept, gone)
        _check(kept, gone, seen)
        taken = {field for field, side in (choices or {}).items() if side == GONE}
        fields = _fields(kept, gone, taken)
        vetting.absorb(kept, values=_united(fields, "after"), by=by, at=at)
        earlier = list(gone.merged.order_by("pk").values_list("pk", flat=True))
        gone.merged.update(merged_into=kept)
        journal = {
            "fields": fields,
            **_copy_names(kept, gone, with_main=NAME in taken),
            **_copy_domains(kept, gone),
            "merged": earlier,
            "rows": {model._meta.label: hook.repoint(gone, kept, by, at) for model, hook in REPOINT.items()},
        }
        vetting.merge(gone, into=kept, by=by, at=at)
        _show_anew(kept, fields)
        return Merge.objects.create(kept=kept, gone=gone, by=by, at=at, journal=journal)


def undo(merge: Merge, *, by: User | None, at: datetime) -> None:
    """Parts two entries again, each as it was; what has come to the survivor since stays with it."""
    with transaction.atomic():
        kept, gone = merge.kept, merge.gone
        _lock(kept, gone)
        merge.refresh_from_db(fields=["undone_at", "journal"])
        if refusal := why_not_undone(merge, at):
            raise NotAllowed(refusal)
        journal = merge.journal
        fields = {field: values for field, values in journal["fields"].items() if _still_is(kept, values["after"])}
        vetting.give_back(kept, values=_on_file(kept, _united(fields, "before")), by=by, at=at)
        vetting.unmerge(gone, values=_on_file(gone, plain(gone, ["logo"])), by=by, at=at)
        _take_names_back(kept, journal)
        _take_domains_back(kept, journal)
        kept.merged.filter(pk__in=journal["merged"]).update(merged_into=gone)
        for model, hook in REPOINT.items():
            hook.restore(gone, kept, journal["rows"].get(model._meta.label), by, at)
        _show_anew(kept, fields)
        merge.undone_at = at
        merge.save(update_fields=["undone_at"])


def why_not_undone(merge: Merge, at: datetime) -> str:
    """The sentence that says why a merge can't be taken back now, or ""."""
    if merge.undone_at is not None:
        return _("This merge has been undone already.")
    if at - merge.at > UNDOABLE_FOR:
        return _("A merge can be undone for 30 days, and these have passed.")
    if merge.kept.standing == Standing.MERGED:
        return _("The entry has been merged into another one since. Undo that first.")
    if merge.kept.merges.filter(undone_at=None, pk__gt=merge.pk).exists():
        return _("Another entry has been merged into this one since. Undo that first.")
    return ""


def preview(kept: Organisation, gone: Organisation) -> list[str]:
    """What a merge would move, in sentences."""
    return [sentence for hook in REPOINT.values() for sentence in hook.preview(gone, kept)]


def survivor(organisation: Organisation) -> Organisation:
    """The entry itself, or the one into which it has been merged since it was looked up. Locked, so that no merge
    passes by what its caller is about to point at it."""
    lock(organisation)
    if organisation.merged_into is None:
        return organisation
    lock(organisation.merged_into)
    return organisation.merged_into


def declare_different(one: Organisation, other: Organisation, *, by: User | None, at: datetime) -> Difference:
    """Remembers that two entries mean two organisations; said twice, it stays as it was first said."""
    if not REGISTRAR.allows(by, one):
        raise NotAllowed(_("You don’t have the role that this needs."))
    if one.pk == other.pk:
        raise NotAllowed(_("These are one and the same entry. Choose another one."))
    with transaction.atomic():
        first, second = _in_order(one, other)
        if known := Difference.objects.filter(one=first, other=second).first():
            return known
        vetting.tell_apart(first, code=second.public_id, by=by, at=at)
        vetting.tell_apart(second, code=first.public_id, by=by, at=at)
        return Difference.objects.create(one=first, other=second, by=by, at=at)


def take_difference_back(one: Organisation, other: Organisation, *, by: User | None, at: datetime) -> None:
    """The two may mean one organisation after all; so may what was merged into them."""
    with transaction.atomic():
        first, second = _in_order(one, other)
        vetting.forget_difference(first, code=second.public_id, by=by, at=at)
        vetting.forget_difference(second, code=first.public_id, by=by, at=at)
        told = Q()
        for mine, theirs in ((first, second), (second, first)):
            here, there = Q(one=mine) | Q(one__merged_into=mine), Q(other=theirs) | Q(other__merged_into=theirs)
            told |= here & there
        if not Difference.objects.filter(told).delete()[0]:
            raise NotAllowed(_("Nobody has told these two entries apart."))


def different_from(one: Organisation) -> set[int]:
    """Keys of the entries that somebody has told apart from this one, or from one that was merged into it."""
    mine = Q(one=one) | Q(one__merged_into=one)
    theirs = Q(other=one) | Q(other__merged_into=one)
    rows = Difference.objects.filter(mine | theirs).values_list(
        "one", "one__merged_into", "other", "other__merged_into"
    )
    found = {end or start for row in rows for start, end in (row[:2], row[2:])}
    return found - {one.pk}


def are_different(one: Organisation, others: Iterable[Organisation]) -> set[int]:
    """Keys of those among `others` that somebody has told apart from `one`."""
    return different_from(one) & {other.pk for other in others}


def forget(row: models.Model) -> None:
    """Takes a row out of all journals, so that nothing says any more which organisation it belonged to. Its app keeps
    keys there in lists, by name: `moved`, `folded`."""
    label = row._meta.label
    path = f"journal__rows__{label}"
    known = Q(**{f"{path}__moved__contains": row.pk}) | Q(**{f"{path}__folded__contains": row.pk})
    for merge in Merge.objects.filter(known).order_by("pk"):
        lists: dict[str, list[int]] = merge.journal["rows"][label]
        merge.journal["rows"][label] = {name: [pk for pk in pks if pk != row.pk] for name, pks in lists.items()}
        merge.save(update_fields=["journal"])


def unhandled() -> list[str]:
    """Models that point at organisations and of which nobody has said what becomes of them in a merge."""
    pointing = {
        relation.related_model
        for relation in Organisation._meta.get_fields(include_hidden=True)
        if relation.auto_created and not relation.concrete
    }
    return sorted(model._meta.label for model in pointing - {*REPOINT, *OWN, *STAYS})  # type: ignore[union-attr]


def _lock(kept: Organisation, gone: Organisation) -> None:
    """Everything above both, then both in the order of their keys. Whoever points something at an organisation holds
    what is above it, so a look afterwards tells whether anything has slipped by."""
    held = {model: lock_all(model, pks) for model, pks in _above(kept, gone).items()}
    for organisation in _in_order(kept, gone):
        organisation.__dict__.pop("name", None)
    if any(pks - held.get(model, set()) for model, pks in _above(kept, gone).items()):
        raise NotAllowed(_("Somebody else changed this a moment ago. Look at it again."))


def _in_order(one: Organisation, other: Organisation) -> list[Organisation]:
    """Both locked, in the order of their keys."""
    both = sorted((one, other), key=lambda entry: entry.pk)
    for organisation in both:
        lock(organisation)
    return both


def _above(*organisations: Organisation) -> dict[type[models.Model], set[Any]]:
    above: dict[type[models.Model], set[Any]] = {}
    for hook in REPOINT.values():
        rows = hook.above(organisations)
        above.setdefault(rows.model, set()).update(rows.values_list("pk", flat=True))
    return above


def _check(kept: Organisation, gone: Organisation, seen: tuple[int, int] | None) -> None:
    if Standing.MERGED in (kept.standing, gone.standing):
        raise NotAllowed(_("One of these entries has been merged already."))
    if kept.standing == Standing.SUSPENDED:
        raise NotAllowed(_("The entry that stays is suspended. Reinstate it first, or keep the other one."))
    if kept.standing == Standing.PROVISIONAL and gone.standing != Standing.PROVISIONAL:
        raise NotAllowed(_("The entry that stays has not been verified. Verify it first, or keep the other one."))
    if seen is not None and seen != (kept.revision, gone.revision):
        raise NotAllowed(_("Somebody changed one of the two entries meanwhile. Look at them again."))


def _fields(kept: Organisation, gone: Organisation, taken: set[str]) -> dict[str, dict[str, Any]]:
    """What the survivor takes: for each choice, its columns before and after."""
    changes: dict[str, dict[str, Any]] = {}
    for field, columns in FIELDS.items():
        before, after = plain(kept, columns), plain(gone, columns)
        if field in taken and before != after:
            changes[field] = {"before": before, "after": after}
    if gone.at_risk and not kept.at_risk:
        changes[AT_RISK] = {"before": {AT_RISK: False}, "after": {AT_RISK: True}}
    return changes


def plain(organisation: Organisation, columns: Iterable[str]) -> dict[str, Any]:
    """Columns of an entry as JSON has them; a logo by the name of its file."""
    values = {column: getattr(organisation, column) for column in columns}
    return {column: str(value) if column == "logo" else value for column, value in values.items()}


def _united(fields: dict[str, dict[str, Any]], side: str) -> dict[str, Any]:
    return {column: value for values in fields.values() for column, value in values[side].items()}


def _still_is(organisation: Organisation, values: dict[str, Any]) -> bool:
    return plain(organisation, values) == values


def _on_file(organisation: Organisation, values: dict[str, Any]) -> dict[str, Any]:
    """The same, without a logo of which the file has been deleted meanwhile, as when its bringer was removed."""
    logo = values.get("logo")
    return values | {"logo": ""} if logo and not organisation.logo.storage.exists(logo) else values


def _show_anew(kept: Organisation, fields: dict[str, dict[str, Any]]) -> None:
    """Its page comes or goes; all letters that link it are held already."""
    kept.__dict__.pop("name", None)
    if AT_RISK in fields:
        for make_anew in LINKED_IN_PUBLIC:
            make_anew(kept)


def _copy_names(kept: Organisation, gone: Organisation, *, with_main: bool) -> dict[str, Any]:
    """The names that the survivor lacks; `main`: the keys of its main name before and after, if that changes."""
    own = list(kept.names.all())
    known = {(name.text, name.language) for name in own}
    texts = {name.text for name in own}
    translated = {name.language for name in own if name.kind == Kind.TRANSLATION}
    copies: list[OrganisationName] = []
    main: OrganisationName | None = None
    for name in gone.names.order_by("-is_main", "pk"):
        is_main = with_main and name.is_main
        kind = name.kind
        if (kind == Kind.OFFICIAL and not is_main) or (kind == Kind.TRANSLATION and name.language in translated):
            kind = Kind.OFFICIAL if is_main else Kind.ALIAS
        twin = next((n for n in own if (n.text, n.language, n.kind) == (name.text, name.language, kind)), None)
        is_known = (name.text, name.language) in known or (not name.language and name.text in texts)
        if is_main and twin is not None:
            main = twin
        elif is_main or not is_known:
            copies.append(vetting.name_row(kept, name.text, language=name.language, kind=kind, is_main=is_main))
            copies[-1].learnt = name.learnt
            main = copies[-1] if is_main else main
            known.add((name.text, name.language))
            translated |= {name.language} if kind == Kind.TRANSLATION else set()
    before = next((name.pk for name in own if name.is_main), None)
    if main is not None:
        kept.names.filter(is_main=True).update(is_main=False)
        kept.names.filter(pk=main.pk).update(is_main=True)
    OrganisationName.objects.bulk_create(copies)
    return {"names": [name.pk for name in copies], "main": [before, main.pk] if main is not None else None}


def _take_names_back(kept: Organisation, journal: dict[str, Any]) -> None:
    """A name that has become the main one since the merge stays."""
    if journal["main"] is not None:
        before, after = journal["main"]
        if kept.names.filter(pk=before).exists() and kept.names.filter(pk=after, is_main=True).update(is_main=False):
            kept.names.filter(pk=before).update(is_main=True)
    kept.names.filter(pk__in=journal["names"], is_main=False).delete()


def _copy_domains(kept: Organisation, gone: Organisation) -> dict[str, Any]:
    """The domains that the survivor lacks; `proven`: those of its own that only the other entry's are proof of."""
    own = {domain.name: domain for domain in kept.domains.all()}
    copies: list[Domain] = []
    proven: list[Domain] = []
    before: dict[str, str] = {}
    for domain in gone.domains.order_by("pk"):
        twin = own.get(domain.name)
        if twin is None:
            twin = Domain(organisation=kept, name=domain.name)
            copies.append(twin)
        elif twin.verified_at is None and domain.verified_at is not None:
            before[str(twin.pk)] = twin.how
            proven.append(twin)
        else:
            continue
        twin.how, twin.verified_at = domain.how, domain.verified_at
    Domain.objects.bulk_create(copies)
    Domain.objects.bulk_update(proven, ["how", "verified_at"])
    return {"domains": [domain.pk for domain in copies], "proven": before}


def _take_domains_back(kept: Organisation, journal: dict[str, Any]) -> None:
    kept.domains.filter(pk__in=journal["domains"]).delete()
    proven = list(kept.domains.filter(pk__in=journal["proven"]))
    for domain in proven:
        domain.how, domain.verified_at = journal["proven"][str(domain.pk)], None
    Domain.objects.bulk_update(proven, ["how", "verified_at"])
