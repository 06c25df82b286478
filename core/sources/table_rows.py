"""Rows of one invoice or customer: their cells by field, and what is wrong with them, row by row and column by column."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import TypeVar

from core.errors import Sentence
from core.i18n import N_
from core.sources.table import Cell
from core.sources.table_columns import Columns
from core.sources.table_formulas import is_error
from core.sources.table_values import CellInvalid, day, number, shown, text

AT = N_("row {row}, column {column} “{label}”")
IN_ROW = N_("row {row}")
MISSING = N_("This is empty, but it is needed.")
CONTRADICTS = N_("“{value}” here, but “{other}” in row {row}: the rows of one invoice must agree.")
FORMULA = N_("The spreadsheet shows {value} here, because its formula has no value. Mend it, or open the file in the spreadsheet and save it again.")
_MOST = 20  # problems of one invoice that are kept; nobody reads more

T = TypeVar("T")


@dataclass(frozen=True, kw_only=True)
class Problem:
    """Why these rows cannot be taken as they are."""

    row: int
    column: tuple[str, str] | None  # letter and header
    sentence: Sentence

    @property
    def where(self) -> Sentence:
        if self.column is None:
            return Sentence(IN_ROW, {"row": str(self.row)})
        letter, label = self.column
        return Sentence(AT, {"row": str(self.row), "column": letter, "label": label})


@dataclass(kw_only=True)
class Rows:
    """Some rows of a table, numbered as the spreadsheet does, and the problems found in them."""

    columns: Columns
    mark: str | None  # before the decimals, see decimal_mark
    numbers: Sequence[int]
    problems: list[Problem] = field(default_factory=list)

    @property
    def first(self) -> int:
        return self.numbers[0]

    def cell(self, row: int, name: str) -> Cell:
        place = self.columns.places.get(name)
        cells = self.columns.sheet.rows[row - 1]
        return "" if place is None or place >= len(cells) else cells[place]

    def blame(self, row: int, name: str, sentence: Sentence) -> None:
        if len(self.problems) < _MOST:
            column = self.columns.named(name) if name in self.columns.places else None
            self.problems.append(Problem(row=row, column=column, sentence=sentence))

    def blame_formulas(self) -> None:
        """A cell that shows an error is not empty, and says nothing either."""
        for row in self.numbers:
            for name in self.columns.places:
                cell = self.cell(row, name)
                if is_error(cell):
                    self.blame(row, name, Sentence(FORMULA, {"value": shown(cell)}))

    def read(self, row: int, name: str, reader: Callable[[Cell], T]) -> T | None:
        """The value of a filled cell; one that is no good is blamed."""
        cell = self.cell(row, name)
        if cell == "" or is_error(cell):
            return None
        try:
            return reader(cell)
        except CellInvalid as invalid:
            self.blame(row, name, invalid.sentence)
            return None

    def decimal(self, row: int, name: str) -> Decimal | None:
        return self.read(row, name, lambda cell: number(cell, self.mark))

    def shared(self, name: str, reader: Callable[[Cell], T]) -> T | None:
        """What all rows that say it say alike."""
        if name not in self.columns.places:
            return None
        stated: Cell = ""
        at = 0
        value: T | None = None
        for row in self.numbers:
            cell = self.cell(row, name)
            if cell in ("", stated):
                continue
            found = self.read(row, name, reader)
            if found is None:
                continue
            if at and found != value:
                self.blame(row, name, Sentence(CONTRADICTS, {"value": shown(cell), "other": shown(stated), "row": str(at)}))
            elif not at:
                stated, at, value = cell, row, found
        return value

    def shared_text(self, name: str) -> str | None:
        return self.shared(name, text) or None

    def shared_day(self, name: str) -> date | None:
        return self.shared(name, day)

    def require(self, name: str, value: T | None) -> T | None:
        """Blame an empty one, unless its cell was blamed already."""
        if value is None and not any(problem.column == self._column(name) for problem in self.problems if problem.column):
            self.blame(self.first, name, Sentence(MISSING))
        return value

    def _column(self, name: str) -> tuple[str, str]:
        return self.columns.named(name) if name in self.columns.places else ("?", "")
