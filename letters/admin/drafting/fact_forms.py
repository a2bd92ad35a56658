"""What is asked of a draft: how it is called, its clock and its rules."""

from __future__ import annotations

import zoneinfo
from collections.abc import Iterable
from datetime import timedelta
from typing import Any

from django import forms
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from coalition.text import clean_line, fits
from letters import drafting
from letters.admin.clock import LetterClock, zones
from letters.admin.drafting.fields import LanguageField, LongSelect, choose, summary
from letters.forms import Line
from letters.models import Letter


class NameForm(forms.Form):
    """How a letter is called: its reference and its address, each of one letter only."""

    reference = Line(
        label=gettext_lazy("Reference"),
        max_length=40,
        too_long=gettext_lazy("The reference must be 40 characters or fewer"),
        error_messages={"required": gettext_lazy("Enter a reference")},
    )
    slug = forms.RegexField(
        "^[a-z0-9]+(-[a-z0-9]+)*$",
        label=gettext_lazy("Address"),
        help_text=gettext_lazy("The last part of its address on the web, for example river-data"),
        max_length=80,
        error_messages={
            "required": gettext_lazy("Enter an address"),
            "invalid": gettext_lazy(
                "Use small letters from a to z, figures and single hyphens, for example river-data"
            ),
            "max_length": gettext_lazy("The address must be 80 characters or fewer"),
        },
    )

    def __init__(self, own: Letter | None, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.own = own
        self.fields["slug"].widget.attrs.update(dir="ltr", spellcheck="false", autocapitalize="none")
        self.fields["slug"].widget.attrs.pop("maxlength", None)

    def clean_reference(self) -> str:
        return self._unused("reference", _("Another letter has this reference"))

    def clean_slug(self) -> str:
        return self._unused("slug", _("Another letter has this address"))

    def _unused(self, name: str, sentence: str) -> str:
        value: str = self.cleaned_data[name]
        others = Letter.objects.exclude(pk=self.own.pk) if self.own else Letter.objects.all()
        if others.filter(**{name: value}).exists():
            raise forms.ValidationError(sentence)
        return value

    @property
    def summary(self) -> list[tuple[str, str]]:
        return summary(self)


class StartForm(NameForm):
    kind = choose(gettext_lazy("Kind"), Letter.Kind.choices, gettext_lazy("Choose a kind"))
    language = LanguageField(
        label=gettext_lazy("Authoritative language"),
        help_text=gettext_lazy("Its tag, for example en, pt-BR or zh-Hant. This text counts where translations differ"),
    )
    title = Line(
        label=gettext_lazy("Title"),
        help_text=gettext_lazy("In that language. It can be changed until the letter is opened"),
        max_length=300,
        too_long=gettext_lazy("The title must be 300 characters or fewer"),
        error_messages={"required": gettext_lazy("Write a title")},
    )


class DraftForm(NameForm):
    """All facts of a draft but its addressees; `facts` is what a valid form means."""

    kind = choose(gettext_lazy("Kind"), Letter.Kind.choices, gettext_lazy("Choose a kind"))
    authoritative_language = LanguageField(
        label=gettext_lazy("Authoritative language"),
        help_text=gettext_lazy("Its tag, for example en, pt-BR or zh-Hant. This text counts where translations differ"),
    )
    dated_on = forms.DateField(
        label=gettext_lazy("Date of the letter"),
        required=False,
        input_formats=["%Y-%m-%d"],
        error_messages={"invalid": gettext_lazy("Enter a day like 2026-11-24")},
        widget=forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"}),
    )
    date_precision = choose(
        gettext_lazy("Of that date, print"),
        Letter.Precision.choices,
        gettext_lazy("Choose how much of the date is known"),
    )
    topics = forms.CharField(
        label=gettext_lazy("Topics"),
        help_text=gettext_lazy("One on each line"),
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
    )
    supersedes = choose(gettext_lazy("Supersedes"), (), gettext_lazy("Choose a letter from the list"), required=False)
    time_zone = choose(
        gettext_lazy("Time zone"),
        (),
        gettext_lazy("Choose a time zone from the list"),
        help_text=gettext_lazy("Every time on this page is by the clock there"),
        widget=LongSelect,
    )
    closes_at = LetterClock(label=gettext_lazy("Closes at"), required=False)
    confirmation_grace = forms.IntegerField(
        label=gettext_lazy("Grace for confirmations, in minutes"),
        help_text=gettext_lazy("Who sent the form before the deadline may confirm so much later"),
        min_value=0,
        max_value=10_080,
        error_messages=dict.fromkeys(
            ["required", "invalid", "min_value", "max_value"],
            gettext_lazy("Enter a number of minutes from 0 to 10080, which is a week"),
        ),
    )
    late_until = LetterClock(
        label=gettext_lazy("Late signatures until"),
        help_text=gettext_lazy("Empty: none are taken after the deadline"),
        required=False,
    )
    audience = choose(
        gettext_lazy("Who may see it"), Letter.Audience.choices, gettext_lazy("Choose who may see the letter")
    )
    public_from = LetterClock(
        label=gettext_lazy("Public from"),
        help_text=gettext_lazy("The end of the embargo. Empty: as soon as it is open"),
        required=False,
    )
    eligibility = choose(
        gettext_lazy("Who may sign"),
        Letter.Eligibility.choices,
        gettext_lazy("Choose who may sign"),
        widget=forms.RadioSelect,
    )
    withheld_names = choose(
        gettext_lazy("Withheld names"),
        Letter.Withheld.choices,
        gettext_lazy("Choose whether names may be withheld"),
        widget=forms.RadioSelect,
    )
    withdrawal = choose(
        gettext_lazy("Withdrawal"),
        Letter.Withdrawal.choices,
        gettext_lazy("Choose what a withdrawal does"),
        widget=forms.RadioSelect,
    )
    list_order = choose(
        gettext_lazy("Order of the list"),
        Letter.Order.choices,
        gettext_lazy("Choose the order of the list"),
        widget=forms.RadioSelect,
    )
    seen = forms.CharField(widget=forms.HiddenInput, required=False)

    #: The parts of the page, each with its heading.
    PARTS = (
        (gettext_lazy("What it is"), (
            "reference", "slug", "kind", "authoritative_language", "dated_on", "date_precision", "topics", "supersedes",
        )),
        (gettext_lazy("Its clock"), (
            "time_zone", "closes_at", "confirmation_grace", "late_until", "audience", "public_from",
        )),
        (gettext_lazy("Its rules"), ("eligibility", "withheld_names", "withdrawal", "list_order")),
    )  # fmt: skip

    def __init__(self, letter: Letter, user: Any, data: Any = None) -> None:
        super().__init__(letter, data)
        self.letter = letter
        known = zones() if letter.time_zone in zones() else (letter.time_zone, *zones())
        self._choices("time_zone", [(zone, zone) for zone in known])
        self._choices("supersedes", [("", "–"), *((str(other.pk), str(other)) for other in _others(letter, user))])
        typed = str(self.data.get("time_zone", "")) if self.is_bound else letter.time_zone
        zone = zoneinfo.ZoneInfo(typed if typed in known else letter.time_zone)
        for name, field in self.fields.items():
            if isinstance(field, LetterClock):
                field.set_to(zone, getattr(letter, name))
        self.initial = {name: getattr(letter, name, None) for name in self.fields} | {
            "topics": "\n".join(letter.topics),
            "supersedes": str(letter.supersedes_id or ""),
            "confirmation_grace": int(letter.confirmation_grace.total_seconds()) // 60,
            "seen": drafting.facts_token(letter),
        }

    def _choices(self, name: str, choices: list[tuple[str, str]]) -> None:
        self.fields[name].choices = choices  # type: ignore[attr-defined]

    def clean_topics(self) -> list[str]:
        """Each once, in the order typed."""
        topics = list(dict.fromkeys(filter(None, map(clean_line, self.cleaned_data["topics"].splitlines()))))
        if len(topics) > 20 or not all(fits(topic, 60) for topic in topics):
            raise forms.ValidationError(_("Enter at most 20 topics, each of 60 characters or fewer"))
        return topics

    def clean_supersedes(self) -> Letter | None:
        pk = self.cleaned_data["supersedes"]
        other = Letter.objects.get(pk=pk) if pk else None
        if drafting.supersedes_itself(self.letter, other):
            raise forms.ValidationError(_("That letter already supersedes this one, directly or through others"))
        return other

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        closes_at, late_until = data.get("closes_at"), data.get("late_until")
        if late_until and closes_at and late_until < closes_at:
            self.add_error("late_until", _("Late signatures can’t end before the deadline"))
        elif late_until and not closes_at and "closes_at" not in self.errors:
            self.add_error("late_until", _("Set a deadline first: late signatures come after it"))
        if data.get("list_order") == Letter.Order.SIGNED and data.get("withheld_names") == Letter.Withheld.ALLOWED:
            self.add_error("list_order", _("The order of signing is possible only where every name is published"))
        return data

    @property
    def parts(self) -> list[tuple[Any, list[forms.BoundField]]]:
        return [(heading, [self[name] for name in names]) for heading, names in self.PARTS]

    @property
    def facts(self) -> dict[str, Any]:
        kept = {name: value for name, value in self.cleaned_data.items() if name != "seen"}
        minutes = kept["confirmation_grace"]
        if minutes == self.initial["confirmation_grace"]:
            return kept | {"confirmation_grace": self.letter.confirmation_grace}
        return kept | {"confirmation_grace": timedelta(minutes=minutes)}


def _others(letter: Letter, user: Any) -> Iterable[Letter]:
    """What this letter may supersede: what is public or one has a role on, and what it supersedes now."""
    visible = Letter.objects.visible_to(user, timezone.now()).values("pk")
    choice = Letter.objects.filter(Q(pk__in=visible) | Q(pk=letter.supersedes_id))
    return choice.exclude(pk=letter.pk).order_by("-pk")
