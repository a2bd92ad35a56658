"""Lists separated by commas, semicolons, tabs or bars, as Excel, Google Forms and others write them."""

from __future__ import annotations

import csv
import io
import re
from collections import Counter
from collections.abc import Iterator
from itertools import islice

from signatories.importing import headers, wishes
from signatories.importing.decoding import decode
from signatories.importing.sheets import (
    LONGEST_CELL,
    MOST_COLUMNS,
    MOST_ROWS,
    CellTooLong,
    Damaged,
    Empty,
    Row,
    Sheet,
    TooManyRows,
    check_row,
)

#: The apostrophe before what a spreadsheet may take for a formula: at the beginning of a cell, or of what a program
#: that parts at semicolons takes for one.
MADE_SAFE = re.compile(r"(^|;\s*)'('*[=+\-@\t\r])")
SEPARATORS = ",;\t|"
#: Records by which the separator is found.
LOOKED_AT = 200
#: The share of records that have the same number of cells.
ALIKE = 0.85


def read(data: bytes) -> Sheet:
    text, encoding = decode(data)
    text = text.lstrip("\ufeff").replace("\x1a", "")
    text, said = _said_separator(text)
    separator = said or _separator(text)
    rows: list[Row] = []
    for number, cells in _records(text, separator):
        check_row(number, cells)
        if any(cell.strip() for cell in cells):
            rows.append(Row(number, tuple(_plain(cell.strip()) for cell in cells)))
        if len(rows) > MOST_ROWS + 1:
            raise TooManyRows
    return with_header(rows, read_as=" ".join(filter(None, (encoding, _NAMES.get(separator, "")))))


def with_header(rows: list[Row], *, read_as: str = "") -> Sheet:
    """The sheet without the row that names its columns, if it has one; a list of one column needs none."""
    if not rows:
        raise Empty
    # A title, or an empty form of one, may stand above the names of the columns.
    for place, row in enumerate(rows[:5]):
        columns = headers.recognise(row.cells)
        if columns and all(_filled(above) < _filled(row) for above in rows[:place]):
            below = rows[place + 1 :]
            if "visibility" not in columns:
                index = wishes.column((row.cells for row in below), columns.values())
                columns |= {} if index is None else {"visibility": index}
            return _sheet(below, columns, row.cells, read_as)
    width = max(len(row.cells) for row in rows)
    filled = [index for index in range(width) if any(row.cells[index : index + 1] not in ((), ("",)) for row in rows)]
    if len(filled) == 1:
        return _sheet(rows, {"name": filled[0]}, (), read_as)
    return _sheet(rows, None, (), read_as)


def _filled(row: Row) -> int:
    return sum(map(bool, row.cells))


def _sheet(rows: list[Row], columns: dict[str, int] | None, header: tuple[str, ...], read_as: str) -> Sheet:
    if not rows:
        raise Empty
    if len(rows) > MOST_ROWS:
        raise TooManyRows
    return Sheet(rows, columns, header, read_as=read_as)


def _said_separator(text: str) -> tuple[str, str]:
    """Excel's own first line ("sep=;")."""
    first, end, rest = text.partition("\n")
    said = first.strip().removeprefix("sep=")
    if first.startswith("sep=") and said in SEPARATORS and (len(said) == 1 or first.strip() == "sep="):
        return rest if end else "", said or "\t"
    return text, ""


def _separator(text: str) -> str:
    """The one by which most records have the same number of cells; "" where there is none: one cell a line."""
    best: tuple[float, str] = (0.0, "")
    for separator in SEPARATORS:
        try:
            records = [cells for _, cells in islice(_records(text, separator), LOOKED_AT) if any(cells)]
        except CellTooLong:
            continue
        if not records:
            continue
        width, number = Counter(map(len, records)).most_common(1)[0]
        named = any(headers.recognise(cells) for cells in records[:5] if 1 < len(cells) <= MOST_COLUMNS)
        share = number / len(records)
        if width > 1 and (share >= ALIKE or named):
            best = max(best, (share + named, separator), key=lambda pair: pair[0])
    return best[1]


def _records(text: str, separator: str) -> Iterator[tuple[int, list[str]]]:
    """Each record with the number of its row. Without a separator a quotation mark is a letter like others."""
    if not separator:
        for number, line in enumerate(text.splitlines(), 1):
            if len(line) > LONGEST_CELL:
                raise CellTooLong(number)
            yield number, [_unquoted(line)]
        return
    csv.field_size_limit(LONGEST_CELL + 1)
    number = 0
    try:
        for number, cells in enumerate(csv.reader(io.StringIO(text, newline=""), delimiter=separator), 1):
            yield number, cells
    except csv.Error as error:
        raise (CellTooLong(number + 1) if "limit" in str(error) else Damaged()) from error


def _plain(cell: str) -> str:
    """Without the apostrophes that our own exports, and others, put before what may begin a formula."""
    return MADE_SAFE.sub(r"\1\2", cell)


def _unquoted(line: str) -> str:
    stripped = line.strip()
    if len(stripped) > 1 and stripped[0] == stripped[-1] == '"' and '"' not in stripped[1:-1].replace('""', ""):
        return stripped[1:-1].replace('""', '"')
    return line


_NAMES = {",": "comma", ";": "semicolon", "\t": "tab", "|": "bar"}
