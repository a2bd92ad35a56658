"""The countries organisations come from: the codes we record, their names, and what a printed list may call them."""

from __future__ import annotations

import re
from collections import defaultdict
from functools import cache, lru_cache

from babel import Locale, UnknownLocaleError
from babel.core import get_global
from django.utils.translation import gettext as _
from django.utils.translation import override

from coalition.text import collation_key, fold

NOT_RECORDED = ""
INTERNATIONAL = "international"
EUROPEAN_UNION = "EU"
KOSOVO = "XK"

#: ISO 3166-1 alpha-2, officially assigned codes.
_ISO = """
AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ BR BS BT BV BW BY BZ CA CC CD
CF CG CH CI CK CL CM CN CO CR CU CV CW CX CY CZ DE DJ DK DM DO DZ EC EE EG EH ER ES ET FI FJ FK FM FO FR GA GB GD GE GF
GG GH GI GL GM GN GP GQ GR GS GT GU GW GY HK HM HN HR HT HU ID IE IL IM IN IO IQ IR IS IT JE JM JO JP KE KG KH KI KM KN
KP KR KW KY KZ LA LB LC LI LK LR LS LT LU LV LY MA MC MD ME MF MG MH MK ML MM MN MO MP MQ MR MS MT MU MV MW MX MY MZ NA
NC NE NF NG NI NL NO NP NR NU NZ OM PA PE PF PG PH PK PL PM PN PR PS PT PW PY QA RE RO RS RU RW SA SB SC SD SE SG SH SI
SJ SK SL SM SN SO SR SS ST SV SX SY SZ TC TD TF TG TH TJ TK TL TM TN TO TR TT TV TW TZ UA UG UM US UY UZ VA VC VE VG VI
VN VU WF WS YE YT ZA ZM ZW
"""
COUNTRIES = (*_ISO.split(), KOSOVO)
#: Every value that may be recorded.
CODES = (NOT_RECORDED, INTERNATIONAL, EUROPEAN_UNION, *COUNTRIES)


def choices(ui_language: str) -> list[tuple[str, str]]:
    """Pairs of code and name for a select: International, then countries and the EU by the Unicode collation of their
    names. "Not recorded" is left to the form's empty choice. The first call of a process loads the collation table."""
    return [(code, name(code, ui_language)) for code in (INTERNATIONAL, *_sorted(ui_language))]


@lru_cache(maxsize=4096)
def name(code: str, ui_language: str) -> str:
    """What a recorded code is called in a language of the interface; a code we do not record is called by itself."""
    if code in {NOT_RECORDED, INTERNATIONAL}:
        with override(ui_language):
            return _("International") if code else _("Country not recorded")
    return territory(code, locale_for(ui_language))


def counts_as_country(code: str) -> bool:
    """Whether a code adds to the number of countries: ISO's and Kosovo do, the EU, "international" and "" do not."""
    return code in _COUNTED


def parse(value: str | None) -> str:
    """The code of a country as a printed list names it ("Perú", "UK", "Côte d'Ivoire", "台湾", "PSE"), else "".

    Codes in any case, ISO alpha-3 in capitals, CLDR's names in some twenty languages, and common others. What has no
    code of its own (Tibet, East Turkistan, Kurdistan) stays unrecorded rather than being put under somebody's flag.
    """
    typed = (value or "").strip()
    if re.fullmatch("[A-Za-z]{2}", typed) and typed.upper() in CODES:
        return typed.upper()
    if re.fullmatch("[A-Z]{3}", typed) and typed in _alpha_3():
        return _alpha_3()[typed]
    return _by_name().get(_plain(typed), NOT_RECORDED)


def names_in_lists() -> dict[str, str]:
    """Codes by all the names, in plain words, by which `parse` knows countries."""
    return _by_name()


def territory(code: str, locale: Locale) -> str:
    """What CLDR calls a country or region in a locale, else in English, else its code.

    For Hong Kong, Macao and Palestine the short name: the long one says whose they are, which is not ours to say.
    """
    language = str(locale) if str(locale) in {"zh_Hant"} else locale.language
    short = _SHORT_NAMES.get(code, {}).get(language)
    return short or locale.territories.get(code) or Locale("en").territories.get(code) or code


