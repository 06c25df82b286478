"""The arguments that commands share: which invoices, which company, which values."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from core.app import App
from core.database import invoices as invoice_rows
from core.dispatch.values import Value
from core.errors import UsageError
from core.model import DocumentType

Number = Annotated[str, typer.Argument()]
Numbers = Annotated[list[str] | None, typer.Argument(metavar="[NUMBER]...", help="Invoice numbers.")]
CompanyKey = Annotated[str | None, typer.Option("--company", help="Only this invoicing company.")]
Year = Annotated[int | None, typer.Option("--year", help="Year of issue, when a number is ambiguous.")]
Kind = Annotated[DocumentType | None, typer.Option("--type", help="380 invoice, 381 credit note.")]
Pending = Annotated[bool, typer.Option("--pending", help="Everything that is to send in the e-mail ledger.")]
Assignments = Annotated[list[str], typer.Argument(metavar="NAME=VALUE...")]


class UsageNumbers(UsageError):
    template = "Give invoice numbers or --pending, one of the two."


class UsageValue(UsageError):
    template = "“{text}” is not NAME=VALUE."


class UsageFile(UsageError):
    template = "The file {file} cannot be read: {why}"


def company_id(opened: App, key: str | None) -> int | None:
    """The company that a command is narrowed to, if any."""
    if not key:
        return None
    from core.dispatch import companies

    return companies.find(opened.desk, key).id


def chosen(
    opened: App, numbers: Sequence[str] | None, *, pending: bool, company: str | None, year: int | None, kind: DocumentType | None
) -> list[int]:
    """The invoices with these numbers, or all that are to send."""
    only = company_id(opened, company)
    if pending == bool(numbers):
        raise UsageNumbers
    if pending:
        return list(opened.pending(only))
    return [opened.invoice_id(number, company_id=only, year=year, type_code=kind) for number in dict.fromkeys(numbers or ())]


def numbers_of(opened: App, invoice_ids: Sequence[int]) -> dict[int, str]:
    """The number of each invoice."""
    with opened.desk.database.read() as connection:
        return {identity: row.number for identity, row in invoice_rows.rows(connection, invoice_ids).items()}


def values(assignments: Sequence[str]) -> list[Value]:
    """NAME=VALUE, where @FILE stands for the content of a file."""
    return [_value(assignment) for assignment in assignments]


def _value(assignment: str) -> Value:
    """One NAME=VALUE."""
    name, equals, text = assignment.partition("=")
    if not equals or not name:
        raise UsageValue(text=assignment)
    if not text.startswith("@"):
        return Value(name.strip(), text)
    path = Path(text[1:])
    try:
        return Value(name.strip(), path.read_bytes(), path.name)
    except OSError as error:
        raise UsageFile(file=text[1:], why=error.strerror or str(error)) from error
