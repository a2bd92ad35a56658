"""The job queue: work that waits for the commit and happens outside the request."""

from __future__ import annotations

from datetime import timedelta

from procrastinate import BaseRetryStrategy, RetryDecision
from procrastinate.contrib.django import app
from procrastinate.jobs import Job


def enqueue(task: str, *, after: timedelta = timedelta(), **ids: int) -> None:
    """Defers `task` (its full name) in the present transaction: it exists exactly when that commits.

    Arguments lie in a table and in logs, so they are ids and nothing else.
    """
    seconds = int(after.total_seconds())
    app.configure_task(task, schedule_in={"seconds": seconds} if seconds else None).defer(**ids)


class Patiently(BaseRetryStrategy):
    """Tries again at first within seconds, then every ten minutes, for two days: so long a mail server may be away."""

    attempts = 300
    longest = 600

    def get_retry_decision(self, *, exception: BaseException, job: Job) -> RetryDecision | None:
        if job.attempts >= self.attempts:
            return None
        return RetryDecision(retry_in={"seconds": min(5 * 2 ** min(job.attempts, 10), self.longest)})
