"""What typed text may contain, and how texts are compared and sorted."""

import time
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyuca import Collator

from coalition.text import clean_line, clean_text, collation_key, fits, fold, has_hidden

NAMES = [
    "+972 Magazine",
    ">make Utopia_",
    "Žižek",
    "Hawkesbury & Horton Women's Institute",
    "Le Comité pour le Respect des Libertés et des droits de l’Homme en Tunisie (CRLDHT)",
    "Núcleo de Agroecologia Apetê Caapuã, da UFSCar Sorocaba – NAAC",
    "藏人行政中央",
    "葛\U000e0100城市民の会",
    "（財）日本自然保護協会",
    "高江「ヘリパッドいらない」住民の会",
    "བོད་མིའི་སྒྲིག་འཛུགས།",
    "دۇنيا ئۇيغۇر قۇرۇلتىيى",
    "الجماعة الوطنية لحقوق الإنسان والقانون",
    "انجمنی که شنیده می‌شود",
    "سال ۱۳۹۹ ه‍.ش",
    "क्‍ष और क्‌ष",
    "ශ්‍රී ලංකාව",
    "অর‍্যমা",
    "അവന്‍",
    "ᠮᠣᠩᠭᠣᠯ\u202fᠤᠨ ᠪᠠᠶᠢᠨ\u180eᠠ",
    "អង្គការ\u200bសិទ្ធិ\u200bមនុស្ស",
    "Межрегиональная общественная организация «Комитет против пыток»",
    "Ұлттық қауымдастық",
    "Tổ chức Nhân quyền",
    "Ẹgbẹ́ Ọmọ Yorùbá",
    "ተስፋ ማኅበር",
    "עמותת בצלם",
    "Fundacja 🏳️‍🌈",
    "Ⓐ ☮\ufe0f collective",
]

COLLATOR = Collator()

any_text = st.text(alphabet=st.characters(codec=None))
nasty = st.text(
    alphabet=st.sampled_from(
        "a \n\r\t\x00ßéक्ශර"
        "\u200b\u200c\u200d\u200e\u202e\u2066\u2069\ufeff\u00adیشᠠ\u180b\u180e\u202fกក文\ufe0f\U000e0100"
        "☮🌈🏻\u0301\u0327\u1161\u3164\ue000\ufdd0\ud800\u2028\u00a0\u3000⠀"
    )
)


@pytest.fixture(scope="module", autouse=True)
def _tables() -> None:
    """Loaded beforehand, so that no single test pays for it."""
    collation_key("")


@pytest.mark.parametrize("name", NAMES)
def test_real_names_survive_unchanged(name: str) -> None:
    assert clean_line(name) == unicodedata.normalize("NFC", name)
    assert clean_text(name) == unicodedata.normalize("NFC", name)
    assert not has_hidden(name)


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("  Front\tLine \r\n Defenders ", "Front Line Defenders"),
        ("Droit\u00a0au\u202fLogement", "Droit au Logement"),
        ("世界\u3000\u3000市民", "世界 市民"),
        ("one\u2028two\u0085three", "one two three"),
        ("⠀⠀", ""),
        ("NUL\x00 bell\x07 delete\x7f", "NUL bell delete"),
        ("lone\ud800 private\ue000 none\ufdd0\uffff\U0010ffff", "lone private none"),
        ("Cafe\u0301", "Café"),
        ("a" + "\u0301" * 40, "á" + "\u0301" * 7),
    ],
)
def test_a_line_is_one_line_of_plain_text(typed: str, kept: str) -> None:
    assert clean_line(typed) == kept
    assert not has_hidden(typed)


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("Amnesty\u200b International", "Amnesty International"),
        ("\ufeffAmnesty", "Amnesty"),
        ("gro.elpmaxe\u202e", "gro.elpmaxe"),
        ("\u2066Human\u2069 Rights\u200e\u200f\u061c", "Human Rights"),
        ("Am\u00adnes\u2060ty", "Amnesty"),
        ("Am\u200cnes\u200dty", "Amnesty"),
        ("Amnesty\ufe0f", "Amnesty"),
        ("Amnesty\U000e0041\U000e007f", "Amnesty"),
        ("\u3164\u115f\u1160", ""),
        ("می\u202e‌شود", "می‌شود"),
        ("می‌‌شود", "می‌شود"),
        ("حقوق\u200c", "حقوق"),
    ],
)
def test_what_nobody_sees_goes_and_is_told(typed: str, kept: str) -> None:
    assert clean_line(typed) == kept
    assert clean_text(typed) == kept
    assert has_hidden(typed)


