"""The key cutter: signed values in the addresses that we mail, each for one purpose."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from urllib.parse import urlsplit

from django.conf import settings
from django.core.signing import BadSignature, Signer


class Purpose(StrEnum):
    CONFIRM = "confirm"
    MANAGE = "manage"
    #: Stops mails of news, and nothing else: it stands in the headers of a mail, which programs read.
    NEWS = "news"
    INVITATION = "invitation"


class BadLink(Exception):
    """A token that we did not make, or not for this site, or that was altered."""


@dataclass(frozen=True)
class Link:
    """What a token says. Whether it is too old, or its epoch past, is for the caller to judge."""

    public_id: str
    purpose: Purpose
    epoch: int
    made_at: datetime


#: Public id, epoch, seconds since 1970, and the HMAC-SHA-256 of these three in base 64.
TOKEN_PATTERN = r"[A-Za-z0-9_-]{1,64}\.[0-9]{1,10}\.[0-9]{1,12}\.[A-Za-z0-9_-]{43}"  # noqa: S105  a shape, no secret
TOKEN = re.compile(TOKEN_PATTERN)


class TokenConverter:
    """Path converter: `<token:token>` takes what has the shape of a token, and leaves reading it to the view."""

    regex = TOKEN_PATTERN

    def to_python(self, value: str) -> str:
        return value

    def to_url(self, value: str) -> str:
        return value


def make(public_id: str, purpose: Purpose, epoch: int, at: datetime) -> str:
    """A token for an address; the same four values (`at` to the second) always give the same token.

    Raises ValueError where the id or epoch can't stand in a token.
    """
    token = _signer(purpose).sign(f"{public_id}.{epoch}.{int(at.timestamp())}")
    if not TOKEN.fullmatch(token):
        raise ValueError(f"{public_id!r} and {epoch} can't stand in an address.")
    return token


def read(token: str) -> Link:
    """What a token says, under SECRET_KEY or one of SECRET_KEY_FALLBACKS; raises BadLink for anything altered."""
    if not TOKEN.fullmatch(token):
        raise BadLink
    for purpose in Purpose:
        try:
            public_id, epoch, seconds = _signer(purpose).unsign(token).split(".")
        except BadSignature:
            continue
        return Link(public_id, purpose, int(epoch), datetime.fromtimestamp(int(seconds), UTC))
    raise BadLink


def _signer(purpose: Purpose) -> Signer:
    # The host and not the whole address, so that links outlive a move from http to https.
    return Signer(sep=".", salt=f"coalition.links {urlsplit(settings.SITE_URL).hostname} {purpose}")


#: Below these paths one part is secret, be it whole, cut short or altered; and a whole token is, wherever it stands.
SECRET = re.compile(rf"(?<=/endorsements/)[^/\s?#\"'<>]+|(?<=/invitations/)[^/\s?#\"'<>]+|{TOKEN_PATTERN}")


def redact(text: str) -> str:
    """The text, for logs, with `…` for each token."""
    return SECRET.sub("…", text)
