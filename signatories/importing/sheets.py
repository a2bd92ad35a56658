"""A list as it was handed in: lines of cells, what may be too much of it, and the refusals, each one sentence."""

from __future__ import annotations

from dataclasses import dataclass, field

from django.utils.translation import gettext as _

#: Bytes of a file.
MOST_BYTES = 10_000_000
MOST_ROWS = 20_000
MOST_COLUMNS = 60
#: Characters of one cell.
LONGEST_CELL = 5_000


class Refused(Exception):
    """A list from which nothing is taken; the message is a sentence that we can show."""


class TooLarge(Refused):
    def __init__(self) -> None:
        super().__init__(_("The file is larger than %(number)d MB") % {"number": MOST_BYTES // 1_000_000})


class TooManyRows(Refused):
    def __init__(self) -> None:
        super().__init__(_("The list has more than %(number)d rows. Import it in parts") % {"number": MOST_ROWS})


class TooManyColumns(Refused):
    def __init__(self, row: int) -> None:
        words = {"row": row, "number": MOST_COLUMNS}
        super().__init__(_("Row %(row)d has more than %(number)d columns") % words)


class CellTooLong(Refused):
    def __init__(self, row: int) -> None:
        words = {"row": row, "number": LONGEST_CELL}
        super().__init__(_("A cell in row %(row)d is longer than %(number)d characters") % words)


class NotAList(Refused):
    """Another kind of file than its name says, or one that we don't read."""


class Unpacked(Refused):
    """A packed file that holds, or claims to hold, more than a list does."""

    def __init__(self) -> None:
        super().__init__(_("The file unpacks to more than a list can be, so it was not opened"))


class Damaged(Refused):
    def __init__(self) -> None:
        super().__init__(_("The file could not be read. Save it again, as CSV or XLSX"))


class Empty(Refused):
    def __init__(self) -> None:
        super().__init__(_("There is nothing in this list"))


@dataclass(frozen=True)
class Problem:
    """Something about a line that a person should look at: a code (`hazards.WORDS` has its sentence) and a detail."""

    code: str
    detail: str = ""


@dataclass(frozen=True)
class Row:
    number: int
    """As the program shows it in which the list was written."""
    cells: tuple[str, ...]
    problems: tuple[Problem, ...] = ()


@dataclass(frozen=True)
class Sheet:
    rows: list[Row]
    columns: dict[str, int] | None
    """Which column holds what (`headers.ROLES`); None where the list doesn't say, and a person has to."""
    header: tuple[str, ...] = ()
    is_pasted: bool = False
    read_as: str = ""
    """Encoding and separator, for whoever wonders about odd letters."""
    remarks: tuple[Problem, ...] = field(default=())


def check_row(number: int, cells: tuple[str, ...] | list[str]) -> None:
    """Raises where one row is too much."""
    if len(cells) > MOST_COLUMNS:
        raise TooManyColumns(number)
    if any(len(cell) > LONGEST_CELL for cell in cells):
        raise CellTooLong(number)
