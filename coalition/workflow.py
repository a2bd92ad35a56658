"""The kernel: how anything changes its status.

A verb is a function whose decorator says the rule. The wrapper made here locks the row and all that stands above it,
reads them again, checks the rule, runs the body, saves, writes the event and defers its mail, all in one transaction.
Only this module writes a status, and only this module locks rows.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import datetime
from graphlib import TopologicalSorter
from typing import Any, Concatenate, Final, Generic, ParamSpec, TypeVar, cast

from django.db import IntegrityError, connection, models, transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from coalition.models import Event, Note, User

#: Default of a verb's `at`: the instant at which its locks are held.
NOW: Final = cast(datetime, object())


class NotAllowed(Exception):
    """A move that may not happen now; the message is a sentence for the person who tried it."""


@dataclass(frozen=True)
class Actor:
    """Who may take a step: a name for the table, and the question asked of the person (None: no account acted)."""

    name: str
    allows: Callable[[User | None, Any], bool]


@dataclass(frozen=True)
class Special:
    """A target that is not one fixed status: found, when the step is taken, from the workflow and the row."""

    name: str
    find: Callable[[Workflow[Any], Any], str]


def _before(flow: Workflow[Any], subject: models.Model) -> str:
    event = flow.previous(subject)
    if event is None or not event.from_status:
        raise NotAllowed(_("There is no earlier state to go back to."))
    return event.from_status


#: Back to the status before the one it has now.
BEFORE: Final = Special("the state before", _before)
#: The step leaves the status alone and is written down all the same.
SAME: Final = Special("the same", lambda flow, subject: str(getattr(subject, flow.status_field)))

P = ParamSpec("P")
M = TypeVar("M", bound=models.Model)


@dataclass(frozen=True)
class Step:
    """One row of the table of allowed moves; no `sources` means that the step creates the row."""

    verb: str
    sources: tuple[str, ...]
    to: str | Special
    who: Actor
    is_seen: bool = False
    """The public sees what it does, even where the row keeps its face."""

    @property
    def target(self) -> str:
        return self.to.name if isinstance(self.to, Special) else str(self.to)


@dataclass
class Workflow(Generic[M]):
    """The allowed moves of one model.

    `above`: names of its foreign keys in the order in which their rows are locked before its own. `face`: what the
    public sees of a row; `changed(row, before, after)` is called when a step changes that. `tell(event)` defers the
    mail of an event.
    """

    model: type[M]
    events: type[Event]
    status_field: str = "status"
    above: tuple[str, ...] = ()
    face: Callable[[M], object] = lambda row: None
    changed: Callable[[M, Any, Any], None] = lambda row, before, after: None
    tell: Callable[[Any], None] = lambda event: None
    steps: dict[str, Step] = field(default_factory=dict)

    def begin(self, *, to: str, who: Actor) -> Callable[[Callable[P, Sequence[models.Model]]], Callable[P, M]]:
        """A verb that creates a row. Its body returns the unsaved rows, the subject first; its first argument, if it
        is a row, is locked while it runs."""

        def decorate(body: Callable[P, Sequence[models.Model]]) -> Callable[P, M]:
            step = self._add(Step(body.__name__, (), to, who))

            @functools.wraps(body)
            def verb(*args: P.args, **kwargs: P.kwargs) -> M:
                with _all_or_nothing():
                    for row in args[:1]:
                        if isinstance(row, models.Model):
                            lock(row)
                    said = _said(kwargs)
                    self._check_actor(step, said.by, args[0] if args else None)
                    rows = body(*args, **kwargs)
                    subject = cast(M, rows[0])
                    setattr(subject, self.status_field, to)
                    for new in rows:
                        _write(new)
                    self._finish(subject, step, "", None, said)
                return subject

            return verb

        return decorate

    def step(
        self, *sources: str, to: str | Special, who: Actor, is_seen: bool = False
    ) -> Callable[[Callable[Concatenate[M, P], None]], Callable[Concatenate[M, P], M]]:
        """A verb on a row that is in one of `sources`. Its body changes the locked row, or raises NotAllowed."""

        def decorate(body: Callable[Concatenate[M, P], None]) -> Callable[Concatenate[M, P], M]:
            step = self._add(Step(body.__name__, tuple(map(str, sources)), to, who, is_seen))

            @functools.wraps(body)
            def verb(subject: M, *args: P.args, **kwargs: P.kwargs) -> M:
                with _all_or_nothing():
                    lock(subject, self.above)
                    said = _said(kwargs)
                    self._check(step, subject, said.by)
                    before, face = getattr(subject, self.status_field), self.face(subject)
                    body(subject, *args, **kwargs)
                    setattr(
                        subject,
                        self.status_field,
                        step.to.find(self, subject) if isinstance(step.to, Special) else step.to,
                    )
                    _write(subject)
                    self._finish(subject, step, before, face, said)
                return subject

            return cast(Callable[Concatenate[M, P], M], verb)

        return decorate

    def possible(self, subject: M, by: User | None) -> list[Step]:
        """The steps that `by` may take with this row as it is now; a body may still refuse."""
        status = getattr(subject, self.status_field)
        return [step for step in self.steps.values() if status in step.sources and step.who.allows(by, subject)]

    def table(self) -> list[tuple[str, str, str, str]]:
        """The rule as rows of words: verb, from, to, who."""
        return [(s.verb, ", ".join(s.sources), s.target, s.who.name) for s in self.steps.values()]

    def previous(self, subject: M) -> Event | None:
        """The event that brought the row into the status it has."""
        status = getattr(subject, self.status_field)
        history = self.events._default_manager.filter(**{self._subject_name: subject}, to_status=status)
        return history.exclude(from_status=status).order_by("-id").first()

    def _add(self, step: Step) -> Step:
        self.steps[step.verb] = step
        return step

    def _check(self, step: Step, subject: M, by: User | None) -> None:
        status = getattr(subject, self.status_field)
        if status not in step.sources:
            raise NotAllowed(
                _("This can’t be done now: the status is “%(status)s”.")
                % {"status": getattr(subject, f"get_{self.status_field}_display")()}
            )
        self._check_actor(step, by, subject)

    def _check_actor(self, step: Step, by: User | None, subject: Any) -> None:
        if not step.who.allows(by, subject):
            raise NotAllowed(_("You don’t have the role that this needs."))

    def _finish(self, subject: M, step: Step, before: str, face: object, said: Said) -> None:
        event = self.events(
            **{self._subject_name: subject},
            verb=step.verb,
            from_status=before,
            to_status=getattr(subject, self.status_field),
            by=said.by,
            code=said.code,
            at=said.at,
        )
        _write(event)
        if said.note:
            note = cast(type[Note], self.events._meta.fields_map["note"].related_model)
            words: dict[str, Any] = {"event": event, "text": said.note}
            _write(note(**words))
        if (now := self.face(subject)) != face or step.is_seen:
            _afterwards(self.changed, subject, face, now)
        _afterwards(self.tell, event)

    @property
    def _subject_name(self) -> str:
        return next(f.name for f in self.events._meta.fields if f.related_model is self.model)


@dataclass(frozen=True)
class Said:
    """What a caller says with any step, for its event."""

    by: User | None
    at: datetime
    code: str
    note: str


def _said(kwargs: dict[str, Any]) -> Said:
    """Reads what belongs to the event, and puts the real instant where NOW stood."""
    if kwargs.get("at", NOW) is NOW:
        kwargs["at"] = timezone.now()
    return Said(kwargs.get("by"), kwargs["at"], str(kwargs.get("code", "")), kwargs.get("note", ""))


def lock(subject: models.Model, above: Sequence[str] = ()) -> None:
    """Locks the rows above, in order, then the subject, and reads them again.

    Without no_key, inserting an event, whose foreign keys take a key-share lock, could deadlock with another step.
    """
    batch = _batch.get()
    if batch is not None and batch.holds(subject):
        batch.lock(getattr(subject, name) for name in above)
        return
    for name in above:
        if (pk := getattr(subject, f"{name}_id")) is not None:
            related = cast(type[models.Model], subject._meta.get_field(name).related_model)
            setattr(subject, name, _locked(related).get(pk=pk))
    held = {name: getattr(subject, name) for name in above}
    subject.refresh_from_db(from_queryset=_locked(type(subject)))
    for name, row in held.items():
        if getattr(subject, f"{name}_id") != (row.pk if row else None):
            raise NotAllowed(_("Somebody else changed this a moment ago. Look at it again."))
        if row is not None:
            setattr(subject, name, row)
    if batch is not None:
        batch.held |= {id(row): row for row in (*held.values(), subject) if row is not None}


@contextmanager
def locked(subject: M) -> Iterator[M]:
    """Holds a row while several steps are chosen and taken below it."""
    with transaction.atomic():
        lock(subject)
        yield subject


def lock_all(model: type[M], pks: Iterable[Any]) -> set[Any]:
    """Locks many rows of one table, in the order of their keys; returns the keys of those that are there."""
    return set(_locked(model).filter(pk__in=pks).order_by("pk").values_list("pk", flat=True))


def one_at_a_time(what: str) -> None:
    """Waits until no other transaction is about the same; afterwards what that one wrote is seen. For what has no row
    yet that could be locked."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtext(%s))", [what])


