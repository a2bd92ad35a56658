"""Verbs on lists that come in: read, compared with the register, decided, imported, undone."""

from __future__ import annotations

import functools
import hashlib
import json
import operator
from collections.abc import Callable, Container, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from django.db import models, transaction
from django.db.models import Count, Exists, F, OuterRef, Q
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from coalition.jobs import enqueue
from coalition.models import User
from coalition.roles import CLOCK, keeps_the_register
from coalition.workflow import NOW, SAME, Actor, NotAllowed, Workflow, lock_all, one_at_a_time, together
from signatories import importing, suggesting, vetting
from signatories.importing import Entry, Problem, Row, Sheet
from signatories.importing.entries import LONGEST_ACRONYM
from signatories.importing.hazards import BLOCKING, DOUBTFUL, OF_THE_FILE, in_list
from signatories.importing.pasting import parts
from signatories.matching import Candidate, Wanted
from signatories.models import Import, ImportEvent, ImportLine, Organisation, OrganisationName
from signatories.names import normalise

Status = Import.Status
Choice = ImportLine.Choice
SUSPENDED = Organisation.Standing.SUSPENDED
#: Lines that are compared, and counted as done, in one transaction.
CHUNK = 100
BATCH = 500
LONGEST_NORMALISED = 1000
#: Names into which one line can be split.
MOST_PARTS = 50
#: What a person may write about a line.
CORRECTED = ("name", "latin_name", "acronym", "country", "website")
#: Problems that a line has beside the others.
BESIDE = frozenset({"double", "holds_other", "like_line"})


@dataclass(frozen=True)
class Kind:
    """What an import is for, besides the register itself; the apps above say so of theirs."""

    allows: Callable[[User | None, Import], bool] = lambda by, batch: True
    seen_by: Callable[[User, models.QuerySet[Import]], models.QuerySet[Import]] = lambda by, batches: batches
    """Those of these imports that it allows somebody; for lists of them."""
    look: Callable[[Import, ImportLine], list[Problem]] = lambda batch, line: []
    """What else about a line a person should look at."""
    ignores: Callable[[Import], frozenset[str]] = lambda batch: frozenset({"contact_unclear", "visibility_unknown"})
    """Problems that are none for it."""
    tell: Callable[[Import, ImportLine], list[str]] = lambda batch, line: []
    """What it takes from a line besides the organisation, in words."""
    hold: Callable[[Import], AbstractContextManager[object]] = lambda batch: nullcontext()
    """Locks what stands above the register, while the import is done or undone."""
    taken: Callable[[Import, Iterable[int]], set[int]] = lambda batch, organisations: set()
    """Which of these organisations have already what the import would give them."""
    give: Callable[[Import, Sequence[tuple[ImportLine, Organisation]], User | None, datetime], None] = (
        lambda batch, lines, by, at: None
    )
    take_back: Callable[[Import, User | None, datetime], list[int]] = lambda batch, by, at: []
    """Undoes what was given; returns the lines of what stays because somebody has changed it since."""
    uses: Callable[[Iterable[int]], set[int]] = lambda organisations: set()
    """Which of these organisations it still needs."""
    teaches: bool = False
    """Whether its names are no secret, so that organisations are known by them at once."""


KINDS: dict[str, Kind] = {Import.What.ORGANISATIONS: Kind(teaches=True)}


def _may_import(by: User | None, batch: Import | None) -> bool:
    return keeps_the_register(by, batch) and (batch is None or KINDS[batch.what].allows(by, batch))


IMPORTER = Actor("moderator", _may_import)


def seen_by(by: User, batches: models.QuerySet[Import]) -> models.QuerySet[Import]:
    """Those with which somebody who keeps the register may work."""
    seen = (kind.seen_by(by, batches.filter(what=what)).order_by().values("pk") for what, kind in KINDS.items())
    return batches.filter(functools.reduce(operator.or_, (Q(pk__in=pks) for pks in seen)))


flow = Workflow(Import, ImportEvent)


