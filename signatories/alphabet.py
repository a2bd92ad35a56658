"""The tabs of the register: the letters and scripts under which names stand, in the order of their sort keys."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from functools import cache

from django.db.models import BinaryField, F, Func

from coalition.countries import locale_for
from coalition.text import collation_key

#: Bytes of a sort key that say with which letter a name begins.
FIRST = 2
FIGURES = "0"


@dataclass(frozen=True)
class Tab:
    """One letter of an alphabet, a whole script that has too many, or what begins with a figure or a sign.

    Sort keys from `start` up to `end` are under it; without `end`, all that follow.
    """

    key: str
    script: str
    start: bytes
    end: bytes | None

    def label(self, ui_language: str) -> str:
        if self.key == FIGURES:
            return "0–9"
        if self.key != self.script:
            return self.key
        return str(locale_for(ui_language).scripts.get(self.script, self.script))


def first_letter(sort_key: str) -> Func:
    """For a query: what tells the tab of the name with this sort key. `under` reads it."""
    return Func(F(sort_key), template=f"substring(%(expressions)s from 1 for {FIRST})", output_field=BinaryField())


def under(first: bytes) -> Tab:
    """The tab of a name by the first bytes of its sort key."""
    tabs = _tabs()
    return tabs[max(0, bisect_right([tab.start for tab in tabs], bytes(first)) - 1)]


def tab(key: str) -> Tab | None:
    return next((one for one in _tabs() if one.key.casefold() == key.casefold()), None)


@cache
def _tabs() -> tuple[Tab, ...]:
    starts = [(b"", FIGURES, "")]
    for script, letters in _ALPHABETS.items():
        starts += [(_first(sample or letter), letter.upper(), script) for letter, _colon, sample in _samples(letters)]
    starts += [(_first(letter), script, script) for script, letter in _SCRIPTS.items()]
    starts.sort()
    ends = [start for start, _key, _script in starts[1:]]
    return tuple(Tab(key, script, start, end) for (start, key, script), end in zip(starts, [*ends, None], strict=True))


def _samples(letters: str) -> list[tuple[str, str, str]]:
    return [letter.partition(":") for letter in letters.split()]


def _first(letter: str) -> bytes:
    return collation_key(letter, FIRST)


#: Scripts of which each letter has its own tab; after a colon the letter at which the tab begins, where that is
#: another. A letter that is not here stands under the one before it.
_ALPHABETS = {
    "Latn": "a b c d e f g h i j k l m n o p q r s t u v w x y z þ",
    "Grek": "α β γ δ ε ζ η θ ι κ λ μ ν ξ ο π ρ σ τ υ φ χ ψ ω",
    "Cyrl": "а б в г д ђ е є ж з и і й ј к л љ м н њ о п р с т ћ у ф х ц ч џ ш щ ъ ы ь э ю я",
    "Hebr": "א ב ג ד ה ו ז ח ט י כ ל מ נ ס ע פ צ ק ר ש ת",
    "Arab": "ا:ء ب پ ت ث ج چ ح خ د ذ ر ز ژ س ش ص ض ط ظ ع غ ف ق ك گ ل م ن ه و ي:ى",
}
#: Scripts with one tab, by their first letter. Scripts that are not here stand under the one before them.
_SCRIPTS = {
    "Geor": "ა", "Armn": "ա", "Syrc": "ܐ", "Thaa": "ހ", "Nkoo": "ߊ", "Tfng": "ⴰ", "Ethi": "ሀ", "Deva": "अ",
    "Beng": "অ", "Guru": "ੳ", "Gujr": "અ", "Orya": "ଅ", "Taml": "அ", "Telu": "అ", "Knda": "ಅ", "Mlym": "അ",
    "Sinh": "අ", "Thai": "ก", "Laoo": "ກ", "Tibt": "ཀ", "Mymr": "က", "Khmr": "ក", "Mong": "ᠠ", "Cans": "ᐁ",
    "Cher": "Ꭰ", "Hang": "가", "Hrkt": "あ", "Bopo": "ㄅ", "Yiii": "ꀀ", "Hani": "一",
}  # fmt: skip
