"""What came of a letter, as the public reads it: its timeline, where each addressee stands, the conveners' verdicts."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from functools import cached_property
from typing import Any

from coalition.languages import direction
from letters import responding
from letters.models import Addressee, Assessment, Attachment, Delivery, Letter, Response, Text, Update

#: Every kind of entry, and the template that says it.
TEMPLATES = {
    "opened": "letters/timeline/opened.html",
    "amended": "letters/timeline/amended.html",
    "extended": "letters/timeline/extended.html",
    "closed": "letters/timeline/closed.html",
    "reopened": "letters/timeline/reopened.html",
    "delivered": "letters/timeline/delivered.html",
    "response": "letters/timeline/response.html",
    "update": "letters/timeline/update.html",
    "concluded": "letters/timeline/concluded.html",
    "superseded": "letters/timeline/superseded.html",
}
_END_OF_TIME = datetime.max.replace(tzinfo=UTC)
#: Steps with an entry of their own; all others are nobody's business but the desk's.
TOLD = {"open": "opened", "extend": "extended", "reopen": "reopened", "conclude": "concluded"}
#: Those that set a new deadline. It is kept with the letter, not with the event: only that of the latest is known.
TIMED = ("extend", "reopen")


@dataclass(frozen=True)
class Entry:
    """One line of the timeline; `thing` is what it tells of."""

    kind: str
    day: date
    at: datetime | None = None
    thing: Any = None
    files: list[Attachment] = field(default_factory=list)
    direction: str = ""
    reached: list[Addressee] = field(default_factory=list)
    """The main addressees that a delivery reached, where it did not reach all of them."""

    @property
    def template(self) -> str:
        return TEMPLATES[self.kind]


@dataclass(frozen=True)
class State:
    """Where the letter stands with one addressee."""

    addressee: Addressee
    latest: Response | None
    unanswered: datetime | None
    """When the letter first reached this addressee, if no reply has come since."""
    days: int | None
    """Days without that reply, while one is expected."""


@dataclass(frozen=True)
class Answer:
    """A response as the public may know it: of a confidential one, date and kind alone."""

    number: int
    addressee: Addressee
    kind: str
    dated_on: date
    text: str
    language: str
    direction: str
    files: list[Attachment]
    is_published: bool


@dataclass(frozen=True)
class Judged:
    """A demand, and the conveners' latest verdict on it for each addressee that has answered."""

    number: int
    demand: str
    verdicts: list[tuple[Assessment, Response]]


