"""Lists from Excel and its kin: looked into before they are opened, read without running anything in them."""

from __future__ import annotations

import io
import re
import warnings
import zipfile
import zlib
from collections.abc import Iterator
from datetime import date, datetime, time
from typing import Any

from django.utils.translation import gettext as _

from signatories.importing.csvs import with_header
from signatories.importing.sheets import (
    MOST_ROWS,
    Damaged,
    NotAList,
    Problem,
    Row,
    Sheet,
    TooManyColumns,
    TooManyRows,
    Unpacked,
    check_row,
)

MOST_ENTRIES = 500
#: Bytes of all entries together, unpacked, and of one against its packed size.
MOST_UNPACKED = 60_000_000
HIGHEST_RATIO = 200
#: An entry below this size may be packed as tightly as it likes.
SMALL = 100_000
#: Rows, empty ones too, that are walked through.
MOST_WALKED = 4 * MOST_ROWS
#: Columns, empty ones too.
WIDEST = 1_000
CHUNK = 1 << 16


def read(data: bytes) -> Sheet:
    # Loaded when needed only: it takes a tenth of a second, and most processes never read a workbook.
    from openpyxl import load_workbook

    merged = _look_into(data)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            book = load_workbook(io.BytesIO(data), read_only=True, keep_links=False)
        try:
            sheets = [sheet for sheet in book.worksheets if sheet.sheet_state == "visible"] or book.worksheets
            if not sheets:
                raise Damaged
            path = str(getattr(sheets[0], "_worksheet_path", ""))
            rows = list(_rows(sheets[0], merged.get(path.removeprefix("/"), {})))
            remarks = (Problem("other_sheets"),) if len(sheets) > 1 else ()
        finally:
            book.close()
    except (NotAList, TooManyRows, Damaged, Unpacked):
        raise
    except (
        KeyError,
        ValueError,
        TypeError,
        AttributeError,
        IndexError,
        SyntaxError,
        OSError,
        zlib.error,
        EOFError,
    ) as error:
        raise Damaged from error
    except (zipfile.BadZipFile, NotImplementedError, OverflowError, RecursionError, AssertionError) as error:
        raise Damaged from error
    sheet = with_header(rows, read_as="xlsx")
    return Sheet(sheet.rows, sheet.columns, sheet.header, read_as=sheet.read_as, remarks=remarks)


def _look_into(data: bytes) -> dict[str, dict[int, str]]:
    """Raises for whatever is no workbook or unpacks to too much. The merged cells of each sheet, by row."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as packed:
            entries = packed.infolist()
            if len(entries) > MOST_ENTRIES or sum(entry.file_size for entry in entries) > MOST_UNPACKED:
                raise Unpacked
            _check_kind({entry.filename for entry in entries}, packed)
            for entry in entries:
                if entry.file_size > SMALL and entry.file_size > HIGHEST_RATIO * max(1, entry.compress_size):
                    raise Unpacked
            left = MOST_UNPACKED
            merged: dict[str, dict[int, str]] = {}
            for entry in entries:
                left, merged[entry.filename] = _look_through(packed, entry, left)
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, OSError, ValueError) as error:
        raise Damaged from error
    return merged


def _check_kind(names: set[str], packed: zipfile.ZipFile) -> None:
    if (
        "mimetype" in names
        and packed.getinfo("mimetype").file_size < 200
        and b"opendocument" in packed.read("mimetype")
    ):
        raise NotAList(_("OpenDocument files (.ods) are not read here. Save it as CSV or XLSX"))
    if "[Content_Types].xml" not in names or "xl/workbook.xml" not in {name.removeprefix("/") for name in names}:
        raise NotAList(_("This is not an Excel workbook. Save the list as CSV or XLSX"))


def _look_through(packed: zipfile.ZipFile, entry: zipfile.ZipInfo, left: int) -> tuple[int, dict[int, str]]:
    """Unpacks one entry in pieces, keeping none: what it really holds, not what it says."""
    merged: dict[int, str] = {}
    tail = b""
    with packed.open(entry) as file:
        while piece := file.read(CHUNK):
            left -= len(piece)
            if left < 0:
                raise Unpacked
            seen = tail + piece
            if entry.filename.endswith((".xml", ".rels")):
                if b"<!DOCTYPE" in seen or b"<!ENTITY" in seen or seen.startswith((b"\xff\xfe", b"\xfe\xff")):
                    raise Damaged
                for found in _MERGED.finditer(seen):
                    merged |= _rows_of(found[1].decode("ascii"))
            tail = piece[-200:]
    return left, merged


def _rows_of(area: str) -> dict[int, str]:
    from openpyxl.utils.cell import range_boundaries

    try:
        _left, top, _right, bottom = range_boundaries(area)
    except ValueError:
        return {}
    if not top or not bottom or bottom - top > 200:
        return {top: area} if top else {}
    return dict.fromkeys(range(top, bottom + 1), area)


def _rows(sheet: Any, merged: dict[int, str]) -> Iterator[Row]:
    """What is typed into its cells; a formula is told, never worked out."""
    sheet.reset_dimensions()
    found = 0
    for number, cells in enumerate(sheet.iter_rows(), 1):
        if number > MOST_WALKED:
            raise TooManyRows
        if len(cells) > WIDEST:
            raise TooManyColumns(number)
        problems = [Problem("formula") for cell in cells if cell.data_type == "f"][:1]
        problems += [Problem("cell_error", str(cell.value)) for cell in cells if cell.data_type == "e"][:1]
        words = [_words(cell) for cell in cells]
        while words and not words[-1]:
            words.pop()
        if not words and not problems:
            continue
        check_row(number, words)
        if number in merged:
            problems.append(Problem("merged", merged[number]))
        found += 1
        if found > MOST_ROWS + 1:
            raise TooManyRows
        yield Row(number, tuple(words), tuple(problems))


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
