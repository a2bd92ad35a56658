"""The queue: which endorsements wait, in which order, and what one line says of each."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.contrib import admin
from django.contrib.admin.views.main import ChangeList
from django.db.models import Count, F, QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.timesince import timesince
from django.utils.translation import gettext_lazy

from letters.admin.letters import titles
from letters.admin.signals import signals
from letters.admin.signals.address import proof
from letters.admin.signals.signal import Signal
from letters.models import Endorsement, Letter, LetterRole, Representative

Status = Endorsement.Status
#: Letters that close soonest come first, then who waits longest.
ORDER = (F("letter__closes_at").asc(nulls_last=True), F("confirmed_at").asc(nulls_last=True), "pk")


class QueueFilter(admin.SimpleListFilter):
    """The tabs above the list; without a choice, what waits for the check."""

    title = gettext_lazy("queue")
    parameter_name = "queue"
    #: The status that stands for each tab, in the order of the tabs.
    QUEUES = {
        "waiting": Status.CONFIRMED,
        "questions": Status.ASKED,
        "held": Status.HELD,
        "unconfirmed": Status.SUBMITTED,
        "approved": Status.APPROVED,
        "rejected": Status.REJECTED,
    }

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [
            ("waiting", gettext_lazy("Waiting")),
            ("questions", gettext_lazy("Questions")),
            ("held", gettext_lazy("Held")),
            ("unconfirmed", gettext_lazy("Unconfirmed")),
            ("approved", gettext_lazy("Approved")),
            ("rejected", gettext_lazy("Rejected")),
            ("all", gettext_lazy("All")),
        ]

    def value(self) -> str:
        return super().value() or "waiting"

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        status = self.QUEUES.get(self.value())
        return queryset.filter(status=status) if status else queryset


class LetterFilter(admin.SimpleListFilter):
    title = gettext_lazy("letter")
    parameter_name = "letter"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        opened = Letter.objects.held_by(request.user, *LetterRole.Role.values).exclude(opened_at=None)
        letters = list(opened.order_by("-pk"))
        shown = titles(letters)
        return [(str(letter.pk), f"{letter.reference} · {shown[letter.pk]}") for letter in letters]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        is_known = self.value() in dict(self.lookup_choices)
        return queryset.filter(letter=self.value()) if is_known else queryset


class VisibilityFilter(admin.SimpleListFilter):
    title = gettext_lazy("visibility")
    parameter_name = "visibility"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return list(Endorsement.Visibility.choices)

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        is_known = self.value() in Endorsement.Visibility.values
        return queryset.filter(visibility=self.value()) if is_known else queryset


@dataclass(frozen=True)
class Row:
    """One line of the queue."""

    endorsement: Endorsement
    title: str
    contact: Representative | None
    """Only where the visitor moderates the letter."""
    proof: Signal | None
    signals: list[Signal]
    waited: str


class Queue(ChangeList):
    """A page of the queue: whatever its length, with the same few queries."""

    def get_results(self, request: HttpRequest) -> None:
        super().get_results(request)
        shown: list[Endorsement] = list(self.result_list)
        at = timezone.now()
        moderated = Letter.objects.held_by(request.user, LetterRole.Role.MODERATOR)
        shown_titles = titles({endorsement.letter for endorsement in shown})
        moderates = set(moderated.values_list("pk", flat=True))
        people = Representative.objects.filter(endorsement__in=shown, endorsement__letter__in=moderates)
        contacts = {person.endorsement_id: person for person in people}
        found = signals(shown, contacts)
        self.rows = [
            Row(
                endorsement=endorsement,
                title=shown_titles[endorsement.letter_id],
                contact=contacts.get(endorsement.pk),
                proof=proof(
                    endorsement,
                    contacts.get(endorsement.pk),
                    sees_contacts=endorsement.letter_id in moderates,
                ),
                signals=found[endorsement.pk],
                waited=waited(endorsement, at),
            )
            for endorsement in shown
        ]
        self.may_decide = bool(moderates)
        self.tabs = self._tabs(request)
        self.tick_url = self.get_query_string({"ticked": "1", "p": self.page_num})

    def _tabs(self, request: HttpRequest) -> list[dict[str, Any]]:
        """Each queue with its number, under the other filters that are on."""
        by_status = self.get_queryset(request, exclude_parameters=[QueueFilter.parameter_name]).order_by()
        numbers = dict(by_status.values_list("status").annotate(Count("pk")))
        queue = next(spec for spec in self.filter_specs if isinstance(spec, QueueFilter))
        return [
            {
                "name": name,
                "number": numbers.get(queue.QUEUES[key], 0) if key in queue.QUEUES else sum(numbers.values()),
                "url": self.get_query_string({queue.parameter_name: key}, ["p"]),
                "is_here": queue.value() == key,
            }
            for key, name in queue.lookup_choices
        ]


def waited(endorsement: Endorsement, at: datetime) -> str:
    """How long it has been waiting for us, or for its signer."""
    since = endorsement.confirmed_at or endorsement.submitted_at
    is_over = endorsement.status == Status.APPROVED or endorsement.status not in Endorsement.LIVE
    return "" if is_over or since is None else timesince(since, at, depth=1)