def take_in(
    sheet: Sheet,
    *,
    by: User | None,
    at: datetime,
    above: Callable[[Import], object] = lambda batch: None,
    **said: Any,
) -> Import:
    """Keeps the lines of a sheet, and has them compared with the register if it is clear what its columns hold.

    `said`: what `read_in` is told; `above` makes the row of another app that belongs to it.
    """
    with transaction.atomic():
        batch = read_in(
            header=list(sheet.header),
            read_as=sheet.read_as,
            remarks=[list(asdict(problem).values()) for problem in sheet.remarks],
            total=len(sheet.rows),
            by=by,
            at=at,
            **said,
        )
        above(batch)
        ImportLine.objects.bulk_create(
            (
                ImportLine(
                    origin=batch,
                    number=row.number,
                    raw=json.dumps(row.cells, ensure_ascii=False),
                    problems=_as_lists(row.problems),
                )
                for row in sheet.rows
            ),
            batch_size=BATCH,
        )
        return name_columns(batch, columns=sheet.columns, by=by, at=at) if sheet.columns else batch


@flow.begin(to=Status.READ, who=IMPORTER)
def read_in(
    *,
    source: str,
    header: list[str],
    read_as: str,
    remarks: list[Any],
    total: int,
    what: str = Import.What.ORGANISATIONS,
    filename: str = "",
    sha256: str = "",
    by: User | None,
    at: datetime = NOW,
) -> list[models.Model]:
    """A list was read; nothing is compared before its columns are named."""
    told = {"header": header, "read_as": read_as, "remarks": remarks, "total": total}
    return [Import(source=source, what=what, filename=filename, sha256=sha256, created_by=by, created_at=at, **told)]


@flow.step(Status.READ, Status.PREVIEWED, to=Status.PREVIEWING, who=IMPORTER)
def name_columns(
    batch: Import, *, columns: Mapping[str, int], has_titles: bool | None = None, by: User | None, at: datetime = NOW
) -> None:
    """What each column holds, and whether the first row does no more than say that (None: as it was read); the
    comparison starts when this is committed."""
    if "name" not in columns:
        raise NotAllowed(_("Say which column holds the names."))
    if len(set(columns.values())) != len(columns):
        raise NotAllowed(_("One column can’t hold two things."))
    batch.columns, batch.done, batch.trouble = dict(columns), 0, ""
    if has_titles is not None and has_titles != bool(batch.header):
        _turn_first_row(batch)
    enqueue("signatories.tasks.preview_import", once=f"import-{batch.pk}", batch=batch.pk)


@flow.step(Status.PREVIEWED, to=Status.PREVIEWING, who=IMPORTER)
def compare_again(batch: Import, *, by: User | None, at: datetime = NOW) -> None:
    """The register has changed; decisions are made anew."""
    batch.done, batch.trouble = 0, ""
    enqueue("signatories.tasks.preview_import", once=f"import-{batch.pk}", batch=batch.pk)


@flow.step(Status.PREVIEWED, to=SAME, who=IMPORTER)
def correct_line(
    batch: Import,
    *,
    line: ImportLine,
    said: Mapping[str, str],
    seen: str,
    code: str,
    by: User | None,
    at: datetime = NOW,
) -> None:
    """A line means what a person writes (`said`: each of CORRECTED), and is compared again; what was printed is kept.

    `code`: the number of the line; `seen`: its `state` as it was shown, here and below.
    """
    _check_unchanged(batch, line, seen)
    line.corrected = dict(said)
    line.save(update_fields=["corrected"])
    _look_again(batch, {line.number})


@flow.step(Status.PREVIEWED, to=SAME, who=IMPORTER)
def split_line(
    batch: Import, *, line: ImportLine, names: Sequence[str], seen: str, code: str, by: User | None, at: datetime = NOW
) -> None:
    """A line becomes several, in order; the other columns stay with each, except what belongs to one name alone."""
    _check_unchanged(batch, line, seen)
    if len(names) < 2:
        raise NotAllowed(_("Write at least two names, each on a line of its own."))
    if len(names) > MOST_PARTS:
        raise NotAllowed(_("Write at most %(number)d names.") % {"number": MOST_PARTS})
    more = len(names) - 1
    _move_on(batch, line.number, more)
    lines = [
        ImportLine(origin=batch, number=line.number + offset, raw=line.raw, corrected=_part(line, name))
        for offset, name in enumerate(names)
    ]
    line.corrected = lines[0].corrected
    line.save(update_fields=["corrected"])
    ImportLine.objects.bulk_create(lines[1:])
    batch.total += more
    batch.done = batch.total
    _look_again(batch, {one.number for one in lines})


