"""The letters of a file: which encoding its bytes are in, found by reading them in each and looking at the words."""

from __future__ import annotations

import codecs
import re
import unicodedata
from collections.abc import Iterator
from itertools import pairwise

from signatories.importing.sheets import Damaged, NotAList

#: Bytes that decide.
LOOKED_AT = 400_000

_BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
#: In one language, the letters beyond ASCII. An encoding reads right what makes whole words of one of its alphabets.
_LATIN = {
    "cp1252": ("éèàçêâîôûëïüùœæÿ áéíóúñü áãâàçéêíóõôúü äöüß åäöé åæøé àèéìòù áéíóúýþæöð àéèíïóòúüç·ñ éëïóöüáèê"),
    "cp1250": "áčďéěíňóřšťúůýž ąćęłńóśźż áéíóöőúüű ăâîșțşţ áäčďéíĺľňóôŕšťúýž čćđšž čšž äöüßé",
    "cp1254": "çğıöşüâîûİ",
    "cp1257": "āčēģīķļņšūž ąčęėįšųūž äõöüšž",
    "cp850": "éèàçêâîôûëïüùœ áéíóúñü áãâàçéêíóõôúü äöüß",
    "mac-roman": "éèàçêâîôûëïüùœæÿ áéíóúñü áãâàçéêíóõôúü äöüß åäöé",
}
#: One stray letter does not speak for an encoding that is rarer.
_DOUBT = {"cp1252": 0.0, "cp850": 0.2, "mac-roman": 0.2}
#: Encodings whose letters are a script of their own; the test says which.
_SCRIPTS = ("cp1251", "koi8-r", "cp866", "cp1256", "cp1253", "cp1255")
_EAST_ASIAN = ("gb18030", "cp932", "big5", "cp949", "euc_jp")
#: Where two read equally well, the one that comes first.
_ORDER = (
    "cp1252", "cp1250", "cp1251", "cp1256", "gb18030", "cp932", "big5", "cp949", "euc_jp", "cp1253", "cp1254",
    "cp1257", "cp1255", "koi8-r", "cp866", "mac-roman", "cp850",
)  # fmt: skip
_ALPHABETS = {
    encoding: [frozenset(letters + letters.upper()) for letters in alphabets.split()]
    for encoding, alphabets in _LATIN.items()
}
#: Marks of the printer, which word processors put in: as good a sign as a letter.
_TYPOGRAPHY = frozenset("–—’‘“”„…•«»")
_NEUTRAL = frozenset("·€£§°№¿¡ªº®™ \xa0‐−،؛؟、。「」『』（）《》・：；，！？ー\u200c\u200d\u200e\u200f")
_COMMON_KANA = re.compile(r"[ぁ-んァ-ヶー]")
_WORD = re.compile(r"[^\W\d_]+")


def decode(data: bytes) -> tuple[str, str]:
    """The text, and the name of the encoding it was read in. Raises where the bytes are no text."""
    for bom, encoding in _BOMS:
        if data.startswith(bom):
            return _strict(data, encoding), encoding.removesuffix("-sig")
    if b"\0" in data[:LOOKED_AT]:
        if _is_utf8_with_nulls(data):
            raise Damaged
        return _utf16_without_mark(data)
    if b"\x1b$" in data[:LOOKED_AT]:
        try:
            return data.decode("iso2022_jp"), "iso-2022-jp"
        except UnicodeDecodeError:
            pass
    try:
        text, encoding = data.decode("utf-8"), "utf-8"
    except UnicodeDecodeError:
        encoding = max(_candidates(data), default=(0.0, 0, ""))[2]
        if not encoding:
            raise NotAListError from None
        text = data.decode(encoding, errors="strict")
    if _is_binary(text):
        raise NotAListError
    return text, encoding


class NotAListError(NotAList):
    def __init__(self) -> None:
        super().__init__(str(Damaged()))


def _strict(data: bytes, encoding: str) -> str:
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError as error:
        raise Damaged from error
    if _is_binary(text):
        raise Damaged
    return text


def _is_utf8_with_nulls(data: bytes) -> bool:
    """In UTF-16 every second byte of a text in Latin letters is null; of one that is UTF-8, hardly any."""
    try:
        data.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return data[:LOOKED_AT].count(0) * 10 < len(data[:LOOKED_AT])


def _utf16_without_mark(data: bytes) -> tuple[str, str]:
    """Line ends and separators show which byte comes first."""
    even, odd = data[0:LOOKED_AT:2].count(0), data[1:LOOKED_AT:2].count(0)
    encoding = "utf-16-le" if odd > even else "utf-16-be"
    return _strict(data, encoding), encoding


def _is_binary(text: str) -> bool:
    head = text[:LOOKED_AT]
    return any(unicodedata.category(letter) == "Cc" and letter not in "\t\n\r\v\f\x1a\x85" for letter in set(head))


