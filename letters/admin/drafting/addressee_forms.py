"""What is asked of the addressees of a draft, one row for each."""

from __future__ import annotations

from typing import Any

from django import forms
from django.forms.formsets import BaseFormSet, formset_factory
from django.http import QueryDict
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _
from email_validator import EmailNotValidError, validate_email

from coalition import countries
from letters.admin.drafting.fields import LongSelect, choose, summary
from letters.drafting import ADDRESSEE
from letters.forms import Line
from letters.models import Letter

MOST_ADDRESSEES = 100
EMPTY_ROWS = 2


class AddresseeForm(forms.Form):
    honorific = Line(
        label=gettext_lazy("Honorific"),
        required=False,
        max_length=80,
        too_long=gettext_lazy("The honorific must be 80 characters or fewer"),
    )
    holder = Line(
        label=gettext_lazy("Name of the holder"),
        required=False,
        max_length=200,
        too_long=gettext_lazy("The name must be 200 characters or fewer"),
    )
    office = Line(
        label=gettext_lazy("Office"),
        max_length=300,
        too_long=gettext_lazy("The office must be 300 characters or fewer"),
        error_messages={"required": gettext_lazy("Enter the office, or tick Remove")},
    )
    body = Line(
        label=gettext_lazy("Body"),
        required=False,
        max_length=200,
        too_long=gettext_lazy("The body must be 200 characters or fewer"),
    )
    country = choose(gettext_lazy("Country"), (), gettext_lazy("Select a country"), required=False, widget=LongSelect)
    email = Line(
        label=gettext_lazy("Email address"),
        help_text=gettext_lazy("Never published"),
        required=False,
        max_length=254,
        too_long=gettext_lazy("Enter an email address with a domain, like name@organisation.org"),
        widget=forms.TextInput(attrs={"type": "email", "dir": "ltr", "autocomplete": "off"}),
    )
    is_copied = forms.BooleanField(label=gettext_lazy("Gets a copy only (cc)"), required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choices = [("", "–"), *countries.choices(get_language() or "en")]
        self.fields["country"].choices = choices  # type: ignore[attr-defined]

    def clean_email(self) -> str:
        value: str = self.cleaned_data["email"]
        if value:
            try:
                checked = validate_email(value, check_deliverability=False, allow_smtputf8=False)
            except EmailNotValidError:
                checked = None
            if checked is None or "." not in checked.domain:
                raise forms.ValidationError(_("Enter an email address with a domain, like name@organisation.org"))
        return value


class AddresseeRows(BaseFormSet):  # type: ignore[type-arg]  # not generic at run time
    """The addressees in their order; rows left empty do not count."""

    default_error_messages = {
        **BaseFormSet.default_error_messages,
        "missing_management_form": gettext_lazy("The list of addressees came incomplete. Open the page again"),
        "too_many_forms": gettext_lazy("Name at most 100 addressees"),
    }

    def add_fields(self, form: AddresseeForm, index: int | None) -> None:
        super().add_fields(form, index)
        form.fields["ORDER"].label = _("Place in the list")
        form.fields["ORDER"].error_messages["invalid"] = _("Enter the place as a whole number")
        form.fields["DELETE"].label = _("Remove")

    @property
    def addressees(self) -> list[dict[str, Any]]:
        return [{name: form.cleaned_data[name] for name in ADDRESSEE} for form in self.ordered_forms]

    @property
    def summary(self) -> list[tuple[str, str]]:
        found = [("addressees", str(error)) for error in self.non_form_errors()]
        for number, form in enumerate(self.forms, 1):
            if form.errors:
                said = _("Addressee %(number)s: %(sentence)s")
                found += [(id, said % {"number": number, "sentence": sentence}) for id, sentence in summary(form)]
        return found


Rows: Any = formset_factory(
    AddresseeForm,
    formset=AddresseeRows,
    extra=EMPTY_ROWS,
    can_order=True,
    can_delete=True,
    max_num=MOST_ADDRESSEES,
    validate_max=True,
    absolute_max=MOST_ADDRESSEES + 1,
)


def initial_rows(letter: Letter) -> list[dict[str, Any]]:
    return [{name: getattr(addressee, name) for name in ADDRESSEE} for addressee in letter.addressees.order_by("order")]


def with_more_rows(posted: QueryDict) -> QueryDict:
    """What was typed, with empty rows more if that was asked for."""
    total = posted.get("addressee-TOTAL_FORMS", "")
    if "more" not in posted or not (total.isascii() and total.isdigit() and len(total) < 4):
        return posted
    data = posted.copy()
    data["addressee-TOTAL_FORMS"] = str(min(int(total) + EMPTY_ROWS, MOST_ADDRESSEES))
    return data
