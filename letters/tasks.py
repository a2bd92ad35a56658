"""Jobs of letters: each takes an id, looks again, and calls one function."""

from __future__ import annotations

from contextlib import suppress
from datetime import timedelta

from django.db.models import Exists, F, OuterRef, Q, QuerySet
from django.utils import timezone
from procrastinate.contrib.django import app

from coalition import limits
from coalition.jobs import Patiently, enqueue
from coalition.workflow import NotAllowed, locked
from letters import delivering, endorsing, lifecycle, mail, record
from letters.documents import rendering
from letters.models import (
    Addressee,
    Delivery,
    Document,
    Endorsement,
    EndorsementEvent,
    Invitation,
    Letter,
    Representative,
    Response,
    Update,
    Version,
)

#: The data of a sign-on that nobody confirmed is deleted this long after it came in.
UNCONFIRMED_KEPT = timedelta(days=21)
#: A job whose worker died is taken up again.
STALLED = timedelta(minutes=2)


@app.task(retry=Patiently())
def send_mail(event: int) -> None:
    """Mails an event of an endorsement, if it still holds. A mail server that is away is tried again."""
    mail.send(EndorsementEvent.objects.select_related("endorsement__letter", "note").get(pk=event))


@app.task(retry=Patiently())
def tell_of_version(version: int) -> None:
    """One mail job for each representative of a signature, so that one bad address stops nobody."""
    sealed = Version.objects.get(pk=version)
    signed = Endorsement.objects.live().filter(letter=sealed.letter_id, representative__isnull=False)
    for pk in signed.filter(confirmed_at__isnull=False).order_by("pk").values_list("pk", flat=True):
        enqueue("letters.tasks.send_version_mail", version=version, endorsement=pk)


@app.task(retry=Patiently())
def send_version_mail(version: int, endorsement: int) -> None:
    found = Endorsement.objects.select_related("letter", "version").get(pk=endorsement)
    mail.send_version(Version.objects.select_related("letter").get(pk=version), found)


@app.task(retry=Patiently())
def tell_of_response(response: int) -> None:
    """One mail job for each representative who asked to hear what comes of the letter."""
    found = Response.objects.filter(pk=response).first()
    for pk in _who_asked(found) if found else []:
        enqueue("letters.tasks.send_response_mail", response=response, endorsement=pk)


@app.task(retry=Patiently())
def send_response_mail(response: int, endorsement: int) -> None:
    found = Endorsement.objects.select_related("letter", "version").get(pk=endorsement)
    if (told := Response.objects.filter(pk=response).select_related("addressee").first()) is not None:
        mail.send_response(told, found)


@app.task(retry=Patiently())
def tell_of_update(update: int) -> None:
    """The same for the conveners' news."""
    found = Update.objects.filter(pk=update).first()
    for pk in _who_asked(found) if found else []:
        enqueue("letters.tasks.send_update_mail", update=update, endorsement=pk)


@app.task(retry=Patiently())
def send_update_mail(update: int, endorsement: int) -> None:
    found = Endorsement.objects.select_related("letter", "version").get(pk=endorsement)
    if (told := Update.objects.filter(pk=update).first()) is not None:
        mail.send_update(told, found)


def _who_asked(told: Response | Update) -> QuerySet[Endorsement, int]:
    asked = Endorsement.objects.consenting().filter(letter=told.letter_id, consents_to_contact=True)
    return asked.filter(representative__isnull=False).order_by("pk").values_list("pk", flat=True)


@app.task(retry=Patiently())
def send_invitation(invitation: int) -> None:
    """Mails the personal link of an invitation, if it still holds."""
    found = Invitation.objects.valid().select_related("letter", "endorsement").filter(pk=invitation).first()
    if found is not None:
        mail.send_invitation(found)


@app.task(retry=Patiently())
def render_documents(letter: int) -> None:
    """Makes the documents of a letter anew after a change."""
    rendering.render(letter)


@app.periodic(cron="*/10 * * * *")
@app.task
def render_what_is_missing(timestamp: int) -> None:
    """Takes up letters without a document of the present revision: new installations, jobs that were given up."""
    present = Document.objects.filter(letter=OuterRef("pk"), revision__gte=OuterRef("revision"))
    behind = Letter.objects.filter(~Exists(present), status__in=Letter.PUBLIC)
    for pk in behind.order_by("pk").values_list("pk", flat=True):
        enqueue("letters.tasks.render_documents", once=f"documents of letter {pk}", letter=pk)


@app.task(retry=Patiently())
def hand_over(delivery: int) -> None:
    """Makes the files of a delivery, and defers the mails about it."""
    delivering.hand_over(Delivery.objects.select_related("letter", "version").get(pk=delivery))


@app.task(retry=Patiently())
def send_delivery(delivery: int, addressee: int) -> None:
    found = Delivery.objects.select_related("letter", "version").get(pk=delivery)
    mail.send_to_addressee(found, Addressee.objects.get(pk=addressee))


@app.task(retry=Patiently())
def tell_of_delivery(delivery: int, endorsement: int) -> None:
    found = Endorsement.objects.select_related("letter", "version").get(pk=endorsement)
    mail.send_delivery(Delivery.objects.select_related("letter").get(pk=delivery), found)


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
    overdue = Endorsement.objects.filter(
        status__in=endorsing.flow.steps["lapse"].sources,
        letter__reconsent_until__lte=now,
        version__number__lt=F("letter__consent_version"),
    )
    for endorsement in overdue.order_by("pk").iterator():
        with suppress(NotAllowed):
            endorsing.lapse(endorsement, at=now)


@app.periodic(cron="5 0 * * *")
@app.task
def write_records(timestamp: int) -> None:
    """Puts the day's list of every public letter on record."""
    now = timezone.now()
    for letter in Letter.objects.filter(status__in=Letter.PUBLIC).order_by("pk"):
        with locked(letter):
            if letter.status in Letter.PUBLIC:
                record.write_list(letter, now)


@app.periodic(cron="17 3 * * *")
@app.task
def forget(timestamp: int) -> None:
    """Deletes what has no purpose any more."""
    now = timezone.now()
    unconfirmed = Representative.objects.filter(
        endorsement__confirmed_at=None, endorsement__submitted_at__lt=now - UNCONFIRMED_KEPT
    )
    unconfirmed.delete()
    long_ago = now - UNCONFIRMED_KEPT
    has_ended = Q(letter__closes_at__lt=long_ago) & (Q(letter__late_until=None) | Q(letter__late_until__lt=long_ago))
    Invitation.objects.filter(has_ended | Q(revoked_at__lt=long_ago), endorsement=None).delete()
    limits.forget(now)


@app.periodic(cron="* * * * *")
@app.task
async def tidy_queue(timestamp: int) -> None:
    """Takes up the jobs of workers that died in the middle, and drops those done days ago."""
    await app.job_manager.delete_old_jobs(nb_hours=72)
    for job in await app.job_manager.get_stalled_jobs(seconds_since_heartbeat=STALLED.seconds):
        await app.job_manager.retry_job(job)
