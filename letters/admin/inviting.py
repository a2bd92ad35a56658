"""Invitations at the desk: whom the conveners have asked to sign, and what came of it."""

from __future__ import annotations

from typing import Any

from django import forms
from django.conf import settings
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from coalition.desk import staff
from coalition.workflow import NotAllowed
from letters import inviting
from letters.forms import Line, address_of
from letters.models import Invitation, Letter, LetterRole
from letters.roles import CONVENER
from signatories import matching
from signatories.models import Organisation
from signatories.names import normalise


class InviteForm(forms.Form):
    """One organisation, and the address to which its link is mailed."""

    name = Line(
        max_length=300,
        too_long=gettext_lazy("Name must be 300 characters or fewer"),
        label=gettext_lazy("Name of the organisation"),
        error_messages={"required": gettext_lazy("Enter the name of the organisation")},
        widget=forms.TextInput(attrs={"dir": "auto"}),
    )
    email = Line(
        max_length=254,
        too_long=gettext_lazy("The email address must be 254 characters or fewer"),
        label=gettext_lazy("Email address"),
        help_text=gettext_lazy("Its link opens the letter, under embargo too"),
        error_messages={"required": gettext_lazy("Enter an email address with a domain, like name@organisation.org")},
        widget=forms.EmailInput(attrs={"dir": "ltr", "autocomplete": "off", "spellcheck": "false"}),
    )
    language = forms.ChoiceField(label=gettext_lazy("Language of the mail"), choices=settings.LANGUAGES)

    def clean_email(self) -> str:
        return address_of(self, "email")

    @property
    def organisation(self) -> Organisation | None:
        """The one entry of the register that has this very name, if there is only one."""
        name = self.cleaned_data["name"]
        known = Organisation.objects.exclude(standing=Organisation.Standing.MERGED)
        equal = [found for found in matching.among(known, name) if normalise(found.name) == normalise(name)]
        return equal[0] if len(equal) == 1 else None

    @property
    def summary(self) -> list[tuple[str, str]]:
        """The errors for the summary above the form: id of the field, sentence."""
        return [(self[name].auto_id, str(error)) for name in self.fields for error in self.errors.get(name, [])]


def urls(site: admin.AdminSite) -> list[URLPattern]:
    """Doors below admin/letters/letter/."""
    return [
        path("<int:pk>/invitations/", site.admin_view(invitations), name="letters_letter_invitations"),
        path("<int:pk>/invitations/<int:of>/revoke/", site.admin_view(revoke), name="letters_letter_invitation_revoke"),
    ]


def invitations(request: HttpRequest, pk: int) -> HttpResponse:
    """All invitations to a letter, and the form to send one more."""
    letter = _convened(request, pk)
    form = InviteForm(request.POST if "invite" in request.POST else None, initial={"language": "en"})
    if form.is_bound and form.is_valid():
        said: dict[str, Any] = form.cleaned_data | {"organisation": form.organisation}
        try:
            inviting.invite(letter, by=staff(request), at=timezone.now(), **said)
        except NotAllowed as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, _("Invited: %(name)s") % {"name": form.cleaned_data["name"]})
            return redirect("admin:letters_letter_invitations", letter.pk)
    context = {
        **admin.site.each_context(request),
        "opts": Letter._meta,
        "title": _("Invitations"),
        "letter": letter,
        "form": form,
        "invitations": letter.invitations.select_related("endorsement").order_by("-invited_at", "-pk"),
    }
    return TemplateResponse(request, "admin/letters/invitations.html", context, status=422 if form.errors else 200)


def revoke(request: HttpRequest, pk: int, of: int) -> HttpResponse:
    """A GET asks; the button revokes."""
    letter = _convened(request, pk)
    invitation: Invitation = get_object_or_404(letter.invitations.all(), pk=of)
    if request.method == "POST":
        try:
            inviting.revoke(letter, by=staff(request), invitation=invitation, at=timezone.now())
        except NotAllowed as refusal:
            messages.error(request, str(refusal))
        else:
            messages.success(request, _("Revoked: %(name)s") % {"name": invitation.name})
        return redirect("admin:letters_letter_invitations", letter.pk)
    context = {
        **admin.site.each_context(request),
        "opts": Letter._meta,
        "title": _("Revoke an invitation"),
        "letter": letter,
        "invitation": invitation,
    }
    return TemplateResponse(request, "admin/letters/invitation_revoke.html", context)


def _convened(request: HttpRequest, pk: int) -> Letter:
    """404 for whoever holds no role on the letter, 403 without that of a convener."""
    held = Letter.objects.held_by(request.user, *LetterRole.Role.values)
    letter: Letter = get_object_or_404(held.filter(status__in=Letter.PUBLIC), pk=pk)
    if not CONVENER.allows(staff(request), letter):
        raise PermissionDenied
    return letter
