"""The record as a file: its bytes, and the check that each of them is as it was. Needs no database."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, NoReturn, TypeVar

FORMAT = "coalition-record-1"
#: What the first entry holds in the place of a digest, and the heading while there is no entry.
NOTHING = "0" * 64
BETWEEN = b'],"openings":['
END = b"]}"
#: The lines that close an empty list are together shorter than this, and every other line is longer.
SHORT = 20
DIGEST = re.compile(r"[0-9a-f]{64}")
SALT = re.compile(r"[0-9a-f]{32}")

T = TypeVar("T")


def canonical(content: Any) -> str:
    """The one way in which we write something as JSON."""
    return json.dumps(content, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def digest_of(salt: str, name: str) -> str:
    """By which a name stands in the chain."""
    return sha256(f"{salt} {name}")


def to_bytes(letter: str, entries: Sequence[tuple[str, str]], openings: Iterable[tuple[str, str]]) -> bytes:
    """The file: one line for each entry (content, SHA-256) and each opening (name, salt)."""
    written = [f'{{"content":{content},"sha256":"{digest}"}}' for content, digest in entries]
    opened = sorted(openings, key=lambda opening: digest_of(opening[1], opening[0]))
    lines = [
        _heading(letter, entries[-1][1] if entries else NOTHING),
        *([",\n".join(written)] if written else []),
        BETWEEN.decode(),
        *([",\n".join(canonical({"name": name, "salt": salt}) for name, salt in opened)] if opened else []),
        END.decode(),
    ]
    return ("\n".join(lines) + "\n").encode()


@dataclass(frozen=True)
class Problem:
    """The first thing that is not whole: an entry or an opening by its number, or something around them."""

    sentence: str
    entry: int | None = None
    opening: int | None = None


@dataclass(frozen=True)
class Record:
    """What a whole file says of itself."""

    letter: str
    head: str
    entries: int
    names: int


class Broken(Exception):
    def __init__(self, sentence: str, *, entry: int | None = None, opening: int | None = None) -> None:
        super().__init__(sentence)
        self.problem = Problem(sentence, entry, opening)


def verify(data: bytes) -> Problem | None:
    """What is wrong with a record file; None if nothing is."""
    try:
        read(data)
    except Broken as broken:
        return broken.problem
    return None


def read(data: bytes) -> Record:
    """Checks every byte of a record file; raises Broken at the first place that is not whole."""
    if not data.strip():
        raise Broken("The file is empty.")
    lines = data.split(b"\n")
    letter, head = _read_heading(lines[0])
    entries, place = _block(lines, 1, BETWEEN, _read_entry, head == NOTHING, "between the entries and the openings")
    _check_chain(entries, letter, head)
    known = {name for entry in entries for name in entry.get("names", [])}
    is_last = len(b"\n".join(lines[place:])) < SHORT
    openings, place = _block(lines, place, END, _read_opening, is_last, "at its end")
    _check_openings(openings, known)
    if lines[place:] != [b""]:
        raise Broken("The file does not end where the record ends.")
    return Record(letter, head, len(entries), len(openings))


def _block(
    lines: list[bytes], start: int, closing: bytes, read_item: Callable[[bytes, int], T], is_empty: bool, where: str
) -> tuple[list[T], int]:
    """The items from line `start` to the closing line, and the number of the line behind that."""
    items: list[T] = []
    rest = lines[start:]
    end = rest.index(closing) if closing in rest else None
    if not is_empty and end != 0:
        for number, line in enumerate(rest, 1):
            is_last = number == end if end else not line.endswith(b",")
            fits = line.endswith(b",") is not is_last
            items.append(read_item(line.removesuffix(b",") if fits else b"", number))
            if is_last:
                break
    place = start + len(items)
    if lines[place : place + 1] != [closing]:
        raise Broken(f"The file is not whole {where}.")
    return items, place + 1


def _heading(letter: str, head: str) -> str:
    return f'{{"format":"{FORMAT}","letter":{canonical(letter)},"head":"{head}","entries":['


def _read_heading(line: bytes) -> tuple[str, str]:
    try:
        value = _parse(line + b"]}")
        letter, head = value["letter"], value["head"]
        is_whole = isinstance(letter, str) and _is_digest(head) and _heading(letter, head).encode() == line
    except (ValueError, RecursionError, TypeError, KeyError):
        is_whole = False
    if not is_whole:
        raise Broken("The heading is not whole: this is not a record, or its first line has been changed.")
    return letter, head


def _read_entry(line: bytes, number: int) -> dict[str, Any]:
    entry = _read_line(line)
    if not _is_entry(entry):
        raise Broken(f"Entry {number} is not whole: its line is not written as it was.", entry=number)
    content = entry["content"]
    if sha256(canonical(content)) != entry["sha256"]:
        raise Broken(f"Entry {number} has been changed: its digest is not that of its content.", entry=number)
    if content["number"] != number:
        raise Broken(
            f"In the place of entry {number} stands one with the number {content['number']}: one is missing, added or "
            "out of its place.",
            entry=number,
        )
    return {**content, "sha256": entry["sha256"]}


def _is_entry(entry: Any) -> bool:
    if not isinstance(entry, dict) or set(entry) != {"content", "sha256"} or not isinstance(entry["content"], dict):
        return False
    content = entry["content"]
    names = content.get("names", [])
    return (
        _is_digest(entry["sha256"])
        and _is_digest(content.get("previous"))
        and type(content.get("number")) is int
        and all(isinstance(content.get(key), str) for key in ("at", "kind", "letter"))
        and isinstance(names, list)
        and all(map(_is_digest, names))
        and names == sorted(set(names))
    )


def _check_chain(entries: list[dict[str, Any]], letter: str, head: str) -> None:
    """Every entry is of this letter, and holds the digest of the one before it; the heading holds that of the last."""
    for number, entry in enumerate(entries, 1):
        if entry["letter"] != entries[0]["letter"]:
            raise Broken(f"Entry {number} belongs to another letter.", entry=number)
    if entries and letter != entries[0]["letter"]:
        raise Broken("The heading names another letter than the entries.")
    before = [NOTHING, *(entry["sha256"] for entry in entries)]
    held = [*(entry["previous"] for entry in entries), head]
    fits = [one == other for one, other in zip(before, held, strict=True)]
    if all(fits):
        return
    broken = fits.index(False)
    if broken == len(entries):
        raise Broken(
            f"The heading does not hold the digest of the last entry, {len(entries)}: one of the two has been changed, "
            "or entries are missing at the end."
        )
    # Where the next link holds, the later entry is as it was, so the one before it is not.
    culprit = broken if broken and fits[broken + 1] else broken + 1
    raise Broken(
        f"Entry {broken + 1} does not hold the digest of the entry before it: entry {culprit} has been changed.",
        entry=culprit,
    )


def _read_opening(line: bytes, number: int) -> tuple[str, str]:
    opening = _read_line(line)
    is_opening = isinstance(opening, dict) and set(opening) == {"name", "salt"}
    if not is_opening or not isinstance(opening["name"], str) or not _fits(SALT, opening["salt"]):
        raise Broken(f"Opening {number} is not whole: its line is not written as it was.", opening=number)
    return opening["name"], opening["salt"]


def _check_openings(openings: list[tuple[str, str]], known: set[str]) -> None:
    before = ""
    for number, (name, salt) in enumerate(openings, 1):
        digest = digest_of(salt, name)
        if digest not in known:
            raise Broken(f"Opening {number} opens no name in the chain: it has been changed or added.", opening=number)
        if digest <= before:
            raise Broken(f"Opening {number} stands there twice or out of its place.", opening=number)
        before = digest


def _read_line(line: bytes) -> Any:
    """What a line says, if it is written in our one way; else None."""
    try:
        value = _parse(line)
        return value if canonical(value).encode() == line else None
    except (ValueError, RecursionError):
        return None


def _parse(line: bytes) -> Any:
    return json.loads(line.decode(), parse_constant=_refuse)


def _refuse(constant: str) -> NoReturn:
    raise ValueError(constant)


def _is_digest(value: Any) -> bool:
    return _fits(DIGEST, value)


def _fits(pattern: re.Pattern[str], value: Any) -> bool:
    return isinstance(value, str) and pattern.fullmatch(value) is not None
