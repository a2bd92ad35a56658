"""The countries organisations come from."""

import pytest
from django.conf import settings
from hypothesis import given
from hypothesis import strategies as st

from coalition.countries import CODES, COUNTRIES, choices, counts_as_country, name, parse

LANGUAGES = ["en", "fr", "es", "ar", "zh-hans", "ru"]


@pytest.fixture(scope="module", autouse=True)
def _tables() -> None:
    """Loaded beforehand, so that no single test pays for it."""
    choices("en")
    parse("Kenya")


def test_the_codes_are_those_of_iso_and_four_of_ours() -> None:
    assert len(COUNTRIES) == 249 + 1
    assert len(set(CODES)) == len(CODES) == 253
    assert {"", "international", "EU", "XK", "TW", "PS", "HK", "EH"} <= set(CODES)
    assert not {"AC", "CP", "CQ", "DG", "EA", "EZ", "IC", "QO", "TA", "UN", "XA", "XB", "ZZ", "UK"} & set(CODES)


def test_only_countries_count_as_countries() -> None:
    assert all(counts_as_country(code) for code in ["KE", "TW", "PS", "HK", "XK"])
    assert not any(counts_as_country(code) for code in ["EU", "international", "", "ZZ", "ke"])


@pytest.mark.parametrize("ui_language", LANGUAGES)
def test_a_choice_is_offered_for_every_code_but_the_empty_one(ui_language: str) -> None:
    codes = [code for code, _name in choices(ui_language)]
    assert codes[0] == "international"
    assert sorted(codes) == sorted(set(CODES) - {""})
    assert all(printed and printed not in CODES[3:] for _code, printed in choices(ui_language))


def test_the_interface_has_no_other_languages() -> None:
    assert [code for code, _name in settings.LANGUAGES] == LANGUAGES


def test_choices_stand_in_the_order_of_their_names() -> None:
    english, french, russian = ([code for code, _name in choices(language)] for language in ("en", "fr", "ru"))
    assert english[1:4] == ["AF", "AX", "AL"]
    assert french.index("DE") < french.index("AD") < french.index("EG") < french.index("ES") < french.index("FR")
    assert french.index("US") < french.index("ET")
    assert russian[1:3] == ["AU", "AT"]


def test_a_caller_cannot_spoil_the_choices() -> None:
    choices("en").clear()
    assert choices("en")


@pytest.mark.parametrize(
    ("code", "ui_language", "printed"),
    [
        ("TW", "en", "Taiwan"),
        ("TW", "zh-hans", "台湾"),
        ("PS", "en", "Palestine"),
        ("PS", "ar", "فلسطين"),
        ("HK", "fr", "Hong Kong"),
        ("HK", "zh-hans", "香港"),
        ("MO", "ru", "Макао"),
        ("XK", "es", "Kosovo"),
        ("EU", "fr", "Union européenne"),
        ("TR", "en", "Türkiye"),
        ("CI", "en", "Côte d’Ivoire"),
        ("international", "en", "International"),
        ("", "en", "Country not recorded"),
        ("nowhere", "en", "nowhere"),
    ],
)
def test_a_country_is_called_in_the_language_of_the_reader(code: str, ui_language: str, printed: str) -> None:
    assert name(code, ui_language) == printed


@pytest.mark.parametrize(
    ("printed", "code"),
    [
        ("Perú", "PE"),
        ("México", "MX"),
        ("Panamá", "PA"),
        ("Venezuela", "VE"),
        ("Venezuela (Bolivarian Republic of)", "VE"),
        ("UK", "GB"),
        ("U.K.", "GB"),
        ("uk", "GB"),
        ("Scotland", "GB"),
        ("USA", "US"),
        ("EE.UU.", "US"),
        ("États-Unis", "US"),
        ("The Netherlands", "NL"),
        ("Cote d'Ivoire", "CI"),
        ("Saint Lucia", "LC"),
        ("Bosnia and Herzegovina", "BA"),
        ("Brasil", "BR"),
        ("Deutschland", "DE"),
        ("Svizzera", "CH"),
        ("Россия", "RU"),
        ("مصر", "EG"),
        ("日本", "JP"),
        ("대한민국", "KR"),
        ("한국", "KR"),
        ("中國", "CN"),
        ("Taiwan", "TW"),
        ("台灣", "TW"),
        ("Taiwan, Province of China", "TW"),
        ("Palestine", "PS"),
        ("State of Palestine", "PS"),
        ("Palestinian Territories", "PS"),
        ("Hong Kong", "HK"),
        ("Hong Kong SAR China", "HK"),
        ("Burma", "MM"),
        ("DRC", "CD"),
        ("Kosovo", "XK"),
        ("Western Sahara", "EH"),
        ("ke", "KE"),
        ("PSE", "PS"),
        (" Nepal ", "NP"),
        ("European Union", "EU"),
        ("International", "international"),
        ("internacional", "international"),
    ],
)
def test_a_country_is_read_as_lists_print_it(printed: str, code: str) -> None:
    assert parse(printed) == code


@pytest.mark.parametrize(
    "printed",
    [
        "",
        " ",
        None,
        "Tibet",
        "East Turkistan",
        "Kurdistan",
        "Europe",
        "Kongo",
        "France/Belgium",
        "AC",
        "UN",
        "ZZ",
        "xx",
    ],
)
def test_what_has_no_code_of_its_own_is_not_recorded(printed: str | None) -> None:
    assert parse(printed) == ""


@pytest.mark.parametrize("ui_language", LANGUAGES)
def test_every_name_we_print_is_read_back(ui_language: str) -> None:
    assert {code: parse(name(code, ui_language)) for code in CODES if code} == {code: code for code in CODES if code}


@given(st.text())
@pytest.mark.slow
def test_whatever_is_printed_there_is_a_code_we_record(printed: str) -> None:
    assert parse(printed) in CODES
