"""What we ask people: the sign form, and the small forms of the representative's page."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from crispy_forms.helper import FormHelper
from django import forms
from django.core import signing
from django.forms.utils import ErrorDict
from django.utils.functional import cached_property
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _
from email_validator import EmailNotValidError, validate_email

from coalition import countries
from coalition.text import clean_line, clean_text, fits, has_hidden
from letters.endorsing import SignOn
from letters.models import Endorsement, Invitation, Letter
from signatories import logos, matching
from signatories.forms import plain_website
from signatories.models import Organisation
from signatories.names import in_another_script, is_latin, normalise
from signatories.vetting import registrable_domain

#: The choice "none of these" among the organisations found.
NEW = "new"
#: Faster than this, no person fills in the form.
FASTEST = 5
STARTED_SALT = "letters.forms.started"


class Line(forms.CharField):
    """One line of text, cleaned before it is judged; `max_length` holds after compatibility normalisation too."""

    def to_python(self, value: Any) -> str:
        return clean_line(super().to_python(value) or "")

    def run_validators(self, value: Any) -> None:
        if self.max_length is not None and not fits(value, self.max_length):
            raise forms.ValidationError(self.error_messages["too_long"])

    def __init__(self, *, max_length: int, too_long: Any = "", **kwargs: Any) -> None:
        super().__init__(max_length=max_length, **kwargs)
        self.validators = []
        self.error_messages["too_long"] = too_long
        self.widget.attrs.pop("maxlength", None)


class SignForm(forms.Form):
    """Signing a letter for an organisation; `sign_on` is what a valid form means."""

    organisation_name = Line(
        label=gettext_lazy("Name of your organisation"),
        help_text=gettext_lazy("In any language or script. We look for it among those that signed before"),
        max_length=300,
        too_long=gettext_lazy("Name must be 300 characters or fewer"),
        required=False,
        widget=forms.TextInput(attrs={"autocomplete": "organization", "dir": "auto"}),
    )
    organisation = forms.Field(required=False)
    country = forms.ChoiceField(
        label=gettext_lazy("Country"),
        help_text=gettext_lazy("Where it is registered or mainly works"),
        required=False,
        error_messages={"invalid_choice": gettext_lazy("Select a country")},
    )
    latin_name = Line(
        label=gettext_lazy("Name in English or Latin letters"),
        help_text=gettext_lazy("So that people who do not read your script find it too"),
        max_length=300,
        too_long=gettext_lazy("Name must be 300 characters or fewer"),
        required=False,
        widget=forms.TextInput(attrs={"autocomplete": "off", "dir": "ltr", "spellcheck": "false"}),
    )
    website = Line(
        label=gettext_lazy("Website"),
        help_text=gettext_lazy("Helps us check you faster"),
        max_length=300,
        too_long=gettext_lazy("Website must be 300 characters or fewer"),
        required=False,
        widget=forms.TextInput(attrs={"autocomplete": "url", "inputmode": "url", "dir": "ltr", "spellcheck": "false"}),
    )
    representative_name = Line(
        label=gettext_lazy("Your full name"),
        help_text=gettext_lazy("Not published"),
        max_length=200,
        too_long=gettext_lazy("Your name must be 200 characters or fewer"),
        error_messages={"required": gettext_lazy("Enter your full name")},
        widget=forms.TextInput(attrs={"autocomplete": "name", "dir": "auto", "spellcheck": "false"}),
    )
    representative_role = Line(
        label=gettext_lazy("Your role"),
        help_text=gettext_lazy("For example Director, Trustee"),
        max_length=200,
        too_long=gettext_lazy("Your role must be 200 characters or fewer"),
        error_messages={"required": gettext_lazy("Enter your role, for example Director")},
        widget=forms.TextInput(attrs={"autocomplete": "organization-title", "dir": "auto"}),
    )
    representative_email = Line(
        label=gettext_lazy("Your email address at the organisation"),
        help_text=gettext_lazy("We send one message to confirm"),
        max_length=254,
        too_long=gettext_lazy("The email address must be 254 characters or fewer"),
        error_messages={"required": gettext_lazy("Enter an email address with a domain, like name@organisation.org")},
        widget=forms.EmailInput(attrs={"autocomplete": "email", "dir": "ltr", "spellcheck": "false"}),
    )
    logo = forms.FileField(
        label=gettext_lazy("Logo"),
        help_text=gettext_lazy("PNG, JPEG or WebP, up to 1 MB. Shown on your organisation’s page"),
        required=False,
        widget=forms.FileInput(attrs={"accept": "image/png,image/jpeg,image/webp"}),
    )
    kept_logo = forms.Field(required=False, widget=forms.HiddenInput)
    visibility = forms.ChoiceField(
        label=gettext_lazy("How your organisation appears"),
        choices=Endorsement.Visibility.choices,
        error_messages={
            "required": gettext_lazy("Select how your organisation appears"),
            "invalid_choice": gettext_lazy("Select how your organisation appears"),
        },
        widget=forms.RadioSelect,
    )
    authority = forms.BooleanField(
        label=gettext_lazy("I may sign for this organisation"),
        error_messages={"required": gettext_lazy("Confirm that you may sign for your organisation")},
    )
    consent = forms.BooleanField(
        label=gettext_lazy("The organisation agrees to appear with this letter in the way chosen above"),
        error_messages={"required": gettext_lazy("Confirm that your organisation agrees to appear in this way")},
    )
    updates = forms.BooleanField(
        label=gettext_lazy("Tell me what comes of this letter"),
        help_text=gettext_lazy("A few emails, only about this letter"),
        required=False,
    )
    fax = forms.Field(required=False)
    started = forms.Field(required=False, widget=forms.HiddenInput)

    #: Fields in the order in which they stand on the page: the error summary follows it.
    ORDER = (
        "organisation_name", "organisation", "country", "latin_name", "website", "representative_name",
        "representative_role", "representative_email", "logo", "visibility", "authority", "consent", "updates",
    )  # fmt: skip

    def __init__(
        self,
        letter: Letter,
        language: str,
        at: datetime,
        *args: Any,
        invitation: Invitation | None = None,
        may_search: bool = True,
        **kwargs: Any,
    ) -> None:
        """`language`: of the text that is read beside the form. What an `invitation` knows is filled in."""
        super().__init__(*args, **kwargs)
        self.letter, self.language, self.at, self.invitation = letter, language, at, invitation
        self.may_search = may_search
        if invitation is not None:
            self.initial["organisation_name"] = invitation.name
            self.initial["representative_email"] = invitation.email
        self.helper = FormHelper()
        self.helper.form_tag = False
        ui = get_language() or "en"
        self.fields["country"].choices = [("", ""), *countries.choices(ui)]  # type: ignore[attr-defined]
        self.fields["visibility"].initial = Endorsement.Visibility.NAMED
        self.fields["started"].initial = signing.dumps(int(at.timestamp()), salt=STARTED_SALT)
        if not letter.allows_withheld_names:
            self.fields["visibility"].required = False
        known = self.picked_organisation
        if known and (domain := registrable_domain(known.website)):
            hint = _("We send one message to confirm. An address ending in %(domain)s is checked fastest")
            self.fields["representative_email"].help_text = hint % {"domain": domain}

    def without_errors(self) -> SignForm:
        """The same, with what was typed but not judged: after Find, and when the page had been open too long."""
        if self.is_bound:
            self._errors, self.cleaned_data = ErrorDict(), {}
        return self

    def miss_name(self) -> None:
        self.add_error("organisation_name", _("Enter the name of your organisation"))

    @cached_property
    def typed_name(self) -> str:
        typed = self.data.get(self.add_prefix("organisation_name")) if self.is_bound else None
        return clean_line(str(self.initial.get("organisation_name", "") if typed is None else typed))

    @cached_property
    def was_searched(self) -> bool:
        return self.may_search and len(self.typed_name) > 1

    @cached_property
    def found(self) -> list[Organisation]:
        """Public organisations that may be meant by what was typed, likeliest first; before them the one invited."""
        invited = [self.invitation.organisation] if self.invitation and self.invitation.organisation else []
        if not self.was_searched or not fits(self.typed_name, 300):
            return invited
        ui = get_language() or "en"
        return invited + [known for known in matching.find(self.typed_name, self.at, ui) if known not in invited]

    @cached_property
    def picked(self) -> str:
        """The radio that is on: what was chosen, an exact match, or "new" where nothing was found."""
        chosen = str(self.data.get(self.add_prefix("organisation"), ""))
        if chosen == NEW or any(organisation.public_id == chosen for organisation in self.found):
            return chosen
        if not self.found:
            return NEW if self.was_searched else ""
        first = self.found[0]
        is_same = normalise(self.typed_name) in (normalise(first.name), normalise(first.main_name))
        return first.public_id if is_same else ""

    @cached_property
    def picked_organisation(self) -> Organisation | None:
        return next((organisation for organisation in self.found if organisation.public_id == self.picked), None)

    @property
    def asks_latin_name(self) -> bool:
        """Of a new organisation whose name is in another script; and what was typed there is never hidden."""
        return in_another_script(self.typed_name) or bool(self.data.get(self.add_prefix("latin_name")))

    def clean_website(self) -> str:
        value = self.cleaned_data["website"]
        website = plain_website(value) if value else ""
        if website is None:
            raise forms.ValidationError(_("Enter a website like organisation.org"))
        return website

    def clean_representative_email(self) -> str:
        return address_of(self, "representative_email")

    def clean_logo(self) -> logos.Logo | None:
        """The picture drawn anew, or the one kept from an earlier try."""
        try:
            return self._drawn_logo
        except logos.Unreadable as error:
            raise forms.ValidationError(str(error)) from error

    @cached_property
    def _drawn_logo(self) -> logos.Logo | None:
        upload = self.files.get(self.add_prefix("logo"))
        return logos.redraw(upload) if upload else logos.kept(str(self.data.get(self.add_prefix("kept_logo"), "")))

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if "organisation_name" in self.errors:
            return data
        if not self.was_searched:
            self.miss_name()
        elif not self.picked:
            self.add_error("organisation", _("Select your organisation or add it"))
        elif self.picked == NEW and not data.get("country") and "country" not in self.errors:
            self.add_error("country", _("Select a country"))
        if self.picked == NEW and data.get("latin_name") and not is_latin(data["latin_name"]):
            self.add_error("latin_name", _("Write this name in Latin letters, or leave it empty"))
        return data

    @property
    def version(self) -> int:
        """Of the text that stood beside the form; one that does not say so is of the first."""
        typed = str(self.data.get(self.add_prefix("version"), ""))
        return int(typed) if typed.isascii() and typed.isdigit() and len(typed) < 7 else 1

    @property
    def is_of_older_text(self) -> bool:
        """The letter has changed since the form was opened, so it has to be read again."""
        present = self.letter.version
        return self.is_bound and present is not None and self.version != present.number

    @property
    def summary(self) -> list[tuple[str, str]]:
        """The errors for the summary above the form: id of the field, sentence."""
        return [
            (self[name].auto_id, str(error))
            for name in self.ORDER
            if name in self.errors
            for error in self.errors[name]
        ]

    @property
    def kept_logo_now(self) -> logos.Logo | None:
        """The picture that the form keeps while other fields are put right."""
        try:
            return self._drawn_logo
        except logos.Unreadable:
            return None

    @property
    def preview_name(self) -> str:
        known = self.picked_organisation
        return known.main_name if known else self.typed_name or _("Your organisation")

    @property
    def preview_country(self) -> str:
        known = self.picked_organisation
        code = known.country if known else str(self.data.get(self.add_prefix("country"), ""))
        return countries.name(code, get_language() or "en") if code in countries.CODES and code else _("Country")

    @property
    def signals(self) -> tuple[str, ...]:
        """What a moderator should know of how the form was filled in; the visitor is not told."""
        found = []
        if self.data.get(self.add_prefix("fax")):
            found.append("honeypot")
        try:
            started = signing.loads(str(self.data.get(self.add_prefix("started"), "")), salt=STARTED_SALT)
            if self.at.timestamp() - started < FASTEST:
                found.append("fast")
        except signing.BadSignature:
            found.append("no_start")
        if has_hidden(str(self.data.get(self.add_prefix("organisation_name"), ""))):
            found.append("hidden_characters")
        return tuple(found)

    @property
    def sign_on(self) -> SignOn:
        data = self.cleaned_data
        known = self.picked_organisation
        logo = data.get("logo")
        return SignOn(
            organisation=known,
            name=self.typed_name,
            country="" if known else data["country"],
            website="" if known else data.get("website", ""),
            representative_name=data["representative_name"],
            representative_role=data["representative_role"],
            representative_email=data["representative_email"],
            visibility=data.get("visibility") or Endorsement.Visibility.NAMED,
            language=self.language,
            interface_language=get_language() or "en",
            wants_updates=data["updates"],
            logo=logo.file() if logo else None,
            signals=self.signals,
            version=self.version,
            latin_name="" if known else data["latin_name"],
        )


class DeclineForm(forms.Form):
    """An organisation that was invited will not sign, and may say why."""

    reason = forms.CharField(
        label=gettext_lazy("Reason"),
        help_text=gettext_lazy("For the conveners only"),
        required=False,
        max_length=2000,
        error_messages={"max_length": gettext_lazy("The reason must be 2,000 characters or fewer")},
        widget=forms.Textarea(attrs={"rows": 3, "dir": "auto"}),
    )

    def clean_reason(self) -> str:
        return clean_text(self.cleaned_data["reason"])


class AnswerForm(forms.Form):
    """The representative's answer to a moderator's question."""

    answer = forms.CharField(
        label=gettext_lazy("Your answer"),
        max_length=2000,
        error_messages={
            "required": gettext_lazy("Write an answer"),
            "max_length": gettext_lazy("The answer must be 2,000 characters or fewer"),
        },
        widget=forms.Textarea(attrs={"rows": 5, "dir": "auto"}),
    )

    def clean_answer(self) -> str:
        answer = clean_text(self.cleaned_data["answer"])
        if not answer:
            raise forms.ValidationError(self.fields["answer"].error_messages["required"])
        return answer


class LowerForm(forms.Form):
    """The representative lets less be shown of the organisation; only ways that show less are offered."""

    visibility = forms.ChoiceField(
        label=gettext_lazy("From now on show it"),
        error_messages={
            "required": gettext_lazy("Select how your organisation appears"),
            "invalid_choice": gettext_lazy("Select how your organisation appears"),
        },
        widget=forms.RadioSelect,
    )

    def __init__(self, endorsement: Endorsement, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choices = Endorsement.Visibility.choices
        below = Endorsement.Visibility.values.index(endorsement.visibility) + 1
        self.fields["visibility"].choices = choices[below:]  # type: ignore[attr-defined]


class CorrectionForm(forms.Form):
    """What should change about an organisation, in free words."""

    MOST = 2000

    words = forms.CharField(
        label=gettext_lazy("What should change"),
        help_text=gettext_lazy("For example the name, the country or the website; say where it can be checked"),
        error_messages={"required": gettext_lazy("Say what should change")},
        widget=forms.Textarea(attrs={"rows": 6, "dir": "auto"}),
    )
    email = Line(
        label=gettext_lazy("Your email address"),
        help_text=gettext_lazy("Only if you want an answer"),
        max_length=254,
        too_long=gettext_lazy("The email address must be 254 characters or fewer"),
        required=False,
        widget=forms.EmailInput(attrs={"autocomplete": "email", "dir": "ltr", "spellcheck": "false"}),
    )
    fax = forms.Field(required=False)

    def clean_words(self) -> str:
        words = clean_text(self.cleaned_data["words"])
        if not words:
            raise forms.ValidationError(self.fields["words"].error_messages["required"])
        if len(words) > self.MOST:
            raise forms.ValidationError(_("What should change must be 2,000 characters or fewer"))
        return words

    def clean_email(self) -> str:
        return address_of(self, "email") if self.cleaned_data["email"] else ""

    @property
    def summary(self) -> list[tuple[str, str]]:
        """The errors for the summary above the form: id of the field, sentence."""
        return [(self[name].auto_id, str(error)) for name in self.errors for error in self.errors[name]]


def address_of(form: forms.Form, name: str) -> str:
    """The address in a field as typed, if its form is right; it is never asked whether it exists."""
    value: str = form.cleaned_data[name]
    typed = str(form.data.get(form.add_prefix(name), ""))
    try:
        checked = validate_email(value, check_deliverability=False, allow_smtputf8=False)
    except EmailNotValidError:
        checked = None
    if checked is None or "." not in checked.domain or has_hidden(typed):
        raise forms.ValidationError(_("Enter an email address with a domain, like name@organisation.org"))
    return value
