"""Names of organisations: when two are the same, where one stands in a list, which acronym it prints."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence

from coalition.text import clean_line, collation_key, fold

#: Bytes of a sort key, as wide as its column.
SORT_KEY_BYTES = 512
LONGEST_ACRONYM = 16


def normalise(name: str) -> str:
    """The form in which two printed names of one organisation are equal; for matching, never for showing.

    `coalition.text.fold` (case, accents, dashes, punctuation), without legal forms at either end. Idempotent. Where
    folding would leave nothing ("e.V.", ">_<"), what stood before that step remains; "" only where nothing can be seen.
    """
    words = fold(name).split()
    if not words:
        return unicodedata.normalize("NFKC", clean_line(name)).strip()
    while (shorter := _without_legal_form(words)) != words:
        words = shorter
    return " ".join(words)


def sort_key(name: str) -> bytes:
    """Where a name stands in a list: at most 512 bytes, to be compared byte by byte (Postgres `bytea`).

    Unicode collation; opening quotation marks and a leading article (The, La, Al-, ال) do not count, unless nothing
    would remain. Of names longer than some 80 letters those that differ in case or accents only may tie, so sort by
    something else besides.
    """
    return collation_key(_without_article(name.lstrip(_OPENING) or name), SORT_KEY_BYTES)


def acronym_of(name: str) -> str:
    """The acronym a name prints beside itself, or "".

    In brackets ("… (UNPO)"), after a dash ("… – APIB"), before one ("FIDH – …"), or in capitals after the last comma
    ("…, COIAB"). Short pieces that may be a place (a country, a Brazilian state: "… – CE") count only when their
    letters begin words of the name in that order.
    """
    name = clean_line(unicodedata.normalize("NFKC", clean_line(name)))
    return next((piece for piece, rest in _beside(name) if _is_acronym(piece, rest)), "")


def is_latin(name: str) -> bool:
    """Whether there are letters in a name, all of them Latin; figures and signs belong to every script."""
    letters = [letter for letter in unicodedata.normalize("NFKC", name) if letter.isalpha()]
    return bool(letters) and all(unicodedata.name(letter, "").startswith(_LATIN) for letter in letters)


def in_another_script(name: str) -> bool:
    """Whether there are letters in a name that somebody who reads Latin script only may not read."""
    return any(map(str.isalpha, name)) and not is_latin(name)


def is_legal_form(normalised: str) -> bool:
    """Whether nothing but a legal form is left of a name."""
    return tuple(normalised.split()) in {*_FINAL, *_INITIAL}


def pieces(name: str) -> list[str]:
    """The parts of a name between brackets, dashes, commas, slashes and colons, in order."""
    return [piece.strip() for piece in _BETWEEN.split(name) if piece.strip()]


def _without_legal_form(words: list[str]) -> list[str]:
    """The words without one legal form at the end or the beginning; all of them if there is none, or nothing else."""
    for form in _FINAL if words[-1] in _LAST_WORDS else ():
        if len(words) > len(form) and tuple(words[-len(form) :]) == form:
            return words[: -len(form)]
    for form in _INITIAL if words[0] in _FIRST_WORDS else ():
        if len(words) > len(form) and tuple(words[: len(form)]) == form:
            return words[len(form) :]
    for attached in () if words[0].isascii() and words[-1].isascii() else _ATTACHED:
        if words[0].startswith(attached):
            return [word for word in (words[0].removeprefix(attached), *words[1:]) if word] or words
        if words[-1].endswith(attached):
            return [word for word in (*words[:-1], words[-1].removesuffix(attached)) if word] or words
    return words


def _without_article(name: str) -> str:
    attached = _ATTACHED_ARTICLE.match(name)
    if attached:
        return name[attached.end() :]
    article, _space, rest = name.partition(" ")
    rest = rest.lstrip()
    next_word = fold(rest).partition(" ")[0]
    is_acronym = len(article) > 1 and article.isupper() and not name.isupper()
    if article.casefold() not in _ARTICLES or is_acronym or not next_word or next_word in _NOT_AFTER_AN_ARTICLE:
        return name
    return rest.lstrip(_OPENING)


def _beside(name: str) -> Iterator[tuple[str, str]]:
    """Each place where an acronym may stand, with the rest of the name."""
    for bracket in reversed(list(_BRACKETS.finditer(name))):
        rest = name[: bracket.start()] + name[bracket.end() :]
        yield _DASH.split(bracket[1])[0].strip(), rest
    bare = _BRACKETS.sub("", name).strip()
    head, *middle = _DASH.split(bare)
    if middle:
        yield middle[-1].strip(), " ".join([head, *middle[:-1]])
        yield head.strip(), " ".join(middle)
    rest, comma, last = bare.rpartition(",")
    if comma and last.strip().isupper():
        yield last.strip(), rest


def _is_acronym(piece: str, rest: str) -> bool:
    capitals = sum(letter.isupper() for letter in piece)
    smalls = sum(letter.islower() for letter in piece)
    figures = sum(letter.isdigit() for letter in piece)
    if not _ONE_WORD.fullmatch(piece) or len(piece) > LONGEST_ACRONYM or capitals < smalls or not capitals:
        return False
    if capitals + figures < 2 or tuple(fold(piece).split()) in {*_FINAL, *_INITIAL}:
        return False
    may_be_a_place = capitals + smalls <= 2 or piece.rstrip(".") in _PLACES or (rest.isupper() and len(piece) > 6)
    return not may_be_a_place or _are_initials(piece, rest)


def _are_initials(piece: str, rest: str) -> bool:
    """Whether the letters of a piece begin words of the rest, in that order."""
    initials = iter(word[0] for word in fold(rest).split())
    return all(letter in initials for letter in fold(piece) if letter.isalpha())


def _forms(printed: str) -> Sequence[tuple[str, ...]]:
    """Legal forms as the words that folding makes of them, longest first."""
    folded = {tuple(fold(form).split()) for form in printed.split(" | ")}
    return sorted(folded, key=lambda form: (-len(form), form))


_JAPANESE_AND_KOREAN = "(財) | (社) | (株) | (有) | (特非) | (公財) | (公社) | (一財) | (一社) | (NPO) | (사) | (재)"
#: Legal forms that end a name. Only those that are hardly ever a word or an acronym of their own: CIO, SA, AG, APS and
#: the like are some union's or movement's name.
_FINAL = _forms(
    "e.V. | eV | eingetragener Verein | gemeinnütziger Verein | gGmbH | GmbH | mbH | gUG | UG (haftungsbeschränkt) | "
    "Inc. | Incorporated | Ltd. | Limited | Pty Ltd | Pvt Ltd | Private Limited | Co. Ltd | LLC | L.L.C. | LLP | PLC | "
    "CIC | C.I.C. | 501(c)(3) | 501c3 | (Regd.) | A.C. | S.A. | S.A. de C.V. | S.L. | I.A.P. | asociación civil | "
    "sociedad civil | ONG | O.N.G. | SARL | S.A.R.L. | ASBL | A.S.B.L. | AISBL | A.I.S.B.L. | association loi 1901 | "
    "VZW | V.Z.W. | IVZW | VoG | V.o.G. | B.V. | ONLUS | O.N.L.U.S. | ODV | ry | r.y. | A/S | MTÜ | z.s. | z.ú. | "
    "o.z. | o.p.s. | Sp. z o.o. | s.r.o. | d.o.o. | Kft. | " + _JAPANESE_AND_KOREAN
)
#: Legal forms that begin a name.
_INITIAL = _forms("ONG | O.N.G. | A.C. | ASBL | VZW | АНО | РОО | МОО | ООО | ГО | БФ | " + _JAPANESE_AND_KOREAN)
_LAST_WORDS = frozenset(form[-1] for form in _FINAL)
_FIRST_WORDS = frozenset(form[0] for form in _INITIAL)
#: Legal forms written together with the name, at either end, in Japanese, Korean and Taiwanese usage.
_ATTACHED = tuple(
    " ".join(form)
    for form in _forms(
        "認定特定非営利活動法人 | 特定非営利活動法人 | 認定NPO法人 | NPO法人 | 公益財団法人 | 一般財団法人 | "
        "公益社団法人 | 一般社団法人 | 財団法人 | 社団法人 | 社会福祉法人 | 株式会社 | 有限会社 | 合同会社 | "
        "財團法人 | 社團法人 | 사단법인 | 재단법인 | 비영리민간단체"
    )
)

#: How the names of Latin letters begin, and of those that stand among them: ʻOkina, ʿayn.
_LATIN = ("LATIN", "MODIFIER LETTER")

_OPENING = "\"'«‹“”„‟‘’‚‛「『《〈¿¡ "
#: Leading articles that stand alone: English, French, Spanish, Portuguese, Italian, Catalan, German, Dutch, Irish.
_ARTICLES = frozenset(
    {"the", "a", "an", "la", "le", "les", "el", "los", "las", "o", "os", "as", "il", "gli", "els"}
) | {*("der", "die", "das", "het", "na")}
#: After these it is no article: As You Sow, Los Angeles, Las Vegas, La Paz, El Salvador, El Paso.
_NOT_AFTER_AN_ARTICLE = frozenset({"you", "angeles", "vegas", "palmas", "paz", "plata", "salvador", "paso", "havre"})
#: Articles written together with the word: L’Union, Al-Haq, El-Nadim, المركز (but not الله).
_ATTACHED_ARTICLE = re.compile(r"(?:l['’]|[ae]l[-‐‑–])(?=\w{2})|ال(?!له)(?=[ء-ي]{3})", re.IGNORECASE)

_BRACKETS = re.compile(r"\(([^()]*)\)")
#: A dash between words, not inside one; "X -CMDR" and "X –Agapan" are printed too.
_DASH = re.compile(r"\s+[-‐‑‒–—―]+\s*|\s*[-‐‑‒–—―]+\s+|\s*—\s*")
_BETWEEN = re.compile(r"\s*[()（）,;:|]\s*|\s+[-‐‑‒–—―/]+\s*|\s*[-‐‑‒–—―/]+\s+|\s*—\s*")
_ONE_WORD = re.compile(r"\w[\w.&/+*'’-]*\w\.?")
_PLACES = frozenset({"USA", "U.S.A", "U.S", "UAE", "DRC", "U.K"})
