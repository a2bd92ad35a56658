"""Figures, dates and marked-up words in templates, by the interface language (CLDR)."""

from __future__ import annotations

import zoneinfo
from datetime import UTC, date, datetime, tzinfo

from babel import Locale
from babel.dates import format_date, format_time
from babel.numbers import format_decimal
from django import template
from django.utils.safestring import SafeString
from django.utils.translation import get_language

from coalition import countries, markdown
from coalition.countries import locale_for

register = template.Library()

#: How a known year, month or day is written.
PRECISION = {"day": "long", "month": "MMMM y", "year": "y"}
#: Weekday and date as the mails and pages have them, where CLDR's full form is fussier.
_FULL = {"en": "EEEE d MMMM y"}
#: What stands between a date and a time.
_COMMA = {"ar": "، ", "zh": " "}
#: Babel takes the digits of the Maghreb for all of Arabic; letters from the UN have these.
_DIGITS = {"ar": str.maketrans("0123456789", "٠١٢٣٤٥٦٧٨٩")}


@register.filter
def figure(number: int) -> str:
    """A whole number in the digits and groups of the language."""
    system = "arab" if _locale().language in _DIGITS else "default"
    return _in_its_digits(format_decimal(number, locale=_locale(), numbering_system=system))


@register.filter
def day(value: date | None, precision: str = "day") -> str:
    """A date, or as much of it as is known: day, month or year."""
    if isinstance(value, datetime):
        value = value.astimezone(UTC).date()
    return _date(value, PRECISION[precision]) if value else ""


@register.filter
def year(value: int) -> str:
    """A year in the digits of the language, without groups."""
    return _in_its_digits(str(value))


@register.filter
def clock(value: datetime) -> str:
    """The time of day in UTC, with the word."""
    return f"{_time(value.astimezone(UTC))} UTC"


@register.filter
def instant(value: datetime, zone: tzinfo | str = UTC) -> str:
    """Weekday, date and time in a zone, with the zone's name, and in UTC too where that is another."""
    there = zoneinfo.ZoneInfo(zone) if isinstance(zone, str) else zone
    local, utc = value.astimezone(there), value.astimezone(UTC)
    comma = _COMMA.get(_locale().language, ", ")
    shown = f"{_date(local, _FULL.get(_locale().language, 'full'))}{comma}{_time(local)}"
    if local.utcoffset() == utc.utcoffset():
        return f"{shown} UTC"
    other = clock(utc) if local.date() == utc.date() else f"{_date(utc, 'd MMMM')}{comma}{clock(utc)}"
    return f"{shown} {there} ({other})"


@register.filter
def country(code: str) -> str:
    return countries.name(code, get_language() or "en") if code else ""


@register.filter(name="markdown")
def markdown_filter(text: str) -> SafeString:
    return markdown.render(text)


@register.filter
def markdown_aside(text: str) -> SafeString:
    """Words beside the letter, whose paragraphs have no numbers."""
    return markdown.render(text, is_cited=False)


@register.filter
def markdown_inline(text: str) -> SafeString:
    return markdown.render_inline(text)


def _date(value: date, pattern: str) -> str:
    return _in_its_digits(format_date(value, pattern, locale=_dates()))


def _time(value: datetime) -> str:
    return _in_its_digits(format_time(value, "HH:mm", locale=_dates()))


def _in_its_digits(text: str) -> str:
    return text.translate(_DIGITS.get(_locale().language, {}))


def _locale() -> Locale:
    return locale_for(get_language() or "en")


def _dates() -> Locale:
    """English dates with the day first, as letters between countries have them."""
    locale = _locale()
    return Locale("en", "GB") if locale.language == "en" else locale