@flow.step(Status.PREVIEWED, to=SAME, who=IMPORTER)
def match_line(
    batch: Import,
    *,
    line: ImportLine,
    organisation: int | None,
    seen: str,
    code: str,
    by: User | None,
    at: datetime = NOW,
) -> None:
    """A person has found on the register whom the line means."""
    _check_unchanged(batch, line, seen)
    meant = suggesting.register().filter(pk=organisation).first() if organisation is not None else None
    if meant is None:
        raise NotAllowed(_("Choose one of the organisations that were found."))
    if all(candidate["organisation"] != meant.pk for candidate in line.candidates):
        line.candidates.append(
            {"organisation": meant.pk, "level": "", "score": 0, "reasons": [], "is_found_by_hand": True}
        )
    line.choice, line.organisation = Choice.KNOWN, meant
    line.save(update_fields=["candidates", "choice", "organisation"])


@flow.step(Status.PREVIEWING, to=Status.PREVIEWED, who=CLOCK)
def show(batch: Import, *, at: datetime = NOW) -> None:
    """Every line has been compared."""
    batch.done = batch.total


@flow.step(Status.PREVIEWED, to=Status.CONFIRMING, who=IMPORTER)
def confirm(batch: Import, *, by: User | None, at: datetime = NOW) -> None:
    """The decisions stand; they are carried out when this is committed."""
    _check_decisions(batch)
    batch.trouble = ""
    enqueue("signatories.tasks.carry_out_import", once=f"import-{batch.pk}", batch=batch.pk)


@flow.step(Status.CONFIRMING, to=Status.CONFIRMED, who=IMPORTER)
def carry_out(batch: Import, *, by: User | None, at: datetime = NOW) -> None:
    """All of it in this transaction, or nothing."""
    kind = KINDS[batch.what]
    with kind.hold(batch):
        one_at_a_time("import")  # of two lists that bring one organisation the later one must see it
        _hold_organisations(batch)
        _check_decisions(batch)
        _check_meanwhile(batch)
        lines = list(batch.lines.exclude(choice=Choice.SKIP).select_related("organisation").defer("raw"))
        new = [line for line in lines if line.choice == Choice.NEW]
        with together():
            for line in new:
                line.created = vetting.register(
                    name=line.name,
                    country=line.country,
                    website=line.website,
                    acronym=line.acronym,
                    latin_name=line.latin_name,
                    by=by,
                    at=at,
                )
        back = [line for line in lines if line.choice == Choice.KNOWN and _chosen(line).standing == SUSPENDED]
        note = _("Taken up again from a list: %(source)s") % {"source": batch.source}
        for line in back:
            line.created = vetting.take_up(_chosen(line), by=by, note=note, at=at)
        ImportLine.objects.bulk_update([*new, *back], ["created"], batch_size=BATCH)
        if kind.teaches:
            _learn(batch, [line for line in lines if line.choice == Choice.KNOWN], by, at)
        kind.give(batch, [(line, line.created or _chosen(line)) for line in lines], by, at)
        # Who signs for an organisation stands with its endorsement now, and nowhere else.
        batch.lines.update(raw="", aside="", corrected={})


@flow.step(Status.CONFIRMING, to=Status.PREVIEWED, who=CLOCK)
def refuse(batch: Import, *, trouble: str, at: datetime = NOW) -> None:
    """It could not be carried out; `trouble` says why."""
    batch.trouble = trouble


@flow.step(Status.PREVIEWED, Status.READ, Status.FAILED, to=Status.DROPPED, who=IMPORTER)
def drop(batch: Import, *, by: User | None, at: datetime = NOW) -> None:
    """It is not wanted. What its lines said is deleted."""
    forget_lines(batch)


@flow.step(Status.PREVIEWING, to=Status.FAILED, who=CLOCK)
def fail(batch: Import, *, trouble: str, at: datetime = NOW) -> None:
    batch.trouble = trouble


