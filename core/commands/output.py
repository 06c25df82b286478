"""The output of a command: a table to read, JSON or CSV to work with."""

from __future__ import annotations

import csv
import json
import sys
from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

WIDE = 200  # columns into a pipe or a file, so that no number is folded
UNBROKEN = frozenset({"id", "number", "type", "key", "company", "vat_id", "issue_date", "total_with_vat", "currency", "ledger", "status", "outcome"})


class Output(StrEnum):
    """How data are printed."""

    TABLE = "table"
    JSON = "json"
    CSV = "csv"


Format = Annotated[Output, typer.Option("--format", help="How to print the data.")]


def show(rows: Sequence[Mapping[str, Any]], output: Output, *, columns: Sequence[str] = ()) -> None:
    """Print rows on stdout; JSON has all of each row, the others these columns."""
    names = list(columns or (rows[0] if rows else ()))
    if output is Output.JSON:
        _write_json(list(rows))
    elif output is Output.CSV:
        writer = csv.writer(sys.stdout)
        writer.writerow(names)
        writer.writerows([_harmless(_flat(row.get(name))) for name in names] for row in rows)
    else:
        _print_table(rows, names)


def show_one(value: Mapping[str, Any], output: Output) -> None:
    """Print one thing: as an object, or a row for each of its parts."""
    if output is Output.JSON:
        _write_json(value)
    else:
        show([{"name": name, "value": _flat(part)} for name, part in value.items()], output)


def _write_json(value: object) -> None:
    """Write a value that may hold dates and amounts."""
    sys.stdout.write(json.dumps(value, ensure_ascii=False, indent=1, default=str) + "\n")


def _print_table(rows: Sequence[Mapping[str, Any]], names: Sequence[str]) -> None:
    """Print a table as wide as the terminal, or wide enough for a pipe."""
    wide = not sys.stdout.isatty()
    table = Table()
    for name in names:
        table.add_column(name, no_wrap=wide and name in UNBROKEN)
    for row in rows:
        table.add_row(*(_flat(row.get(name)) for name in names))
    Console(highlight=False, markup=False, width=WIDE if wide else None).print(table)


def _flat(value: object) -> str:
    """A value as the text of one cell."""
    if isinstance(value, (list, tuple)):
        return ", ".join(str(part) for part in value)
    return "" if value is None else str(value)


def _harmless(text: str) -> str:
    """A cell that a spreadsheet would run as a formula gets an apostrophe in front (CWE-1236)."""
    is_number = text[1:].replace(".", "", 1).isdigit()
    return f"'{text}" if text[:1] in ("=", "+", "-", "@", "\t", "\r") and not is_number else text
