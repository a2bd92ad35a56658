"""What the desk asks: about a decision, and about a sign-on that came by mail or on paper."""

from __future__ import annotations

from datetime import datetime
from functools import cached_property
from typing import Any

from django import forms
from django.conf import settings
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from coalition.desk import NoteForm
from coalition.text import clean_text, fits
from letters.endorsing import SignOn
from letters.forms import SignForm
from letters.models import Endorsement, Letter
from signatories import matching
from signatories.models import Organisation

Reason = Endorsement.Reason


class AskForm(NoteForm):
    """Here the note is the question."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        note = self.fields["note"]
        note.label, note.help_text = _("Question"), _("Mailed in these words, without your name")
        note.required, note.error_messages["required"] = True, _("Write the question")


class RejectForm(NoteForm):
    code = forms.ChoiceField(
        label=gettext_lazy("Reason"),
        error_messages={"required": gettext_lazy("Choose a reason")},
        widget=forms.RadioSelect,
    )
    field_order = ["code", "note"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["code"].choices = [  # type: ignore[attr-defined]
            (reason.value, f"{reason.label} ({_told(reason)})") for reason in Reason
        ]


class RecordForm(SignForm):
    """The questions of the sign form, asked of a moderator: any organisation on the register can be found, and the
    representative may be unknown."""

    evidence = forms.ChoiceField(
        label=gettext_lazy("How it was verified"),
        choices=[choice for choice in Endorsement.Evidence.choices if choice[0] != Endorsement.Evidence.PUBLISHED],
        error_messages=dict.fromkeys(["required", "invalid_choice"], gettext_lazy("Select how it was verified")),
        widget=forms.RadioSelect,
    )
    note = forms.CharField(
        label=gettext_lazy("Where it came from"),
        help_text=gettext_lazy("For example: by mail of 3 May to the secretariat. For the desk only"),
        max_length=2000,
        error_messages={"required": gettext_lazy("Write where the sign-on came from")},
        widget=forms.Textarea(attrs={"rows": 4}),
    )

    ORDER = (  # type: ignore[assignment]  # as long as it is here
        "organisation_name", "organisation", "country", "latin_name", "website", "representative_name",
        "representative_role", "representative_email", "visibility", "evidence", "note",
    )  # fmt: skip
    PERSON = ("representative_name", "representative_role", "representative_email")

    def __init__(self, letter: Letter, at: datetime, *args: Any, **kwargs: Any) -> None:
        super().__init__(letter, letter.authoritative_language, at, *args, **kwargs)
        for name in ("logo", "kept_logo", "authority", "consent", "updates", "fax", "started"):
            del self.fields[name]
        labels = {
            "organisation_name": _("Name of the organisation"),
            "representative_name": _("Full name"),
            "representative_role": _("Role"),
            "representative_email": _("Email address"),
            "visibility": _("How the organisation appears"),
        }
        for name, label in labels.items():
            self.fields[name].label = label
            self.fields[name].widget.attrs.pop("autocomplete", None)
        for name in ("organisation_name", *self.PERSON):
            self.fields[name].help_text = ""
        for name in self.PERSON:
            self.fields[name].required = False

    @cached_property
    def found(self) -> list[Organisation]:
        """On the whole register, public or not."""
        if not self.was_searched or not fits(self.typed_name, 300):
            return []
        register = Organisation.objects.filter(standing__in=["provisional", "verified"])
        return matching.among(register, self.typed_name)

    def clean_note(self) -> str:
        return clean_text(self.cleaned_data["note"])

    def clean_representative_email(self) -> str:
        return super().clean_representative_email() if self.cleaned_data["representative_email"] else ""

    def clean(self) -> dict[str, Any]:
        data = super().clean()
        given = [name for name in self.PERSON if data.get(name)]
        if given:
            for name in self.PERSON:
                if not data.get(name) and name not in self.errors:
                    self.add_error(name, _("Enter all three, or none where nobody is known"))
        return data

    @property
    def has_representative(self) -> bool:
        return bool(self.cleaned_data["representative_email"])

    @property
    def sign_on(self) -> SignOn:
        data = self.cleaned_data
        language = self.letter.authoritative_language
        return SignOn(
            organisation=self.picked_organisation,
            name=self.typed_name,
            country=data["country"],
            website=data["website"],
            representative_name=data["representative_name"],
            representative_role=data["representative_role"],
            representative_email=data["representative_email"],
            visibility=data.get("visibility") or Endorsement.Visibility.NAMED,
            language=language,
            interface_language=language if language in dict(settings.LANGUAGES) else "en",
            wants_updates=False,
            latin_name="" if self.picked_organisation else data["latin_name"],
        )


def _told(reason: Reason) -> str:
    if reason in Endorsement.UNTOLD:
        return _("no mail")
    return _("mailed without this reason") if reason in Endorsement.UNSAID else _("mailed in these words")
