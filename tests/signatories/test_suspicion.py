"""Names and domains that may pose as others, and honest ones in every script."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from signatories.suspicion import suspicious

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
