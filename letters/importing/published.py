"""A published letter and its list, as a file says: taken out field by field, with everything that is wrong in it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from typing import NamedTuple

from django.core.exceptions import ValidationError
from django.core.validators import URLValidator

from coalition import countries
from coalition.languages import parse_tag
from letters.importing.located import Check, Node, Refused, parse
from letters.models import Letter

#: Characters of a summary or a demand.
LONGEST_TEXT = 20_000
MOST_ADDRESSEES = 200
HIGHEST_POSITION = 1_000_000


class Signatory(NamedTuple):
    """An organisation in the list, as printed."""

    position: int
    name: str
    acronym: str
    country: str
    website: str


@dataclass(frozen=True)
class Published:
    slug: str
    reference: str
    title: str
    kind: str
    dated_on: date | None
    precision: str
    addressees: list[tuple[str, bool]]
    """Each with whether it gets a copy only."""
    source_name: str
    source_url: str
    source_remark: str
    language: str
    summary: str
    demands: list[str]
    signatories: list[Signatory]
    """In the order of their positions, doubles included."""
    remarks: list[str]
    """What is left out, for whoever imports it."""

    @property
    def day(self) -> str:
        """The date as far as it is known."""
        shown = {"year": 4, "month": 7, "day": 10}[self.precision]
        return str(self.dated_on)[:shown] if self.dated_on else "undated"


def read(data: bytes, **given: str) -> Published:
    """What the file says, but for what is `given` (a slug, a reference). Raises Refused with all that is wrong."""
    root = parse(data)
    if not isinstance(root.value, dict):
        raise Refused(f"line {root.line}: The file should be one object: {{ … }}.")
    root.value.update({key: Node(value, root.line) for key, value in given.items()})
    check = Check()
    signatories, remarks = _signatories(check, root)
    dated_on, precision = _date(check, root)
    published = Published(
        slug=_slug(check, root),
        reference=check.line(root, "reference", 40, optional=True),
        title=check.line(root, "title", 300),
        kind=_kind(check, root),
        dated_on=dated_on,
        precision=precision,
        addressees=_addressees(check, root),
        source_name=check.line(root, "host_organisation", 200),
        source_url=_source_url(check, root),
        source_remark=_source_remark(check, root, len(signatories)),
        language=_language(check, root),
        summary=check.text(root, "summary", LONGEST_TEXT),
        demands=[check.clean(node, "demand", LONGEST_TEXT) for node in check.items(root, "demands", str)],
        signatories=signatories,
        remarks=remarks,
    )
    check.refuse_problems()
    return published


def _signatories(check: Check, root: Node) -> tuple[list[Signatory], list[str]]:
    """The organisations; and remarks on who is none, and on what could not be read."""
    signatories: list[Signatory] = []
    remarks: list[str] = []
    taken: dict[int, int] = {}
    for node in check.items(root, "signatories", dict):
        position = _position(check, node, taken)
        where = f"line {node.line}, position {position}:"
        kind = check.line(node, "kind", 40, optional=True)
        name = check.line(node, "name", 300)
        if kind not in ("", "organisation"):
            remarks.append(f"{where} not an organisation, so not imported.")
            continue
        acronym = check.line(node, "acronym", 40, optional=True)
        country = check.line(node, "country", 100, optional=True)
        code = country if country in countries.CODES else countries.parse(country)
        if country and not code:
            remarks.append(f"{where} the country “{country}” is not known, so none is recorded.")
        website = check.line(node, "website", 300, optional=True)
        if website and not _is_web_address(website):
            remarks.append(f"{where} “{website}” is no address of a website, so none is recorded.")
            website = ""
        signatories.append(Signatory(position, name, acronym, code, website))
    if (people := check.value(root, "individual_signers", int, optional=True)) and people.value:
        remarks.append(f"line {people.line}: {people.value} people have signed beside the organisations; not imported.")
    if "signatories" in root.value and not signatories:
        check.wrong(root.value["signatories"], "“signatories” should hold at least one organisation.")
    return sorted(signatories), remarks


def _position(check: Check, signatory: Node, taken: dict[int, int]) -> int:
    """`taken`: positions of earlier entries and their lines."""
    node = check.value(signatory, "position", int)
    position: int = node.value if node else 0
    if node and not 0 < position <= HIGHEST_POSITION:
        check.wrong(node, f"“position” should be a number from 1 to {HIGHEST_POSITION}.")
    elif node and position in taken:
        check.wrong(node, f"Position {position} is taken by the entry on line {taken[position]}.")
    taken.setdefault(position, signatory.line)
    return position


def _date(check: Check, root: Node) -> tuple[date | None, str]:
    """The first day it may mean, and how exactly it is known."""
    node = check.value(root, "date", str, nullable=True)
    match = re.fullmatch(r"([0-9]{4})(?:-([0-9]{2})(?:-([0-9]{2}))?)?", node.value) if node else None
    if match:
        try:
            year, month, day = map(int, match.groups("1"))
            return date(year, month, day), ("year", "month", "day")[match[0].count("-")]
        except ValueError:
            pass
    if node:
        check.wrong(node, "“date” should be a day, a month or a year, such as 2022-04-19, 2022-04 or 2022, or null.")
    return None, Letter.Precision.DAY


def _slug(check: Check, root: Node) -> str:
    slug = check.line(root, "slug", 80, optional=True)
    if slug and not re.fullmatch(r"[-a-zA-Z0-9_]+", slug):
        check.wrong(root.value["slug"], "“slug” should have no other characters than a to z, 0 to 9 and hyphens.")
    return slug


def _kind(check: Check, root: Node) -> str:
    kind = check.line(root, "kind", 40, optional=True).replace(" ", "_") or str(Letter.Kind.JOINT_LETTER)
    if kind not in Letter.Kind.values:
        check.wrong(root.value["kind"], f"“kind” should be one of {', '.join(Letter.Kind.values)}.")
    return kind


def _addressees(check: Check, root: Node) -> list[tuple[str, bool]]:
    nodes = check.items(root, "addressees", str)
    lines = [check.clean(node, "addressee", 300, one_line=True) for node in nodes]
    addressees = [(line.removeprefix("cc: ").strip(), line.startswith("cc: ")) for line in lines]
    if "addressees" in root.value and (not 0 < len(nodes) <= MOST_ADDRESSEES or ("", True) in addressees):
        check.wrong(root.value["addressees"], f"“addressees” should name 1 to {MOST_ADDRESSEES} of them.")
    return addressees


def _source_url(check: Check, root: Node) -> str:
    url = check.line(root, "source_url", 500)
    if url and not _is_web_address(url):
        check.wrong(root.value["source_url"], "“source_url” should be one address, with https:// or http:// in front.")
    return url


def _source_remark(check: Check, root: Node, listed: int) -> str:
    """What the letter's page says of the list, beside its source."""
    sentences = []
    stated = check.value(root, "signatory_count_stated", int, str, optional=True)
    if stated and str(stated.value) != str(listed):
        number = check.clean(Node(str(stated.value), stated.line), "signatory_count_stated", 100, one_line=True)
        sentences.append(f"The source gives the number of signatories as “{number}”.")
    is_complete = check.value(root, "list_complete", bool, optional=True)
    if is_complete and not is_complete.value:
        sentences.append("The list is not complete.")
    return " ".join(sentences)


def _language(check: Check, root: Node) -> str:
    node = check.value(root, "language", str)
    if node is None:
        return ""
    try:
        return parse_tag(node.value)
    except ValueError as problem:
        check.wrong(node, str(problem))
        return ""


def _is_web_address(value: str) -> bool:
    try:
        URLValidator(schemes=["http", "https"])(value)
    except ValidationError:
        return False
    return True
