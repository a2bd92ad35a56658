"""The representative's own page: the state of the endorsement, and what its representative may do with it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from coalition import countries, limits, links
from coalition.access import Who, access
from coalition.workflow import NotAllowed
from letters import endorsing, mail
from letters.forms import AnswerForm, LowerForm
from letters.models import Endorsement, Letter
from letters.views.reading import about_letter, text_to_read

Status = Endorsement.Status
Action = Callable[[HttpRequest, Endorsement, datetime], str]
"""Takes one step and returns the word for its result; raises NotAllowed, or Refused with a form to show again."""


class Refused(Exception):
    """What was typed into one of the small forms will not do; `forms` are to be shown again by their context name."""

    def __init__(self, **forms: Any) -> None:
        self.forms = forms


@access(get=Who.LINK, post=Who.LINK)
def endorsement(request: HttpRequest, token: str) -> HttpResponse:
    """A GET shows; only a button changes anything, because mail scanners follow links."""
    at = timezone.now()
    try:
        link = links.read(token)
    except links.BadLink:
        return render(request, "letters/link_unknown.html", status=404)
    if link.purpose not in ACTIONS:
        return render(request, "letters/link_unknown.html", status=404)
    everything = Endorsement.objects.select_related("letter", "organisation", "representative", "version")
    found = everything.filter(public_id=link.public_id, representative__link_epoch=link.epoch).first()
    if found is None:
        return render(request, "letters/link_unknown.html", status=404)
    if request.method == "GET" or request.method == "HEAD":
        return _show(request, found, link, at)
    action = ACTIONS[link.purpose].get(request.POST.get("action", ""))
    if action is None:
        return _show(request, found, link, at, refusal=_("Choose what to do."), status=400)
    try:
        done = action(request, found, at)
    except NotAllowed as error:
        found = everything.get(pk=found.pk)
        return _show(request, found, link, at, refusal=str(error), status=409)
    except Refused as error:
        return _show(request, found, link, at, status=422, **error.forms)
    if done == "confirmed":
        token = links.make(found.public_id, links.Purpose.MANAGE, link.epoch, at)
    response = redirect("letters:endorsement", token)
    response["Location"] += f"#{done}"
    return response


def _show(
    request: HttpRequest,
    found: Endorsement,
    link: links.Link,
    at: datetime,
    *,
    refusal: str = "",
    status: int = 200,
    **forms: Any,
) -> HttpResponse:
    status_told = found.told_status(at)
    is_taken_down = found.letter.status == Letter.Status.TAKEN_DOWN
    can_confirm = status_told == Status.SUBMITTED and not _is_too_late(found, at)
    manages = link.purpose is links.Purpose.MANAGE
    question = found.events.filter(verb="ask").select_related("note").last()
    has_lapsed = found.has_lapsed(at)
    context = {
        **about_letter(found.letter, at),
        "text": text_to_read(found.letter, found.language),
        "endorsement": found,
        "representative": found.representative,
        "country": countries.name(found.printed_country, get_language() or "en") if found.printed_country else "",
        "told_status": status_told,
        "is_too_late": status_told == Status.SUBMITTED and not can_confirm and not is_taken_down,
        "is_taken_down": is_taken_down,
        "is_public": found.letter.is_public(at),
        "read_url": _read_url(found, at),
        "manages": manages,
        "has_lapsed": has_lapsed,
        "has_signed_anew": has_lapsed and found.events.filter(verb="lapse", code=endorsing.SIGNED_ANEW).exists(),
        "is_due": found.is_due and not has_lapsed,
        **_what_changed(found, shown=can_confirm or (found.is_due and not has_lapsed)),
        "is_live": status_told in Endorsement.LIVE,
        "question": getattr(getattr(question, "note", None), "text", "") if status_told == Status.ASKED else "",
        "can_undo": manages and endorsing.undoable(found, by_signer=True, at=at) is not None,
        "refusal": refusal,
        "answer_form": AnswerForm(),
        "lower_form": LowerForm(found) if found.letter.allows_withheld_names else None,
        "reason": _told_reason(found),
        **forms,
    }
    is_confirm_page = can_confirm and not manages
    template = "letters/confirm.html" if is_confirm_page else "letters/endorsement.html"
    return render(request, template, context, status=status)


def _read_url(found: Endorsement, at: datetime) -> str:
    """Where its representative can read the letter: in public, or where it came from an invitation, behind that."""
    if found.letter.is_public(at):
        return found.letter.get_absolute_url()
    invitation = found.invitations.valid().first()
    return mail.path_of(invitation) if invitation is not None else ""


def _what_changed(found: Endorsement, *, shown: bool) -> dict[str, Any]:
    """Between the text that was signed and the one in force, where the representative has to know it."""
    present = found.letter.version
    if not shown or present is None or found.version.number >= present.number:
        return {}
    return mail.about_version(present, found)


def _confirm(request: HttpRequest, found: Endorsement, at: datetime) -> str:
    if found.confirmed_at is not None:
        return "state"
    step = endorsing.confirm_held if found.status == Status.HELD else endorsing.confirm
    try:
        step(found, version=_version_shown(request), at=at)
    except NotAllowed:
        # Pressed twice, or in two windows: the second press finds done what it asks for.
        if found.confirmed_at is None:
            raise
        return "state"
    return "confirmed"


def _not_me(request: HttpRequest, found: Endorsement, at: datetime) -> str:
    if found.told_status(at) != Status.SUBMITTED:
        raise NotAllowed(_("This signature is confirmed already. You can withdraw it from the page behind your link."))
    endorsing.withdraw(found, code="not_me", at=at)
    return "withdrawn"


def _withdraw(request: HttpRequest, found: Endorsement, at: datetime) -> str:
    endorsing.withdraw(found, at=at)
    return "withdrawn"


def _reconsent(request: HttpRequest, found: Endorsement, at: datetime) -> str:
    try:
        endorsing.reconsent(found, version=_version_shown(request) or 0, at=at)
    except NotAllowed:
        # Pressed twice, or in two windows: the second press finds done what it asks for.
        if found.is_due or found.told_status(at) not in Endorsement.LIVE:
            raise
        return "state"
    return "kept"


def _undo(request: HttpRequest, found: Endorsement, at: datetime) -> str:
    endorsing.undo(found, at=at)
    return "undone"


def _lower(request: HttpRequest, found: Endorsement, at: datetime) -> str:
    form = LowerForm(found, request.POST)
    if not form.is_valid():
        raise Refused(lower_form=form)
    endorsing.lower(found, visibility=form.cleaned_data["visibility"], at=at)
    return "lowered"


def _subscribe(request: HttpRequest, found: Endorsement, at: datetime) -> str:
    if not found.consents_to_contact:
        endorsing.subscribe(found, at=at)
    return "news"


def _unsubscribe(request: HttpRequest, found: Endorsement, at: datetime) -> str:
    if found.consents_to_contact:
        endorsing.unsubscribe(found, at=at)
    return "news"


def _answer(request: HttpRequest, found: Endorsement, at: datetime) -> str:
    form = AnswerForm(request.POST)
    if not form.is_valid():
        raise Refused(answer_form=form)
    step = endorsing.answer_held if found.status == Status.HELD else endorsing.answer
    step(found, note=form.cleaned_data["answer"], at=at)
    return "answered"


def _resend(request: HttpRequest, found: Endorsement, at: datetime) -> str:
    if limits.hit("resend", found.public_id, 1, 60, at).allowed:
        endorsing.resend(found, at=at)
    return "sent"


#: What each kind of link can do.
ACTIONS: dict[links.Purpose, dict[str, Action]] = {
    links.Purpose.CONFIRM: {"confirm": _confirm, "not_me": _not_me, "resend": _resend},
    links.Purpose.MANAGE: {
        "withdraw": _withdraw,
        "undo": _undo,
        "lower": _lower,
        "subscribe": _subscribe,
        "unsubscribe": _unsubscribe,
        "answer": _answer,
        "resend": _resend,
        "reconsent": _reconsent,
    },
}


def _version_shown(request: HttpRequest) -> int | None:
    """The number of the version that stood on the page."""
    typed = request.POST.get("version", "")
    return int(typed) if typed.isascii() and typed.isdigit() and len(typed) < 7 else None


def _is_too_late(found: Endorsement, at: datetime) -> bool:
    return (
        found.submitted_at is None
        or (found.expires_at is not None and at >= found.expires_at)
        or not found.letter.accepts_confirmation(found.submitted_at, at)
    )


def _told_reason(found: Endorsement) -> str:
    rejection = found.events.filter(verb="reject").last() if found.status == Status.REJECTED else None
    hidden = (*Endorsement.UNTOLD, *Endorsement.UNSAID)
    return str(Endorsement.Reason(rejection.code).label) if rejection and rejection.code not in hidden else ""
