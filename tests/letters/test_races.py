"""Two people acting at once: real threads, real transactions, a barrier so that they meet."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import suppress
from itertools import pairwise

import pytest
from django.db import connection, connections
from django.utils import timezone

from coalition.workflow import NotAllowed
from letters import counting, endorsing, lifecycle
from letters.models import Endorsement, EndorsementEvent, Letter
from tests.factories import a_letter, a_sign_on, an_endorsement, an_organisation

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]

ROUNDS = 8


def at_once(*steps: Callable[[], object]) -> list[BaseException | None]:
    """Runs the steps in threads that start together; returns what each raised. A refusal is not an accident."""
    barrier = threading.Barrier(len(steps), timeout=10)
    raised: list[BaseException | None] = [None] * len(steps)

    def run(number: int, step: Callable[[], object]) -> None:
        try:
            barrier.wait()
            step()
        except BaseException as error:
            raised[number] = error
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run, args=(number, step)) for number, step in enumerate(steps)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=20)
        assert not thread.is_alive()
    accidents = [error for error in raised if error is not None and not isinstance(error, NotAllowed)]
    assert not accidents, accidents
    return raised


def fresh(endorsement: Endorsement) -> Endorsement:
    return Endorsement.objects.get(pk=endorsement.pk)


def test_approve_against_withdraw_against_close():
    for _ in range(ROUNDS):
        letter = a_letter()
        endorsement = an_endorsement(letter, state="confirmed")
        before = EndorsementEvent.objects.filter(endorsement=endorsement).count()
        raised = at_once(
            lambda e=endorsement: endorsing.approve(fresh(e), by=None),
            lambda e=endorsement: endorsing.withdraw(fresh(e)),
            lambda pk=letter.pk: lifecycle.close(Letter.objects.get(pk=pk), by=None),
        )
        endorsement.refresh_from_db()
        letter.refresh_from_db()
        assert endorsement.status == "withdrawn"
        assert raised[1] is None
        assert letter.status == "closed"
        assert counting.count(letter, timezone.now()).organisations == 0
        events = list(EndorsementEvent.objects.filter(endorsement=endorsement).order_by("id"))[before:]
        assert [event.verb for event in events] in (["withdraw"], ["approve", "withdraw"])
        assert all(left.to_status == right.from_status for left, right in pairwise(events))


def test_two_approvals_of_one_organisation():
    for _ in range(ROUNDS):
        letter, organisation = a_letter(), an_organisation()
        two = [an_endorsement(letter, organisation, state="confirmed") for _ in range(2)]
        raised = at_once(*(lambda e=e: endorsing.approve(fresh(e), by=None) for e in two))
        assert sum(error is None for error in raised) == 1
        assert letter.endorsements.approved().count() == 1
        assert counting.count(letter, timezone.now()).organisations == 1


def test_a_double_confirm_is_one():
    for _ in range(ROUNDS):
        endorsement = an_endorsement(state="submitted")
        raised = at_once(*[lambda e=endorsement: endorsing.confirm(fresh(e))] * 3)
        assert sum(error is None for error in raised) == 1
        assert EndorsementEvent.objects.filter(endorsement=endorsement, verb="confirm").count() == 1


def test_approve_against_reject_is_one_decision_with_one_event_and_one_mail():
    for _ in range(ROUNDS):
        endorsement = an_endorsement(state="confirmed")
        with connection.cursor() as cursor:
            cursor.execute("DELETE FROM procrastinate_jobs")
        raised = at_once(
            lambda e=endorsement: endorsing.approve(fresh(e), by=None),
            lambda e=endorsement: endorsing.ask(fresh(e), by=None, note="Who?"),
        )
        assert raised.count(None) in (1, 2)
        verbs = list(EndorsementEvent.objects.filter(endorsement=endorsement).values_list("verb", flat=True))
        # Asked first and then approved is allowed; approved first, nothing can be asked any more.
        assert verbs in (
            ["submit", "confirm", "approve"],
            ["submit", "confirm", "ask", "approve"],
            ["submit", "confirm", "ask"],
        )
        with connection.cursor() as cursor:
            cursor.execute("SELECT count(*) FROM procrastinate_jobs WHERE task_name = 'letters.tasks.send_mail'")
            assert cursor.fetchone()[0] == len(verbs) - 2


def test_the_same_form_sent_twice_at_once_is_one_sign_on():
    for _ in range(ROUNDS):
        letter = a_letter()
        sign_on = a_sign_on(name="New Wells Committee", country="KE")
        at_once(*[lambda pk=letter.pk, s=sign_on: endorsing.sign(Letter.objects.get(pk=pk), s, at=timezone.now())] * 3)
        assert letter.endorsements.count() == 1


def test_approvals_of_many_at_once_count_right():
    letter = a_letter()
    many = [an_endorsement(letter, state="confirmed") for _ in range(12)]
    at_once(*(lambda e=e: endorsing.approve(fresh(e), by=None) for e in many))
    assert counting.count(letter, timezone.now()).organisations == 12
    revision = Letter.objects.values_list("revision", flat=True).get(pk=letter.pk)
    assert revision == 13


def test_locks_are_taken_in_one_order_so_that_nothing_deadlocks():
    letter, organisation = a_letter(), an_organisation()
    mine, other = (an_endorsement(letter, organisation, state="confirmed") for _ in range(2))
    for _ in range(ROUNDS):
        with suppress(NotAllowed):
            at_once(
                lambda: endorsing.hold(fresh(mine), by=None),
                lambda: endorsing.release(fresh(mine), by=None),
                lambda: endorsing.resend(fresh(other)),
                lambda: endorsing.sign(Letter.objects.get(pk=letter.pk), a_sign_on(organisation), at=timezone.now()),
            )
