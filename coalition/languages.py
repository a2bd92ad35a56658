"""The languages that letters are in, by their BCP 47 tags; the six of the interface are in settings."""

from __future__ import annotations

import re
from functools import cache, lru_cache
from typing import Literal, NamedTuple

from babel import Locale, UnknownLocaleError
from babel.core import get_global
from django.conf import settings
from django.utils.translation import gettext as _

from coalition.countries import locale_for, territory
from coalition.text import collation_key

#: RFC 5646, 4.4.1: room for the longest tag anybody needs; the column is as wide.
LONGEST_TAG = 35

Direction = Literal["ltr", "rtl"]


class Tag(NamedTuple):
    language: str
    script: str = ""
    region: str = ""
    variants: tuple[str, ...] = ()

    def __str__(self) -> str:
        return "-".join(filter(None, [self.language, self.script, self.region, *self.variants]))


def parse_tag(value: str) -> str:
    """The canonical form of one BCP 47 tag (RFC 5646): "EN" is en, "zh-hant" zh-Hant, "eng" en, "en-uk" en-GB.

    Language, script, region and variants, each known to CLDR or the IANA registry; at most 35 characters. Extensions
    and private use are refused: they say nothing that a reader of a letter could choose by. Raises ValueError with a
    sentence to show.
    """
    value = value.strip()
    if not value:
        raise ValueError(_("Give the language, for example en, pt-BR or zh-Hant."))
    match = _WELL_FORMED.fullmatch(value) if len(value) <= LONGEST_TAG else None
    if not match:
        raise ValueError(
            _("“%(value)s” is not one language tag. Give exactly one, for example en, pt-BR or zh-Hant.")
            % {"value": _shortened(value)}
        )
    return str(_canonical(match, value))


@lru_cache(maxsize=1024)
def endonym(tag: str) -> str:
    """What a language is called in itself: "བོད་སྐད་" for bo, "繁體中文" for zh-Hant, "português (Brasil)" for pt-BR.

    From CLDR, with our own list where it has nothing; else the English name, else the tag.
    """
    parts = _parts(tag)
    own = _own_locale(parts)
    in_script = _ENDONYMS.get(f"{parts.language}-{_script(parts)}")
    name = in_script or _ENDONYMS.get(parts.language)
    if in_script or (own and own.script == parts.script and f"{parts.language}_{parts.script}" not in own.languages):
        parts = parts._replace(script="")
    if name:
        return _with_details(name, parts, own or Locale("en"))
    return _called(parts, own) if own else display_name(tag, "en")


@lru_cache(maxsize=1024)
def direction(tag: str) -> Direction:
    """Which way a language is written: by its script, or else by the script CLDR finds likeliest for it and its
    region (pa is left to right, pa-PK and pa-Arab right to left). What is no tag counts as left to right."""
    return "rtl" if _script(_parts(tag)) in _RIGHT_TO_LEFT else "ltr"


@lru_cache(maxsize=4096)
def display_name(tag: str, ui_language: str) -> str:
    """What a language is called in a language of the interface: "chinois traditionnel" for zh-Hant in fr.

    From CLDR; else in English, else in itself, else the tag.
    """
    parts = _parts(tag)
    locale = locale_for(ui_language)
    fallback = Locale("en").languages.get(parts.language) or _ENDONYMS.get(parts.language) or parts.language
    return _called(parts, locale) or _with_details(fallback, parts, locale)


@cache
def choices(ui_language: str) -> list[tuple[str, str]]:
    """Pairs of tag and name for a select: the languages of the interface, then all that CLDR names, by the Unicode
    collation of their names."""
    first = [parse_tag(code) for code, _name in settings.LANGUAGES]
    named = (str(name).replace("_", "-") for name in locale_for(ui_language).languages)
    others = {tag for tag in named if _WELL_FORMED.fullmatch(tag) and _is_own_name(tag)} - set(first)
    pairs = [(tag, display_name(tag, ui_language)) for tag in others]
    return [*((tag, display_name(tag, ui_language)) for tag in first), *sorted(pairs, key=_place)]


def _is_own_name(tag: str) -> bool:
    """Whether it is the tag that we keep for its language, and not an older or longer one."""
    try:
        return parse_tag(tag) == tag
    except ValueError:
        return False


