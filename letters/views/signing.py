"""Signing: the form, and the page that sends people to their inbox."""

from __future__ import annotations

import json
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from cryptography.fernet import InvalidToken
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone

from coalition import limits
from coalition.access import Who, access
from coalition.fields import keyring
from coalition.middleware import Visit
from coalition.workflow import NotAllowed
from letters import endorsing, inviting
from letters.forms import SignForm
from letters.models import Endorsement, Invitation, Letter, confirm_by
from letters.views.reading import about_letter, text_to_read

#: The page "check your inbox" knows the address for so long, in seconds.
SENT_COOKIE_AGE = 600
#: From one network: beyond the first, sign-ons are refused for a minute; beyond the second they are held silently.
SIGN_ONS_A_MINUTE = 8
SIGN_ONS_AN_HOUR = 30
#: From one network: a whole office may type at once.
FINDS_A_MINUTE = 300


@dataclass(frozen=True)
class Door:
    """By which way a visitor has come to a letter, with the addresses of its pages on that way: the public one, or the
    one that an invitation opens."""

    letter: Letter
    letter_url: str
    sign_url: str
    sent_url: str
    invitation: Invitation | None = None

    @classmethod
    def to_everybody(cls, letter: Letter) -> Door:
        sign_url, sent_url = (reverse(f"letters:{name}", args=[letter.slug]) for name in ("sign", "sign-sent"))
        return cls(letter, letter.get_absolute_url(), sign_url, sent_url)

    @classmethod
    def behind(cls, invitation: Invitation, token: str) -> Door:
        names = ("invitation", "invitation-sign", "invitation-sent")
        letter_url, sign_url, sent_url = (reverse(f"letters:{name}", args=[token]) for name in names)
        return cls(invitation.letter, letter_url, sign_url, sent_url, invitation)

    def about(self, at: datetime) -> dict[str, Any]:
        """What every page on this way shows of the letter."""
        return about_letter(self.letter, at) | {"letter_url": self.letter_url, "sign_url": self.sign_url}

    def take(self, sign_on: endorsing.SignOn, *, is_flood: bool, at: datetime) -> Endorsement:
        if self.invitation is not None:
            return inviting.accept(self.invitation, sign_on, is_flood=is_flood, at=at)
        return endorsing.sign(self.letter, sign_on, is_flood=is_flood, at=at)


@access(get=Who.ANYONE, post=Who.ANYONE)
def sign(request: Visit, slug: str) -> HttpResponse:
    """The form by which an organisation signs."""
    at = timezone.now()
    found = get_object_or_404(Letter.objects.visible_to(None, at), slug=slug)
    return form_page(request, Door.to_everybody(found), at)


sign.keeps_entry = True  # type: ignore[attr-defined]


@access(get=Who.ANYONE, post=Who.ANYONE)
def sent(request: HttpRequest, slug: str) -> HttpResponse:
    """After the form: check your inbox. POST mails the link again."""
    at = timezone.now()
    found = get_object_or_404(Letter.objects.visible_to(None, at), slug=slug)
    return sent_page(request, Door.to_everybody(found), at)


def form_page(request: Visit, door: Door, at: datetime) -> HttpResponse:
    """Shows the form, or takes what was sent."""
    found = door.letter
    text = text_to_read(found, request.GET.get("text", ""))
    context = door.about(at) | {"text": text, "form_action": request.get_full_path()}
    if not found.accepts(at):
        return render(request, "letters/sign_closed.html", context, status=200 if request.method == "GET" else 409)
    posted = request.method == "POST"
    is_lapsed = getattr(request, "has_lapsed", False)
    if posted and not is_lapsed and "find" in request.POST:
        return _finding(request, door, context, at)
    form = _form(request, door, text.language, at)
    is_sent = posted and not is_lapsed
    if is_sent and form.is_valid() and not form.is_of_older_text:
        allowance = limits.hit("sign a minute", request.client_network, SIGN_ONS_A_MINUTE, 60, at)
        if not allowance.allowed:
            context |= {"form": form, "again_at": allowance.again_at}
            return render(request, "letters/sign_too_often.html", context, status=429)
        try:
            return _signed(request, door, form, at)
        except endorsing.TextChanged:
            context["text"] = text_to_read(found, text.language)
    context |= {
        "form": form if is_sent else form.without_errors(),
        "is_lapsed": is_lapsed,
        "shows_errors": is_sent and not form.is_valid(),
        "changes": _changes(door, form, text.language, at) if form.is_of_older_text else "",
    }
    return render(request, "letters/sign.html", context, status=403 if is_lapsed else 200)


