"""What often goes wrong in printed lists, seen and said, never repaired: a person decides."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any

from django.utils.translation import gettext_lazy as _

from coalition.text import fold, has_hidden
from signatories.importing.sheets import Problem
from signatories.names import acronym_of, normalise
from signatories.suspicion import suspicious

#: The sentence for each code; its detail, where it has one, stands in %s.
WORDS: dict[str, Any] = {
    "no_name": _("There is no name in this line"),
    "name_too_long": _("The name is longer than 300 characters"),
    "country_unknown": _("The country “%s” is not known"),
    "latin_unclear": _("“%s” is not in Latin letters, so it is left out"),
    "website_unknown": _("“%s” is no address of a website"),
    "visibility_unknown": _("How it wants to appear is not understood: “%s”"),
    "contact_unclear": _("A name, a role and an email address are needed for a contact; so none is recorded"),
    "formula": _("A cell holds a formula, which is not worked out here"),
    "cell_error": _("A cell holds an error: %s"),
    "merged": _("Cells are merged here: %s"),
    "two_names": _("May be two names: look at “%s”"),
    "holds_other": _("Holds the name of line %s"),
    "torn": _("May be a part of a name that was torn over two lines"),
    "person": _("May be a person, not an organisation"),
    "capitals": _("Is written in capitals only"),
    "heading": _("May be a heading, not a name"),
    "et_al": _("Stands for others who are not named: “%s”"),
    "figures": _("Holds a figure that may not belong to the name: %s"),
    "remark": _("May hold a remark: “%s”"),
    "job_title": _("May be a job title, not an organisation"),
    "email": _("Holds an email address"),
    "handle": _("Is an account of a social network"),
    "posing": _("The name %s"),
    "posing_website": _("The website %s"),
    "hidden": _("Holds characters that nobody sees; they are taken out"),
    "several_lines": _("Stands on several lines in its cell, so it may be several names"),
    "list_mark": _("Holds “、”, which may part two names"),
    "double": _("Is the same as line %s"),
    "like_line": _("Is probably the same as line %s, written otherwise"),
    "same_choice": _("Is taken for the same organisation as line %s"),
    "taken": _("Its organisation has signed already"),
    "withheld": _("Does not want to be named, but this letter names every organisation"),
    "other_sheets": _("Of this workbook only the sheet “%s” is read"),
}


def words(code: str, detail: str = "") -> str:
    """The sentence for a person."""
    sentence = str(WORDS.get(code, code))
    if code in POSING:
        detail = "; ".join(suspicious(detail))
    return sentence % detail if "%s" in sentence else sentence


#: Seen while the file was read; everything else is found anew whenever a list is compared.
OF_THE_FILE = frozenset({"formula", "cell_error", "merged"})
#: Their detail is what poses as something else; how it does so is said in the language of whoever reads it.
POSING = frozenset({"posing", "posing_website"})

#: With one of these a line can't be imported as it is.
BLOCKING = frozenset({"no_name", "name_too_long", "formula", "visibility_unknown", "withheld"})

#: And with one of these, only when somebody has looked at it.
DOUBTFUL = frozenset(
    {
        "two_names",
        "several_lines",
        "like_line",
        "torn",
        "person",
        "heading",
        "et_al",
        "remark",
        "job_title",
        "email",
        "handle",
        "posing",
    }
)


def in_line(raw: str, name: str) -> Iterator[Problem]:
    """What a line shows by itself."""
    if has_hidden(raw):
        yield Problem("hidden")
    if re.search(r"[^\s@]@[^\s@]+\.\w", raw):
        yield Problem("email")
    elif re.match(r"@\w", name):
        yield Problem("handle")
    yield from _two_names(name)
    if _is_torn(name):
        yield Problem("torn")
    if found := _ET_AL.search(name):
        yield Problem("et_al", found[0].strip())
    if found := _FIGURES.search(name):
        yield Problem("figures", (found[1] or found[0]).strip())
    if found := _REMARK.search(name):
        yield Problem("remark", found[0].strip())
    if _JOB_TITLE.fullmatch(name):
        yield Problem("job_title")
    elif _is_person(name):
        yield Problem("person")
    if _HEADING.search(name) or fold(name) in _HEADINGS:
        yield Problem("heading")
    letters = [letter for letter in name if letter.isalpha()]
    if len(name.split()) > 1 and len(letters) > 11 and all(map(str.isupper, letters)):
        yield Problem("capitals")
    if suspicious(name):
        yield Problem("posing", name)


def in_list(names: Sequence[tuple[int, str, str]]) -> Iterator[tuple[int, Problem]]:
    """What lines show beside each other, given as number, name and country; with the number of the line it is about."""
    first: dict[tuple[str, str], int] = {}
    by_name: dict[str, int] = {}
    for number, name, country in names:
        plain = normalise(name)
        if not plain:
            continue
        if (earlier := first.setdefault((plain, country), number)) != number:
            yield number, Problem("double", str(earlier))
        by_name.setdefault(plain, number)
    for number, name, _country in names:
        if (held := _held(normalise(name), by_name)) and held != number:
            yield number, Problem("holds_other", str(held))


def _held(plain: str, by_name: dict[str, int]) -> int | None:
    """The line whose whole name, of two words or more, stands in this one beside at least two words more."""
    words = plain.split()
    if not 4 <= len(words) <= 60:
        return None
    for length in range(len(words) - 2, 1, -1):
        for start in {0, len(words) - length}:
            if (found := by_name.get(" ".join(words[start : start + length]))) is not None:
                return found
    return None


def _two_names(name: str) -> Iterator[Problem]:
    if found := re.search(r"\s/\s|;(?=\s*\w)|\s\|\s", name):
        yield Problem("two_names", found[0].strip())
        return
    if "、" in name:
        yield Problem("list_mark")
    bare = re.sub(r"\([^()]*\)", "", name)
    if found := _RUN_TOGETHER.search(bare):
        yield Problem("two_names", found[1])
    elif found := _REPEATED.search(bare):
        yield Problem("two_names", found[2])
    elif found := re.search(_AND, bare):
        left, right = bare[: found.start()], bare[found.end() :]
        if _is_body(left) and _is_body(right) and fold(right).split()[0] not in _ABSTRACT:
            yield Problem("two_names", found[0].strip())
    elif found := _CJK_AND.fullmatch(bare):
        yield Problem("two_names", found[3])


def _is_body(words: str) -> bool:
    """Whether words read as a name of their own: two or more, the first of them a word for a body."""
    parts = words.split()
    return len(parts) > 1 and parts[0][:1].isupper() and fold(parts[0]) in _BODIES


def _is_torn(name: str) -> bool:
    words = name.split()
    if sum(map(str.isalnum, name)) == 1:
        return True
    last, first = words[-1].rstrip(",") if words else "", words[0] if words else ""
    if any(name.count(a) != name.count(b) for a, b in ("()", "（）", "[]", "「」", "«»", "“”")):
        return True
    if name.endswith((",", "-", "–", "—", "/", "&", ":")) and not name.endswith(":"):
        return True
    if (fold(last) in _LINKS and last.islower()) or re.match(r"[-–—,/&)]\s", name):
        return True
    if first.isalpha() and first.islower() and fold(first) in _LINKS:
        return True
    return _acronym_begins_elsewhere(name)


def _acronym_begins_elsewhere(name: str) -> bool:
    """The acronym ends with the initials printed beside it, and begins with others: "Quilombolas – CONAQ"."""
    acronym = acronym_of(name)
    if len(acronym) < 5 or not acronym.isalpha() or not acronym.isupper():
        return False
    rest = name.replace(acronym, " ")
    initials = "".join(
        word[0]
        for word in re.findall(r"[^\W\d_]+", rest)
        if word[:1].isupper() and not (word.isupper() and len(word) > 1)
    ).upper()
    plain = fold(acronym).upper()
    return (
        bool(initials)
        and len(initials) <= len(plain) - 2
        and plain.endswith(fold(initials).upper())
        and plain[0] != fold(initials).upper()[:1]
    )


def _is_person(name: str) -> bool:
    if _TITLE.match(name):
        return True
    words = name.split()
    if not 2 <= len(words) <= 3 or not all(word[:1].isupper() and word[1:].islower() for word in words):
        return False
    return fold(words[0]) in _GIVEN_NAMES and not any(fold(word) in _BODIES for word in words)


def _words(text: str) -> frozenset[str]:
    return frozenset(fold(word) for word in text.split(" | "))


#: Words for bodies; the first word of very many names.
_KINDS = (
    "Associação | Associacao | Association | Asociación | Associació | Verein | Grupo | Group | Groupe | Instituto | "
    "Institute | Institut | Movimento | Movimiento | Mouvement | Movement | Rede | Red | Réseau | Network | Centro | "
    "Centre | Center | Comissão | Comisión | Commission | Comité | Comitê | Committee | Conselho | Consejo | "
    "Council | "
    "Conseil | Federação | Federación | Fédération | Federation | Fórum | Foro | Forum | Fundação | Fundación | "
    "Fondation | Foundation | Liga | Ligue | League | Sindicato | Syndicat | Union | União | Unión | Organização | "
    "Organización | Organisation | Organization | Coalition | Coalición | Coalizão | Cooperativa | Cooperative | "
    "Sociedade | Sociedad | Société | Society | Articulação | Pastoral | Campaign | Alliance | Alianza | Aliança | "
    "Observatory | Observatório | Observatorio | Observatoire | Initiative | Project | Projeto | Watch | Defenders"
)
_BODIES = _words(_KINDS)
#: Of them, those that one name may join to another word: "Prensa y Sociedad".
_ABSTRACT = _words("Sociedade | Sociedad | Société | Society | Union | União | Unión | Organización | Watch | Project")
_LED = "".join(
    f"(?<!{word} )"
    for word in "– - de da do das dos of des du del los las para the for entre".split()  # noqa: SIM905  one a word
)
#: "… – AJD Associação Missão Tremembé – AMI", "… – SP Habitat para a Humanidade"
_RUN_TOGETHER = re.compile(r"\s[-–—]\s*[^\W\d_]{2,12}(?<=[A-ZÀ-Þ])\s+((?:[A-ZÀ-Þ][^\W\d_]{3,})(?:\s+\S+){1,})")
#: "Grupo … Grupo …": the word it begins with stands again, not led by a small one.
_REPEATED = re.compile(rf"^({_KINDS.replace(' | ', '|')})\s\S+.*\s{_LED}(\1\s\S+.*)$")
_AND = r"\s(?:and|&|et|und|y|e|и|و)\s"
#: "民生書院…關注組及民生書院…關注組": both halves end alike.
_CJK_AND = re.compile(r"([\u4e00-\u9fff]{3,}([\u4e00-\u9fff]{2,4})(?=[及和與与]))([及和與与])([\u4e00-\u9fff]{3,}\2)")
_LINKS = _words(
    "de | da | do | das | dos | del | la | le | les | des | du | of | the | and | for | in | on | with | to | "
    "e | y | et | "
    "para | pour | por | pela | pelo | pelos | pelas | contra | em | en | und | für | der | und | im | i | и | "
    "по | в | на | "
    "для | за | в защиту | с"
)
_ET_AL = re.compile(
    r"\bet\.? al\b\.?|\band (?:\d+ |many |several )?(?:others|more)\b|\bet (?:\d+ )?autres\b|\by (?:\d+ )?otr[ao]s\b|"
    r"^\W*\d+ (?:other|more|autres|otr[ao]s|outr[ao]s|другие|других)\b|"
    r"\be (?:mais )?(?:\d+ )?outr[ao]s\b|\bи (?:\d+ )?(?:другие|др\.)|وآخرون|وغيرها|等\s*\d*\s*(?:个|個)?(?:组织|組織|"
    r"団体|團體|机构)?$|ほか\s*\d*",
    re.IGNORECASE,
)
_FIGURES = re.compile(
    r"(?<=\s)(\d{1,2})$|([¹²³⁰⁴-⁹]+)|(\[\d{1,3}\])|\d[\d.,]*\s+(?:organi[sz]ations?|organi[sz]aç|organizaciones|"
    r"entidades|groups|"
    r"members|membros|miembros|ONGs?|NGOs?|associations|организаци|منظم|个组织|団体)",
    re.IGNORECASE,
)
_REMARK = re.compile(
    r"\b(?:we are|somos|nous sommes|representing|represents|representando|representa(?:m)?\b|que representa|"
    r"on behalf of|"
    r"em nome de|en nombre de|au nom de|member of|membro d[aeo]|miembro de|membre d|от имени|represent[eé]|"
    r"\(?no country given|see (?:note|below)|tbc|to be confirmed)\b[^,;]*",
    re.IGNORECASE,
)
_JOB_TITLE = re.compile(
    r"(?:(?:human rights |former |ancien |ex-?)?"
    r"(?:avocate? à la cour|avocate?|lawyer|attorney|barrister|journaliste?|periodista|jornalista|professeure?|"
    r"professora?|"
    r"profesora?|professor(?: of .+| emeritus)?|researcher|chercheure?|chercheuse|investigadora?|pesquisadora?|"
    r"writer|écrivaine?|"
    r"activist|activista|ativista|militante?|defender|student|étudiante?|director(?: of .+)?|president|présidente?|"
    r"advogad[oa]|abogad[oa]|médecin|médic[oa]|doctor|artist|artiste|юрист|адвокат|журналист(?:ка)?|محام(?:ية|"
    r"ي)?|صحفي(?:ة)?|律师|记者))",
    re.IGNORECASE,
)
_TITLE = re.compile(
    r"(?:dr|dra|prof|profa|mr|mrs|ms|mme|mlle|sr|sra|srta|rev|fr|sir|hon|eng|ing|avv|me|adv|herr|"
    r"frau)\.?\s+(?=[A-ZÀ-Þ][a-zà-ÿ])"
    r"|(?:padre|pastor|father|sister|irmã|hermana|sœur|don|doña|г-н|г-жа|проф\.|д-р)\s+(?=[A-ZÀ-ÞА-Я])|د\.\s*|"
    r"أ\.\s*|السيد(?:ة)?\s",
    re.IGNORECASE,
)
_HEADING = re.compile(r":$|：$|^#{1,6}\s|^\W*\d+\s+(?:organi[sz]ations?|signatories|groups)\W*$", re.IGNORECASE)
_HEADINGS = _words(
    "organisations | organizations | signatories | signed by | signed | endorsed by | signatory organisations | "
    "signatory organizations | the undersigned | individuals | signataires | organisations signataires | "
    "les signataires | "
    "associations signataires | premiers signataires | associations | partis | syndicats | firmantes | "
    "organizaciones firmantes | organizaciones | "
    "firman | organizacional | individual | assinam | assinaturas | signatárias | entidades signatárias | "
    "organizações signatárias | "
    "الموقعون | المنظمات الموقعة | الموقعين | 签署方 | 签署组织 | 联署团体 | 聯署團體 | 賛同団体 | "
    "подписавшие организации | "
    "подписали | "
    "подписанты | international organisations | national organisations | name | organisation | yours sincerely | "
    "sincerely"
)
#: A few of the commonest given names: a hint for the eye, no more.
_GIVEN_NAMES = _words(
    "Maria | María | José | Jose | João | Joao | Ana | Anna | Antonio | António | Carlos | Francisco | Paulo | "
    "Pedro | Luis | "
    "Luiz | Juan | Marie | Jean | Pierre | Michel | John | James | Mary | Robert | Michael | David | William | "
    "Elizabeth | "
    "Sarah | Peter | Paul | Mohammed | Mohamed | Muhammad | Ahmed | Ahmad | Fatima | Ali | Hassan | Omar | "
    "Ibrahim | Aisha | "
    "Ivan | Olga | Elena | Dmitri | Alexander | Sergei | Natalia | Иван | Мария | Ольга | Елена | Сергей | "
    "Александр | "
    "Wei | Li | Priya | Amit | Rosa | Fernando | Miguel | Thomas | Hans | Peter | Laura | Susan | Linda | Patricia"
)