def _candidates(data: bytes) -> Iterator[tuple[float, int, str]]:
    """How well each encoding reads the bytes; one that can't read them all is none."""
    sample = data[:LOOKED_AT]
    if len(sample) < len(data):
        sample = sample[: sample.rfind(b"\n") + 1] or sample
    for rank, encoding in enumerate(_ORDER):
        try:
            text = sample.decode(encoding)
            if len(sample) < len(data):
                data.decode(encoding)
        except UnicodeDecodeError:
            continue
        if any("\x80" <= letter <= "\x9f" for letter in text):
            continue
        yield _score(text, encoding), -rank, encoding


def _score(text: str, encoding: str) -> float:
    """The share of letters beyond ASCII that stand in words as a language of this encoding writes them."""
    foreign = [letter for letter in text if letter > "\x7f" and letter not in _NEUTRAL]
    if not foreign:
        return 0.5
    if encoding in _ALPHABETS:
        odd = _odd_cases(text) + _DOUBT.get(encoding, 0.08)
        if (
            encoding == "cp1252"
        ):  # of its languages only Portuguese has õ, and there an e follows; Hungarian's ő looks so
            odd += len(re.findall("[õÕ](?![eE])", text)) / len(foreign)
        known = (letters | _TYPOGRAPHY for letters in _ALPHABETS[encoding])
        return max(sum(letter in letters for letter in foreign) for letters in known) / len(foreign) - odd
    foreign = [letter for letter in foreign if letter not in _TYPOGRAPHY]
    if not foreign:
        return 0.5
    if encoding in _EAST_ASIAN:
        return sum(map(_EAST_ASIAN_WEIGHT[encoding], foreign)) / len(foreign) - _mixed(text)
    script = {"cp1253": "GREEK", "cp1256": "ARABIC", "cp1255": "HEBREW"}.get(encoding, "CYRILLIC")
    good = sum(_in_script(letter, script) - (not letter.isalpha()) for letter in foreign) / len(foreign)
    strange = _mixed(text) + _odd_cases(text)
    if script == "CYRILLIC":
        strange += 0 if _has_vowels(text) else 0.6
    if script == "GREEK":  # hardly ever written, and what alef looks like
        strange += 5 * sum(letter in "ΐΰ" for letter in foreign) / len(foreign)
    if encoding in ("cp1255", "koi8-r", "cp866"):
        good -= 0.01 if encoding == "cp1255" else 0.02
    return good - strange


def _in_script(letter: str, script: str) -> bool:
    return unicodedata.name(letter, "").startswith(script)


def _mixed(text: str) -> float:
    """The share of words with letters beyond ASCII that also have ASCII's, which real words hardly ever do."""
    words = [word for word in _WORD.findall(text) if not word.isascii()]
    return sum(bool(re.search("[A-Za-z]", word)) for word in words) / max(1, len(words))


def _odd_cases(text: str) -> float:
    """The share of words beyond ASCII that go from small letters to capitals, as misread ones do."""
    words = [word for word in _WORD.findall(text) if not word.isascii()]
    odd = sum(any(a.islower() and b.isupper() and b > "\x7f" for a, b in pairwise(w)) for w in words)
    return odd / max(1, len(words))


def _has_vowels(text: str) -> bool:
    letters = [letter for letter in text.lower() if "а" <= letter <= "є" or letter in "ії"]
    vowels = sum(letter in "аеёиоуыэюяіїє" for letter in letters)
    return bool(letters) and 0.3 <= vowels / len(letters) <= 0.62


def _gb(letter: str) -> float:
    """The first level of GB 2312 holds what texts are written in."""
    try:
        lead = letter.encode("gb2312")[0]
    except UnicodeEncodeError:
        return 0.15 if "\u4e00" <= letter <= "\u9fff" else -0.5
    if 0xB0 <= lead <= 0xD7:
        return 0.95
    return 0.4 if "\u4e00" <= letter <= "\u9fff" else 0.1


def _big5(letter: str) -> float:
    try:
        lead = letter.encode("big5")[0]
    except UnicodeEncodeError:
        return -0.5
    return 0.93 if 0xA4 <= lead <= 0xC6 and "\u4e00" <= letter <= "\u9fff" else 0.1


def _japanese(letter: str) -> float:
    if _COMMON_KANA.match(letter):
        return 1.0
    if "\uff61" <= letter <= "\uff9f":
        return -0.5
    try:
        lead = letter.encode("cp932")[0]
    except UnicodeEncodeError:
        return -0.5
    return 0.9 if 0x88 <= lead <= 0x97 and "\u4e00" <= letter <= "\u9fff" else 0.3


def _korean(letter: str) -> float:
    return 1.0 if "\uac00" <= letter <= "\ud7a3" else 0.0


_EAST_ASIAN_WEIGHT = {"gb18030": _gb, "cp932": _japanese, "euc_jp": _japanese, "big5": _big5, "cp949": _korean}
