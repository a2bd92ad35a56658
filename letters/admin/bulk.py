"""Decisions on several endorsements at once: first who they are, then one step for each of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib import messages
from django.core.exceptions import BadRequest, PermissionDenied
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.translation import ngettext

from coalition.desk import StepForm, staff
from letters.admin.signals import signals
from letters.mail import MAILS
from letters.models import Endorsement, Representative

if TYPE_CHECKING:
    from letters.admin.endorsements import EndorsementAdmin

VERBS = ("approve", "ask", "hold", "reject")


def page(desk: EndorsementAdmin, request: HttpRequest, ticked: QuerySet[Endorsement], *, verb: str) -> HttpResponse:
    """Exactly who is meant, with the status each has now, and how many mails will leave. Changes nothing."""
    endorsements = list(desk.decidable(request).filter(pk__in=ticked.values("pk")).order_by("pk"))
    if not endorsements:
        raise PermissionDenied
    return _page(desk, request, verb, endorsements, _form(desk, verb, None))


def act(desk: EndorsementAdmin, request: HttpRequest, verb: str) -> HttpResponse:
    """Takes the step for each row in the order of their keys, each in a transaction of its own."""
    if verb not in VERBS:
        raise Http404
    if request.method != "POST":
        return HttpResponseNotAllowed(["POST"])
    listed = _listed(request.POST.getlist("row"))
    endorsements = list(desk.decidable(request).filter(pk__in=listed).order_by("pk"))
    if not endorsements:
        raise PermissionDenied
    form = _form(desk, verb, request.POST)
    if not form.is_valid():
        return _page(desk, request, verb, endorsements, form, listed)
    done, refused = 0, []
    for endorsement in endorsements:
        name = str(endorsement)
        refusal = desk.take(verb, endorsement, listed[endorsement.pk], by=staff(request), **form.cleaned_data)
        if refusal:
            refused.append(f"{name}: {refusal}")
        else:
            done += 1
    _report(request, f"{done} {desk.verbs[verb].done}", refused)
    return redirect(f"{reverse('admin:letters_endorsement_changelist')}?{request.GET.urlencode()}")


def _page(
    desk: EndorsementAdmin,
    request: HttpRequest,
    verb: str,
    endorsements: list[Endorsement],
    form: forms.Form,
    listed: dict[int, str] | None = None,
) -> HttpResponse:
    contacts = {person.endorsement_id: person for person in Representative.objects.filter(endorsement__in=endorsements)}
    found = signals(endorsements, contacts)
    rows = [
        {
            "endorsement": endorsement,
            "was": (listed or {}).get(endorsement.pk, endorsement.status),
            "contact": contacts.get(endorsement.pk),
            "signals": found[endorsement.pk],
            "is_possible": endorsement.status in desk.flow.steps[verb].sources,
        }
        for endorsement in endorsements
    ]
    mailed = [row for row in rows if MAILS[verb] and row["is_possible"] and row["contact"]]
    context = {
        **desk.admin_site.each_context(request),
        "opts": desk.opts,
        "title": desk.verbs[verb].label,
        "verb": desk.verbs[verb],
        "rows": rows,
        "number": sum(1 for row in rows if row["is_possible"]),
        "mails": len(mailed),
        "depends_on_reason": verb == "reject",
        "form": form,
        "action": f"{reverse('admin:letters_endorsement_bulk', args=[verb])}?{request.GET.urlencode()}",
        "back": f"{reverse('admin:letters_endorsement_changelist')}?{request.GET.urlencode()}",
    }
    return TemplateResponse(request, "admin/letters/bulk.html", context, status=422 if form.errors else 200)


def _form(desk: EndorsementAdmin, verb: str, data: Any) -> forms.Form:
    return (desk.verbs[verb].form or StepForm)(None, data)


def _listed(rows: list[str]) -> dict[int, str]:
    """Key and status of each row as the page showed it ("12:confirmed")."""
    pairs = [row.partition(":") for row in rows]
    if not all(key.isascii() and key.isdigit() and len(key) < 19 for key, _colon, _status in pairs):
        raise BadRequest
    return {int(key): status for key, _colon, status in pairs}


def _report(request: HttpRequest, done: str, refused: list[str]) -> None:
    if not refused:
        messages.success(request, done)
        return
    number = len(refused)
    sentence = ngettext("%(done)s, %(number)s refused: %(who)s", "%(done)s, %(number)s refused: %(who)s", number)
    messages.warning(request, sentence % {"done": done, "number": number, "who": "; ".join(refused)})
