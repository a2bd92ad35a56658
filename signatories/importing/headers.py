"""The row that names the columns, in the six languages of the interface and a few more."""

from __future__ import annotations

import re
from collections.abc import Container, Sequence

from coalition import countries
from coalition.text import fold


def _words(joined: str) -> frozenset[str]:
    return frozenset(fold(word) for word in joined.split(" | "))


#: What a column may hold, and what lists call it. Compared folded; the words of a question ("Name of your
#: organisation *") count where they contain one of these as whole words.
_CALLED = {
    "name": (
        "organisation | organization | organisations | organizations | name of organisation | name of organization | "
        "organisation name | organization name | name of the organisation | name of the organization | "
        "name of your organisation | name of your organization | signatory | signatories | group | group name | "
        "ngo | "
        "nom de l organisation | nom de votre organisation | nom de l association | association | signataire | "
        "signataires | nom de la structure | organización | organizacion | nombre de la organización | "
        "nombre de su organización | nombre de tu organización | entidad | firmante | organización firmante | "
        "organizações | organização | nome da organização | nome da entidade | entidade | verein | "
        "organisationsname | "
        "اسم المنظمة | المنظمة | اسم الجمعية | اسم المؤسسة | الجهة | اسم منظمتكم | المنظمات | "
        "组织名称 | 机构名称 | 组织 | 机构 | 团体名称 | 团体 | 單位名稱 | 組織名稱 | 機構名稱 | 団体名 | 단체명 | "
        "организация | название организации | наименование организации | наименование | название вашей организации"
    ),
    "latin_name": (
        "english name | name in english | name in latin letters | name in latin script | latin name | "
        "transliteration | transliterated name | romanised name | romanized name | organisation name in english | "
        "organization name in english | name of organisation in english | name of organization in english | "
        "name in english or latin letters | nom en anglais | nom en caractères latins | nom en lettres latines | "
        "nombre en inglés | nombre en caracteres latinos | nombre en letras latinas | nome em inglês | "
        "الاسم بالإنجليزية | الاسم بالانجليزية | الاسم بالحروف اللاتينية | الاسم باللغة الإنجليزية | "
        "اسم المنظمة بالإنجليزية | 英文名称 | 英文名 | 英文名稱 | 英語名 | 拉丁字母名称 | ローマ字 | 영문명 | "
        "название на английском | название на английском языке | название латиницей | name auf englisch"
    ),
    "acronym": (
        "acronym | abbreviation | short name | initials | sigle | acronyme | abréviation | sigla | siglas | "
        "acrónimo | "
        "abreviatura | acrônimo | الاختصار | المختصر | الاسم المختصر | 缩写 | 简称 | 縮寫 | 簡稱 | 略称 | "
        "сокращение | аббревиатура | краткое название | сокращённое название | abkürzung | kürzel"
    ),
    "country": (
        "country | country of registration | country of the organisation | nation | country region | pays | país | "
        "pais | país de la organización | pays d origine | land | البلد | الدولة | بلد المنظمة | 国家 | 国家 地区 | "
        "所在国家 | 國家 | 国名 | 국가 | страна | страна регистрации"
    ),
    "website": (
        "website | web site | web | url | homepage | web address | site web | site internet | site | sitio web | "
        "página web | pagina web | sítio | site da organização | الموقع الإلكتروني | الموقع | موقع الويب | "
        "网站 | 网址 | "
        "網站 | 網址 | ウェブサイト | 홈페이지 | сайт | веб сайт | адрес сайта | webseite | internetseite"
    ),
    "contact_name": (
        "contact name | contact person | contact | full name | your name | name of contact | "
        "representative | "
        "name of representative | first and last name | nom du contact | personne de contact | votre nom | "
        "nom et prénom | nom du représentant | nombre de contacto | persona de contacto | contacto | "
        "nombre completo | "
        "nombre y apellido | su nombre | representante | nome completo | nome do contato | اسم جهة الاتصال | "
        "الاسم الكامل | اسم الممثل | اسم المسؤول | 联系人 | 联系人姓名 | 姓名 | 代表人 | 聯絡人 | 担当者 | "
        "контактное лицо | фио | имя и фамилия | представитель | ansprechpartner"
    ),
    "role": (
        "role | position | title | job title | function | your role | fonction | poste | qualité | rôle | cargo | "
        "función | puesto | rol | função | المنصب | الوظيفة | الصفة | 职务 | 职位 | 職務 | 職稱 | 役職 | 직책 | "
        "должность | роль | funktion"
    ),
    "email": (
        "email | e mail | email address | e mail address | contact email | mail | adresse email | courriel | "
        "adresse électronique | adresse e mail | correo | correo electrónico | dirección de correo electrónico | "
        "email de contacto | البريد الإلكتروني | البريد | عنوان البريد الإلكتروني | 电子邮件 | 邮箱 | 电子邮箱 | "
        "電子郵件 | メールアドレス | 이메일 | электронная почта | эл почта | почта | имейл | адрес электронной почты | "
        "endereço de e mail | username"
    ),
    "visibility": (
        "visibility | publish | publish name | may we publish | can we publish | public | show name publicly | "
        "how should we list you | how should we list your organisation | how should we list your organization | "
        "how should your organisation appear | how should your organization appear | how do you want to appear | "
        "how do you want to be listed | how would you like to be listed | how would you like to appear | list as | "
        "listed as | anonymous | anonymity | confidentiality | "
        "souhaitez vous rester anonyme | anonymat | anonimato | anonymität | visibilité | publier | "
        "publication | visibilidad | publicar | visibilidade | النشر | الظهور | 公开 | 是否公开 | 公開 | видимость | "
        "публиковать | публикация"
    ),
    "date": (
        "date | timestamp | date signed | signed on | submitted at | submission date | start time | horodateur | "
        "date de signature | marca temporal | fecha | fecha de firma | carimbo de data hora | data | "
        "طابع زمني | التاريخ | تاريخ التوقيع | 时间戳记 | 时间戳 | 日期 | 签署日期 | 時間戳記 | タイムスタンプ | "
        "отметка времени | дата | дата подписания | zeitstempel | datum"
    ),
}
ROLES = tuple(_CALLED)
#: Characters of a title, or of a question, that are looked at.
LONGEST_TITLE = 300
#: "Name" alone is the organisation's only where no column is called so.
_BARE_NAMES = _words("name | nom | nombre | nome | الاسم | 名称 | 名稱 | 名前 | имя | название")
_EXACT = {fold(word): role for role, words in _CALLED.items() for word in words.split(" | ")}
_PARTS = sorted(((w, role) for w, role in _EXACT.items() if role != "latin_name"), key=lambda pair: -len(pair[0]))