@dataclass
class Batch:
    """What the steps of a `together` have brought about: new rows, and what comes after them, each in its order."""

    rows: dict[type[models.Model], list[models.Model]] = field(default_factory=dict)
    later: list[Callable[[], None]] = field(default_factory=list)
    last: dict[Hashable, Callable[[], None]] = field(default_factory=dict)
    held: dict[int, models.Model] = field(default_factory=dict)
    """By identity, the rows that nobody else can change: new ones, and those that are locked."""

    def holds(self, row: models.Model) -> bool:
        return id(row) in self.held

    def lock(self, rows: Iterable[models.Model | None]) -> None:
        for row in rows:
            if row is not None and not self.holds(row):
                row.refresh_from_db(from_queryset=_locked(type(row)))
                self.held[id(row)] = row

    def write(self, row: models.Model) -> None:
        if row.pk is not None:
            row.save()
        elif not self.holds(row):
            self.rows.setdefault(type(row), []).append(row)
            self.held[id(row)] = row

    def finish(self) -> None:
        while self.rows or self.later or self.last:
            if not (self.rows or self.later):
                self.later, self.last = list(self.last.values()), {}
            rows, later, self.rows, self.later = self.rows, self.later, {}, []
            for model in _parents_first(rows):
                model._default_manager.bulk_create(rows[model])
            for call in later:
                call()


