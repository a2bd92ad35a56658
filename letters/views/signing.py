"""Signing: the form, and the page that sends people to their inbox."""

from __future__ import annotations

import json
from contextlib import suppress
from datetime import datetime
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
from letters import endorsing
from letters.forms import SignForm
from letters.models import Endorsement, Letter, confirm_by
from letters.views.reading import about_letter, text_to_read

#: The page "check your inbox" knows the address for so long, in seconds.
SENT_COOKIE_AGE = 600
#: From one network: beyond the first, sign-ons are refused for a minute; beyond the second they are held silently.
SIGN_ONS_A_MINUTE = 8
SIGN_ONS_AN_HOUR = 30


@access(get=Who.ANYONE, post=Who.ANYONE)
def sign(request: Visit, slug: str) -> HttpResponse:
    """The form by which an organisation signs."""
    at = timezone.now()
    found = get_object_or_404(Letter.objects.visible_to(None, at), slug=slug)
    text = text_to_read(found, request.GET.get("text", ""))
    context = {**about_letter(found, at), "text": text, "form_action": request.get_full_path()}
    if not found.accepts(at):
        return render(request, "letters/sign_closed.html", context, status=200 if request.method == "GET" else 409)
    posted = request.method == "POST"
    form = SignForm(found, text.language, at, *((request.POST, request.FILES) if posted else ()))
    is_lapsed = getattr(request, "has_lapsed", False)
    is_sent = posted and not is_lapsed and "find" not in request.POST
    if is_sent and form.is_valid() and not form.is_of_older_text:
        allowance = limits.hit("sign a minute", request.client_network, SIGN_ONS_A_MINUTE, 60, at)
        if not allowance.allowed:
            context |= {"form": form, "again_at": allowance.again_at}
            return render(request, "letters/sign_too_often.html", context, status=429)
        try:
            return _signed(request, found, form, at)
        except endorsing.TextChanged:
            context["text"] = text_to_read(found, text.language)
    context |= {
        "form": form if is_sent else form.without_errors(),
        "is_lapsed": is_lapsed,
        "shows_errors": is_sent and not form.is_valid(),
        "changes": _changes(found, form, text.language) if form.is_of_older_text else "",
    }
    return render(request, "letters/sign.html", context, status=403 if is_lapsed else 200)


sign.keeps_entry = True  # type: ignore[attr-defined]


def _changes(found: Letter, form: SignForm, language: str) -> str:
    """The address of what has changed since the form was opened."""
    address = reverse("letters:versions", args=[found.slug])
    present = found.version.number if found.version else 0
    if not 0 < form.version < present:
        return address
    return f"{address}?{urlencode({'from': form.version, 'to': present, 'text': language})}"


def _signed(request: Visit, found: Letter, form: SignForm, at: datetime) -> HttpResponse:
    sign_on = form.sign_on
    flood = not limits.hit("sign an hour", request.client_network, SIGN_ONS_AN_HOUR, 3600, at).allowed
    try:
        endorsement = endorsing.sign(found, sign_on, is_flood=flood, at=at)
    except endorsing.TextChanged:
        raise
    except NotAllowed:
        return redirect("letters:sign", found.slug)
    response = redirect("letters:sign-sent", found.slug)
    sent = {"endorsement": endorsement.public_id, "address": sign_on.representative_email}
    response.set_cookie(
        "sent",
        keyring().encrypt(json.dumps(sent).encode()).decode(),
        max_age=SENT_COOKIE_AGE,
        path=reverse("letters:sign-sent", args=[found.slug]),
        secure=request.is_secure(),
        httponly=True,
        samesite="Lax",
    )
    return response


@access(get=Who.ANYONE, post=Who.ANYONE)
def sent(request: HttpRequest, slug: str) -> HttpResponse:
    """After the form: check your inbox. POST mails the link again."""
    at = timezone.now()
    found = get_object_or_404(Letter.objects.visible_to(None, at), slug=slug)
    try:
        opened = keyring().decrypt(request.COOKIES.get("sent", "").encode(), ttl=SENT_COOKIE_AGE)
    except (InvalidToken, UnicodeEncodeError):
        return redirect("letters:sign", slug)
    known = json.loads(opened)
    endorsement = get_object_or_404(Endorsement, public_id=known["endorsement"], letter=found)
    if request.method == "POST":
        if limits.hit("resend", endorsement.public_id, 1, 60, at).allowed:
            with suppress(NotAllowed):
                endorsing.resend(endorsement, at=at)
        return redirect(f"{reverse('letters:sign-sent', args=[slug])}?again=1")
    context = {
        **about_letter(found, at),
        "text": text_to_read(found, ""),
        "address": known["address"],
        "again": "again" in request.GET,
        "sender": settings.DEFAULT_FROM_EMAIL,
        "confirm_by": confirm_by(found, at),
    }
    return render(request, "letters/sent.html", context)
