"""Read CSV as spreadsheets and billing programs write it: whatever the encoding and the separator."""

from __future__ import annotations

import codecs
import csv
import re
from collections.abc import Iterable, Sequence
from io import StringIO

from core.errors import Sentence
from core.i18n import N_
from core.sources.table import NotATable, Sheet
from core.sources.table_columns import score

BINARY = Sentence(N_("it is not text"))
ENCODING = Sentence(N_("its encoding is neither UTF-8 nor UTF-16 nor Windows-1252"))
ROW_BROKEN = N_("row {row} is broken: {why}")

QUOTES = N_("in row {row} a quotation mark opens a text that is not closed, so that rows below it would be lost")

_SEPARATORS = (";", ",", "\t", "|")
_DECLARED = re.compile(r"sep=(.)\r?\n", re.IGNORECASE)
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f]")
_SAMPLE = 30  # rows by which a separator is chosen
_MOST_IN_A_CELL = 100_000


def read(data: bytes) -> tuple[Sheet, ...]:
    """One sheet. Raises NotATable."""
    text = _decoded(data)
    if _CONTROL.search(text):
        raise NotATable(why=BINARY)
    declared = _DECLARED.match(text)
    if declared:  # Excel's own first line, which it does not show as a row either
        text = text[declared.end() :]
    separator = declared[1] if declared else _separator(text)
    rows = tuple(_rows(text, separator))
    _demand_sound_quotes(text, separator, rows)
    return (Sheet(name="", rows=rows),)


def _demand_sound_quotes(text: str, separator: str, rows: Sequence[tuple[str, ...]]) -> None:
    """A quote that nothing closes takes the rows below into its cell, and they would be missing without a word."""
    over_lines = next((number for number, row in enumerate(rows, 1) if any("\n" in cell for cell in row)), None)
    if over_lines is None:
        return
    try:
        for _ in csv.reader(StringIO(text, newline=""), delimiter=separator, strict=True):
            pass
    except csv.Error as error:
        raise NotATable(why=Sentence(QUOTES, {"row": str(over_lines)})) from error


def _decoded(data: bytes) -> str:
    for mark, encoding in ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be")):
        if data.startswith(mark):
            return _strict(data[len(mark) :], (encoding,))
    head = data[:400]
    if len(head) > 3 and len(data) % 2 == 0:  # UTF-16 without its mark: every other byte of Latin text is zero
        for encoding, zeros in (("utf-16-le", head[1::2]), ("utf-16-be", head[::2])):
            if zeros.count(0) > len(zeros) * 0.7:
                return _strict(data, (encoding,))
    return _strict(data, ("utf-8", "cp1252"))


def _strict(data: bytes, encodings: Iterable[str]) -> str:
    for encoding in encodings:
        try:
            return data.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise NotATable(why=BINARY if b"\0" in data[:1000] else ENCODING)


def _separator(text: str) -> str:
    """The one under which most headers are known; else the one that makes most columns."""
    return max(_SEPARATORS, key=lambda separator: _worth(text, separator))


def _worth(text: str, separator: str) -> tuple[int, int]:
    try:
        rows = list(_rows(text, separator, most=_SAMPLE))
    except NotATable:
        return (0, 0)
    return max((score(row) for row in rows), default=0), max((len(row) for row in rows), default=0)


def _rows(text: str, separator: str, *, most: int | None = None) -> Iterable[tuple[str, ...]]:
    csv.field_size_limit(_MOST_IN_A_CELL)
    reader = csv.reader(StringIO(text, newline=""), delimiter=separator)
    number = 0
    try:
        for number, row in enumerate(reader, 1):
            if most is not None and number > most:
                return
            yield tuple(cell.strip() for cell in row)
    except csv.Error as error:
        raise NotATable(why=Sentence(ROW_BROKEN, {"row": str(number + 1), "why": str(error)})) from error
