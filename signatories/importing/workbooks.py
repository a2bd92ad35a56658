"""Lists from Excel and its kin: opened by a program of its own, which has little memory and little time."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryFile
from typing import Any

from django.utils.translation import gettext as _

from signatories.importing import headers
from signatories.importing.csvs import with_header
from signatories.importing.sheets import (
    LONGEST_CELL,
    MOST_COLUMNS,
    MOST_ROWS,
    CellTooLong,
    Damaged,
    NotAList,
    Problem,
    Refused,
    Row,
    Sheet,
    TooManyColumns,
    TooManyRows,
    Unpacked,
)

# Run as a file, not as a module: in isolated mode (-I) neither our packages nor the working directory is looked into.
UNPACKING = Path(__file__).with_name("unpacking.py")
#: Seconds of the wall clock; the processor's are limited in the program itself.
PATIENCE = 30
LIMITS = {"rows": MOST_ROWS, "columns": MOST_COLUMNS, "cell": LONGEST_CELL}
REFUSALS: dict[str, Callable[..., Refused]] = {
    "unpacked": Unpacked,
    "damaged": Damaged,
    "rows": TooManyRows,
    "columns": TooManyColumns,
    "cell": CellTooLong,
    "opendocument": lambda: NotAList(_("OpenDocument files (.ods) are not read here. Save it as CSV or XLSX")),
    "no_workbook": lambda: NotAList(_("This is not an Excel workbook. Save the list as CSV or XLSX")),
}


def read(data: bytes) -> Sheet:
    """The first sheet that names its columns, or just the first: notes and figures often stand before the list."""
    found = _unpacked(data)
    starts = found.get("starts", [])
    named = (at for at, rows in enumerate(starts) if any(headers.recognise(tuple(cells)) for cells in rows))
    if list_at := next(named, 0):
        found = _unpacked(data, list_at)
    if "refused" in found:
        what, *row = found["refused"]
        raise REFUSALS[what](*row)
    rows = [
        Row(number, tuple(cells), tuple(Problem(code, detail) for code, detail in problems))
        for number, cells, problems in found["rows"]
    ]
    sheet = with_header(rows, read_as="xlsx")
    remarks = (Problem("other_sheets", found["title"]),) if len(starts) > 1 else ()
    return Sheet(sheet.rows, sheet.columns, sheet.header, read_as=sheet.read_as, remarks=remarks)


def _unpacked(data: bytes, sheet: int = 0) -> dict[str, Any]:
    """What the program says of it. Where it was ended, by itself or by us, the workbook was too much for it."""
    # A file and not a pipe, so that the limit on file sizes bounds what we read back.
    with TemporaryFile() as said:
        command = [sys.executable, "-I", str(UNPACKING), json.dumps(LIMITS | {"sheet": sheet})]
        try:
            status = subprocess.run(  # noqa: S603  (our own program, no shell)
                command, input=data, stdout=said, stderr=subprocess.DEVNULL, env={}, timeout=PATIENCE
            ).returncode
        except subprocess.TimeoutExpired:
            return {"refused": ["unpacked"]}
        if status:
            return {"refused": ["unpacked" if status in (-signal.SIGXCPU, -signal.SIGKILL, 1) else "damaged"]}
        said.seek(0)
        found: dict[str, Any] = json.loads(said.read())
        return found