@cache
def locale_for(ui_language: str) -> Locale:
    """The CLDR locale of a language of the interface, as Django spells it ("zh-hans"); English where there is none."""
    try:
        return Locale.parse(ui_language, sep="-")
    except (ValueError, UnknownLocaleError):
        return Locale("en")


@lru_cache(maxsize=32)
def _sorted(ui_language: str) -> list[str]:
    return sorted((EUROPEAN_UNION, *COUNTRIES), key=lambda code: collation_key(name(code, ui_language)))


@cache
def _alpha_3() -> dict[str, str]:
    """ISO 3166-1 alpha-3 to alpha-2."""
    return {
        old: new[0]
        for old, new in get_global("territory_aliases").items()
        if re.fullmatch("[A-Z]{3}", old) and len(new) == 1 and new[0] in COUNTRIES
    }


@cache
def _by_name() -> dict[str, str]:
    """Codes by plain name, without the names that mean two countries ("Kongo")."""
    meant: defaultdict[str, set[str]] = defaultdict(set)
    for language in _LANGUAGES_OF_LISTS:
        for code, printed in Locale.parse(language).territories.items():
            if code in CODES:
                meant[_plain(printed)].add(code)
    names = {printed: next(iter(codes)) for printed, codes in meant.items() if len(codes) == 1}
    for code, others in _OTHER_NAMES.items():
        names |= dict.fromkeys(map(_plain, others.split(" | ")), code)
    names |= {_plain(short): code for code, shorts in _SHORT_NAMES.items() for short in shorts.values()}
    return names


def _plain(printed: str) -> str:
    words = fold(printed).split()
    if words[:1] == ["the"]:
        words = words[1:]
    return " ".join("saint" if word == "st" else word for word in words if word not in _ANDS)


_ANDS = frozenset({"and", "y", "et", "e"})
_COUNTED = frozenset(COUNTRIES)

#: CLDR's short variants of these names, which Babel leaves out.
_SHORT_NAMES = {
    "HK": {
        "en": "Hong Kong",
        "fr": "Hong Kong",
        "es": "Hong Kong",
        "ar": "هونغ كونغ",
        "zh": "香港",
        "zh_Hant": "香港",
        "ru": "Гонконг",
    },
    "MO": {
        "en": "Macao",
        "fr": "Macao",
        "es": "Macao",
        "ar": "مكاو",
        "zh": "澳门",
        "zh_Hant": "澳門",
        "ru": "Макао",
    },
    "PS": {
        "en": "Palestine",
        "fr": "Palestine",
        "es": "Palestina",
        "ar": "فلسطين",
        "zh": "巴勒斯坦",
        "zh_Hant": "巴勒斯坦",
        "ru": "Палестина",
    },
}

_LANGUAGES_OF_LISTS = (
    *(
        "en",
        "fr",
        "es",
        "pt",
        "pt_PT",
        "de",
        "it",
        "nl",
        "ca",
        "ar",
        "ru",
        "uk",
        "zh",
        "zh_Hant",
        "ja",
        "ko",
        "tr",
        "fa",
    ),
    *("he", "hi", "pl", "cs", "sv", "da", "nb", "fi", "el", "hu", "ro", "id", "vi", "th", "my"),
)

