"""From cells to organisations: what each line names, with everything about it that a person should look at."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from urllib.parse import urlsplit

from django.core.exceptions import ValidationError
from django.core.validators import URLValidator
from email_validator import EmailNotValidError, validate_email

from coalition import countries
from coalition.text import clean_line, fits, fold
from signatories.importing import hazards
from signatories.importing.pasting import Parts, parts
from signatories.importing.sheets import Problem, Row, Sheet
from signatories.importing.wishes import WISHES
from signatories.names import acronym_of, is_latin
from signatories.suspicion import suspicious

LONGEST_NAME = 300
LONGEST_ACRONYM = 40
#: What else a line may say, besides the organisation: kept apart, as it may name a person.
ASIDE = ("contact_name", "role", "email", "visibility", "date")
#: Problems with that, which stay whatever a person writes about the organisation.
PROBLEMS_ASIDE = frozenset({"visibility_unknown", "contact_unclear"})


@dataclass(frozen=True)
class Entry:
    """One line, understood as far as it can be without looking at the register."""

    number: int
    raw: str
    name: str
    latin_name: str = ""
    acronym: str = ""
    country: str = ""
    website: str = ""
    aside: Mapping[str, str] = field(default_factory=dict)
    problems: tuple[Problem, ...] = ()

    @property
    def is_blocked(self) -> bool:
        return any(problem.code in hazards.BLOCKING for problem in self.problems)


def entries(
    sheet: Sheet, columns: Mapping[str, int] | None = None, corrected: Mapping[int, Mapping[str, str]] | None = None
) -> list[Entry]:
    """The lines of a sheet under the columns it names, or under those that a person has chosen.

    `corrected`: by line, what a person has written instead.
    """
    chosen = columns or sheet.columns
    assert chosen is not None
    found = [_pasted(row) if sheet.is_pasted else _of_cells(row, chosen) for row in sheet.rows]
    by_hand = corrected or {}
    found = [_corrected(entry, by_hand[entry.number]) if entry.number in by_hand else entry for entry in found]
    beside: dict[int, list[Problem]] = {}
    for number, problem in hazards.in_list([(entry.number, entry.name, entry.country) for entry in found]):
        beside.setdefault(number, []).append(problem)
    for number in set(_broken_off(sheet)) - by_hand.keys():
        beside.setdefault(number, []).append(Problem("torn"))
    return [replace(entry, problems=(*entry.problems, *beside.get(entry.number, ()))) for entry in found]


def _broken_off(sheet: Sheet) -> list[int]:
    """Lines that end with a comma, unless that is how this list ends its lines."""
    ends = [row.number for row in sheet.rows if row.cells and row.cells[0].rstrip().endswith((",", "،", "，"))]
    return ends if sheet.is_pasted and len(ends) * 3 < len(sheet.rows) else []


def _corrected(entry: Entry, said: Mapping[str, str]) -> Entry:
    """As a person has written it; what stands aside is still the list's."""
    means = Parts(said["name"], said["acronym"], said["country"], said["website"])
    aside = [problem for problem in entry.problems if problem.code in PROBLEMS_ASIDE]
    return _checked(Row(entry.number, ()), said["name"], means, dict(entry.aside), aside, said["latin_name"])


def _pasted(row: Row) -> Entry:
    raw = row.cells[0]
    found = parts(raw)
    if not found.website or _address(found.website):
        return _checked(row, raw, found, {}, [])
    unknown = Problem("website_unknown", found.website[:60])
    return _checked(row, raw, replace(found, website=""), {}, [unknown])


def _of_cells(row: Row, columns: Mapping[str, int]) -> Entry:
    said = {
        role: row.cells[at].strip() for role, at in columns.items() if at < len(row.cells) and row.cells[at].strip()
    }
    problems: list[Problem] = []
    name = clean_line(said.get("name", ""))
    printed_country = clean_line(said.get("country", ""))
    country = printed_country if printed_country in countries.CODES else countries.parse(printed_country)
    if printed_country and not country:
        problems.append(Problem("country_unknown", printed_country[:60]))
    website = clean_line(said.get("website", ""))
    if website and (address := _address(website)) is None:
        problems.append(Problem("website_unknown", website[:60]))
        website = ""
    elif website:
        website = address or ""
    if len(said.get("name", "").splitlines()) > 1:
        problems.append(Problem("several_lines"))
    aside = {role: clean_line(said[role]) for role in ASIDE if role in said}
    problems += _look_aside(aside)
    latin_name = clean_line(said.get("latin_name", ""))
    if latin_name and not (is_latin(latin_name) and fits(latin_name, LONGEST_NAME)):
        problems.append(Problem("latin_unclear", latin_name[:60]))
        latin_name = ""
    acronym = clean_line(said.get("acronym", "")) or acronym_of(name) or acronym_of(latin_name)
    latin_name = "" if latin_name == name else latin_name
    return _checked(row, said.get("name", ""), Parts(name, acronym, country, website), aside, problems, latin_name)


def _checked(
    row: Row, raw: str, found: Parts, aside: dict[str, str], problems: list[Problem], latin_name: str = ""
) -> Entry:
    problems = [*row.problems, *problems]
    name = found.name
    if not name or not any(letter.isalnum() for letter in name):
        problems.append(Problem("no_name"))
    elif not fits(name, LONGEST_NAME):
        problems.append(Problem("name_too_long"))
    else:
        problems += hazards.in_line(raw, name)
    if found.website and suspicious(urlsplit(found.website).hostname or ""):
        problems.append(Problem("posing_website", urlsplit(found.website).hostname or ""))
    name = name[:LONGEST_NAME]
    acronym = found.acronym if fits(found.acronym, LONGEST_ACRONYM) else ""
    return Entry(row.number, raw, name, latin_name, acronym, found.country, found.website, aside, tuple(problems))


def _look_aside(aside: dict[str, str]) -> list[Problem]:
    """Takes what is not understood back out, and says so."""
    problems = []
    if said := aside.get("visibility"):
        aside["visibility"] = next((code for code, words in WISHES.items() if fold(said) in words), "")
        if not aside["visibility"]:
            problems.append(Problem("visibility_unknown", said[:60]))
    if aside.get("email") and not _is_mailbox(aside["email"]):
        aside["email"] = ""
    person = [bool(aside.get(role)) for role in ("contact_name", "role", "email")]
    if any(person) and not all(person):
        problems.append(Problem("contact_unclear"))
    return problems


def _is_mailbox(value: str) -> bool:
    try:
        checked = validate_email(value, check_deliverability=False, allow_smtputf8=False, test_environment=True)
    except EmailNotValidError:
        return False
    return "." in checked.domain and len(value) <= 254


def _address(website: str) -> str | None:
    address = website if re.match(r"https?://", website, re.IGNORECASE) else f"https://{website}"
    try:
        URLValidator(schemes=["http", "https"])(address)
    except ValidationError:
        return None
    return address if len(address) <= 300 else None
