"""The turnstile: how often something may be tried, counted by digests that nobody can read back."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from django.db import connection

from coalition.fields import digest_of_the_day
from coalition.models import RateCount

#: A limit is counted in this many slices and the one begun before them, so it holds in any stretch, not from one full
#: hour to the next.
SLICES = 6
KEPT = timedelta(hours=48)
DAY = 24 * 3600

COUNT = """
    WITH hit AS (
        INSERT INTO coalition_ratecount AS slice (key, window_start, count) VALUES (%(key)s, %(start)s, 1)
        ON CONFLICT (key, window_start) DO UPDATE SET count = slice.count + 1
        RETURNING count
    )
    SELECT hit.count + COALESCE((
        SELECT sum(count) FROM coalition_ratecount
        WHERE key = ANY(%(keys)s) AND window_start > %(since)s AND window_start < %(start)s
    ), 0) FROM hit
"""


@dataclass(frozen=True)
class Allowance:
    """Whether this try is within the limit, how many it makes, and when all counted so far will have aged out."""

    allowed: bool
    count: int
    again_at: datetime


def hit(scope: str, key: str, limit: int, seconds: int, at: datetime) -> Allowance:
    """Counts one try of `key` (a network, a mailbox) at `scope` (what is tried) and says whether it may go on.

    At most `limit` in any stretch of `seconds` (to a day; ValueError above), for a key that stays the same. Refused
    tries count too. Call it outside a transaction: the row is locked until it ends, and undone with it.
    """
    if not SLICES <= seconds <= DAY:
        raise ValueError(f"A limit is counted over {SLICES} to {DAY} seconds, not {seconds}.")
    slice_seconds = -(-seconds // SLICES)
    start = datetime.fromtimestamp(int(at.timestamp()) // slice_seconds * slice_seconds, UTC)
    # Yesterday's tries lie under yesterday's key.
    keys = [_digest(scope, key, seconds, start - timedelta(days=days)) for days in (0, 1)]
    since = at - timedelta(seconds=seconds + slice_seconds)
    with connection.cursor() as cursor:
        cursor.execute(COUNT, {"key": keys[0], "keys": keys, "start": start, "since": since})
        count = int(cursor.fetchone()[0])
    return Allowance(count <= limit, count, start + timedelta(seconds=slice_seconds + seconds))


def _digest(scope: str, key: str, seconds: int, at: datetime) -> str:
    return digest_of_the_day("limits", f"{scope} {seconds} {key}", at.date())


def forget(at: datetime) -> int:
    """Removes what was counted more than 48 hours ago; says how many rows."""
    return RateCount.objects.filter(window_start__lt=at - KEPT).delete()[0]
