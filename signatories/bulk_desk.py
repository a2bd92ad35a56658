"""Steps on several organisations at once at the desk: first who they are, then one step for each of them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.contrib import messages
from django.core.exceptions import BadRequest, PermissionDenied
from django.db import transaction
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from coalition.desk import NoteForm, Words, staff
from coalition.models import User
from coalition.roles import REGISTRAR
from coalition.workflow import NotAllowed, lock
from signatories import vetting
from signatories.models import Organisation

if TYPE_CHECKING:
    from signatories.admin import OrganisationAdmin

Standing = Organisation.Standing
#: Organisations that one page decides on; each is named on it.
MOST = 200


@dataclass(frozen=True)
class Bulk:
    """A step for several: its words, why it can't be taken with one of them ("" if it can), and the verb."""

    label: Words
    done: Words
    effect: Words
    why_not: Callable[[Organisation], str]
    run: Callable[[Organisation, User, str], object]


def _why_not_verified(organisation: Organisation) -> str:
    if organisation.standing == Standing.PROVISIONAL:
        return ""
    return _("Can’t be done, it is “%(status)s”.") % {"status": organisation.get_standing_display()}


def _why_not_listed(organisation: Organisation) -> str:
    if organisation.at_risk:
        return _("Can’t be done, it is at risk.")
    if organisation.standing not in (Standing.PROVISIONAL, Standing.VERIFIED):
        return _("Can’t be done, it is “%(status)s”.") % {"status": organisation.get_standing_display()}
    return _("It is listed already.") if organisation.is_listed else ""


VERBS = {
    "verify": Bulk(
        gettext_lazy("Verify"),
        gettext_lazy("verified"),
        gettext_lazy("Somebody has looked at each of them: it is an organisation, and its website is its own."),
        _why_not_verified,
        lambda organisation, by, note: vetting.verify(organisation, by=by, note=note),
    ),
    "list": Bulk(
        gettext_lazy("List"),
        gettext_lazy("listed"),
        gettext_lazy("Everybody finds those that are verified, in the directory and on the sign form."),
        _why_not_listed,
        lambda organisation, by, note: vetting.describe(
            organisation, is_listed=True, code="is_listed", by=by, note=note
        ),
    ),
}


def page(desk: OrganisationAdmin, request: HttpRequest, ticked: QuerySet[Organisation], *, verb: str) -> HttpResponse:
    """Exactly who is meant, as each is now. Changes nothing."""
    _check(request)
    keys = list(ticked.order_by("pk").values_list("pk", flat=True)[: MOST + 1])
    if len(keys) > MOST:
        words = _("Nothing was done. Tick at most %(number)d organisations at once.")
        messages.warning(request, words % {"number": MOST})
        return redirect(request.get_full_path())
    return _page(desk, request, verb, _chosen(keys), NoteForm(None), {})


def act(desk: OrganisationAdmin, request: HttpRequest, verb: str) -> HttpResponse:
    """Takes the step for each row in the order of their keys, each in a transaction of its own."""
    if verb not in VERBS:
        raise Http404
    _check(request)
    if request.method != "POST":
        return HttpResponseNotAllowed(["POST"])
    seen = _seen(request.POST.getlist("row"))
    organisations = _chosen(list(seen))
    form = NoteForm(None, request.POST)
    if not form.is_valid():
        return _page(desk, request, verb, organisations, form, seen)
    refused = []
    for organisation in organisations:
        name = organisation.name
        if refusal := _take(desk, verb, organisation, seen[organisation.pk], staff(request), form.cleaned_data["note"]):
            refused.append(f"{name}: {refusal}")
    _report(request, len(organisations) - len(refused), VERBS[verb].done, refused)
    return redirect(_list(request))


def _take(desk: OrganisationAdmin, verb: str, organisation: Organisation, seen: int, by: User, note: str) -> str:
    """The sentence of a refusal, or "" where the step is taken; only if nothing has changed since it was looked at."""
    try:
        with transaction.atomic():
            desk.prepare(organisation)
            lock(organisation)
            if organisation.revision != seen:
                raise NotAllowed(_("Somebody else changed this a moment ago. Look at it again."))
            if refusal := VERBS[verb].why_not(organisation):
                raise NotAllowed(refusal)
            VERBS[verb].run(organisation, by, note)
    except NotAllowed as refusal:
        return str(refusal)
    return ""


def _page(
    desk: OrganisationAdmin,
    request: HttpRequest,
    verb: str,
    organisations: list[Organisation],
    form: NoteForm,
    seen: dict[int, int],
) -> HttpResponse:
    rows = [
        {
            "organisation": organisation,
            "seen": seen.get(organisation.pk, organisation.revision),
            "refusal": VERBS[verb].why_not(organisation),
        }
        for organisation in organisations
    ]
    context = {
        **desk.admin_site.each_context(request),
        "opts": desk.opts,
        "title": VERBS[verb].label,
        "verb": VERBS[verb],
        "rows": rows,
        "number": sum(1 for row in rows if not row["refusal"]),
        "form": form,
        "action": f"{reverse('admin:signatories_organisation_bulk', args=[verb])}?{request.GET.urlencode()}",
        "back": _list(request),
    }
    return TemplateResponse(request, "admin/signatories/bulk.html", context, status=422 if form.errors else 200)


def _chosen(keys: list[int]) -> list[Organisation]:
    return list(Organisation.objects.filter(pk__in=keys).with_name().order_by("pk"))


def _check(request: HttpRequest) -> None:
    if not REGISTRAR.allows(staff(request), None):
        raise PermissionDenied


def _seen(rows: list[str]) -> dict[int, int]:
    """Key and revision of each row as the page showed it ("12:3")."""
    pairs = [row.partition(":") for row in rows]
    numbers = [number for key, _colon, revision in pairs for number in (key, revision)]
    if len(rows) > MOST or not all(number.isascii() and number.isdigit() and len(number) < 19 for number in numbers):
        raise BadRequest
    return {int(key): int(revision) for key, _colon, revision in pairs}


def _list(request: HttpRequest) -> str:
    return f"{reverse('admin:signatories_organisation_changelist')}?{request.GET.urlencode()}"


def _report(request: HttpRequest, number: int, done: Words, refused: list[str]) -> None:
    said = f"{number} {done}"
    if not refused:
        messages.success(request, said)
        return
    sentence = ngettext("%(done)s, %(number)s refused: %(who)s", "%(done)s, %(number)s refused: %(who)s", len(refused))
    messages.warning(request, sentence % {"done": said, "number": len(refused), "who": "; ".join(refused)})
