"""Formulas of a spreadsheet that give no value: an error, or nothing because no program ever worked them out."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Mapping, Sequence
from io import BytesIO
from typing import TypeAlias

from core.sources.table import Cell, Row
from core.sources.xml import parse

Place: TypeAlias = tuple[int, int, str]  # row and column from 0, and what is shown there

NOT_WORKED_OUT = "=…"
_ERRORS = frozenset({"#REF!", "#N/A", "#VALUE!", "#DIV/0!", "#NAME?", "#NULL!", "#NUM!", "#SPILL!", "#CALC!", NOT_WORKED_OUT})
_ERROR = re.compile(
    rb"""<(?:\w+:)?c\s(?=[^>]*\bt=["']e["'])[^>]*?\br=["']([A-Z]{1,3})([0-9]{1,7})["'][^>]*>(?:\s*<(?:\w+:)?f\b(?:[^>]*/>|[^<]*<[^>]*>))?\s*<(?:\w+:)?v>([^<]*)"""
)
# A formula that gives an empty text says so: t="str"
_VALUELESS = re.compile(
    rb"""<(?:\w+:)?c\s(?![^>]*\bt=["']str["'])[^>]*?\br=["']([A-Z]{1,3})([0-9]{1,7})["'][^>]*>\s*"""
    rb"""<(?:\w+:)?f(?:\s[^>]*)?(?:/>|>[^<]*</(?:\w+:)?f>)\s*(?:<(?:\w+:)?v\s*/>|<(?:\w+:)?v>\s*</(?:\w+:)?v>)?\s*</(?:\w+:)?c>"""
)
_OPEN = re.compile(rb"<(?:\w+:)?c\s")
_LONGEST = 40_000  # of a cell with its formula


class Looking:
    """Looks for them in a sheet that comes in pieces."""

    def __init__(self) -> None:
        self.found: list[Place] = []
        self._rest = b""

    def look(self, piece: bytes) -> None:
        text = self._rest + piece
        begins = max((match.start() for match in _OPEN.finditer(text, max(0, len(text) - _LONGEST))), default=len(text))
        whole, self._rest = text[:begins], text[begins:]
        self._note(whole)

    def end(self) -> None:
        self._note(self._rest)
        self._rest = b""

    def _note(self, text: bytes) -> None:
        self.found += [_place(letters, digits, shown.decode("utf-8", "replace")) for letters, digits, shown in _ERROR.findall(text)]
        self.found += [_place(letters, digits, NOT_WORKED_OUT) for letters, digits in _VALUELESS.findall(text)]


def _place(letters: bytes, digits: bytes, shown: str) -> Place:
    return int(digits) - 1, column_number(letters) - 1, shown


def column_number(letters: bytes) -> int:
    """A is 1."""
    number = 0
    for letter in letters:
        number = number * 26 + letter - 64
    return number


def by_sheet(data: bytes, parts: Mapping[str, Sequence[Place]]) -> dict[str, Sequence[Place]]:
    """By the name of the sheet instead of the part of the file."""
    if not parts:
        return {}
    with zipfile.ZipFile(BytesIO(data)) as package:
        book, _ = parse(package.read("xl/workbook.xml"))
        relations, _ = parse(package.read("xl/_rels/workbook.xml.rels"))
    targets = {str(each.get("Id")): str(each.get("Target")).removeprefix("/").removeprefix("xl/") for each in relations}
    found = {}
    for sheet in book.iter("{*}sheet"):
        identity = next((value for name, value in sheet.attrib.items() if str(name).endswith("}id")), None)
        found[str(sheet.get("name"))] = parts.get(f"xl/{targets.get(str(identity))}", ())
    return found


def marked(rows: Sequence[Row], valueless: Sequence[Place]) -> tuple[Row, ...]:
    """The rows with what the spreadsheet shows where a formula has no value."""
    changed: dict[int, list[Cell]] = {}
    for row, column, shown in valueless:
        cells = changed.setdefault(row, list(rows[row]) if row < len(rows) else [])
        cells += [""] * (column + 1 - len(cells))
        cells[column] = shown
    length = max(len(rows), *(row + 1 for row in changed), 0)
    return tuple(tuple(changed[place]) if place in changed else rows[place] if place < len(rows) else () for place in range(length))


def is_error(cell: Cell) -> bool:
    """Of a CSV that a spreadsheet wrote, too."""
    return isinstance(cell, str) and cell in _ERRORS
