"""The turnstile: it holds in any stretch of time, for many at once, and knows nobody's name."""

from __future__ import annotations

import random
import threading
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection

from coalition.limits import forget, hit
from coalition.models import RateCount

NOON = datetime(2026, 7, 1, 12, tzinfo=UTC)
pytestmark = pytest.mark.django_db


def after(seconds: float) -> datetime:
    return NOON + timedelta(seconds=seconds)


def test_the_limit_holds_and_then_lets_go() -> None:
    tries = [hit("sign", "a", 3, 60, after(second)) for second in range(5)]
    assert [allowance.allowed for allowance in tries] == [True, True, True, False, False]
    assert [allowance.count for allowance in tries] == [1, 2, 3, 4, 5]
    again_at = tries[-1].again_at
    assert after(60) <= again_at <= after(75)
    assert hit("sign", "a", 3, 60, again_at).count == 1


def test_a_limit_does_not_start_anew_with_the_minute() -> None:
    before_the_minute = [hit("sign", "a", 8, 60, after(-second)).allowed for second in range(8, 0, -1)]
    after_the_minute = [hit("sign", "a", 8, 60, after(second)).allowed for second in range(8)]
    assert all(before_the_minute)
    assert not any(after_the_minute)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(5))
def test_in_no_stretch_are_more_let_through(seed: int) -> None:
    chance, second, passed = random.Random(seed), 0.0, []  # noqa: S311  not for secrets
    for _ in range(80):
        second += chance.choice([0, 0.5, 3, 10, 40])
        if hit("sign", "a", 5, 60, after(second)).allowed:
            passed.append(second)
    assert passed
    assert all(sum(start <= other < start + 60 for other in passed) <= 5 for start in passed)


def test_each_key_scope_and_length_of_time_is_counted_apart() -> None:
    assert hit("sign", "a", 1, 60, NOON).count == 1
    assert hit("sign", "b", 1, 60, NOON).count == 1
    assert hit("mail", "a", 1, 60, NOON).count == 1
    assert hit("sign", "a", 1, 3600, NOON).count == 1
    assert hit("sign", "a", 1, 60, NOON).count == 2


def test_midnight_does_not_forgive_what_was_tried_before() -> None:
    midnight = datetime(2026, 7, 2, tzinfo=UTC)
    for hours in (20, 2, 1):
        assert hit("mail", "a", 3, 24 * 3600, midnight - timedelta(hours=hours)).allowed
    assert not hit("mail", "a", 3, 24 * 3600, midnight + timedelta(minutes=1)).allowed
    assert RateCount.objects.values("key").distinct().count() == 2, "each day has its own key"


@pytest.mark.parametrize("seconds", [0, 5, 24 * 3600 + 1])
def test_a_length_of_time_that_cannot_be_counted_is_refused(seconds: int) -> None:
    with pytest.raises(ValueError, match="seconds"):
        hit("sign", "a", 1, seconds, NOON)


def test_nothing_readable_is_kept() -> None:
    hit("sign", "bruno@example.org", 3, 60, NOON)
    row = RateCount.objects.get()
    assert len(row.key) == 64
    assert set(row.key) <= set("0123456789abcdef")


def test_after_two_days_nothing_is_kept() -> None:
    hit("sign", "a", 3, 60, NOON)
    hit("sign", "a", 3, 60, NOON + timedelta(hours=2))
    assert forget(NOON + timedelta(hours=48)) == 0
    assert forget(NOON + timedelta(hours=48, minutes=1)) == 1
    assert RateCount.objects.count() == 1


def test_each_try_is_one_query(django_assert_num_queries: object) -> None:
    with django_assert_num_queries(1):  # type: ignore[operator]
        hit("sign", "a", 3, 60, NOON)


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_many_at_once_are_counted_one_by_one() -> None:
    together, counts = threading.Barrier(12), []

    def tries() -> None:
        together.wait()
        for _ in range(10):
            counts.append(hit("sign", "a", 50, 60, NOON).count)
        connection.close()

    threads = [threading.Thread(target=tries) for _ in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(counts) == list(range(1, 121))
