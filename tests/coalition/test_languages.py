"""The languages that letters are in."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coalition.languages import direction, display_name, endonym, parse_tag


@pytest.fixture(scope="module", autouse=True)
def _tables() -> None:
    """Loaded beforehand, so that no single test pays for it."""
    parse_tag("en")


@pytest.mark.parametrize(
    ("typed", "canonical"),
    [
        ("en", "en"),
        ("EN", "en"),
        (" fr ", "fr"),
        ("zh-hant", "zh-Hant"),
        ("ZH-HANT-hk", "zh-Hant-HK"),
        ("zh-hans", "zh-Hans"),
        ("pt-br", "pt-BR"),
        ("es-419", "es-419"),
        ("ug", "ug"),
        ("bo", "bo"),
        ("kek", "kek"),
        ("rhg", "rhg"),
        ("eng", "en"),
        ("iw", "he"),
        ("sh", "sr-Latn"),
        ("cnr", "cnr"),
        ("en-UK", "en-GB"),
        ("ca-Valencia", "ca-valencia"),
        ("sl-rozaj-biske-1994", "sl-rozaj-biske-1994"),
    ],
)
def test_one_tag_is_put_into_its_canonical_form(typed: str, canonical: str) -> None:
    assert parse_tag(typed) == canonical
    assert parse_tag(canonical) == canonical


@pytest.mark.parametrize(
    "typed",
    [
        "",
        " ",
        "ja/en",
        "24+ languages",
        "en (translated into several languages)",
        "ja (Korean groups in Japanese translation)",
        "en, fr",
        "xx-klingon",
        "xx",
        "en-klingon",
        "English",
        "français",
        "mul",
        "und",
        "zxx",
        "en_US",
        "en-",
        "-en",
        "en--US",
        "en-US-US",
        "en-XX",
        "en-ZZ",
        "zh-Xxxx",
        "de-1996-1996",
        "x-secret",
        "en-u-ca-buddhist",
        "en\x00",
        "ｅn",
        "ſr",
        "sl" + "-rozaj" * 8,
    ],
)
def test_what_is_not_exactly_one_known_tag_is_refused_with_a_sentence(typed: str) -> None:
    with pytest.raises(ValueError, match=r"^[“\w].*\.$"):
        parse_tag(typed)


@pytest.mark.parametrize("tag", ["ar", "fa", "ur", "he", "ug", "ps", "ckb", "dv", "yi", "sd", "nqo", "syr", "rhg"])
def test_these_languages_run_from_right_to_left(tag: str) -> None:
    assert direction(tag) == "rtl"


@pytest.mark.parametrize("tag", ["ku-Arab", "uz-Arab", "pa-PK", "pa-Arab", "az-Arab", "ms-Arab", "ff-Adlm", "ar-TN"])
def test_the_script_decides_the_direction(tag: str) -> None:
    assert direction(tag) == "rtl"


@pytest.mark.parametrize("tag", ["en", "ru", "zh-Hant", "ku", "pa", "ug-Latn", "ar-Latn", "bo", "mn-Mong", "ha", "?"])
def test_the_others_run_from_left_to_right(tag: str) -> None:
    assert direction(tag) == "ltr"


@pytest.mark.parametrize(
    ("tag", "name"),
    [
        ("en", "English"),
        ("fr", "français"),
        ("ar", "العربية"),
        ("zh-Hans", "简体中文"),
        ("zh-Hant", "繁體中文"),
        ("zh-Hant-HK", "繁體中文 (香港)"),
        ("bo", "བོད་སྐད་"),
        ("ug", "ئۇيغۇرچە"),
        ("ti", "ትግርኛ"),
        ("am", "አማርኛ"),
        ("ps", "پښتو"),
        ("ku", "kurdî (kurmancî)"),
        ("ku-Arab", "کوردی"),
        ("ckb", "کوردیی ناوەندی"),
        ("sr-Latn", "srpski"),
        ("pa-PK", "پنجابی (پاکستان)"),
        ("pt-BR", "português (Brasil)"),
        ("id", "Bahasa Indonesia"),
        ("nah", "Nāhuatl"),
        ("ca-valencia", "català (valencià)"),
    ],
)
def test_a_language_is_called_as_it_calls_itself(tag: str, name: str) -> None:
    assert endonym(tag) == name


@pytest.mark.parametrize(
    ("tag", "ui_language", "name"),
    [
        ("zh-Hant", "fr", "chinois traditionnel"),
        ("bo", "zh-hans", "藏语"),
        ("ug", "ru", "уйгурский"),
        ("fa-AF", "en", "Dari"),
        ("sr-Latn-RS", "ar", "الصربية (اللاتينية، صربيا)"),
        ("kek", "es", "Qʼeqchiʼ"),
        ("bo", "tlh", "Tibetan"),
    ],
)
def test_a_language_is_called_in_the_language_of_the_reader(tag: str, ui_language: str, name: str) -> None:
    assert display_name(tag, ui_language) == name


@given(st.text() | st.from_regex(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{1,8}){0,3}", fullmatch=True))
@pytest.mark.slow
def test_a_tag_is_refused_or_stays_as_it_is_and_has_names(typed: str) -> None:
    try:
        tag = parse_tag(typed)
    except ValueError:
        tag = typed
    else:
        assert parse_tag(tag) == tag
        assert len(tag) <= 35
        assert tag.isascii()
    assert direction(tag) in {"ltr", "rtl"}
    assert endonym(tag) or not tag
    assert display_name(tag, "ar") or not tag