@flow.step(Status.CONFIRMED, to=Status.UNDOING, who=IMPORTER)
def undo(batch: Import, *, by: User | None, at: datetime = NOW) -> None:
    """It is taken back when this is committed."""
    batch.trouble = ""
    enqueue("signatories.tasks.take_back_import", once=f"import-{batch.pk}", batch=batch.pk)


@flow.step(Status.UNDOING, to=Status.UNDONE, who=IMPORTER)
def take_back(batch: Import, *, by: User | None, at: datetime = NOW) -> None:
    """What was given ends, and organisations that nothing else uses are suspended. What somebody has changed since
    stays as it is, and is listed."""
    kind = KINDS[batch.what]
    with kind.hold(batch):
        _hold_organisations(batch)
        left = kind.take_back(batch, by, at)
        if kind.teaches:
            _unlearn(batch, by, at)
        note = _("Import undone: %(source)s") % {"source": batch.source}
        created = Organisation.objects.filter(created_by_lines__origin=batch)
        number = dict(batch.lines.exclude(created=None).values_list("created", "number"))
        used = set().union(*(kind.uses(created.values_list("pk", flat=True)) for kind in KINDS.values()))
        for organisation in created.order_by("pk"):
            if organisation.pk in used or _was_changed(organisation):
                left.append(number[organisation.pk])
                continue
            vetting.suspend(organisation, by=by, note=note, at=at)
        # By number, as a name may have to go from its line for somebody's safety.
        batch.trouble = "\n".join(map(str, sorted(set(left))))


@flow.step(Status.UNDOING, to=Status.CONFIRMED, who=CLOCK)
def let_stand(batch: Import, *, trouble: str, at: datetime = NOW) -> None:
    """It could not be undone; `trouble` says why."""
    batch.trouble = trouble


def preview(batch: Import) -> None:
    """Understands the lines and compares each with the register; may be begun anew at any time."""
    lines = list(batch.lines.all())
    found = {entry.number: entry for entry in _read_anew(batch, lines)}
    ignored = KINDS[batch.what].ignores(batch)
    for line in lines:
        _understand(line, found[line.number], ignored)
    equal = suggesting.equal({(line.normalised, line.country) for line in lines})
    near = suggesting.within([(line.number, line.name, line.country) for line in lines if not _is_double(line)])
    for start in range(0, len(lines), CHUNK):
        chunk = lines[start : start + CHUNK]
        _compare(chunk, equal)
        with transaction.atomic():
            _decide(batch, chunk, near)
            _write(chunk, _UNDERSTOOD)
            Import.objects.filter(pk=batch.pk).update(done=start + len(chunk))
    _decide_doubles(batch)
    show(batch)


def _read_anew(batch: Import, lines: Iterable[ImportLine]) -> list[Entry]:
    rows = [
        Row(
            line.number,
            tuple(cells(line)) or ("",),
            tuple(Problem(code, detail) for code, detail in line.problems if code in OF_THE_FILE),
        )
        for line in lines
    ]
    corrected = {line.number: line.corrected for line in lines if line.corrected}
    return importing.entries(Sheet(rows, None, is_pasted=batch.is_pasted), batch.columns, corrected)


def _look_again(batch: Import, numbers: Container[int]) -> None:
    """Understands and compares these lines anew. Of the others only what they show beside each other is looked at."""
    lines = list(batch.lines.all())
    changed = [line for line in lines if line.number in numbers]
    found = {entry.number: entry for entry in _read_anew(batch, changed)}
    for line in changed:
        _understand(line, found[line.number], KINDS[batch.what].ignores(batch))
        line.problems = [problem for problem in line.problems if problem[0] not in BESIDE]
    beside: dict[int, list[list[str]]] = {}
    for number, problem in in_list([(line.number, line.name, line.country) for line in lines]):
        beside.setdefault(number, []).append([problem.code, problem.detail])
    doubles = {number for number, problems in beside.items() if any(code == "double" for code, _detail in problems)}
    near = suggesting.within([(line.number, line.name, line.country) for line in lines if line.number not in doubles])
    others = [line for line in lines if line.number not in numbers and _is_otherwise(line, beside, near)]
    for line in changed:
        line.problems += beside.get(line.number, [])
    _compare(changed, suggesting.equal({(line.normalised, line.country) for line in changed}))
    _decide(batch, changed, near)
    _write([*changed, *others], _UNDERSTOOD)


