"""Figures, dates and marked-up words in templates, by the interface language (CLDR)."""

from __future__ import annotations

import zoneinfo
from datetime import UTC, date, datetime, tzinfo

from babel.dates import format_date, format_datetime
from babel.numbers import format_decimal
from django import template
from django.utils.safestring import SafeString
from django.utils.translation import get_language

from coalition import countries, markdown
from coalition.languages import locale_for

register = template.Library()

#: How a known year, month or day is written.
PRECISION = {"day": "long", "month": "MMMM y", "year": "y"}


@register.filter
def figure(number: int) -> str:
    """A whole number in the digits and groups of the language."""
    return format_decimal(number, locale=_locale(), numbering_system="default")


@register.filter
def day(value: date | None, precision: str = "day") -> str:
    """A date, or as much of it as is known: day, month or year."""
    if isinstance(value, datetime):
        value = value.astimezone(UTC).date()
    return format_date(value, PRECISION[precision], locale=_locale()) if value else ""


@register.filter
def instant(value: datetime, zone: tzinfo | str = UTC) -> str:
    """Weekday, date and time in a zone, with the zone's name, and in UTC too where that is another."""
    there = zoneinfo.ZoneInfo(zone) if isinstance(zone, str) else zone
    local = value.astimezone(there)
    shown = format_datetime(local, "EEEE d MMMM y, HH:mm", locale=_locale())
    if local.utcoffset() == value.astimezone(UTC).utcoffset():
        return f"{shown} UTC"
    same_day = local.date() == value.astimezone(UTC).date()
    utc = format_datetime(value.astimezone(UTC), "HH:mm" if same_day else "d MMMM, HH:mm", locale=_locale())
    return f"{shown} {there} ({utc} UTC)"


@register.filter
def country(code: str) -> str:
    return countries.name(code, get_language() or "en") if code else ""


@register.filter(name="markdown")
def markdown_filter(text: str) -> SafeString:
    return markdown.render(text)


@register.filter
def markdown_inline(text: str) -> SafeString:
    return markdown.render_inline(text)


def _locale() -> object:
    return locale_for(get_language() or "en")
