"""Jobs of the register: lists that came in are compared, imported and taken back."""

from __future__ import annotations

import logging
from contextlib import suppress
from datetime import timedelta

from django.db import DataError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import override
from procrastinate.contrib.django import app

from coalition.jobs import Patiently
from coalition.models import User
from coalition.workflow import NotAllowed
from signatories import doubles, imports
from signatories.models import Import

logger = logging.getLogger(__name__)

#: What the lines of a list say is deleted this long after it came in, if it was not imported.
UNDECIDED_KEPT = timedelta(days=30)


@app.task(retry=Patiently())
def preview_import(batch: int) -> None:
    """Begins anew where a worker died in the middle of it."""
    found = Import.objects.get(pk=batch)
    if found.status != Import.Status.PREVIEWING:
        return
    try:
        imports.preview(found)
    except (ValueError, LookupError, TypeError, DataError):  # ours to mend; a database that is away is tried again
        logger.exception("An import could not be compared")
        imports.fail(found, trouble=_("The list could not be compared. Drop it, and import it again."))


@app.task(retry=Patiently())
def carry_out_import(batch: int) -> None:
    """All or nothing; what stands against it is written down for the person who asked."""
    found = Import.objects.get(pk=batch)
    if found.status != Import.Status.CONFIRMING:
        return
    person = _who_asked(found, "confirm")
    with override(person.language if person else "en"):
        try:
            with transaction.atomic():
                imports.carry_out(found, by=person)
                doubles.look()
        except NotAllowed as refusal:
            imports.refuse(Import.objects.get(pk=batch), trouble=str(refusal))
        except DataError:  # as above
            logger.exception("An import could not be carried out")
            imports.refuse(
                Import.objects.get(pk=batch), trouble=_("The list could not be imported. Nothing of it was.")
            )


@app.task(retry=Patiently())
def take_back_import(batch: int) -> None:
    found = Import.objects.get(pk=batch)
    if found.status == Import.Status.UNDOING:
        person = _who_asked(found, "undo")
        with override(person.language if person else "en"):
            try:
                with transaction.atomic():
                    imports.take_back(found, by=person)
            except NotAllowed as refusal:
                imports.let_stand(Import.objects.get(pk=batch), trouble=str(refusal))


@app.periodic(cron="40 3 * * *")
@app.task(retry=Patiently())
def forget_imports(timestamp: int) -> None:
    """Lists that nobody has decided in time are dropped: their lines may name people."""
    waiting = (Import.Status.READ, Import.Status.PREVIEWED, Import.Status.FAILED)
    before = timezone.now() - UNDECIDED_KEPT
    for batch in Import.objects.filter(status__in=waiting, created_at__lt=before).order_by("pk"):
        with suppress(NotAllowed):
            imports.drop(batch, by=None)


@app.periodic(cron="20 2 * * *")
@app.task(retry=Patiently())
def look_for_doubles(timestamp: int) -> None:
    doubles.look()


@app.task(retry=Patiently())
def compare_changed() -> None:
    """A part of what came or changed; the next part is a job of its own, so that others come in between."""
    with transaction.atomic():
        if doubles.compare_some():
            doubles.look()


def _who_asked(batch: Import, verb: str) -> User | None:
    """Whoever took the step that started the job, if it was a person."""
    event = batch.events.filter(verb=verb).select_related("by").last()
    return event.by if event else None