def _place(pair: tuple[str, str]) -> bytes:
    return collation_key(pair[1])


def _canonical(match: re.Match[str], value: str) -> Tag:
    """The tag whose subtags matched, each in its own case and by its present name; ValueError if one is unknown."""
    english = Locale("en")
    alias = _language_alias(match["language"].lower())
    language, implied_script, implied_region = alias.language, alias.script, alias.region
    script = (match["script"] or "").title() or implied_script
    region = _present_region((match["region"] or "").upper()) or implied_region
    variants = tuple((match["variants"] or "").lower().split("-")[1:])
    for known, subtag in (
        (language in _known_languages(), match["language"]),
        (not script or (script in english.scripts and script not in _NO_SCRIPT), script),
        (not region or (region in english.territories and region not in _NO_REGION), region),
        (_known_variants().issuperset(variants) and len(set(variants)) == len(variants), "-".join(variants)),
    ):
        if not known:
            raise ValueError(
                _("We do not know “%(subtag)s” in the language tag “%(value)s”.")
                % {"subtag": subtag, "value": _shortened(value)}
            )
    return Tag(language, script, region, variants)


def _language_alias(language: str) -> Tag:
    """The present tag of a language: he for iw, en for eng, sr-Latn for sh. Montenegrin stays its own (CLDR: sr-ME)."""
    parts = [language] if language == "cnr" else get_global("language_aliases").get(language, language).split("_")
    script = next((part for part in parts[1:] if len(part) == 4), "")
    return Tag(parts[0], script, next((part for part in parts[1:] if part != script), ""))


def _present_region(region: str) -> str:
    """GB for UK, but SU stays: what became of it is more than one country."""
    now = get_global("territory_aliases").get(region, [])
    return now[0] if len(now) == 1 else region


@cache
def _known_languages() -> frozenset[str]:
    likely = {name.partition("_")[0] for name in get_global("likely_subtags")}
    return frozenset(likely | set(Locale("en").languages) | set(_ENDONYMS)) - _NO_LANGUAGE


@cache
def _known_variants() -> frozenset[str]:
    return frozenset(_VARIANTS.split())


def _parts(tag: str) -> Tag:
    """The subtags of a tag; what is no tag at all counts as a language nobody knows."""
    try:
        match = _WELL_FORMED.fullmatch(parse_tag(tag))
    except ValueError:
        match = None
    if not match:
        return Tag(tag)
    return Tag(
        match["language"],
        match["script"] or "",
        match["region"] or "",
        tuple((match["variants"] or "").split("-")[1:]),
    )


def _script(parts: Tag) -> str:
    if parts.script:
        return parts.script
    likely = get_global("likely_subtags")
    full = likely.get(f"{parts.language}_{parts.region}") or likely.get(parts.language) or ""
    return next((part for part in full.split("_") if len(part) == 4), "Latn")


def _own_locale(parts: Tag) -> Locale | None:
    """The closest locale whose language it is, in its script if CLDR knows the language in that script."""
    for subtags in ([parts.language, _script(parts), parts.region], [parts.language, _script(parts)], [parts.language]):
        try:
            locale = Locale.parse("_".join(filter(None, subtags)))
        except (ValueError, UnknownLocaleError):
            continue
        if locale.language == parts.language and locale.languages.get(parts.language):
            return locale
    return None


def _called(parts: Tag, locale: Locale) -> str:
    """The language in the words of a locale; empty where it has none."""
    whole = locale.languages.get(f"{parts.language}_{parts.script}") if parts.script else None
    if whole:
        return _with_details(whole, parts._replace(script=""), locale)
    whole = locale.languages.get(f"{parts.language}_{parts.region}") if parts.region and not parts.script else None
    if whole:
        return _with_details(whole, parts._replace(region=""), locale)
    bare = locale.languages.get(parts.language)
    return _with_details(bare, parts, locale) if bare else ""


