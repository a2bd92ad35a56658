"""Behind an invitation: the letter, under embargo too, and the form to sign it or to say no."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone

from coalition import links
from coalition.access import Who, access
from coalition.middleware import Visit
from coalition.workflow import NotAllowed
from letters import inviting
from letters.forms import DeclineForm
from letters.models import Invitation
from letters.views.reading import text_to_read
from letters.views.signing import Door, form_page, sent_page


@access(get=Who.LINK, post=Who.LINK)
def invitation(request: HttpRequest, token: str) -> HttpResponse:
    """The letter and its count; who has signed is shown when the letter is public. A POST declines."""
    at = timezone.now()
    if (found := _found(token)) is None:
        return _unknown(request)
    form = DeclineForm(request.POST if request.method == "POST" else None)
    refusal = ""
    if request.method == "POST" and form.is_valid():
        try:
            inviting.decline(found, reason=form.cleaned_data["reason"], at=at)
        except NotAllowed as error:
            refusal = str(error)
        else:
            return redirect("letters:invitation", token)
    letter = found.letter
    context = Door.behind(found, token).about(at) | {
        "invitation": found,
        "state": found.told_state(at),
        "text": text_to_read(letter, request.GET.get("text", "")),
        "addressees": list(letter.addressees.all()),
        "is_public": letter.is_public(at),
        "form": form,
        "refusal": refusal,
    }
    return render(request, "letters/invitation.html", context, status=409 if refusal else 422 if form.errors else 200)


@access(get=Who.LINK, post=Who.LINK)
def sign(request: Visit, token: str) -> HttpResponse:
    """The form, with what the invitation knows filled in."""
    found = _found(token)
    return _unknown(request) if found is None else form_page(request, Door.behind(found, token), timezone.now())


sign.keeps_entry = True  # type: ignore[attr-defined]


@access(get=Who.LINK, post=Who.LINK)
def sent(request: HttpRequest, token: str) -> HttpResponse:
    """After the form: check your inbox. POST mails the link again."""
    found = _found(token)
    return _unknown(request) if found is None else sent_page(request, Door.behind(found, token), timezone.now())


def _found(token: str) -> Invitation | None:
    """The invitation that a token is for, if its link still opens the letter."""
    try:
        link = links.read(token)
    except links.BadLink:
        return None
    if link.purpose is not links.Purpose.INVITATION:
        return None
    valid = Invitation.objects.valid().select_related("letter", "organisation", "endorsement__version")
    return valid.filter(public_id=link.public_id, link_epoch=link.epoch).first()


def _unknown(request: HttpRequest) -> HttpResponse:
    return render(request, "letters/link_unknown.html", status=404)
