"""Customers from a list: one a row; an empty cell changes nothing, a lone hyphen empties."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from core.errors import AddressInvalid, Sentence
from core.i18n import N_
from core.mailbox import Mailbox, parse_list
from core.model import Language, XmlFormat
from core.sources.identifiers import normalised, slug
from core.sources.table import Cell, is_filled
from core.sources.table_columns import Columns
from core.sources.table_parties import country_code, enterprise_number, language_of, vat_number
from core.sources.table_rows import Problem, Rows
from core.sources.table_values import CellInvalid, shown, text, yes

CardValue: TypeAlias = str | bool | Language | XmlFormat | tuple[Mailbox, ...] | None

EMPTIES = frozenset({"-", "–", "—"})
ADDRESS_BAD = N_("“{value}” is not an e-mail address.")
FORMAT_BAD = N_("“{value}” is no XML format: one of {choices} is expected.")
NO_IDENTITY = N_("A key, VAT number, enterprise number or name is needed to know the customer.")
TOO_LONG = N_("This has more than {most} characters.")
NOT_EMPTY = N_("This cannot be emptied.")
ROWS_CONTRADICT = N_("Rows {one} and {other} are the same customer, but “{field}” differs: “{value}” and “{second}”.")

IDENTITY = ("key", "vat_id", "enterprise_number")
_KEPT_FILLED = frozenset({"key", "name", "vat_id", "enterprise_number", "country", "language", "wants_email", "xml", "peppol_elsewhere"})


@dataclass(frozen=True, kw_only=True)
class ListedCustomer:
    """What a row says of a customer; a field that is not in `values` is left as it is."""

    row: int
    key: str = ""
    vat_id: str | None = None
    enterprise_number: str | None = None
    values: Mapping[str, CardValue]
    problems: tuple[Problem, ...] = ()

    @property
    def name(self) -> str:
        return str(self.values.get("name") or "")

    @property
    def identity(self) -> str:
        """What two rows of the same customer share: VAT number, enterprise number, key, else name and postcode."""
        number = self.vat_id or (f"BE{self.enterprise_number}" if self.enterprise_number else "")
        return number or normalised(self.key) or slug(f"{self.name} {self.values.get('postcode') or ''}")


def read_customers(columns: Columns) -> tuple[ListedCustomer, ...]:
    """All customers of a sheet; a row that says of one what another row says otherwise is refused, and both are named."""
    body = (place + 1 for place in range(columns.header.row, len(columns.sheet.rows)) if is_filled(columns.sheet.rows[place]))
    return _settled([_read(Rows(columns=columns, mark=None, numbers=[row])) for row in body], columns)


def _settled(customers: Sequence[ListedCustomer], columns: Columns) -> tuple[ListedCustomer, ...]:
    """Rows of one customer: contradicting ones are refused, all of them; what agrees stays, the fuller values together."""
    groups: dict[str, list[ListedCustomer]] = {}
    for customer in customers:
        groups.setdefault(f"{customer.row}" if customer.problems else customer.identity, []).append(customer)
    return tuple(one for group in groups.values() for one in _merged(group, columns))


def _merged(group: list[ListedCustomer], columns: Columns) -> list[ListedCustomer]:
    first = group[0]
    values = dict(first.values)
    stated = dict.fromkeys(values, first.row)
    for other in group[1:]:
        for field, value in other.values.items():
            if field in values and values[field] != value:
                said = {"one": str(stated[field]), "other": str(other.row), "field": columns.header.labels[columns.places[field]]}
                sentence = Sentence(ROWS_CONTRADICT, said | {"value": as_text(values[field]), "second": as_text(value)})
                return [_refused(each, sentence, columns.named(field)) for each in group]
            values.setdefault(field, value)
            stated.setdefault(field, other.row)
    key = next((each.key for each in group if each.key), "")
    return [
        ListedCustomer(row=first.row, key=key, vat_id=first.vat_id, enterprise_number=first.enterprise_number, values=values, problems=first.problems)
    ]


def _refused(customer: ListedCustomer, sentence: Sentence, column: tuple[str, str]) -> ListedCustomer:
    problem = Problem(row=customer.row, column=column, sentence=sentence)
    return ListedCustomer(row=customer.row, key=customer.key, values=customer.values, problems=(problem,))


def _read(rows: Rows) -> ListedCustomer:
    rows.blame_formulas()
    row = rows.first
    country = rows.read(row, "country", country_code) if _says(rows, "country") else None
    vat = rows.read(row, "vat_id", lambda cell: vat_number(text(cell), country)) if _says(rows, "vat_id") else None
    enterprise = rows.read(row, "enterprise_number", lambda cell: enterprise_number(text(cell))) if _says(rows, "enterprise_number") else None
    key = text(rows.cell(row, "key"))
    values: dict[str, CardValue] = {"vat_id": vat} if vat else {}
    if enterprise:
        values["enterprise_number"] = enterprise.value
    for field, reader in READERS.items():
        cell = rows.cell(row, field)
        if cell == "":
            continue
        if isinstance(cell, str) and cell in EMPTIES:
            _empty(rows, field, values)
            continue
        value = rows.read(row, field, lambda found, reader=reader: reader(_bare(found)))  # type: ignore[misc]
        if value is not None:
            values[field] = value
    if not (key or vat or enterprise or values.get("name")):
        rows.blame(row, "", Sentence(NO_IDENTITY))
    number = enterprise.value if enterprise else (vat[2:] if vat and vat.startswith("BE") and len(vat) == 12 else None)
    return ListedCustomer(row=row, key=key, vat_id=vat, enterprise_number=number, values=values, problems=tuple(rows.problems))


def _says(rows: Rows, field: str) -> bool:
    return text(rows.cell(rows.first, field)) not in EMPTIES


def _empty(rows: Rows, field: str, values: dict[str, CardValue]) -> None:
    if field in _KEPT_FILLED:
        rows.blame(rows.first, field, Sentence(NOT_EMPTY))
    else:
        values[field] = () if field in ("to", "cc", "bcc") else "" if field == "notes" else None


def _bare(cell: Cell) -> Cell:
    """Without the apostrophe that our own CSV puts before what a spreadsheet would take for a formula."""
    return cell[1:] if isinstance(cell, str) and cell[:1] == "'" and cell[1:2] in ("=", "+", "-", "@") else cell


def _within(most: int) -> Callable[[Cell], str]:
    def read(cell: Cell) -> str:
        if len(text(cell)) > most:
            raise CellInvalid(TOO_LONG, most=str(most))
        return text(cell)

    return read


def _lines(cell: Cell) -> str:
    """Notes keep their line breaks."""
    return "\n".join(line.rstrip() for line in cell.splitlines()).strip() if isinstance(cell, str) else text(cell)


def _mailboxes(cell: Cell) -> tuple[Mailbox, ...]:
    try:
        return parse_list(text(cell))
    except AddressInvalid as error:
        raise CellInvalid(ADDRESS_BAD, value=str(error.sentence.values.get("address", ""))) from error


def _format(cell: Cell) -> XmlFormat:
    try:
        return XmlFormat(text(cell).lower())
    except ValueError as error:
        raise CellInvalid(FORMAT_BAD, value=shown(cell), choices=", ".join(sorted(XmlFormat))) from error


READERS: Mapping[str, Callable[[Cell], CardValue]] = {
    "name": _within(300),
    "street": _within(200),
    "postcode": _within(200),
    "city": _within(200),
    "country": country_code,
    "language": language_of,
    "wants_email": yes,
    "to": _mailboxes,
    "cc": _mailboxes,
    "bcc": _mailboxes,
    "xml": _format,
    "peppol_elsewhere": yes,
    "notes": _lines,
}


def as_text(value: CardValue) -> str:
    """As a person reads it."""
    if isinstance(value, tuple):
        return ", ".join(str(mailbox) for mailbox in value)
    if isinstance(value, bool):
        return "✓" if value else "✗"
    return "" if value is None else str(value)