def _with_details(name: str, parts: Tag, locale: Locale) -> str:
    script = parts.script and (
        locale.scripts.get(parts.script) or Locale("en").scripts.get(parts.script) or parts.script
    )
    region = parts.region and territory(parts.region, locale)
    variants = [locale.variants.get(variant.upper()) or variant for variant in parts.variants]
    details = [detail for detail in (script, region, *variants) if detail]
    return f"{name} ({_COMMAS.get(locale.language, ', ').join(details)})" if details else name


def _shortened(value: str) -> str:
    return value if len(value) <= 40 else value[:39] + "…"


_WELL_FORMED = re.compile(
    r"(?P<language>[a-z]{2,3})(?:-(?P<script>[a-z]{4}))?(?:-(?P<region>[a-z]{2}|[0-9]{3}))?"
    r"(?P<variants>(?:-(?:[a-z0-9]{5,8}|[0-9][a-z0-9]{3}))*)",
    re.IGNORECASE | re.ASCII,
)
#: Codes that name no language: several, none, not said, root.
_NO_LANGUAGE = frozenset({"mul", "zxx", "und", "mis", "root"})
_NO_SCRIPT = frozenset({"Zinh", "Zmth", "Zsym", "Zsye", "Zxxx", "Zyyy", "Zzzz"})
_NO_REGION = frozenset({"QO", "XA", "XB", "ZZ"})
#: Scripts in use, or used for texts still read, that run from right to left.
_RIGHT_TO_LEFT = frozenset(
    {"Adlm", "Arab", "Aran", "Armi", "Avst", "Hebr", "Mand", "Mend", "Nkoo", "Phnx", "Rohg", "Samr", "Syrc", "Syre"}
    | {"Syrj", "Syrn", "Thaa", "Yezi"}
)
_COMMAS = {"ar": "، ", "fa": "، ", "ur": "، ", "ug": "، ", "ps": "، ", "ckb": "، ", "zh": "，", "ja": "、"}
#: Where CLDR has no name of the language in itself, or only a bare one.
_ENDONYMS = {
    "ay": "aymar aru",
    "bal": "بلۏچی",
    "ber": "Tamaziɣt",
    "cnr": "crnogorski",
    "cop": "ϯⲙⲉⲧⲣⲉⲙⲛ̀ⲭⲏⲙⲓ",
    "fj": "Na Vosa Vakaviti",
    "hmn": "Hmoob",
    "hno": "ہندکو",
    "id": "Bahasa Indonesia",
    "jv": "Basa Jawa",
    "kac": "Jinghpaw",
    "kek": "Qʼeqchiʼ",
    "ku-Arab": "کوردی",
    "ksw": "စှီၤ",
    "mam": "Mam",
    "ms": "Bahasa Melayu",
    "nah": "Nāhuatl",
    "ny": "Chichewa",
    "om": "Afaan Oromoo",
    "sm": "Gagana faʻa Sāmoa",
    "tet": "Tetun",
    "tlh": "tlhIngan Hol",
    "tyv": "тыва дыл",
    "yua": "Maaya tʼaan",
    "zap": "Diidxazá",
}
#: The IANA registry's variants (language subtag registry, entries of type "variant").
_VARIANTS = """
1606nict 1694acad 1901 1959acad 1994 1996 abl1943 akuapem alalc97 aluku anpezo ao1990 aranes arevela arevmda arkaika
asante auvern baku1926 balanka barla basiceng bauddha bciav bcizbl biscayan biske blasl bohoric boont bornholm cisaup
colb1945 cornu creiss dajnko ekavsk emodeng fascia fodom fonipa fonkirsh fonnapa fonupa fonxsamp gallo gascon gherd
grclass grital grmistr hepburn heploc hognorsk hsistemo ijekavsk itihasa ivanchov jauer jyutping kkcor kleinsch
kociewie kscor laukika lemosin lengadoc lipaw ltg1929 ltg2007 luna1918 metelko monoton ndyuka nedis newfound nicard
njiva nulik osojs oxendict pahawh2 pahawh3 pahawh4 pamaka peano petr1708 pehoeji pinyin polyton provenc puter rigik
rozaj rumgr scotland scouse simple solba sotav spanglis surmiran sursilv sutsilv synnejyl tailo tarask tongyong
tunumiis uccor ucrcor ulster unifon vaidika valbadia valencia vallader vecdruka vivaraup wadegile xsistemo
"""
