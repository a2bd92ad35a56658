"""What may make a name or a domain look like another's: look-alike letters, mixed scripts, what nobody sees."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from functools import lru_cache

from django.utils.translation import gettext as _

from coalition.text import fold, has_hidden


def suspicious(text: str) -> list[str]:
    """Reasons to look twice at a name or a domain, in words; none for the most, and none is proof.

    A word in two scripts that lend each other letters (Latin, Greek, Cyrillic and such), a word all of whose letters
    look like Latin ones in a name that is otherwise Latin, what is invisible, digits of another script, and in a domain
    any letter beside those of one script. Han, kana, Hangul and Latin live together; a name in two languages may too.
    """
    reasons = []
    if has_hidden(text):
        reasons.append(_("holds invisible or direction-changing characters"))
    text = as_seen(text)
    words = ["".join(run) for run in _runs(text)]
    scripts = [_scripts(word) for word in words]
    if any(len(found & _LENDING) > 1 for found in scripts):
        reasons.append(_("mixes scripts in one word: %(words)s") % {"words": _list(words, scripts)})
    elif "Latin" in set().union(*scripts) and any(map(_looks_latin, words)):
        posing = [word for word in words if _looks_latin(word)]
        reasons.append(_("has words that only look like Latin letters: %(words)s") % {"words": ", ".join(posing)})
    elif _is_domain(text) and any(map(_looks_latin, words)):
        reasons.append(_("is a domain whose letters only look like Latin ones: %(domain)s") % {"domain": text})
    if any(_is_styled(letter) for letter in text):
        reasons.append(_("is written in mathematical or other styled letters"))
    return reasons


def as_seen(domain: str) -> str:
    """A domain as people see it: xn--… as its letters."""
    if "xn--" not in domain.casefold():
        return domain
    parts = [part.casefold() for part in domain.split(".")]
    try:
        return ".".join(part[4:].encode().decode("punycode") if part.startswith("xn--") else part for part in parts)
    except UnicodeError:
        return domain


def as_drawn(text: str) -> str:
    """A text with the Latin letters that it may pose as, where there is a reason to look twice at it."""
    if not suspicious(text):
        return text
    posing = {word for word in _runs(text) if len(_scripts(word) & _LENDING) > 1 or _looks_latin(word)}
    return "".join(run.translate(_LATIN) if run in posing else run for run in re.split(r"(\W+)", text))


def meant_by(domain: str, *, slips: bool = False) -> frozenset[str]:
    """Domains for which this one may be taken at a glance: with look-alike letters put right, without its hyphens.

    `slips`: also those that differ by one letter, where the name is long enough for that to tell; some hundreds.
    """
    label, dot, suffix = as_seen(domain).partition(".")
    plain = fold(label.translate(_LATIN)).replace(" ", "-")
    suffix = fold(suffix.translate(_LATIN)).replace(" ", ".") if not suffix.isascii() else suffix
    labels = {plain, plain.replace("-", ""), plain.translate(_LETTERS_OF_FIGURES)}
    for drawn, meant in _DRAWN_ALIKE:
        labels |= {plain[:at] + meant + plain[at + len(drawn) :] for at in _places(drawn, plain)}
    if slips and len(plain) >= LONG_ENOUGH:
        labels |= _one_letter_off(plain)
    return frozenset(f"{one}{dot}{suffix}" for one in labels if one) - {domain}


def _places(drawn: str, label: str) -> list[int]:
    return [at for at in range(len(label)) if label.startswith(drawn, at)]


def _one_letter_off(label: str) -> set[str]:
    """With one letter less, one more, another one, or two in turn."""
    halves = [(label[:at], label[at:]) for at in range(len(label) + 1)]
    less = {a + b[1:] for a, b in halves if b}
    turned = {a + b[1] + b[0] + b[2:] for a, b in halves if len(b) > 1}
    more = {a + letter + b for a, b in halves for letter in _IN_DOMAINS}
    other = {a + letter + b[1:] for a, b in halves if b for letter in _IN_DOMAINS}
    return less | turned | more | other


def _list(words: list[str], scripts: list[frozenset[str]]) -> str:
    """The words that mix scripts, with the letters that are not of the larger part and their names."""
    told = []
    for word, found in zip(words, scripts, strict=True):
        if len(found & _LENDING) > 1:
            counted = {script: sum(_script(letter) == script for letter in word) for script in found & _LENDING}
            smaller = min(counted, key=lambda script: (counted[script], script))
            odd = next(letter for letter in word if _script(letter) == smaller)
            told.append(f"{word} ({odd} = {unicodedata.name(odd, '?')})")
    return ", ".join(told)


def _runs(text: str) -> Iterable[str]:
    return "".join(letter if unicodedata.category(letter)[0] in "LMN" else " " for letter in text).split()


def _scripts(word: str) -> frozenset[str]:
    return frozenset(script for script in map(_script, word) if script)


@lru_cache(maxsize=4096)
def _script(letter: str) -> str:
    """The script of a letter, by the first word of its name; "" for marks and figures, which all scripts share."""
    if not letter.isalpha() or unicodedata.category(letter) == "Lm":
        return ""
    first = unicodedata.name(letter, "").partition(" ")[0].capitalize()
    return "Latin" if letter in "ªº" or first == "Fullwidth" else first


def _looks_latin(word: str) -> bool:
    """A word of another script, every letter of which is drawn like a Latin one."""
    letters = [letter for letter in word if letter.isalpha()]
    return (
        len(letters) > 1
        and _scripts(word) <= {"Greek", "Cyrillic", "Armenian", "Cherokee"}
        and all(letter in _DRAWN_LIKE_LATIN for letter in letters)
    )


def _is_styled(letter: str) -> bool:
    return (
        "\U0001d400" <= letter <= "\U0001d7ff"
        or "\u24b6" <= letter <= "\u24e9"
        or "\U0001f130" <= letter <= "\U0001f189"
    )


def _is_domain(text: str) -> bool:
    return "." in text and not any(letter.isspace() for letter in text)


#: Scripts that share letter shapes; no language writes one word in two of them.
_LENDING = frozenset({"Latin", "Greek", "Cyrillic", "Armenian", "Cherokee", "Coptic"})
#: Letters that are drawn like Latin ones, above those.
_LATIN = str.maketrans(
    "АВЕЅІЈКМНОРСТХУԌԜаеѕіјорсхуһԁԛԝѵӏ" + "ΑΒΕΖΗΙΚΜΝΟΡΤΥΧονυρι" + "ՍՕօսոհցզքյ" + "ᎪᏴᏟᎠᎬᎻᎫᏦᏞᎷᏢᎡᏚᎢᏙᎳᏃ",
    "ABESIJKMHOPCTXYGWaesijopcxyhdqwvl" + "ABEZHIKMNOPTYXovupi" + "UOounhgqpj" + "ABCDEHJKLMPRSTVWZ",
)
_DRAWN_LIKE_LATIN = frozenset(map(chr, _LATIN))
#: Of Latin letters and figures, in domains: how they are written, and what is read.
_DRAWN_ALIKE = (
    *(("rn", "m"), ("m", "rn"), ("vv", "w"), ("w", "vv"), ("cl", "d"), ("0", "o"), ("1", "l"), ("1", "i")),
    *(("i", "l"), ("l", "i"), ("5", "s"), ("3", "e")),
)
_LETTERS_OF_FIGURES = str.maketrans("01357", "olest")
_IN_DOMAINS = "abcdefghijklmnopqrstuvwxyz0123456789-"
#: A shorter name has too many neighbours that are just others.
LONG_ENOUGH = 7
