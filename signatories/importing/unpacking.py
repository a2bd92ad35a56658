"""The unpacking table: a program of its own, without Django, in which a workbook from a stranger is opened.

The workbook on standard input; the only argument, as JSON, the limits of a list and which sheet to read. On standard
output, as JSON: `rows` of that sheet, each with its number, its cells and its problems, its `title`, and the `starts`
of all sheets; or the name of what it is `refused` for.
"""

from __future__ import annotations

import io
import json
import re
import resource
import sys
import warnings
import zipfile
from collections.abc import Iterator
from datetime import date, datetime, time
from itertools import islice
from typing import Any

from openpyxl import load_workbook
from openpyxl.utils.cell import range_boundaries

MOST_ENTRIES = 500
#: Bytes of all entries together, unpacked, and of one against its packed size.
MOST_UNPACKED = 60_000_000
HIGHEST_RATIO = 200
#: An entry below this size may be packed as tightly as it likes.
SMALL = 100_000
#: Columns, empty ones too.
WIDEST = 1_000
CHUNK = 1 << 16
#: Sheets of which the list may be one, and the rows of each by which that is seen.
MOST_SHEETS = 20
STARTS = 5

LIMITS = {
    resource.RLIMIT_AS: 768 * 1024**2,
    resource.RLIMIT_CPU: 20,
    resource.RLIMIT_FSIZE: 3 * MOST_UNPACKED,
    resource.RLIMIT_CORE: 0,
}


class Refusal(Exception):
    """Named as in `workbooks.REFUSALS`; the row, where it is about one."""


def main() -> None:
    for what, most in LIMITS.items():
        resource.setrlimit(what, (most, most))
    limits = json.loads(sys.argv[1])
    try:
        found = unpack(sys.stdin.buffer.read(), limits)
    except Refusal as refusal:
        found = {"refused": refusal.args}
    except MemoryError:
        found = {"refused": ["unpacked"]}
    except Exception:  # a hostile workbook can raise anything
        found = {"refused": ["damaged"]}
    json.dump(found, sys.stdout)


def unpack(data: bytes, limits: dict[str, int]) -> dict[str, Any]:
    merged = _look_into(data)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        book = load_workbook(io.BytesIO(data), read_only=True, keep_links=False)
    sheets = [sheet for sheet in book.worksheets if sheet.sheet_state == "visible"] or book.worksheets
    starts = [_start(sheet, limits) for sheet in sheets[:MOST_SHEETS]]
    sheet = sheets[limits["sheet"]]
    path = str(getattr(sheet, "_worksheet_path", ""))
    rows = list(_rows(sheet, merged.get(path.removeprefix("/"), {}), limits))
    return {"title": str(sheet.title), "rows": rows, "starts": starts}


def _start(sheet: Any, limits: dict[str, int]) -> list[list[str]]:
    """The cells of its first rows; none where they are too many."""
    try:
        return [words for _number, words, _problems in islice(_rows(sheet, {}, limits), STARTS)]
    except Refusal:
        return []


def _look_into(data: bytes) -> dict[str, dict[int, str]]:
    """Raises for whatever is no workbook or unpacks to too much. The merged cells of each sheet, by row."""
    with zipfile.ZipFile(io.BytesIO(data)) as packed:
        entries = packed.infolist()
        if len(entries) > MOST_ENTRIES or sum(entry.file_size for entry in entries) > MOST_UNPACKED:
            raise Refusal("unpacked")
        _check_kind({entry.filename for entry in entries}, packed)
        for entry in entries:
            if entry.file_size > SMALL and entry.file_size > HIGHEST_RATIO * max(1, entry.compress_size):
                raise Refusal("unpacked")
        left = MOST_UNPACKED
        merged: dict[str, dict[int, str]] = {}
        for entry in entries:
            left, merged[entry.filename] = _look_through(packed, entry, left)
    return merged


def _check_kind(names: set[str], packed: zipfile.ZipFile) -> None:
    if (
        "mimetype" in names
        and packed.getinfo("mimetype").file_size < 200
        and b"opendocument" in packed.read("mimetype")
    ):
        raise Refusal("opendocument")
    if "[Content_Types].xml" not in names or "xl/workbook.xml" not in {name.removeprefix("/") for name in names}:
        raise Refusal("no_workbook")


def _look_through(packed: zipfile.ZipFile, entry: zipfile.ZipInfo, left: int) -> tuple[int, dict[int, str]]:
    """Unpacks one entry in pieces, keeping none: what it really holds, not what it says."""
    merged: dict[int, str] = {}
    tail = b""
    with packed.open(entry) as file:
        while piece := file.read(CHUNK):
            left -= len(piece)
            if left < 0:
                raise Refusal("unpacked")
            seen = tail + piece
            if b"<!DOCTYPE" in seen or b"<!ENTITY" in seen:
                raise Refusal("damaged")
            if entry.filename.endswith((".xml", ".rels")):
                if b"\0" in seen:  # not in UTF-8, so that we would not see what it says
                    raise Refusal("damaged")
                for found in _MERGED.finditer(seen):
                    merged |= _rows_of(found[1].decode("ascii"))
            tail = piece[-200:]
    return left, merged


def _rows_of(area: str) -> dict[int, str]:
    try:
        _left, top, _right, bottom = range_boundaries(area)
    except ValueError:
        return {}
    if not top or not bottom or bottom - top > 200:
        return {top: area} if top else {}
    return dict.fromkeys(range(top, bottom + 1), area)


def _rows(sheet: Any, merged: dict[int, str], limits: dict[str, int]) -> Iterator[tuple[int, list[str], list[Any]]]:
    """What is typed into its cells; a formula is told, never worked out."""
    sheet.reset_dimensions()
    found = 0
    for number, cells in enumerate(sheet.iter_rows(), 1):
        if number > 4 * limits["rows"]:
            raise Refusal("rows")
        if len(cells) > WIDEST:
            raise Refusal("columns", number)
        problems = [("formula", "") for cell in cells if cell.data_type == "f"][:1]
        problems += [("cell_error", str(cell.value)) for cell in cells if cell.data_type == "e"][:1]
        words = [_words(cell) for cell in cells]
        while words and not words[-1]:
            words.pop()
        if not words and not problems:
            continue
        if len(words) > limits["columns"]:
            raise Refusal("columns", number)
        if any(len(cell) > limits["cell"] for cell in words):
            raise Refusal("cell", number)
        if number in merged:
            problems.append(("merged", merged[number]))
        found += 1
        if found > limits["rows"] + 1:
            raise Refusal("rows")
        yield number, words, problems


def _words(cell: Any) -> str:
    value = cell.value
    if value is None or cell.data_type in "ef":
        return ""
    if isinstance(value, datetime):
        return value.isoformat(" ", "seconds") if value.time() != time() else value.date().isoformat()
    if isinstance(value, date | time):
        return value.isoformat()
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return str(int(value))
    return str(value).strip()


_MERGED = re.compile(rb'<(?:\w+:)?mergeCell\s+ref="([A-Z]{1,3}\d{1,7}:[A-Z]{1,3}\d{1,7})"')

if __name__ == "__main__":
    main()
