"""A list of endorsements of one letter is handed in at the desk."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from coalition.desk import staff
from letters import imports
from letters.models import Endorsement, EndorsementImport, Letter, LetterRole
from letters.roles import MODERATOR
from signatories.admin_imports import ListForm, form_page, url_of
from signatories.models import Import

Evidence = Endorsement.Evidence
Kind = EndorsementImport.Kind


class EndorsementListForm(ListForm):
    """The same, and how the organisations have signed."""

    kind = forms.ChoiceField(
        label=gettext_lazy("How they signed"),
        choices=Kind.choices,
        error_messages=dict.fromkeys(["required", "invalid_choice"], gettext_lazy("Select how they signed")),
        widget=forms.RadioSelect,
    )
    evidence = forms.ChoiceField(
        label=gettext_lazy("How it was verified"),
        choices=Evidence.choices,
        error_messages=dict.fromkeys(["required", "invalid_choice"], gettext_lazy("Select how it was verified")),
        widget=forms.RadioSelect,
    )
    tells_people = forms.BooleanField(
        label=gettext_lazy("Record who signed, where the list says so, and mail them the link to their signature"),
        required=False,
    )
    field_order = ["source", "kind", "evidence", "file", "text", "tells_people"]

    def clean(self) -> dict[str, Any]:
        data = super().clean()
        is_published = data.get("kind") == Kind.PUBLISHED
        if "kind" in data and "evidence" in data and is_published != (data["evidence"] == Evidence.PUBLISHED):
            self.add_error("evidence", _("Of a published list the evidence is that list, and of no other"))
        return data


def endorsement_list(request: HttpRequest, pk: int) -> HttpResponse:
    """For moderators of the letter only: an import records signatures that nobody here has confirmed."""
    held = Letter.objects.held_by(request.user, *LetterRole.Role.values)
    letter: Letter = get_object_or_404(held.filter(status__in=Letter.PUBLIC), pk=pk)
    if not MODERATOR.allows(staff(request), letter):
        raise PermissionDenied
    form = EndorsementListForm(request.POST, request.FILES) if request.method == "POST" else EndorsementListForm()
    if form.is_bound and form.is_valid():
        how = {name: form.cleaned_data[name] for name in ("kind", "evidence", "tells_people")}
        batch = imports.take_in(letter, form.sheet, by=staff(request), at=timezone.now(), **how, **form.said)
        return redirect(url_of(batch))
    theirs = Import.objects.filter(for_letter__letter=letter).select_related("created_by")
    return form_page(
        request,
        form,
        theirs,
        opts=Letter._meta,
        title=_("Import endorsements"),
        letter=letter,
        back=reverse("admin:letters_letter_change", args=[letter.pk]),
    )
