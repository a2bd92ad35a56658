"""Jobs of letters: each takes an id, looks again, and calls one function."""

from __future__ import annotations

from contextlib import suppress
from datetime import timedelta

from django.utils import timezone
from procrastinate.contrib.django import app

from coalition import limits
from coalition.jobs import Patiently
from coalition.workflow import NotAllowed
from letters import endorsing, lifecycle, mail
from letters.models import Endorsement, EndorsementEvent, Letter, Representative

#: The data of a sign-on that nobody confirmed is deleted this long after it came in.
UNCONFIRMED_KEPT = timedelta(days=21)
#: A job whose worker died is taken up again.
STALLED = timedelta(minutes=2)


@app.task(retry=Patiently())
def send_mail(event: int) -> None:
    """Mails an event of an endorsement, if it still holds. A mail server that is away is tried again."""
    mail.send(EndorsementEvent.objects.select_related("endorsement__letter", "note").get(pk=event))


@app.periodic(cron="*/5 * * * *")
@app.task
def keep_the_clock(timestamp: int) -> None:
    """Writes down what the clock has already decided; nothing that anybody sees depends on it."""
    now = timezone.now()
    for letter in Letter.objects.filter(status=Letter.Status.OPEN, closes_at__lte=now).order_by("pk"):
        if not letter.accepts_confirmation(now, now):
            with suppress(NotAllowed):
                lifecycle.close(letter, by=None, at=now)
    submitted = Endorsement.objects.filter(status=Endorsement.Status.SUBMITTED).select_related("letter")
    for endorsement in submitted.order_by("pk").iterator():
        if endorsement.expires_at is not None and endorsement.expires_at <= now:
            with suppress(NotAllowed):
                endorsing.expire(endorsement, at=now)


@app.periodic(cron="17 3 * * *")
@app.task
def forget(timestamp: int) -> None:
    """Deletes what has no purpose any more."""
    now = timezone.now()
    unconfirmed = Representative.objects.filter(
        endorsement__confirmed_at=None, endorsement__submitted_at__lt=now - UNCONFIRMED_KEPT
    )
    unconfirmed.delete()
    limits.forget(now)


@app.periodic(cron="* * * * *")
@app.task
async def tidy_queue(timestamp: int) -> None:
    """Takes up the jobs of workers that died in the middle, and drops those done days ago."""
    await app.job_manager.delete_old_jobs(nb_hours=72)
    for job in await app.job_manager.get_stalled_jobs(seconds_since_heartbeat=STALLED.seconds):
        await app.job_manager.retry_job(job)
