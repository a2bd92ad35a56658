"""The letter box of a machine on which somebody tries things out: mails become files, to be read at /outbox/."""

from __future__ import annotations

import hashlib
import os
import re
import tempfile
from collections.abc import Sequence
from datetime import datetime
from email.parser import BytesParser
from email.policy import default as policy
from pathlib import Path

from django.conf import settings
from django.core.mail import EmailMessage
from django.core.mail.backends.base import BaseEmailBackend
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render

from coalition.access import Who, access

NAME = re.compile(r"[0-9a-f]{64}")


class EmailBackend(BaseEmailBackend):
    """Writes each message to settings.OUTBOX; the same Message-ID is the same file."""

    def send_messages(self, email_messages: Sequence[EmailMessage]) -> int:
        folder = Path(settings.OUTBOX)
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        for email_message in email_messages:
            content = email_message.message()
            name = hashlib.sha256(str(content["Message-ID"]).encode()).hexdigest()
            with tempfile.NamedTemporaryFile(dir=folder, delete=False) as file:
                file.write(content.as_bytes())
            os.replace(file.name, folder / f"{name}.eml")
        return len(email_messages)


@access(get=Who.ANYONE)
def outbox(request: HttpRequest) -> HttpResponse:
    """The list of messages, newest first."""
    _only_locally()
    paths = sorted(Path(settings.OUTBOX).glob("*.eml"), key=lambda path: path.stat().st_mtime_ns, reverse=True)
    return render(request, "coalition/outbox.html", {"mails": [_read(path) for path in paths]})


@access(get=Who.ANYONE)
def message(request: HttpRequest, name: str) -> HttpResponse:
    """One message: its text part, in which links can be followed."""
    _only_locally()
    path = Path(settings.OUTBOX) / f"{name}.eml"
    if not NAME.fullmatch(name) or not path.exists():
        raise Http404
    return render(request, "coalition/outbox_message.html", {"mail": _read(path)})


def _only_locally() -> None:
    if not settings.COALITION_LOCAL:
        raise Http404


def _read(path: Path) -> dict[str, str | datetime]:
    """Name, to, subject, date and text of a message."""
    parsed = BytesParser(policy=policy).parsebytes(path.read_bytes())
    body = parsed.get_body(("plain",))
    return {
        "name": path.stem,
        "to": str(parsed["To"] or ""),
        "subject": str(parsed["Subject"] or ""),
        "date": parsed["Date"].datetime,
        "text": body.get_content() if body else "",
    }
