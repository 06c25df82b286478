"""The columns of a table: which field of ours each header means, in French, Dutch and English."""

from __future__ import annotations

import hashlib
import json
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cache

from core.sources.table import Cell, Sheet
from core.sources.table_headers import CUSTOMERS, INVOICES
from core.sources.table_values import text

IGNORED = ""  # what a person maps a column to that shall not be read
_HEADER_WITHIN = 25  # rows: titles and addresses may stand above the header
_ENOUGH = 2  # known headers that make a row the header


class TableKind(StrEnum):
    INVOICES = "invoices"
    CUSTOMERS = "customers"


WORDS = {TableKind.INVOICES: INVOICES, TableKind.CUSTOMERS: CUSTOMERS}
_AMOUNTS = frozenset({"number", "issue_date", "net_price", "net_amount", "quantity", "total_without_vat", "total_with_vat", "vat_rate"})
_LIST_NAMES = ("customers", "clients", "klanten")


@dataclass(frozen=True, kw_only=True)
class Header:
    """The header row of a sheet."""

    row: int  # as the spreadsheet numbers it
    labels: tuple[str, ...]  # each different; a column without a header is named by its letter

    @property
    def source_key(self) -> str:
        """What tells this kind of table from others: its headers, whatever the file is called."""
        return hashlib.sha256(json.dumps([folded(label) for label in self.labels]).encode()).hexdigest()


@dataclass(frozen=True, kw_only=True)
class Columns:
    """A sheet whose columns are understood: field -> place in the row."""

    kind: TableKind
    sheet: Sheet
    header: Header
    places: Mapping[str, int]
    doubled: tuple[tuple[str, str, str], ...] = ()  # field, and the two headers that both mean it

    def named(self, field: str) -> tuple[str, str]:
        """The column's letter and its header, as `C` and `Date`."""
        place = self.places[field]
        return letter(place), self.header.labels[place]

    @property
    def mapping(self) -> dict[str, str]:
        """header -> field, for all columns."""
        fields = {place: field for field, place in self.places.items()}
        return {label: fields.get(place, IGNORED) for place, label in enumerate(self.header.labels)}


def folded(header: str) -> str:
    """Small letters and digits without accents: `N° de T.V.A.` is `ndetva`; a percent sign counts."""
    plain = unicodedata.normalize("NFKD", header.casefold().replace("n°", "no").replace("nº", "no").replace("%", "pct").replace("œ", "oe"))
    return "".join(character for character in plain if character.isalnum() and not unicodedata.combining(character))


def letter(place: int) -> str:
    """A, B, … Z, AA: as the spreadsheet names its columns."""
    name, rest = "", place + 1
    while rest:
        rest, digit = divmod(rest - 1, 26)
        name = chr(65 + digit) + name
    return name


@cache
def _known(kind: TableKind) -> dict[str, str]:
    """Folded header word -> field; our own names are words too."""
    words = {folded(word): field for field, heading in WORDS[kind].items() for word in (*heading.french, *heading.dutch, *heading.english)}
    return words | {folded(field): field for field in WORDS[kind]}


def field_of(kind: TableKind, header: str) -> str | None:
    words = _known(kind)
    bare = folded(header)
    return words.get(bare) or words.get(bare.removesuffix("eur"))


def score(row: Sequence[Cell]) -> int:
    """How many cells of a row are headers that we know."""
    texts = [cell for cell in row if isinstance(cell, str) and cell]
    return max(sum(field_of(kind, cell) is not None for cell in texts) for kind in TableKind)


def find_header(sheet: Sheet) -> Header | None:
    """The row with most known headers among the first ones; if none has any, the first row of several texts."""
    first = sheet.rows[:_HEADER_WITHIN]
    scores = [score(row) for row in first]
    best = max(range(len(first)), key=lambda place: (scores[place], -place), default=None)
    if best is None:
        return None
    if scores[best] < _ENOUGH:
        wordy = (place for place, row in enumerate(first) if sum(isinstance(cell, str) and bool(cell) for cell in row) >= _ENOUGH)
        best = next(wordy, None)
    return None if best is None else Header(row=best + 1, labels=_labels(first[best]))


def _labels(row: Sequence[Cell]) -> tuple[str, ...]:
    labels: list[str] = []
    for place, cell in enumerate(row):
        label = plain = text(cell) or letter(place)
        count = 1
        while label in labels:
            count += 1
            label = f"{plain} ({count})"
        labels.append(label)
    return tuple(labels)


def kind_of(name: str, header: Header) -> TableKind:
    """By the name of the file, else by the headers: a list of customers has neither numbers nor amounts."""
    if folded(name).startswith(_LIST_NAMES):
        return TableKind.CUSTOMERS
    fields = {field_of(TableKind.INVOICES, label) for label in header.labels}
    if fields & _AMOUNTS:
        return TableKind.INVOICES
    customer_fields = {field_of(TableKind.CUSTOMERS, label) for label in header.labels} - {None}
    return TableKind.CUSTOMERS if len(customer_fields) >= _ENOUGH else TableKind.INVOICES


def recognise(sheet: Sheet, header: Header, kind: TableKind, mapping: Mapping[str, str] | None = None) -> Columns:
    """Which column is which field: as a person mapped them, else by their headers."""
    places: dict[str, int] = {}
    doubled = []
    for place, label in enumerate(header.labels):
        field = mapping.get(label) if mapping is not None and label in mapping else field_of(kind, label)
        if not field or field not in WORDS[kind]:
            continue
        if field in places:
            doubled.append((field, header.labels[places[field]], label))
        else:
            places[field] = place
    return Columns(kind=kind, sheet=sheet, header=header, places=places, doubled=tuple(doubled))
