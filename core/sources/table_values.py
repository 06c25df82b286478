"""Turn the cells of a table into texts, exact numbers, days and yes or no: nothing is guessed."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import date
from decimal import Decimal

from core.errors import Sentence
from core.i18n import N_
from core.sources.table import Cell

NO_NUMBER = N_("“{value}” is no number.")
AMBIGUOUS_NUMBER = N_("“{value}” can be read as {high} or as {low}. Write it with two decimals, such as {written}.")
NO_DAY = N_("“{value}” is no date. Dates are written day first: 31/01/2026 or 2026-01-31.")
NO_YES = N_("“{value}” is neither yes nor no.")

YES = frozenset({"1", "x", "y", "yes", "true", "on", "o", "oui", "vrai", "j", "ja", "waar", "✓", "✔"})
NO = frozenset({"0", "n", "no", "false", "off", "non", "faux", "nee", "neen", "onwaar", "nn"})

_CURRENCY_SIGNS = re.compile(r"€|EUR(?![A-Z])|%", re.IGNORECASE)
_GAPS = re.compile("[ \u00a0\u2007\u2009\u202f'’]")
_GROUPED = re.compile(r"\d{1,3}(?:[ \u00a0\u2007\u2009\u202f'’]\d{3})+(?:[.,]\d*)?|[\d.,]+")
_PLAIN = re.compile(r"\d{1,15}(?:\.\d{0,40})?|\.\d{1,40}")
_DAY_FIRST = re.compile(r"(\d{1,2})[/.\-](\d{1,2})[/.\-](\d{4}|\d{2})")
_YEAR_FIRST = re.compile(r"(\d{4})-(\d{1,2})-(\d{1,2})(?:[T ][0-9:.]+Z?)?")
_CLOCK = re.compile(r"\s+\d{1,2}:\d{2}(?::\d{2})?$")
_COMPACT = re.compile(r"(?:19|20)\d{6}")
_SHOWN = 60


class CellInvalid(Exception):
    """A cell that does not hold what its column is for; the caller knows the row."""

    def __init__(self, template: str, **values: str) -> None:
        self.sentence = Sentence(template, values)
        super().__init__(str(self.sentence))


def text(cell: Cell) -> str:
    """One line. A whole number keeps no decimals: the number 2026001.0 is “2026001”."""
    if isinstance(cell, bool):
        return "1" if cell else "0"
    if isinstance(cell, Decimal):
        return f"{cell.normalize():f}" if cell else "0"
    if isinstance(cell, date):
        return cell.isoformat()
    return " ".join(cell.split())


def shown(cell: Cell) -> str:
    words = text(cell)
    return words if len(words) <= _SHOWN else words[:_SHOWN] + "…"


def decimal_mark(cells: Iterable[Cell]) -> str | None:
    """The mark before the decimals, where a cell of the table leaves no doubt and none says otherwise."""
    found = {mark for cell in cells if isinstance(cell, str) and (mark := _certain_mark(_bare(cell)[1]))}
    return found.pop() if len(found) == 1 else None


def number(cell: Cell, mark: str | None) -> Decimal:
    """A finite number, exactly as written. Raises CellInvalid, also where `1.234` could be two numbers."""
    if isinstance(cell, Decimal):
        return cell or Decimal(0)
    if not isinstance(cell, str):
        raise CellInvalid(NO_NUMBER, value=shown(cell))
    negative, bare = _bare(cell)
    if not _GROUPED.fullmatch(bare):
        raise CellInvalid(NO_NUMBER, value=shown(cell))
    plain = _unmarked(_GAPS.sub("", bare), _certain_mark(bare) or mark, cell)
    if not _PLAIN.fullmatch(plain):
        raise CellInvalid(NO_NUMBER, value=shown(cell))
    value = Decimal(plain)
    return (-value if negative else value) or Decimal(0)


def _bare(cell: str) -> tuple[bool, str]:
    """Whether it is negative (-5, 5-, (5)), and its digits and marks."""
    bare = _CURRENCY_SIGNS.sub("", cell).strip().replace("−", "-")
    if bare.startswith("(") and bare.endswith(")"):
        return True, bare[1:-1].strip()
    if bare.startswith(("-", "+")):
        return bare[0] == "-", bare[1:].strip(" \u00a0\u202f")
    return (True, bare[:-1].strip()) if bare.endswith("-") else (False, bare)


def _certain_mark(bare: str) -> str | None:
    """Which mark is the decimal one, judged by this number alone."""
    points, commas = bare.count("."), bare.count(",")
    if points and commas:
        return "." if bare.rfind(".") > bare.rfind(",") else ","
    if points + commas > 1:  # 1.234.567 has no decimals, so the other mark is the decimal one
        return "," if points else "."
    if points + commas == 0:
        return None
    mark = "." if points else ","
    whole, _, decimals = bare.partition(mark)
    return None if len(decimals) == 3 and re.fullmatch(r"[1-9]\d{0,2}", whole) else mark


def _unmarked(bare: str, mark: str | None, cell: str) -> str:
    """With a point before the decimals and no other mark."""
    if not re.search(r"[.,]", bare):
        return bare
    if mark is None:
        whole, decimals = re.split(r"[.,]", bare, maxsplit=1)
        raise CellInvalid(AMBIGUOUS_NUMBER, value=shown(cell), high=whole + decimals, low=f"{whole}.{decimals}", written=f"{whole}{decimals},00")
    thousands = "," if mark == "." else "."
    whole, _, decimals = bare.partition(mark)
    if thousands in whole and not re.fullmatch(rf"\d{{1,3}}(?:{re.escape(thousands)}\d{{3}})+", whole):
        raise CellInvalid(NO_NUMBER, value=shown(cell))
    return whole.replace(thousands, "") + ("." + decimals if decimals else "")


def day(cell: Cell) -> date:
    """A date of the spreadsheet, or one written day first or in ISO; nothing American. Raises CellInvalid."""
    if isinstance(cell, date):
        return cell
    words = _CLOCK.sub("", text(cell))
    for pattern, order in ((_DAY_FIRST, (2, 1, 0)), (_YEAR_FIRST, (0, 1, 2))):
        match = pattern.fullmatch(words)
        if match:
            year, month, of_month = (int(match.groups()[place]) for place in order)
            return _day(year + 2000 if year < 100 else year, month, of_month, cell)
    if _COMPACT.fullmatch(words):
        return _day(int(words[:4]), int(words[4:6]), int(words[6:]), cell)
    raise CellInvalid(NO_DAY, value=shown(cell))


def _day(year: int, month: int, of_month: int, cell: Cell) -> date:
    try:
        return date(year, month, of_month)
    except ValueError as error:
        raise CellInvalid(NO_DAY, value=shown(cell)) from error


def yes(cell: Cell) -> bool:
    """Raises CellInvalid."""
    if isinstance(cell, bool):
        return cell
    word = text(cell).casefold()
    if word not in YES | NO:
        raise CellInvalid(NO_YES, value=shown(cell))
    return word in YES
