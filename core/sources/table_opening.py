"""Open a table and understand its columns: which sheet, which header row, which kind, which column is which field."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from core.errors import Sentence, SourceRefused
from core.i18n import N_
from core.sources.table import NotATable, Sheet
from core.sources.table_columns import Columns, TableKind, find_header, kind_of, recognise
from core.sources.table_files import read_sheets

NO_HEADER = Sentence(N_("no row of headers was found"))

# What a table cannot do without; one of each group is enough
NEEDED: Mapping[TableKind, Sequence[tuple[str, ...]]] = {
    TableKind.INVOICES: (("number",), ("issue_date",), ("buyer_name",), ("net_price", "net_amount"), ("vat_rate", "vat_category")),
    TableKind.CUSTOMERS: (("key", "vat_id", "enterprise_number", "name"),),
}


class ColumnsMissing(SourceRefused):
    template = (
        "These columns were not recognised: {columns}. Say on the page Import which columns they are, or name them as docs/import.md says. "
        "The table has: {headers}."
    )


class ColumnsDoubled(SourceRefused):
    template = "The columns “{one}” and “{other}” both mean “{field}”. Say on the page Import which one counts, or take one out."


@dataclass(frozen=True, kw_only=True)
class Remembered:
    """What a person said of the columns of a table with these headers: header -> field, empty for a column not to be read."""

    kind: TableKind
    mapping: Mapping[str, str]


def open_table(name: str, data: bytes, remembered: Mapping[str, Remembered]) -> Columns:
    """The first sheet that has all it needs, else the one with most known columns. Raises subclasses of SourceRefused."""
    understood = [columns for sheet in read_sheets(name, data) if (columns := _understood(name, sheet, remembered))]
    if not understood:
        raise NotATable(why=NO_HEADER)
    whole = (columns for columns in understood if not missing(columns) and not columns.doubled)
    return next(whole, None) or max(understood, key=lambda columns: len(columns.places))


def _understood(name: str, sheet: Sheet, remembered: Mapping[str, Remembered]) -> Columns | None:
    header = find_header(sheet)
    if header is None:
        return None
    known = remembered.get(header.source_key)
    if known is None:
        return recognise(sheet, header, kind_of(name, header))
    return recognise(sheet, header, known.kind, known.mapping)


def missing(columns: Columns) -> tuple[tuple[str, ...], ...]:
    """The groups of needed fields of which the table has none."""
    return tuple(group for group in NEEDED[columns.kind] if not any(field in columns.places for field in group))


def check(columns: Columns) -> None:
    """Raises ColumnsDoubled and ColumnsMissing."""
    for field, one, other in columns.doubled:
        raise ColumnsDoubled(field=field, one=one, other=other)
    lacking = missing(columns)
    if lacking:
        named = ", ".join(" / ".join(group) for group in lacking)
        raise ColumnsMissing(columns=named, headers=", ".join(columns.header.labels))
