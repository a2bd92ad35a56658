"""Verbs on corrections: somebody says what should change about an organisation, and a moderator settles it."""

from __future__ import annotations

from datetime import datetime

from django.db import models

from coalition.models import User
from coalition.roles import REGISTRAR
from coalition.workflow import NOW, Workflow
from signatories.models import Correction, CorrectionEvent, Organisation
from signatories.vetting import ANYBODY

Status = Correction.Status
flow = Workflow(Correction, CorrectionEvent)


@flow.begin(to=Status.OPEN, who=ANYBODY)
def suggest(
    *,
    organisation: Organisation,
    words: str,
    email: str = "",
    language: str = "en",
    is_automatic: bool = False,
    by: User | None = None,
    at: datetime = NOW,
) -> list[models.Model]:
    """Puts before the desk what should change, in the words of whoever says it (cleaned, 1 to 2,000 characters)."""
    return [
        Correction(organisation=organisation, words=words, email=email, language=language, is_automatic=is_automatic)
    ]


@flow.step(Status.OPEN, to=Status.SETTLED, who=REGISTRAR)
def settle(correction: Correction, *, by: User | None, note: str, at: datetime = NOW) -> None:
    """The details are as they should be. Whoever asked has been answered, so the address goes."""
    correction.email = ""
