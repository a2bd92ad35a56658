"""Names and domains that may pose as others, and honest ones in every script."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from signatories.suspicion import as_drawn, as_seen, meant_by, suspicious

LETTERS = Path(__file__).parents[1] / "data" / "letters"


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("NixΝet", "mixes scripts in one word: NixΝet (Ν = GREEK CAPITAL LETTER NU)"),
        ("Аmnesty International", "mixes scripts in one word: Аmnesty (А = CYRILLIC CAPITAL LETTER A)"),
        ("ЅОС Tibet", "has words that only look like Latin letters: ЅОС"),
        ("xn--80ak6aa92e.com", "has words that only look like Latin letters"),
        ("gr\u0435enpeace.org", "mixes scripts in one word"),
        ("Green\u200bpeace", "holds invisible or direction-changing characters"),
        ("Peace\u202egnikool", "holds invisible or direction-changing characters"),
        ("𝐆𝐫𝐞𝐞𝐧 Forum", "is written in mathematical or other styled letters"),
    ],
)
def test_what_poses_as_something_else_is_told(text, reason):
    assert any(told.startswith(reason) for told in suspicious(text))


@pytest.mark.parametrize(
    "text",
    [
        "Tibet 藏人",
        "国際環境NGO FoE Japan（エフ・オー・イー・ジャパン）",
        "ШОС",
        "Правозащитный центр «Мемориал» (Memorial)",
        "بيت الحكمة – House of Wisdom",
        "རྩོམ་པ་པོ",
        "می‌خواهم",
        "Žižek Society",
        "müller.example.de",
        "xn--mller-kva.de",
        "D64 – Zentrum für Digitalen Fortschritt e. V.",
        "ＷＷＦジャパン",
        "",
    ],
)
def test_honest_names_are_left_in_peace(text):
    assert suspicious(text) == []


def test_of_the_real_letters_only_the_known_slip_is_told():
    names = {entry["name"] for file in LETTERS.glob("*.json") for entry in json.loads(file.read_text())["signatories"]}
    assert {name for name in names if suspicious(name)} == {"NixΝet"}


@pytest.mark.parametrize(
    ("domain", "meant"),
    [
        ("xn--80ak6aa92e.com", "apple.com"),
        ("xn--strae-oqa.de", "strasse.de"),
        ("arnnesty.org", "amnesty.org"),
        ("amnesty-kenya.org", "amnestykenya.org"),
        ("we11s.org", "wells.org"),
        ("grcenpcacc.org", None),
        ("350.org", "eso.org"),
    ],
)
def test_a_domain_is_read_as_what_it_is_drawn_like(domain, meant):
    found = meant_by(domain)
    assert domain not in found
    assert meant is None or meant in found
    assert len(found) < 40


def test_a_slip_of_one_letter_is_looked_for_in_long_names_only():
    assert "greenpeace.org" in meant_by("greenpaece.org", slips=True)
    assert "greenpeace.org" in meant_by("greenpeac.org", slips=True)
    assert "greenpeace.org" not in meant_by("greenpaece.org")
    assert "hrw.org" not in meant_by("hrv.org", slips=True)


def test_a_domain_is_shown_in_its_letters():
    assert as_seen("xn--mller-kva.de") == "müller.de"
    assert as_seen("xn--!!.de") == "xn--!!.de"
    assert as_seen("hrw.org") == "hrw.org"


def test_a_name_that_poses_is_compared_as_it_is_drawn():
    assert as_drawn("\u0410mnesty International") == "Amnesty International"
    assert as_drawn("\u0428\u041e\u0421") == "\u0428\u041e\u0421"
    assert as_drawn("Žižek Society") == "Žižek Society"