def _parents_first(tables: Iterable[type[models.Model]]) -> list[type[models.Model]]:
    """The tables in an order in which no row points at one that is not there yet."""
    above: dict[type[models.Model], set[Any]] = {
        table: {f.related_model for f in table._meta.concrete_fields if f.is_relation} for table in tables
    }
    order = TopologicalSorter({table: (parents & set(above)) - {table} for table, parents in above.items()})
    return list(order.static_order())


_batch: ContextVar[Batch | None] = ContextVar("_batch", default=None)


@contextmanager
def together(*rows: models.Model) -> Iterator[None]:
    """Steps of which the new rows are written at the end of the block, a table at a time; all of them or none.

    Nobody else sees a new row before, so it need be neither locked nor read again; what stood there before, such as
    these `rows`, is locked once. Within the block a new row has no primary key and no query finds it.
    """
    if _batch.get() is not None:
        raise RuntimeError("One `together` can't stand in another: it would not find the new rows of the outer one.")
    with _all_or_nothing():
        token = _batch.set(batch := Batch())
        try:
            batch.lock(rows)
            yield
            batch.finish()
        finally:
            _batch.reset(token)


def last_of_all(key: Hashable, call: Callable[[], None]) -> None:
    """Calls at once; within a `together`, at its end, and for each key only once."""
    if (batch := _batch.get()) is not None:
        batch.last[key] = call
    else:
        call()


def _write(row: models.Model) -> None:
    if (batch := _batch.get()) is not None:
        batch.write(row)
    else:
        row.save()


def _afterwards(call: Callable[..., None], *args: Any) -> None:
    if (batch := _batch.get()) is not None:
        batch.later.append(functools.partial(call, *args))
    else:
        call(*args)


def _locked(model: type[models.Model]) -> models.QuerySet[Any]:
    return model._base_manager.select_for_update(of=("self",), no_key=True)


@contextmanager
def _all_or_nothing() -> Iterator[None]:
    """One transaction; a broken constraint that has a sentence of its own becomes NotAllowed."""
    try:
        with transaction.atomic(savepoint=_batch.get() is None):
            yield
    except IntegrityError as error:
        name = getattr(getattr(error.__cause__, "diag", None), "constraint_name", None)
        if name in SENTENCES:
            raise NotAllowed(str(SENTENCES[name])) from error
        raise


#: Constraints that two people acting at once can meet, and what the later one is told.
SENTENCES: dict[str, Any] = {
    "one_approved_endorsement_per_organisation": gettext_lazy("This organisation’s endorsement is already approved."),
}