def _is_otherwise(line: ImportLine, beside: Mapping[int, list[list[str]]], near: Mapping[int, int]) -> bool:
    """Whether a line no longer shows beside the others what it did; then it is written down here. A double that is none
    any more is left out for no reason, so it is to be decided."""
    now = list(beside.get(line.number, []))
    if line.number in near and line.level != ImportLine.Level.PROBABLE:
        now.append(["like_line", str(near[line.number])])
    before = [problem for problem in line.problems if problem[0] in BESIDE]
    if now == before:
        return False
    was_double = _is_double(line)
    line.problems = [*(problem for problem in line.problems if problem[0] not in BESIDE), *now]
    if was_double and not _is_double(line) and line.choice == Choice.SKIP:
        line.choice = Choice.UNDECIDED
    return True


def _move_on(batch: Import, number: int, more: int) -> None:
    """Makes room behind a line. In two steps, as no number may stand twice, not even for a moment."""
    behind = batch.lines.filter(number__gt=number)
    last = batch.lines.order_by("number").last()
    assert last is not None
    far = last.number + more
    behind.update(number=F("number") + far)
    batch.lines.filter(number__gt=number + far).update(number=F("number") - far + more)
    moved = []
    for line in batch.lines.filter(problems__contains=[["same_choice"]]).defer("raw", "aside"):
        line.problems = [
            [code, str(int(detail) + more) if code == "same_choice" and int(detail) > number else detail]
            for code, detail in line.problems
        ]
        moved.append(line)
    ImportLine.objects.bulk_update(moved, ["problems"], batch_size=BATCH)


def _part(line: ImportLine, name: str) -> dict[str, str]:
    """What one name of a line that is split means."""
    found = parts(name)
    return {
        "name": found.name,
        "latin_name": "",
        "acronym": found.acronym[:LONGEST_ACRONYM],
        "country": found.country or line.country,
        "website": line.website,
    }


def state(line: ImportLine) -> str:
    """What somebody sees of a line who decides on it."""
    said = [getattr(line, field) for field in CORRECTED]
    return hashlib.sha256(json.dumps([*said, decision(line)]).encode()).hexdigest()[:16]


def _check_unchanged(batch: Import, line: ImportLine, seen: str) -> None:
    """Reads the line again, now that the import is locked."""
    try:
        line.refresh_from_db()
    except ImportLine.DoesNotExist:
        raise NotAllowed(_("Somebody else changed this a moment ago. Look at it again.")) from None
    if line.origin_id != batch.pk or state(line) != seen:
        raise NotAllowed(_("Somebody else changed this a moment ago. Look at it again."))


def choose(batch: Import, choices: Mapping[int, str], seen: Mapping[int, str] | None = None) -> list[int]:
    """Writes decisions down: for a line's key "new", "skip", "" or the key of an organisation that was suggested.

    `seen`: the decisions as they were shown to whoever decides. What they left alone stays as it is now; the numbers of
    lines that somebody else has decided otherwise since are returned, and these stay so.
    """
    otherwise: list[int] = []
    with transaction.atomic():
        lines = list(batch.lines.filter(pk__in=choices))
        for line in lines:
            said, now = choices[line.pk], decision(line)
            was = (seen or {}).get(line.pk, now)
            if said in (was, now):
                continue
            if now != was:
                otherwise.append(line.number)
                continue
            suggested = {str(candidate["organisation"]) for candidate in line.candidates}
            if said in suggested:
                line.choice, line.organisation_id = Choice.KNOWN, int(said)
            elif said in (Choice.NEW, Choice.SKIP, Choice.UNDECIDED):
                line.choice, line.organisation = said, None
        _write(lines, ["choice", "organisation"])
    return otherwise


def decision(line: ImportLine) -> str:
    """As `choose` takes it."""
    return str(line.organisation_id) if line.choice == Choice.KNOWN else line.choice


def choose_new(batch: Import) -> int:
    """Takes the plain ones of what is not decided as new. Returns how many lines that were."""
    lines = plain(batch)
    return batch.lines.filter(pk__in=[line.pk for line in lines]).update(choice=Choice.NEW, organisation=None)