#: What lists print besides CLDR's names: official names, former ones, abbreviations, parts of the United Kingdom.
_OTHER_NAMES = {
    INTERNATIONAL: (
        "international | internacional | internazionale | global | worldwide | دولي | 国际 | 國際 | 国際 | "
        "международная"
    ),
    EUROPEAN_UNION: "european union | europäische union | ue | união europeia",
    "AE": "UAE | U.A.E. | Emirates",
    "BA": "Bosnia | Bosnia Herzegovina | BiH",
    "BN": "Brunei Darussalam",
    "BO": "Plurinational State of Bolivia | Bolivia (Plurinational State of)",
    "BY": "Belarus | Biélorussie | Weißrussland | Bielorrusia | Белоруссия",
    "CD": (
        "DRC | D.R. Congo | DR Congo | Congo DRC | Congo (DRC) | RDC | RD Congo | Congo (RDC) | "
        "Democratic Republic of Congo | Democratic Republic of the Congo | Congo (Democratic Republic of the) | "
        "République démocratique du Congo | Congo, Democratic Republic of the | ДРК"
    ),
    "CG": (
        "Republic of the Congo | Republic of Congo | Congo-Brazzaville | Congo Brazzaville | Congo, Republic of the"
    ),
    "CI": "Ivory Coast | Cote d Ivoire | Costa de Marfil | Costa do Marfim",
    "CN": "PRC | P.R. China | PR China | People's Republic of China | Mainland China",
    "CV": "Cape Verde | Cabo Verde",
    "CZ": "Czech Republic | República Checa | République tchèque | Tschechische Republik | Česká republika",
    "DO": "Dominican Republic | República Dominicana",
    "FM": "Micronesia (Federated States of) | Federated States of Micronesia",
    "GB": (
        "UK | U.K. | Great Britain | Britain | United Kingdom of Great Britain and Northern Ireland | England | "
        "Scotland | Wales | Northern Ireland | Großbritannien | Gran Bretaña | Grande-Bretagne | "
        "Великобритания | イギリス | 英國 | R.U."
    ),
    "HK": "Hong Kong SAR | Hongkong | Hong Kong S.A.R. | Hong Kong, China | 홍콩 | ホンコン",
    "IR": "Iran (Islamic Republic of) | Islamic Republic of Iran",
    "KG": "Kyrgyz Republic | Киргизия",
    "KP": "DPRK | D.P.R.K. | Democratic People's Republic of Korea | Korea (Democratic People's Republic of) | 북한",
    "KR": (
        "Korea | South Korea | Republic of Korea | Korea, Republic of | Korea (Republic of) | R.O.K. | Corée | "
        "Corea | Республика Корея | 大韓民国 | 한국 | 韩国 | 韓國"
    ),
    "LA": "Lao PDR | Lao People's Democratic Republic | Lao",
    "MD": "Republic of Moldova | Moldova, Republic of | Молдавия",
    "MK": "Macedonia | FYROM | Republic of North Macedonia | The former Yugoslav Republic of Macedonia",
    "MM": "Burma | Myanmar | Birmanie | Birmania | Myanmar/Burma | Burma/Myanmar | Myanmar Burma | Бирма | Мьянма",
    "MO": "Macau | Macau SAR",
    "NL": "Holland | Holanda | Olanda | Hollande",
    "PS": (
        "State of Palestine | Palestine, State of | Palestinian Territory | Occupied Palestinian Territory | "
        "OPT | Occupied Palestinian Territories | Palestinian Authority | Palästina | パレスチナ | 팔레스타인 | "
        "Filistin | פלסטין"
    ),
    "RU": "Russian Federation | Федерация Российская | Российская Федерация | РФ",
    "ST": "Sao Tome",
    "SY": "Syrian Arab Republic",
    "SZ": "Swaziland",
    "TL": "East Timor | Timor Leste | Timor Oriental",
    "TR": "Turkey | Turkiye",
    "TW": (
        "Taiwan, Province of China | Taiwan (Province of China) | Chinese Taipei | Taiwan, R.O.C. | Taiwan ROC | "
        "Republic of China (Taiwan) | Taiwan (Republic of China) | 臺灣 | 台灣"
    ),
    "TZ": "Tanzania | United Republic of Tanzania | Tanzania, United Republic of",
    "US": (
        "USA | U.S.A. | U.S. | United States of America | America | EE.UU. | EEUU | EUA | E.U.A. | "
        "États-Unis d'Amérique | Estados Unidos de América | Vereinigte Staaten von Amerika | "
        "Stati Uniti d'America | США | アメリカ | 米国 | 美國 | الولايات المتحدة الأمريكية"
    ),
    "VA": "Holy See | Vatican",
    "VE": "Bolivarian Republic of Venezuela | Venezuela (Bolivarian Republic of)",
    "VN": "Viet Nam",
    KOSOVO: "Kosova",
}