def test_a_text_keeps_its_lines_and_its_spaces() -> None:
    assert clean_text("One\r\ntwo\rthree\u2028four\n\n- a\n\t- b  \nc") == "One\ntwo\nthree\nfour\n\n- a\n    - b  \nc"
    assert clean_text("« Ruptures\u00a0»\n\u3000段落") == "« Ruptures\u00a0»\n\u3000段落"
    assert clean_text(" \n ") == ""


def test_length_is_counted_as_typed_and_in_compatibility_form() -> None:
    assert fits("a" * 300, 300)
    assert not fits("a" * 301, 300)
    assert fits("ﷺ", 18)
    assert not fits("ﷺ", 17)


def test_a_flood_of_marks_takes_no_time() -> None:
    flood = "a" + "\u0301\u0316" * 100_000
    began = time.monotonic()
    clean_text(flood)
    has_hidden(flood)
    fold(flood)
    fits(flood, 10**6)
    assert time.monotonic() - began < 2


def test_folding_forgets_case_accents_dashes_and_symbols() -> None:
    assert fold("Coordenadoria Ecumênica de Serviço – CESE") == fold("coordenadoria ecumenica de servico, CESE")
    assert fold("Łódź, Đà Nẵng & Ærø Straße") == "lodz da nang aero strasse"
    assert fold("Ёлка и Йога ΆΈ") == "елка и иога αε"
    assert fold("ＷＷＦジャパン") == fold("WWFジャパン") == "wwfジャパン"
    assert fold("می‌شود") == "میشود"


@pytest.mark.parametrize("word", ["बिहार", "བོད", "ශ්‍රී", "தமிழ்", "がぎぐ", "한국", "فلسطین"])
def test_folding_keeps_vowel_signs_and_voicing(word: str) -> None:
    assert fold(word) == unicodedata.normalize("NFC", word).replace("\u200d", "")


@given(any_text | nasty)
@pytest.mark.slow
def test_cleaning_twice_changes_nothing(value: str) -> None:
    line, lines = clean_line(value), clean_text(value)
    assert clean_line(line) == line
    assert clean_text(lines) == lines
    assert not has_hidden(line)
    assert not has_hidden(lines)


@given(any_text | nasty)
@pytest.mark.slow
def test_clean_text_can_be_stored_and_sent(value: str) -> None:
    line = clean_line(value)
    assert unicodedata.is_normalized("NFC", line)
    assert not {unicodedata.category(letter) for letter in line} & {"Cc", "Cs", "Co", "Zl", "Zp"}
    assert "\r" not in clean_text(value)
    clean_text(value).encode()


@given(st.text(st.characters(max_codepoint=127)))
@pytest.mark.slow
def test_plain_letters_are_folded_alike_beside_others(value: str) -> None:
    assert fold(value + " é") == f"{fold(value)} e".strip()


@given(any_text | nasty)
@pytest.mark.slow
def test_folding_twice_changes_nothing(value: str) -> None:
    assert fold(fold(value)) == fold(value)


@given(st.lists(st.text(max_size=40) | st.sampled_from(NAMES), min_size=2, max_size=8))
@pytest.mark.slow
def test_bytes_sort_as_the_collation_algorithm_does(values: list[str]) -> None:
    assert sorted(values, key=collation_key) == sorted(values, key=COLLATOR.sort_key)


def test_a_shortened_key_never_turns_an_order_round() -> None:
    keys = [(collation_key(name), collation_key(name, 20)) for name in NAMES]
    assert [short for _whole, short in sorted(keys)] == sorted(short for _whole, short in keys)
