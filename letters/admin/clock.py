"""Instants typed by a letter's own clock, and the forms of the steps that ask for one."""

from __future__ import annotations

import re
import zoneinfo
from datetime import UTC, datetime
from functools import cache
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from coalition.desk import NeededNoteForm
from letters.models import Letter

_AREAS = (
    "Africa/", "America/", "Antarctica/", "Arctic/", "Asia/", "Atlantic/", "Australia/", "Europe/", "Indian/",
    "Pacific/",
)  # fmt: skip
_TYPED = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:[0-9]{2}(:[0-9]{2})?")
#: Years in which a deadline or an embargo may lie: what is left out are slips of the hand.
_YEARS = range(1990, 2200)


@cache
def zones() -> tuple[str, ...]:
    """The IANA zones to choose from: UTC, then places."""
    return ("UTC", *sorted(name for name in zoneinfo.available_timezones() if name.startswith(_AREAS)))


def instant_there(typed: datetime, zone: zoneinfo.ZoneInfo) -> datetime:
    """The instant that a clock in `zone` shows as `typed`. Raises ValidationError for a time that does not come on
    that day, or comes twice, because the clocks are changed: which was meant is not guessed."""
    there = typed.replace(tzinfo=zone)
    words = {"time": f"{typed:%H:%M}", "zone": str(zone)}
    if there.astimezone(UTC).astimezone(zone).replace(tzinfo=None) != typed:
        raise forms.ValidationError(
            _("There is no %(time)s on this day in %(zone)s: the clocks go forward then. Enter another time") % words
        )
    if there.utcoffset() != there.replace(fold=1).utcoffset():
        raise forms.ValidationError(
            _("%(time)s comes twice on this day in %(zone)s: the clocks go back then. Enter an earlier or a later time")
            % words
        )
    return there


class LetterClock(forms.DateTimeField):
    """A day and a time by the clock of a letter. The form sets the `zone`, and in `stands` the instant that stays the
    same while nobody types another."""

    zone = zoneinfo.ZoneInfo("UTC")
    stands: datetime | None = None

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("widget", forms.DateTimeInput(attrs={"type": "datetime-local"}))
        super().__init__(**kwargs)
        words = gettext_lazy("Enter a day and a time")
        self.error_messages |= {"required": words, "invalid": words}

    def set_to(self, zone: zoneinfo.ZoneInfo, stands: datetime | None = None) -> None:
        self.zone, self.stands = zone, stands

    def prepare_value(self, value: Any) -> Any:
        if not isinstance(value, datetime):
            return value
        there = value.astimezone(self.zone).replace(tzinfo=None, microsecond=0)
        return there.isoformat(timespec="seconds" if there.second else "minutes")

    def to_python(self, value: Any) -> datetime | None:
        text = str(value or "").strip()
        if not text:
            return None
        if self.stands is not None and text == self.prepare_value(self.stands):
            return self.stands
        try:
            typed = datetime.fromisoformat(text) if _TYPED.fullmatch(text) else None
        except ValueError:
            typed = None
        if typed is None or typed.year not in _YEARS:
            raise forms.ValidationError(self.error_messages["invalid"])
        return instant_there(typed, self.zone)


class TimedForm(NeededNoteForm):
    """A step that needs an instant: asked, and shown, by the letter's clock."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, field in self.fields.items():
            if isinstance(field, LetterClock):
                field.set_to(self.subject.zone, getattr(self.subject, name))
                field.help_text = f"{field.help_text} {self.subject.time_zone}".strip()


class DeadlineForm(TimedForm):
    closes_at = LetterClock(label=gettext_lazy("New deadline"))
    field_order = ["closes_at", "note"]


class LateForm(TimedForm):
    late_until = LetterClock(
        label=gettext_lazy("Late signatures until"),
        help_text=gettext_lazy("An instant in the past ends them now. By the clock of"),
    )
    field_order = ["late_until", "note"]


class AudienceForm(TimedForm):
    audience = forms.ChoiceField(
        label=gettext_lazy("Who may see it"),
        choices=Letter.Audience.choices,
        error_messages=dict.fromkeys(["required", "invalid_choice"], gettext_lazy("Choose who may see the letter")),
        widget=forms.RadioSelect,
    )
    public_from = LetterClock(
        label=gettext_lazy("Public from"),
        help_text=gettext_lazy(
            "The end of the embargo, the same for every page and file. Empty: at once. By the clock of"
        ),
        required=False,
    )
    field_order = ["audience", "public_from", "note"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.initial = {"audience": self.subject.audience, "public_from": self.subject.public_from, **self.initial}
