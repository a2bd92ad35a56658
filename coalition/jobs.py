"""The job queue: work that waits for the commit and happens outside the request."""

from __future__ import annotations

from contextlib import suppress
from datetime import timedelta

from django.db import transaction
from procrastinate import BaseRetryStrategy, RetryDecision
from procrastinate.contrib.django import app
from procrastinate.exceptions import AlreadyEnqueued
from procrastinate.jobs import Job


def enqueue(task: str, *, after: timedelta = timedelta(), once: str = "", **ids: int) -> None:
    """Defers `task` (its full name) in the present transaction: it exists exactly when that commits.

    Arguments lie in a table and in logs, so they are ids and nothing else. With `once`, no second job of that name
    waits while one does, and no two run at a time: the task must look at the state of things after it has begun.
    """
    seconds = int(after.total_seconds())
    schedule = {"seconds": seconds} if seconds else None
    name = once or None
    with suppress(AlreadyEnqueued), transaction.atomic():
        app.configure_task(task, lock=name, queueing_lock=name, schedule_in=schedule).defer(**ids)


class Patiently(BaseRetryStrategy):
    """Tries again at first within seconds, then every ten minutes, for two days: so long a mail server may be away."""

    attempts = 300
    longest = 600

    def get_retry_decision(self, *, exception: BaseException, job: Job) -> RetryDecision | None:
        if job.attempts >= self.attempts:
            return None
        return RetryDecision(retry_in={"seconds": min(5 * 2 ** min(job.attempts, 10), self.longest)})
