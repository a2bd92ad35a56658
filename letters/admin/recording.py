"""A sign-on that came by mail or on paper is recorded at the desk."""

from __future__ import annotations

from datetime import datetime

from django.contrib import admin, messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.utils import timezone
from django.utils.translation import gettext as _

from coalition.desk import staff
from coalition.models import User
from coalition.workflow import NotAllowed
from letters import endorsing
from letters.admin.forms import RecordForm
from letters.admin.letters import titles
from letters.models import Endorsement, Letter, LetterRole
from letters.models.letters import LetterQuerySet
from signatories import matching, vetting


def choose_letter(request: HttpRequest) -> HttpResponse:
    """For which letter? Where there is only one, it is that."""
    letters = list(_recordable(request).order_by("-pk"))
    if len(letters) == 1:
        return redirect("admin:letters_endorsement_record", letters[0].pk)
    context = {**admin.site.each_context(request), "title": _("Record a sign-on"), "letters": titles(letters).items()}
    return TemplateResponse(request, "admin/letters/record_letter.html", context)


def record(request: HttpRequest, pk: int) -> HttpResponse:
    at = timezone.now()
    letter = get_object_or_404(_recordable(request), pk=pk)
    posted = request.method == "POST"
    is_sent = posted and "find" not in request.POST
    form = RecordForm(letter, at, *((request.POST,) if posted else ()))
    if is_sent and form.is_valid():
        try:
            endorsement = _record(letter, form, staff(request), at)
        except NotAllowed as refusal:
            messages.error(request, str(refusal))
        else:
            messages.success(request, _("Recorded. It waits for the check now."))
            return redirect("admin:letters_endorsement_change", endorsement.pk)
    context = {
        **admin.site.each_context(request),
        "title": _("Record a sign-on"),
        "letter": letter,
        "form": form if is_sent else form.without_errors(),
        "shows_errors": is_sent and bool(form.errors),
    }
    return TemplateResponse(
        request, "admin/letters/record.html", context, status=422 if context["shows_errors"] else 200
    )


def _recordable(request: HttpRequest) -> LetterQuerySet:
    moderated: LetterQuerySet = Letter.objects.held_by(request.user, LetterRole.Role.MODERATOR)
    return moderated.filter(status__in=Letter.PUBLIC)


@transaction.atomic
def _record(letter: Letter, form: RecordForm, by: User, at: datetime) -> Endorsement:
    sign_on = form.sign_on
    known = sign_on.organisation or matching.same(sign_on.name, sign_on.country)
    organisation = known or vetting.register(
        name=sign_on.name,
        country=sign_on.country,
        website=sign_on.website,
        latin_name=sign_on.latin_name,
        by=by,
        at=at,
    )
    endorsement = endorsing.record(
        letter,
        organisation,
        sign_on if form.has_representative else None,
        by=by,
        evidence=form.cleaned_data["evidence"],
        note=form.cleaned_data["note"],
        at=at,
    )
    if endorsement.visibility != sign_on.visibility and letter.allows_withheld_names:
        endorsing.lower(endorsement, visibility=sign_on.visibility, by=by, at=at)
    return endorsement