def _form(request: Visit, door: Door, language: str, at: datetime, **how: Any) -> SignForm:
    sent = (request.POST, request.FILES) if request.method == "POST" else ()
    return SignForm(door.letter, language, at, *sent, invitation=door.invitation, **how)


def _finding(request: Visit, door: Door, context: dict[str, Any], at: datetime) -> HttpResponse:
    """Shows what is found for the name as typed so far: as a page, or to htmx as the part of it that it asks for.

    By POST, so that no log tells which organisation is about to sign.
    """
    allowance = limits.hit("find a minute", request.client_network, FINDS_A_MINUTE, 60, at)
    form = _form(request, door, context["text"].language, at, may_search=allowance.allowed).without_errors()
    is_fragment = "HX-Request" in request.headers
    if allowance.allowed and not is_fragment and not form.was_searched:
        form.miss_name()
    context |= {
        "form": form,
        "shows_errors": bool(form.errors),
        "is_fragment": is_fragment,
        "changes": _changes(door, form, context["text"].language, at) if form.is_of_older_text else "",
        "find_again_at": None if allowance.allowed else allowance.again_at,
    }
    template = "letters/_found.html" if is_fragment else "letters/sign.html"
    return render(request, template, context, status=200 if allowance.allowed else 429)


def _changes(door: Door, form: SignForm, language: str, at: datetime) -> str:
    """The address of what has changed since the form was opened; under embargo, of the text as it is now."""
    found = door.letter
    if not found.is_public(at):
        return door.letter_url
    address = reverse("letters:versions", args=[found.slug])
    present = found.version.number if found.version else 0
    if not 0 < form.version < present:
        return address
    return f"{address}?{urlencode({'from': form.version, 'to': present, 'text': language})}"


def _signed(request: Visit, door: Door, form: SignForm, at: datetime) -> HttpResponse:
    sign_on = form.sign_on
    flood = not limits.hit("sign an hour", request.client_network, SIGN_ONS_AN_HOUR, 3600, at).allowed
    try:
        endorsement = door.take(sign_on, is_flood=flood, at=at)
    except endorsing.TextChanged:
        raise
    except NotAllowed:
        return redirect(door.sign_url)
    response = redirect(door.sent_url)
    sent = {"endorsement": endorsement.public_id, "address": sign_on.representative_email}
    response.set_cookie(
        "sent",
        keyring().encrypt(json.dumps(sent).encode()).decode(),
        max_age=SENT_COOKIE_AGE,
        path=door.sent_url,
        secure=request.is_secure(),
        httponly=True,
        samesite="Lax",
    )
    return response


def sent_page(request: HttpRequest, door: Door, at: datetime) -> HttpResponse:
    """Knows the address by the cookie that the form has left."""
    try:
        opened = keyring().decrypt(request.COOKIES.get("sent", "").encode(), ttl=SENT_COOKIE_AGE)
    except (InvalidToken, UnicodeEncodeError):
        return redirect(door.sign_url)
    known = json.loads(opened)
    endorsement = get_object_or_404(Endorsement, public_id=known["endorsement"], letter=door.letter)
    if request.method == "POST":
        if limits.hit("resend", endorsement.public_id, 1, 60, at).allowed:
            with suppress(NotAllowed):
                endorsing.resend(endorsement, at=at)
        return redirect(f"{door.sent_url}?again=1")
    context = door.about(at) | {
        "text": text_to_read(door.letter, ""),
        "address": known["address"],
        "again": "again" in request.GET,
        "sender": settings.DEFAULT_FROM_EMAIL,
        "confirm_by": confirm_by(door.letter, at),
    }
    return render(request, "letters/sent.html", context)
