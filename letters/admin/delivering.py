"""Deliveries at the desk: what is asked before one is made, and its list and files as they were handed over."""

from __future__ import annotations

import hashlib
from typing import Any

from django import forms
from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.core.files.base import ContentFile
from django.db.models.fields.files import FieldFile
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from coalition.desk import NoteForm, staff
from coalition.text import clean_line
from letters import attachments
from letters.models import Delivery, Letter, LetterRole
from letters.roles import CONVENER

CONTENT_TYPES = {
    "pdf": "application/pdf",
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "txt": "text/plain; charset=utf-8",
}


class DeliverForm(NoteForm):
    """How it is handed over, and what proves it."""

    channel = forms.ChoiceField(
        label=gettext_lazy("How it is handed over"),
        choices=Delivery.Channel.choices,
        error_messages=dict.fromkeys(["required", "invalid_choice"], gettext_lazy("Choose how it is handed over")),
        widget=forms.RadioSelect,
    )
    is_addendum = forms.BooleanField(
        label=gettext_lazy("List only those who signed since the delivery before"), required=False
    )
    reference = forms.CharField(
        label=gettext_lazy("Reference number"),
        help_text=gettext_lazy("Of the parcel, the registry or the receipt"),
        max_length=120,
        required=False,
        error_messages={"max_length": gettext_lazy("The reference number must be 120 characters or fewer")},
    )
    proof = forms.FileField(
        label=gettext_lazy("Proof"),
        help_text=gettext_lazy("A stamped copy or a receipt, kept for the conveners"),
        required=False,
    )
    field_order = ["channel", "is_addendum", "reference", "proof", "note"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not self.subject.deliveries.exists():
            del self.fields["is_addendum"]
        unknown = [str(addressee) for addressee in self.subject.addressees.all() if not addressee.email]
        if unknown:
            self.fields["channel"].help_text = _(
                "By email from here it will not reach these addressees, whose email address is not known: %(names)s."
            ) % {"names": "; ".join(unknown)}

    def clean_reference(self) -> str:
        return clean_line(self.cleaned_data["reference"])

    def clean_proof(self) -> ContentFile[bytes] | None:
        upload = self.cleaned_data.get("proof")
        if not upload:
            return None
        try:
            file_format, data = attachments.check(upload)
        except attachments.Refused as error:
            raise forms.ValidationError(str(error)) from error
        return ContentFile(data, name=f"proof.{file_format}")


def delivery(request: HttpRequest, pk: int, number: int) -> HttpResponse:
    """One delivery as it was handed over: for conveners of the letter only."""
    found = _found(request, pk, number)
    addressees = found.letter.addressees.all() if found.channel == Delivery.Channel.EMAIL else []
    title = _("Delivery %(number)s, an addendum") if found.is_addendum else _("Delivery %(number)s")
    context = {
        **admin.site.each_context(request),
        "title": title % {"number": found.number},
        "mailed": [addressee for addressee in addressees if found.reached(addressee)],
        "missed": [addressee for addressee in addressees if not found.reached(addressee)],
        "delivery": found,
        "letter": found.letter,
        "lines": found.lines.all(),
        "files": found.files.all(),
    }
    return TemplateResponse(request, "admin/letters/delivery.html", context)


def delivery_file(request: HttpRequest, pk: int, number: int, file: int) -> HttpResponse:
    """The bytes that were handed over, if they still are those: a file that was tampered with is not given out."""
    found = _found(request, pk, number)
    kept = get_object_or_404(found.files, pk=file)
    data = _bytes(kept.file)
    if hashlib.sha256(data).hexdigest() != kept.sha256:
        context = {**admin.site.each_context(request), "title": _("This file is not the one that was delivered")}
        return TemplateResponse(request, "admin/letters/delivery_damaged.html", context, status=410)
    return _attachment(data, f"{found.letter.slug}-{found.number}-{kept.language}.{kept.format}", kept.format)


def delivery_proof(request: HttpRequest, pk: int, number: int) -> HttpResponse:
    found = _found(request, pk, number)
    if not found.proof:
        raise Http404
    file_format = str(found.proof.name).rpartition(".")[2]
    return _attachment(_bytes(found.proof), f"{found.letter.slug}-{found.number}-proof.{file_format}", file_format)


def _bytes(stored: FieldFile) -> bytes:
    """What is stored; nothing where the file is gone."""
    try:
        with stored.open("rb") as file:
            return bytes(file.read())
    except FileNotFoundError:
        return b""


def _attachment(data: bytes, name: str, file_format: str) -> HttpResponse:
    return HttpResponse(
        data,
        content_type=CONTENT_TYPES.get(file_format, "application/octet-stream"),
        headers={
            "Content-Disposition": f'attachment; filename="{name}"',
            "X-Content-Type-Options": "nosniff",
        },
    )


def _found(request: HttpRequest, pk: int, number: int) -> Delivery:
    """What a visitor without a role on the letter asks for does not exist; other roles may not."""
    seen = Letter.objects.held_by(request.user, *LetterRole.Role.values)
    letter = get_object_or_404(seen, pk=pk)
    if not CONVENER.allows(staff(request), letter):
        raise PermissionDenied
    return get_object_or_404(letter.deliveries.select_related("letter"), number=number)