def plain(batch: Import) -> list[ImportLine]:
    """Undecided lines about which nothing is doubtful, and which are probably not on the register."""
    undecided = batch.lines.filter(choice="").exclude(level=ImportLine.Level.PROBABLE).defer("raw", "aside")
    return [line for line in undecided if not is_blocked(line) and not _is_doubtful(line) and not _is_double(line)]


def _is_doubtful(line: ImportLine) -> bool:
    return any(code in DOUBTFUL for code, _detail in line.problems)


def cells(line: ImportLine) -> list[str]:
    """As it came in; nothing once it is imported."""
    return [str(cell) for cell in json.loads(line.raw)] if line.raw else []


def printed(line: ImportLine) -> str:
    """What the list says where the name is looked for, if that is not just the name."""
    columns = line.origin.columns or {"name": 0}
    said = cells(line)[columns.get("name", 0) :][:1]
    return said[0] if said and said[0] != line.name else ""


def is_blocked(line: ImportLine) -> bool:
    return any(code in BLOCKING for code, _detail in line.problems)


def forget_lines(batch: Import) -> None:
    batch.lines.all().delete()


def blank(lines: models.QuerySet[ImportLine]) -> None:
    """Takes out of lines whom they name: they are left out, and nothing tells what they said."""
    lines.update(
        **dict.fromkeys(("raw", "aside", "name", "normalised", "acronym", "country", "website", "level"), ""),
        **dict.fromkeys(("match", "organisation", "created", "score")),
        problems=[],
        candidates=[],
        corrected={},
        choice=Choice.SKIP,
    )


def figures(batch: Import) -> dict[str, int]:
    """How many lines stand where."""
    return batch.lines.aggregate(
        all=Count("pk"),
        undecided=Count("pk", filter=Q(choice="")),
        new=Count("pk", filter=Q(choice="new")),
        known=Count("pk", filter=Q(choice="known")),
        skip=Count("pk", filter=Q(choice="skip")),
        problems=Count("pk", filter=~Q(problems=[])),
        probable=Count("pk", filter=Q(level="probable")),
        possible=Count("pk", filter=Q(level="possible")),
    )


def _turn_first_row(batch: Import) -> None:
    """Takes the first line for the titles of the columns, or these for a line."""
    first = batch.lines.order_by("number").first()
    if batch.header:
        number = first.number - 1 if first else 1
        ImportLine.objects.create(origin=batch, number=number, raw=json.dumps(batch.header, ensure_ascii=False))
        batch.header = []
    elif first is not None:
        batch.header = cells(first)
        first.delete()
    batch.total = batch.lines.count()


def _write(lines: list[ImportLine], fields: Sequence[str]) -> None:
    """As bulk_update, whose one condition for each row and field takes longer than all the rest."""
    ImportLine.objects.bulk_create(
        lines, batch_size=BATCH, update_conflicts=True, update_fields=fields, unique_fields=["origin", "number"]
    )


_UNDERSTOOD = [
    *("aside", "name", "normalised", "latin_name", "acronym", "country", "website", "problems"),
    *("match", "level", "score", "candidates", "choice", "organisation"),
]


def _as_lists(problems: Iterable[Problem]) -> list[list[str]]:
    return [[problem.code, problem.detail] for problem in problems]


def _understand(line: ImportLine, entry: Entry, ignored: Container[str]) -> None:
    line.name, line.acronym, line.country, line.website = entry.name, entry.acronym, entry.country, entry.website
    line.normalised = normalise(entry.name)[:LONGEST_NORMALISED]
    line.latin_name = entry.latin_name
    line.aside = json.dumps(dict(entry.aside), ensure_ascii=False) if any(entry.aside.values()) else ""
    line.problems = _as_lists(problem for problem in entry.problems if problem.code not in ignored)


def _compare(lines: Sequence[ImportLine], equal: Mapping[tuple[str, str], Candidate]) -> None:
    """Writes down what the register has like each line; `equal`: what it has of the same name and country."""
    known = {
        line.pk: [equal[line.normalised, line.country]] for line in lines if (line.normalised, line.country) in equal
    }
    named = [line for line in lines if line.name and line.pk not in known]
    wanted = [(Wanted(line.name, line.country, line.website), line.latin_name) for line in named]
    found = known | dict(zip([line.pk for line in named], suggesting.like_each(wanted), strict=True))
    for line in lines:
        line.match, line.level, line.score = None, "", None
        line.candidates = [
            {"organisation": c.organisation.pk, "level": _level(c), "score": c.score, "reasons": list(c.reasons)}
            for c in found.get(line.pk, ())
        ]
        if line.candidates:
            best = found[line.pk][0]
            line.match, line.level, line.score = best.organisation, _level(best), best.score


