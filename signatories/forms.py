"""What the desk is asked about an organisation: its details, its names, and the networks it belongs to."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from django import forms
from django.core.validators import URLValidator
from django.utils import timezone
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _

from coalition import countries, languages
from coalition.desk import NoteForm
from coalition.text import clean_line, clean_text, fits
from signatories import mailboxes, matching, vetting
from signatories.models import Membership, Organisation, OrganisationName
from signatories.names import normalise
from signatories.suspicion import as_seen
from signatories.vetting import registrable_domain

#: The first year of consultative status.
FIRST_YEAR = 1946


def plain_website(value: str) -> str | None:
    """An http(s) address without credentials or port; a bare domain will do. None for what is none."""
    try:
        parts = urlsplit(value if "//" in value else f"https://{value}")
        URLValidator(schemes=["http", "https"])(parts.geturl())
        plain = parts.scheme in ("http", "https") and parts.port is None and not (parts.username or parts.password)
    except (ValueError, forms.ValidationError):
        return None
    return parts.geturl() if plain and "." in (parts.hostname or "") else None


class DescribeForm(NoteForm):
    """All that can be said of an organisation besides its names and its standing."""

    country = forms.ChoiceField(
        label=gettext_lazy("Country"),
        help_text=gettext_lazy("Letters that it has signed keep the country that they print"),
        error_messages={"invalid_choice": gettext_lazy("Select a country from the list")},
        required=False,
    )
    website = forms.CharField(label=gettext_lazy("Website"), required=False)
    scope = forms.ChoiceField(label=gettext_lazy("Scope"), required=False)
    kind = forms.CharField(label=gettext_lazy("Kind"), required=False)
    about = forms.CharField(
        label=gettext_lazy("About"), required=False, widget=forms.Textarea(attrs={"rows": 4, "dir": "auto"})
    )
    ecosoc_status = forms.ChoiceField(label=gettext_lazy("Consultative status with ECOSOC"), required=False)
    ecosoc_since = forms.CharField(label=gettext_lazy("Since the year"), required=False)
    is_listed = forms.BooleanField(
        label=gettext_lazy("Listed"),
        help_text=gettext_lazy("In the public register even while it is named on no public letter"),
        required=False,
    )
    at_risk = forms.BooleanField(
        label=gettext_lazy("At risk"),
        help_text=gettext_lazy("Its page and every link to it go at once. Letters that it has signed keep its name"),
        required=False,
    )

    field_order = (
        "country", "website", "scope", "kind", "about", "ecosoc_status", "ecosoc_since", "is_listed", "at_risk", "note",
    )  # fmt: skip
    DETAILS = field_order[:-1]

    def __init__(self, subject: Organisation, *args: Any, **kwargs: Any) -> None:
        super().__init__(subject, *args, **kwargs)
        self.initial = {name: getattr(subject, name) for name in self.DETAILS}
        ui = get_language() or "en"
        listed = [(countries.NOT_RECORDED, countries.name(countries.NOT_RECORDED, ui)), *countries.choices(ui)]
        self.fields["country"].choices = listed  # type: ignore[attr-defined]
        for name, choices in (("scope", Organisation.Scope), ("ecosoc_status", Organisation.Consultative)):
            self.fields[name].choices = [("", ""), *choices.choices]  # type: ignore[attr-defined]

    def clean_website(self) -> str:
        typed = clean_line(self.cleaned_data["website"])
        website = plain_website(typed) if typed else ""
        if website is None or len(website) > 300:
            raise forms.ValidationError(_("Enter a website like organisation.org"))
        return website

    def clean_kind(self) -> str:
        kind = clean_line(self.cleaned_data["kind"])
        if not fits(kind, 80):
            raise forms.ValidationError(_("Kind must be 80 characters or fewer"))
        return kind

    def clean_about(self) -> str:
        about = clean_text(self.cleaned_data["about"])
        if not fits(about, 2000):
            raise forms.ValidationError(_("About must be 2,000 characters or fewer"))
        return about

    def clean_ecosoc_since(self) -> int | None:
        typed = clean_line(self.cleaned_data["ecosoc_since"])
        if not typed:
            return None
        now = timezone.now().year
        if not (typed.isascii() and typed.isdigit() and FIRST_YEAR <= int(typed[:5]) <= now):
            raise forms.ValidationError(_("Enter a year from %(first)s to %(now)s") % {"first": FIRST_YEAR, "now": now})
        return int(typed)

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if data.get("ecosoc_since") and not data.get("ecosoc_status"):
            self.add_error("ecosoc_status", _("Select the status that it has since that year"))
        changed = [name for name in self.DETAILS if data.get(name) != getattr(self.subject, name)]
        data["code"] = changed[0] if len(changed) == 1 else "several"
        if "at_risk" in changed:
            data["code"] = "at_risk" if data["at_risk"] else "safe"
        return data


class NameForm(NoteForm):
    """One more name of an organisation."""

    text = forms.CharField(
        label=gettext_lazy("Name"),
        error_messages={"required": gettext_lazy("Enter a name")},
        widget=forms.TextInput(attrs={"dir": "auto", "spellcheck": "false"}),
    )
    kind = forms.ChoiceField(
        label=gettext_lazy("What it is"),
        choices=OrganisationName.Kind.choices,
        error_messages={
            "required": gettext_lazy("Select what it is"),
            "invalid_choice": gettext_lazy("Select what it is"),
        },
        widget=forms.RadioSelect,
    )
    language = forms.ChoiceField(
        label=gettext_lazy("Language"),
        required=False,
        error_messages={"invalid_choice": gettext_lazy("Select a language of the list")},
    )

    field_order = ("name", "text", "kind", "language", "note")

    def __init__(self, subject: Organisation, *args: Any, **kwargs: Any) -> None:
        super().__init__(subject, *args, **kwargs)
        self._offer_languages()

    def clean_text(self) -> str:
        text = clean_line(self.cleaned_data["text"])
        if not normalise(text):
            raise forms.ValidationError(self.fields["text"].error_messages["required"])
        if not fits(text, 300):
            raise forms.ValidationError(_("Name must be 300 characters or fewer"))
        return text

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if data.get("kind") == OrganisationName.Kind.TRANSLATION and data.get("language") == "":
            self.add_error("language", _("Select the language of the translation"))
        if not self.errors and (refusal := vetting.why_not_named(self._row(data))):
            self.add_error("text", refusal)
        return data

    def _row(self, data: dict[str, Any]) -> OrganisationName:
        said = {name: data[name] for name in ("text", "kind", "language")}
        return vetting.name_row(self.subject, **said)

    def _offer_languages(self, *more: str) -> None:
        ui = get_language() or "en"
        offered = languages.choices(ui)
        others = [(tag, languages.display_name(tag, ui)) for tag in more if tag and tag not in dict(offered)]
        self.fields["language"].choices = [("", _("not said")), *others, *offered]  # type: ignore[attr-defined]


class OneNameForm(NoteForm):
    """One of its names, where what is done with it needs no further words; the main one is not among them."""

    name = forms.ModelChoiceField(
        label=gettext_lazy("Name"),
        queryset=OrganisationName.objects.none(),
        error_messages={
            "required": gettext_lazy("Select a name"),
            "invalid_choice": gettext_lazy("Select a name"),
        },
        widget=forms.RadioSelect,
        empty_label=None,
    )

    field_order = ("name", "note")
    kinds: frozenset[OrganisationName.Kind] = frozenset(OrganisationName.Kind)

    def __init__(self, subject: Organisation, *args: Any, name: str = "", **kwargs: Any) -> None:
        """`name`: the key of the name on whose link somebody came."""
        super().__init__(subject, *args, **kwargs)
        names = subject.names.filter(is_main=False, kind__in=self.kinds).order_by("pk")
        self.fields["name"].queryset = names  # type: ignore[attr-defined]
        self.initial["name"] = name

    def clean_name(self) -> int:
        return int(self.cleaned_data["name"].pk)


class RetireNameForm(OneNameForm):
    kinds = frozenset(OrganisationName.Kind) - {OrganisationName.Kind.FORMER}


class MainNameForm(OneNameForm):
    kinds = vetting.CAN_BE_MAIN


class CorrectNameForm(NameForm):
    """One of its names as it stands, to be written anew."""

    name = forms.ModelChoiceField(queryset=OrganisationName.objects.none(), widget=forms.HiddenInput)

    def __init__(self, subject: Organisation, *args: Any, name: str = "", **kwargs: Any) -> None:
        """`name`: the key of the name on whose link somebody came."""
        super().__init__(subject, *args, **kwargs)
        self.fields["name"].queryset = subject.names.all()  # type: ignore[attr-defined]
        self.now = subject.names.filter(pk=name).first() if name.isascii() and name.isdigit() else None
        if self.now is None:
            return
        self.initial = {"name": self.now.pk, "text": self.now.text, "kind": self.now.kind}
        self.initial["language"] = self.now.language
        self.fields["text"].help_text = _("Now: %(name)s") % {"name": self.now.text}
        self._offer_languages(self.now.language)
        if self.now.is_main:
            kinds = [choice for choice in OrganisationName.Kind.choices if choice[0] in vetting.CAN_BE_MAIN]
            self.fields["kind"].choices = kinds  # type: ignore[attr-defined]

    def clean_name(self) -> int:
        return int(self.cleaned_data["name"].pk)

    def _row(self, data: dict[str, Any]) -> OrganisationName:
        row = super()._row(data)
        row.pk = data["name"]
        return row


class CheckDomainForm(NoteForm):
    """A domain of the organisation, or an address at it."""

    domain = forms.CharField(
        label=gettext_lazy("Domain"),
        help_text=gettext_lazy("Like organisation.org; the address of a page or a mailbox will do"),
        error_messages={"required": gettext_lazy("Enter a domain like organisation.org")},
        widget=forms.TextInput(attrs={"dir": "ltr", "spellcheck": "false"}),
    )

    field_order = ("domain", "note")

    def clean_domain(self) -> str:
        typed = clean_line(self.cleaned_data["domain"]).rpartition("@")[2]
        domain = registrable_domain(typed)
        if not domain:
            raise forms.ValidationError(_("Enter a domain like organisation.org"))
        if mailboxes.is_shared(domain):
            words = _("Anybody can have an address or a page at %(domain)s, so it proves nothing")
            raise forms.ValidationError(words % {"domain": domain})
        return domain


class DropDomainForm(NoteForm):
    """One of the domains that the register has for it."""

    domain = forms.ChoiceField(
        label=gettext_lazy("Domain"),
        error_messages={
            "required": gettext_lazy("Select a domain"),
            "invalid_choice": gettext_lazy("Select a domain"),
        },
        widget=forms.RadioSelect,
    )

    field_order = ("domain", "note")

    def __init__(self, subject: Organisation, *args: Any, **kwargs: Any) -> None:
        super().__init__(subject, *args, **kwargs)
        names = subject.domains.order_by("pk").values_list("name", flat=True)
        self.fields["domain"].choices = [(name, as_seen(name)) for name in names]  # type: ignore[attr-defined]


class JoinForm(NoteForm):
    """A network on the register, and as what the organisation belongs to it."""

    network = forms.CharField(
        label=gettext_lazy("Network"),
        help_text=gettext_lazy("Its name or acronym on the register, or the address of its page"),
        error_messages={"required": gettext_lazy("Enter the name of the network")},
        widget=forms.TextInput(attrs={"dir": "auto"}),
    )
    role = forms.ChoiceField(
        label=gettext_lazy("It belongs to it as"),
        choices=Membership.Role.choices,
        initial=Membership.Role.MEMBER,
        widget=forms.RadioSelect,
    )

    field_order = ("network", "role", "note")

    def clean_network(self) -> Organisation:
        typed = clean_line(self.cleaned_data["network"])[:300]
        others = Organisation.objects.exclude(standing=Organisation.Standing.MERGED).exclude(pk=self.subject.pk)
        by_address = others.filter(slug=typed.rstrip("/").rpartition("/")[2]).first()
        if by_address is not None:
            return by_address
        found = matching.among(others, typed)
        named = [one for one in found if one.names.filter(normalised=normalise(typed)).exists()]
        if len(named) == 1:
            return named[0]
        if not found:
            raise forms.ValidationError(_("No organisation on the register is called that"))
        raise forms.ValidationError(
            _("Give the address of its page; like it are: %(names)s")
            % {"names": " · ".join(f"{one.name} ({one.slug})" for one in named or found)}
        )

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if "network" in data:
            data["code"] = data["network"].public_id
        return data


class LeaveForm(NoteForm):
    """One of the networks to which it belongs."""

    network = forms.ModelChoiceField(
        label=gettext_lazy("Network"),
        queryset=Organisation.objects.none(),
        error_messages={
            "required": gettext_lazy("Select a network"),
            "invalid_choice": gettext_lazy("Select a network"),
        },
        widget=forms.RadioSelect,
        empty_label=None,
    )

    field_order = ("network", "note")

    def __init__(self, subject: Organisation, *args: Any, **kwargs: Any) -> None:
        super().__init__(subject, *args, **kwargs)
        networks = Organisation.objects.with_name().filter(members__organisation=subject).order_by("slug")
        self.fields["network"].queryset = networks  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if "network" in data:
            data["code"] = data["network"].public_id
        return data