class Outcome:
    """What came of one letter as of an instant; each part is read once, in a query."""

    def __init__(self, letter: Letter, at: datetime) -> None:
        self.letter, self.at = letter, at

    @cached_property
    def deliveries(self) -> list[Delivery]:
        return list(self.letter.deliveries.filter(at__lte=self.at).order_by("at", "number"))

    @cached_property
    def addressees(self) -> list[Any]:
        return list(responding.with_reply(self.letter.addressees.all()))

    @cached_property
    def responses(self) -> list[Response]:
        return list(self.letter.responses.select_related("addressee").order_by("dated_on", "pk"))

    @cached_property
    def attachments(self) -> dict[tuple[int | None, int | None], list[Attachment]]:
        """By response and update."""
        found: dict[tuple[int | None, int | None], list[Attachment]] = defaultdict(list)
        for attachment in self.letter.attachments.order_by("pk"):
            found[attachment.response_id, attachment.update_id].append(attachment)
        return found

    @cached_property
    def answers(self) -> list[Answer]:
        """Oldest first."""
        files = self.attachments
        return [
            Answer(
                number=number,
                addressee=response.addressee,
                kind=response.get_kind_display(),
                dated_on=response.dated_on,
                text=response.text if response.is_published else "",
                language=response.language,
                direction=direction(response.language),
                files=files.get((response.pk, None), []) if response.is_published else [],
                is_published=response.is_published,
            )
            for number, response in enumerate(self.responses, start=1)
        ]

    @cached_property
    def entries(self) -> list[Entry]:
        """Newest first."""
        letter, at = self.letter, self.at
        found = [
            *self._steps(),
            *(self._delivered(delivery) for delivery in self.deliveries),
            *(Entry("response", answer.dated_on, thing=answer) for answer in self.answers),
            *(self._update(update) for update in letter.updates.order_by("dated_on", "pk")),
        ]
        amended = letter.versions.filter(number__gte=2, sealed_at__lte=at).order_by("number")
        found += [_at("amended", version.sealed_at, version) for version in amended if version.sealed_at]
        found += [_at("superseded", newer.opened_at, newer) for newer in _newer(letter, at) if newer.opened_at]
        # On one day, what has only a date comes after what has an instant.
        return sorted(found, key=lambda entry: (entry.day, entry.at or _END_OF_TIME), reverse=True)

    @cached_property
    def states(self) -> list[State]:
        """Of the main addressees that it reached, and of others who have answered."""
        latest: dict[int, Response] = {}
        for response in self.responses:
            known = latest.get(response.addressee_id)
            if known is None or response.kind in Response.REPLIES or known.kind not in Response.REPLIES:
                latest[response.addressee_id] = response
        return [
            self._state(addressee, latest.get(addressee.pk))
            for addressee in self.addressees
            if addressee.pk in latest or (not addressee.is_copied and self._reached_first(addressee))
        ]

    def judged(self, text: Text) -> list[Judged]:
        """The demands in the words of `text`, with verdicts on published responses; empty where nothing was judged."""
        published = {response.pk: response for response in self.responses if response.is_published}
        verdicts: dict[int, dict[int, tuple[Assessment, Response]]] = defaultdict(dict)
        for assessment in Assessment.objects.filter(response__letter=self.letter).order_by("response__dated_on", "pk"):
            if response := published.get(assessment.response_id):
                verdicts[assessment.demand][response.addressee_id] = (assessment, response)
        judged = [
            Judged(number, demand, list(verdicts[number].values()))
            for number, demand in enumerate(text.demands, start=1)
        ]
        return judged if any(row.verdicts for row in judged) else []

    def _steps(self) -> list[Entry]:
        letter, at = self.letter, self.at
        events = list(letter.events.filter(verb__in=[*TOLD, "close"]).order_by("pk"))
        last_timed = max((event.pk for event in events if event.verb in TIMED), default=0)
        events = [event for event in events if event.at <= at]
        last_reopened = max((event.pk for event in events if event.verb == "reopen"), default=0)
        found = [
            _at(TOLD[event.verb], event.at, letter.closes_at if event.pk == last_timed else None)
            for event in events
            if event.verb in TOLD
        ]
        found += [
            _at("closed", event.at, event) for event in events if event.verb == "close" and event.pk < last_reopened
        ]
        return found + self._end()

    def _end(self) -> list[Entry]:
        """When signing ended, whether or not a job has written it; a delivery before may have ended it."""
        ended_at = self.letter.ended_at
        if self.letter.is_recorded or ended_at is None or ended_at > self.at:
            return []
        if self.letter.closed_at is None and any(delivery.at < ended_at for delivery in self.deliveries):
            return []
        return [_at("closed", ended_at)]

    def _delivered(self, delivery: Delivery) -> Entry:
        if delivery.channel != Delivery.Channel.EMAIL:
            return _at("delivered", delivery.at, delivery)
        main = [addressee for addressee in self.addressees if not addressee.is_copied]
        reached = [addressee for addressee in main if delivery.reached(addressee)]
        return replace(_at("delivered", delivery.at, delivery), reached=reached if reached != main else [])

    def _reached_first(self, addressee: Addressee) -> Delivery | None:
        return responding.first_that_reached(addressee, self.deliveries)

    def _update(self, update: Update) -> Entry:
        files = self.attachments.get((None, update.pk), [])
        return Entry("update", update.dated_on, thing=update, files=files, direction=direction(update.language))

    def _state(self, addressee: Any, latest: Response | None) -> State:
        first = self._reached_first(addressee)
        if addressee.is_copied or addressee.has_replied or first is None:
            return State(addressee, latest, None, None)
        since = first.at
        is_over = self.letter.status == Letter.Status.CONCLUDED
        return State(addressee, latest, since, None if is_over else responding.days_since(since, self.at))


def entries(letter: Letter, at: datetime) -> list[Entry]:
    """The public timeline, newest first, in eight queries at most: nothing of staff, endorsements or notes."""
    return Outcome(letter, at).entries


def about_responses(letter: Letter, text: Text, at: datetime) -> dict[str, Any]:
    """What a letter's page shows of what came of it, in nine queries."""
    outcome = Outcome(letter, at)
    return {
        "entries": outcome.entries,
        "states": outcome.states,
        "judged": outcome.judged(text),
        "answers": [answer for answer in reversed(outcome.answers) if answer.text or answer.files],
    }


def _at(kind: str, at: datetime, thing: Any = None) -> Entry:
    return Entry(kind, at.astimezone(UTC).date(), at, thing)


def _newer(letter: Letter, at: datetime) -> Any:
    """Public letters that take the place of this one, with their titles."""
    newer = Letter.objects.visible_to(None, at).filter(supersedes=letter)
    return responding.with_title(newer).order_by("opened_at")
