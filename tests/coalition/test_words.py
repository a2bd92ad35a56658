"""Figures and dates as each language writes them."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest
from django.utils import translation

from coalition.templatetags import words

CLOSING = datetime(2026, 12, 12, 23, 59, tzinfo=UTC)


@pytest.mark.parametrize(
    ("language", "figure", "day", "instant"),
    [
        ("en", "1,064", "12 December 2026", "Saturday 12 December 2026, 23:59 UTC"),
        ("fr", "1\u202f064", "12 décembre 2026", "samedi 12 décembre 2026, 23:59 UTC"),
        ("ar", "١٬٠٦٤", "١٢ ديسمبر ٢٠٢٦", "السبت، ١٢ ديسمبر ٢٠٢٦، ٢٣:٥٩ UTC"),
        ("zh-hans", "1,064", "2026年12月12日", "2026年12月12日星期六 23:59 UTC"),
        ("ru", "1\xa0064", "12 декабря 2026\u202fг.", "суббота, 12 декабря 2026\u202fг., 23:59 UTC"),
    ],
)
def test_figures_and_dates_are_those_of_the_language(language, figure, day, instant):
    with translation.override(language):
        assert words.figure(1064) == figure
        assert words.day(CLOSING) == day
        assert words.instant(CLOSING) == instant


def test_another_day_in_utc_is_said():
    with translation.override("en"):
        said = words.instant(CLOSING, "Asia/Tokyo")
    assert said == "Sunday 13 December 2026, 08:59 Asia/Tokyo (12 December, 23:59 UTC)"


def test_as_much_of_a_date_is_written_as_is_known():
    with translation.override("en"):
        assert words.day(date(2017, 9, 1), "month") == "September 2017"
        assert words.day(date(2024, 1, 1), "year") == "2024"
        assert words.day(None) == ""