def recognise(cells: Sequence[str]) -> dict[str, int] | None:
    """Which column holds what, if these cells name columns and one of them the organisation's name; else None."""
    cells = [cell[:LONGEST_TITLE] for cell in cells]
    plain = [fold(re.sub(r"[(\[（].*?[)\]）]", " ", cell)) or fold(cell) for cell in cells]
    if any("@" in cell or "://" in cell for cell in cells):
        return None
    columns = _in_latin(cells)
    for find in (_exactly, _by_part):
        for index, words in enumerate(plain):
            if index not in columns.values() and (role := find(words, columns)):
                columns[role] = index
    if "name" not in columns:
        bare = [index for index, words in enumerate(plain) if words in _BARE_NAMES and index not in columns.values()]
        if "latin_name" in columns and (not bare or _holds(_BODIES, fold(cells[columns["latin_name"]]))):
            columns["name"] = columns.pop("latin_name")
            return columns
        if not bare or (len(bare) == len(cells) == 1 and not cells[0].islower() and fold(cells[0]) not in _BARE_NAMES):
            return None
        columns["name"] = bare[0]
    return columns


def looks_like_header(cells: Sequence[str]) -> bool:
    """A first row that may name columns, although we know none of its words: all different, without figures,
    addresses and countries."""
    return (
        len(cells) > 1
        and len(set(cells)) == len(cells)
        and all(cell and not re.search(r"\d|@|/|\w\.\w{2}", cell) for cell in cells)
        and not any(countries.parse(cell) for cell in cells)
    )


def _exactly(words: str, taken: Container[str]) -> str | None:
    role = _EXACT.get(words)
    return None if role in taken else role


def _by_part(words: str, taken: Container[str]) -> str | None:
    """The role of a longer question; only of questions, as a name of a body may hold any of these words."""
    if not 2 <= len(words.split()) <= 16:
        return None
    around = f" {words} "
    asks = any(f" {word} " in around for word in _ASKING)
    free = ((word, role) for word, role in _PARTS if role not in taken and len(word) > 3)
    if any(f" {word} " in around for word in _TURNING):  # to "do you not want to be published?" yes means no
        free = ((word, role) for word, role in free if role != "visibility")
    return next((role for word, role in free if asks and f" {word} " in around), None)


def _in_latin(cells: Sequence[str]) -> dict[str, int]:
    """The column for the organisation's name in English or in Latin letters, which may say so in brackets."""
    for index, words in enumerate(map(fold, cells)):
        if _EXACT.get(words) == "latin_name" or (_holds(_LATIN, words) and _holds(_BODIES, words)):
            return {"latin_name": index}
    return {}


def _holds(wanted: frozenset[str], words: str) -> bool:
    return any(f" {word} " in f" {words} " for word in wanted)


_TURNING = _words(
    "not | don t | without | hide | hidden | anonymous | confidential | ne | pas | anonyme | sin | ocultar"
)
_LATIN = _words(
    "in english | in latin | en anglais | lettres latines | caractères latins | en inglés | letras latinas | "
    "caracteres latinos | em inglês | بالإنجليزية | بالانجليزية | اللاتينية | на английском | латиницей"
)
_BODIES = _words(_CALLED["name"])
_ASKING = _words(
    "your | you | please | which | what | where | of the | name of | in english | votre | vos | de l | de la | "
    "de votre | su | tu | cuál | qué | de su | da sua | sua | اسم | يرجى | ما | вашей | ваш | ваша | укажите | "
    "您 | 请 | "
    "optional | required | if any"
)