def _level(candidate: Candidate) -> str:
    """Whatever is neither probable nor possible is offered too, but nothing follows from it."""
    return candidate.level if candidate.level in ImportLine.Level.values else ImportLine.Level.NONE


def _decide(batch: Import, chunk: Sequence[ImportLine], near: Mapping[int, int]) -> None:
    """What seems right, for a person to change: the same if probably so, new if there is nothing like it; what is
    only possible, or printed in a doubtful way, nobody decides but they."""
    taken = KINDS[batch.what].taken(batch, [line.match_id for line in chunk if line.match_id])
    for line in chunk:
        line.choice, line.organisation = Choice.UNDECIDED, None
        line.problems += _as_lists(KINDS[batch.what].look(batch, line))
        if line.number in near and line.level != ImportLine.Level.PROBABLE:
            line.problems.append(["like_line", str(near[line.number])])
        if _is_double(line):
            line.choice = Choice.SKIP
        elif is_blocked(line):
            continue
        elif line.level == ImportLine.Level.PROBABLE and line.match_id in taken:
            line.choice = Choice.SKIP
            line.problems.append(["taken", ""])
        elif line.level == ImportLine.Level.PROBABLE:
            line.choice, line.organisation = Choice.KNOWN, line.match
        elif line.level == ImportLine.Level.NONE and not _is_doubtful(line):
            line.choice = Choice.NEW


def _is_double(line: ImportLine) -> bool:
    return any(code == "double" for code, _detail in line.problems)


def _decide_doubles(batch: Import) -> None:
    """Of lines that are probably one organisation of the register, the first counts."""
    first: dict[int, int] = {}
    doubles = []
    for line in batch.lines.filter(choice=Choice.KNOWN).order_by("number"):
        assert line.organisation_id is not None
        if (earlier := first.setdefault(line.organisation_id, line.number)) != line.number:
            line.problems.append(["same_choice", str(earlier)])
            line.choice, line.organisation = Choice.SKIP, None
            doubles.append(line)
    with transaction.atomic():
        _write(doubles, ["problems", "choice", "organisation"])


def _hold_organisations(batch: Import) -> None:
    """All that its lines mean, in the order of their keys: line by line, two lists could wait for each other."""
    meant = Organisation.objects.filter(Q(import_lines__origin=batch) | Q(created_by_lines__origin=batch))
    pks = {pk for pair in meant.values_list("pk", "merged_into") for pk in pair if pk is not None}
    lock_all(Organisation, pks)


def _learn(batch: Import, lines: Sequence[ImportLine], by: User | None, at: datetime) -> None:
    """Known organisations are found at once by the names that this list gives them."""
    recognised = [(_chosen(line), name) for line in lines for name in _printed_names(line)]
    note = _("From a list: %(source)s") % {"source": batch.source}
    vetting.learn(recognised, how=OrganisationName.Learnt.LIST, note=note, by=by, at=at)


def _unlearn(batch: Import, by: User | None, at: datetime) -> None:
    """What this list has taught goes, unless somebody has changed it since or another list says it too."""
    here = _said_of_known(batch.lines.filter(choice=Choice.KNOWN))
    organisations = {pk for pk, _plain in here}
    others = ImportLine.objects.filter(origin__status=Status.CONFIRMED, origin__what=batch.what).exclude(origin=batch)
    elsewhere = _said_of_known(others.filter(choice=Choice.KNOWN, organisation__in=organisations))
    learnt = OrganisationName.objects.filter(learnt=OrganisationName.Learnt.LIST, organisation__in=organisations)
    standing = learnt.exclude(organisation__standing=Organisation.Standing.MERGED).select_related("organisation")
    for name in standing.order_by("organisation", "pk"):
        if (name.organisation_id, name.normalised) in here - elsewhere:
            vetting.unlearn_name(name.organisation, name=name.pk, code=name.learnt, by=by, at=at)


