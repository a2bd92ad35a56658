"""The pages on which a letter is started and the facts of its draft are written."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db import IntegrityError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.utils import timezone
from django.utils.translation import gettext as _

from coalition.desk import DeskAdmin, staff
from coalition.workflow import NotAllowed
from letters import drafting
from letters.admin.drafting.addressee_forms import Rows, initial_rows, with_more_rows
from letters.admin.drafting.fact_forms import DraftForm, NameForm, StartForm
from letters.admin.drafting.fields import unjudged
from letters.drafting import Changed
from letters.models import Letter


def start(desk: DeskAdmin[Letter], request: HttpRequest, pk: int | None = None) -> HttpResponse:
    """A new letter; from another one, where there is a `pk`."""
    source = desk.get_object(request, str(pk)) if pk is not None else None
    by = staff(request)
    if not drafting.may_start(by, source):
        raise PermissionDenied
    data = request.POST if request.method == "POST" else None
    initial = {"reference": drafting.next_reference(timezone.now()), "language": "en"}
    form = NameForm(None, data, initial=initial) if source else StartForm(None, data, initial=initial)
    if data is not None and form.is_valid():
        try:
            letter = drafting.draft(source, by=by, **form.cleaned_data)
        except (NotAllowed, IntegrityError) as refusal:
            form.add_error(None, _taken(refusal))
        else:
            messages.success(request, _("Started. You are its convener."))
            return redirect("admin:letters_letter_change", letter.pk)
    title = _("Start a new letter from this one") if source else _("Start a letter")
    about = {**admin.site.each_context(request), "opts": desk.opts, "title": title, "source": source, "form": form}
    return TemplateResponse(request, "admin/letters/start.html", about, status=422 if form.errors else 200)


def edit(desk: DeskAdmin[Letter], request: HttpRequest, letter: Letter) -> HttpResponse:
    """The page of a draft for its conveners, on which all its facts can be changed."""
    data = with_more_rows(request.POST) if request.method == "POST" else None
    form = DraftForm(letter, request.user, data)
    rows = Rows(data, prefix="addressee", initial=initial_rows(letter))
    refusal, theirs = "", []
    if data is not None and "more" in data:
        unjudged(form, *rows.forms)
    elif data is not None and form.is_valid() & rows.is_valid():
        try:
            drafting.save_facts(letter, form.facts, rows.addressees, seen=form.cleaned_data["seen"])
        except Changed as changed:
            refusal, theirs = str(changed), _their_facts(letter, form, request.user)
            form = _seen_now(form, drafting.facts_token(letter))
        except (NotAllowed, IntegrityError) as error:
            refusal = _taken(error)
        else:
            messages.success(request, _("Saved."))
            return redirect("admin:letters_letter_change", letter.pk)
    errors = [] if data is None or "more" in data else [*form.summary, *rows.summary]
    letter = Letter.objects.get(pk=letter.pk)
    about = {
        **admin.site.each_context(request),
        "opts": desk.opts,
        "original": letter,
        "letter": letter,
        "buttons": desk.buttons(request, letter),
        "status": letter.status,
        "seen": desk.latest_step(letter),
        "status_words": letter.get_status_display(),
        "events": desk.timeline(request, letter),
        "roles": letter.roles.select_related("user").order_by("role", "user__name"),
        "missing": drafting.missing(letter, timezone.now()) if letter.status == Letter.Status.DRAFT else [],
        "form": form,
        "rows": rows,
        "errors": errors,
        "refusal": refusal,
        "theirs": theirs,
        **desk.context_of(request, letter),
    }
    return TemplateResponse(request, "admin/letters/draft.html", about, status=422 if errors or refusal else 200)


def _seen_now(form: DraftForm, token: str) -> DraftForm:
    """The same form, for a person who has now been told what somebody else did."""
    data = dict(form.data.items()) | {"seen": token}
    again = DraftForm(form.letter, None, data)
    again.fields["supersedes"] = form.fields["supersedes"]
    unjudged(again)
    return again


def _their_facts(letter: Letter, form: DraftForm, user: Any) -> list[tuple[str, str]]:
    """Where the stored facts differ from what was typed: label, what stands now."""
    now = DraftForm(letter, user)
    found = []
    for name, field in now.fields.items():
        stored = now[name].value()
        if name != "seen" and str(stored or "") != str(form[name].value() or ""):
            choices: Any = field.choices if isinstance(field, forms.ChoiceField) else ()
            shown = dict(choices).get(stored, stored)
            found.append((str(field.label), str(shown or "–")))
    return [*found, (_("Addressees"), "; ".join(map(str, letter.addressees.order_by("order"))) or "–")]


def _taken(refusal: Exception) -> str:
    if isinstance(refusal, NotAllowed):
        return str(refusal)
    return _("Another letter has got this reference or this address meanwhile.")
