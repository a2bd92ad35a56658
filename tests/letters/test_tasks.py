"""Jobs that write down what the clock has decided, and delete what has no purpose any more."""

from __future__ import annotations

from datetime import timedelta

import pytest
import time_machine

from letters import endorsing
from letters.models import Endorsement, Letter, Representative
from letters.tasks import forget, keep_the_clock
from tests.factories import NOON, a_letter, an_endorsement

pytestmark = pytest.mark.django_db


def test_the_clock_closes_a_letter_after_its_grace_and_ends_what_was_not_confirmed():
    letter = a_letter(closes_at=NOON, at=NOON - timedelta(days=3))
    endorsement = an_endorsement(letter, state="submitted", at=NOON - timedelta(days=2))
    confirmed = an_endorsement(letter, state="confirmed", at=NOON - timedelta(days=2))
    for passed, status, state in (
        (timedelta(minutes=59), "open", "submitted"),
        (timedelta(hours=1), "closed", "expired"),
    ):
        with time_machine.travel(NOON + passed, tick=False):
            keep_the_clock.func(0)
            keep_the_clock.func(0)
        assert Letter.objects.get(pk=letter.pk).status == status
        assert Endorsement.objects.get(pk=endorsement.pk).status == state
    assert Endorsement.objects.get(pk=confirmed.pk).status == "confirmed"
    assert letter.events.filter(verb="close").count() == 1


def test_the_job_changes_no_page(client):
    letter = a_letter(closes_at=NOON, at=NOON - timedelta(days=3))
    an_endorsement(letter, at=NOON - timedelta(days=2))
    with time_machine.travel(NOON + timedelta(hours=2), tick=False):
        before = client.get(letter.get_absolute_url()).content
        keep_the_clock.func(0)
        assert client.get(letter.get_absolute_url()).content == before


def test_who_never_confirmed_is_forgotten_after_21_days_and_nobody_else():
    letter = a_letter(closes_at=NOON + timedelta(days=60), at=NOON)
    unconfirmed = an_endorsement(letter, state="submitted", at=NOON)
    approved = an_endorsement(letter, at=NOON)
    for day, left in ((20, {unconfirmed.pk, approved.pk}), (22, {approved.pk})):
        with time_machine.travel(NOON + timedelta(days=day), tick=False):
            keep_the_clock.func(0)
            forget.func(0)
        assert set(Representative.objects.values_list("endorsement", flat=True)) == left


def test_a_withdrawn_and_never_confirmed_sign_on_is_forgotten_too():
    letter = a_letter(closes_at=NOON + timedelta(days=60), at=NOON)
    endorsement = an_endorsement(letter, state="submitted", at=NOON)
    endorsing.withdraw(endorsement, code="not_me", at=NOON)
    with time_machine.travel(NOON + timedelta(days=22), tick=False):
        forget.func(0)
    assert not Representative.objects.exists()