def _said_of_known(lines: models.QuerySet[ImportLine]) -> set[tuple[int | None, str]]:
    """By which names, normalised, these lines call organisations that were known."""
    rows = lines.defer("raw", "aside")
    return {(line.organisation_id, normalise(name)) for line in rows for name in _printed_names(line)}


def _printed_names(line: ImportLine) -> list[str]:
    return [name for name in (line.name, line.latin_name) if name]


def _check_decisions(batch: Import) -> None:
    """Raises with the first thing that has to be settled."""
    if undecided := batch.lines.filter(choice="").count():
        raise NotAllowed(
            ngettext("%(number)d line is not decided yet.", "%(number)d lines are not decided yet.", undecided)
            % {"number": undecided}
        )
    wanted = batch.lines.exclude(choice=Choice.SKIP).select_related("organisation").defer("raw", "aside")
    lines = list(wanted)
    if not lines:
        raise NotAllowed(_("Every line is left out, so there is nothing to import."))
    if blocked := next(filter(is_blocked, lines), None):
        raise NotAllowed(_("Line %(number)d can’t be imported as it is. Leave it out.") % {"number": blocked.number})
    if pair := next(_doubles(lines), None):
        raise NotAllowed(
            _("Lines %(one)d and %(other)d are the same organisation. Leave one of them out.")
            % {"one": pair[0].number, "other": pair[1].number}
        )
    known = [line for line in lines if line.choice == Choice.KNOWN]
    here = set(suggesting.register().filter(import_lines__origin=batch).values_list("pk", flat=True))
    if line := next((line for line in known if line.organisation_id not in here), None):
        raise NotAllowed(
            _("Line %(number)d: the organisation is suspended or merged on the register.") % {"number": line.number}
        )
    taken = KINDS[batch.what].taken(batch, [_chosen(line).pk for line in known])
    if line := next((line for line in known if line.organisation_id in taken), None):
        raise NotAllowed(
            _("Line %(number)d: the organisation has signed already. Leave it out.") % {"number": line.number}
        )


def _check_meanwhile(batch: Import) -> None:
    """What came onto the register since the comparison must not come onto it again. It is not known by its time, as
    that is when its transaction began, but by whether it was suggested."""
    lines = batch.lines.filter(choice=Choice.NEW).defer("raw", "aside")
    new = {(line.normalised, line.country): line for line in lines}
    names = OrganisationName.objects.spelt({plain for plain, _country in new})
    here = names.exclude(kind=OrganisationName.Kind.ACRONYM).filter(organisation__in=suggesting.register())
    found = here.values_list("organisation", "normalised", "organisation__country").order_by("organisation")
    for organisation, plain, country in found:
        line = new.get((plain, country))
        if line and all(organisation != candidate["organisation"] for candidate in line.candidates):
            raise NotAllowed(
                _("Line %(number)d: “%(name)s” came onto the register meanwhile. Compare the list again.")
                % {"number": line.number, "name": line.name}
            )


def _doubles(lines: Sequence[ImportLine]) -> Iterator[tuple[ImportLine, ImportLine]]:
    first: dict[object, ImportLine] = {}
    for line in lines:
        key = line.organisation_id if line.choice == Choice.KNOWN else (line.normalised, line.country)
        if (earlier := first.setdefault(key, line)) is not line:
            yield earlier, line


def _chosen(line: ImportLine) -> Organisation:
    assert line.organisation is not None
    return line.organisation


def _was_changed(organisation: Organisation) -> bool:
    """Whether anything has happened to it since it came onto the register."""
    others = Exists(ImportLine.objects.filter(organisation=OuterRef("pk"), origin__status=Status.CONFIRMED))
    pointed_at = others | Q(merged__isnull=False) | Q(members__isnull=False)
    is_used = Organisation.objects.filter(pointed_at, pk=organisation.pk).exists()
    latest = organisation.events.exclude(verb__in=suggesting.OF_THEMSELVES).order_by("-pk").first()
    has_more = latest is None or latest.verb not in ("register", "take_up")
    is_new = organisation.standing == Organisation.Standing.PROVISIONAL and not organisation.is_listed
    return is_used or not is_new or organisation.at_risk or has_more
