"""A list pasted out of a document: one organisation a line, with numbers, bullets and countries around it."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

from coalition import countries
from coalition.text import clean_line
from signatories.importing.sheets import (
    LONGEST_CELL,
    MOST_BYTES,
    MOST_ROWS,
    CellTooLong,
    Empty,
    Row,
    Sheet,
    TooLarge,
    TooManyRows,
)
from signatories.names import acronym_of


@dataclass(frozen=True)
class Parts:
    """What one line says."""

    name: str
    acronym: str = ""
    country: str = ""
    website: str = ""


def paste(text: str) -> Sheet:
    """A line for each that holds anything; commas never part one."""
    if len(text) > MOST_BYTES // 4:
        raise TooLarge
    rows: list[Row] = []
    for number, line in enumerate(re.split("\r\n|[\n\r\v\f\x85\u2028\u2029]", text), 1):
        if not clean_line(line):
            continue
        if len(line) > LONGEST_CELL:
            raise CellTooLong(number)
        rows.append(Row(number, (line.strip(),)))
        if len(rows) > MOST_ROWS:
            raise TooManyRows
    if not rows:
        raise Empty
    return Sheet(rows, {"name": 0}, is_pasted=True)


def parts(line: str) -> Parts:
    """A line without its number or bullet; a country at its end is one only where the whole piece is its name."""
    name, website = _without_website(without_mark(clean_line(line)))
    name, country = _without_country(name)
    name = name.rstrip(";；,، ").strip() or clean_line(line)
    return Parts(name, acronym_of(name), country, website)


def without_mark(line: str) -> str:
    """Without the number or the bullet in front, and the punctuation of a list behind."""
    bare = _BULLET.sub("", line, count=1)
    bare = _NUMBER.sub("", bare, count=1)
    bare = _BULLET.sub("", bare, count=1).rstrip(";；,،").strip()
    return bare or line


def _without_website(name: str) -> tuple[str, str]:
    found = _WEBSITE.search(name)
    if found is None:
        return name, ""
    address = found[1].rstrip(".,;)")
    rest = name[: found.start()].rstrip(" –—-:,(<[|")
    if not rest or "@" in address:
        return name, ""
    return rest, address if "://" in address else f"https://{address}"


def _without_country(name: str) -> tuple[str, str]:
    for pattern in (_IN_BRACKETS, _AFTER_DASH, _AFTER_COMMA):
        found = pattern.fullmatch(name)
        if found and (code := _country(found["country"].strip(") "))) and len(found["name"].strip()) > 1:
            rest = found["name"].strip()
            # "Laboratorio de Datos y Sociedad (Datysoc, Uruguay)"
            return (f"{rest})" if rest.count("(") > rest.count(")") else rest), code
    return name, ""


def _country(piece: str) -> str:
    """Two or three capitals may be a state of Brazil or of the USA, or an acronym: only a few are surely a country."""
    piece = piece.strip(" .")
    if len(unicodedata.normalize("NFKC", piece)) <= 3 and piece.isascii() and piece.upper() not in _SURE:
        return ""
    if piece.casefold() in _INTERNATIONAL:
        return countries.INTERNATIONAL
    return countries.parse(piece)


_BULLET = re.compile(r"^(?:[-–—•·∙●○◦▪■□◾◽➢►▶✓✔*+§»‣⁃・※]|[o](?=\s\s))+\s+|^[•·●▪■□➢►✓✔‣⁃※]+\s*")
_NUMBER = re.compile(
    r"^[(（\[]?(?:\d{1,5}|[٠-٩]{1,5}|[۰-۹]{1,5}|[一二三四五六七八九十]{1,4}(?=[、.．]))(?:[.)）\]:：、．،-]+\s*|\s*[–—]\s+|"
    r"\s{2,}|\t)(?=[^\da-z])"
)
_WEBSITE = re.compile(r"[(<\[]?\s*((?:https?://|www\.)[^\s<>()\[\]]+)\s*[)>\]]?\s*$", re.IGNORECASE)
_IN_BRACKETS = re.compile(r"(?P<name>.+?)\s*[(（\[](?P<country>[^()（）\[\]]{2,60})[)）\]]\s*[.;]?")
_AFTER_DASH = re.compile(r"(?P<name>.+?)\s+[-‐‑‒–—―]\s*(?P<country>[^-‐‑‒–—―]{2,60})[.;]?")
_AFTER_COMMA = re.compile(r"(?P<name>.+?)\s*[,،，、]\s*(?P<country>[^,،，、]{2,60})[.;]?")
_SURE = frozenset({"UK", "US", "USA", "UAE", "DRC", "EU", "UE", "CAR"})
_INTERNATIONAL = frozenset(
    {"international", "internacional", "global", "دولية", "دولي", "国际", "международная", "международный"}
)
