"""Invoices: import them, list them, write their documents."""

from __future__ import annotations

from collections.abc import Mapping
from email.utils import parseaddr
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from core.commands.arguments import CompanyKey, Kind, Number, Year, chosen, company_id
from core.commands.output import Format, Output, show
from core.commands.shell import DONE, SOME_REFUSED, complain, opened_app
from core.errors import Sentence, UsageError
from core.model import DispatchStatus, Ledger

if TYPE_CHECKING:
    from core.dispatch.importing import Imported

IMPORT_COLUMNS = ("file", "outcome", "number", "buyer", "total_with_vat", "reason", "place")
LEDGER_COLUMNS = ("number", "type", "company", "buyer", "issue_date", "total_with_vat", "currency", "ledger", "status", "recipients")


class UsageLedger(UsageError):
    template = "There is no ledger “{which}”; it is all, email or paper."


KINDS = "XML, CSV, XLSX, PDFs with the invoice inside or named after its number"


def import_(
    paths: Annotated[list[Path], typer.Argument(metavar="PATH...", help=f"Files, or folders with files: {KINDS}.")],
    company: CompanyKey = None,
    already_sent: Annotated[bool, typer.Option("--already-sent", help="Mark what is new as sent elsewhere.")] = False,
    replace: Annotated[bool, typer.Option("--replace", help="A file of another name may replace an invoice that has not left.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would become of each; nothing is written.")] = False,
    output: Format = Output.TABLE,
) -> int:
    """Import invoices (XML, CSV, XLSX), PDFs beside them, and lists of customers. Nothing is sent."""
    from core.dispatch import companies, import_summary, importing

    opened = opened_app()
    key = companies.find(opened.desk, company).key if company else None
    options = importing.Options(company_key=key, already_sent=already_sent, replace=replace)
    files = [importing.dropped_file(path) for path in importing.find_files(paths)]
    if dry_run:
        planned = importing.plan(opened.desk, files, options)
        notes, results = planned.notes, planned.rows
    else:
        said: list[Sentence] = []
        results = tuple(importing.import_dropped(opened.desk, files, options, note=said.append))
        notes = tuple(said)
    for note in (*notes, *import_summary.new_company_notes(results)):
        complain.print(str(note))
    show([_import_row(result) for result in results], output, columns=IMPORT_COLUMNS)
    return SOME_REFUSED if any(result.outcome is importing.ImportOutcome.REFUSED for result in results) else DONE


def _import_row(result: Imported) -> dict[str, Any]:
    """An invoice or customer of a file, and what became of it."""
    invoice = result.invoice
    return {
        "file": result.file,
        "outcome": result.outcome.value,
        "reason": str(result.reason) if result.reason else None,
        "place": result.place or None,
        "number": result.number or None,
        "type": invoice.type_code.value if invoice else None,
        "company": result.company_key or None,
        "buyer": invoice.buyer.name if invoice else result.customer or None,
        "issue_date": invoice.issue_date.isoformat() if invoice else None,
        "currency": invoice.currency if invoice else None,
        "total_with_vat": str(invoice.totals.total_with_vat) if invoice else None,
        "amount_due": str(invoice.totals.amount_due) if invoice else None,
        "pdf": result.pdf_name or None,
        "warnings": [str(warning) for warning in result.warnings],
        "changes": {change.field: [change.before, change.after] for change in result.changes},
    }


def ledger(
    which: Annotated[str, typer.Argument(metavar="all|email|paper")],
    status: Annotated[DispatchStatus | None, typer.Option("--status")] = None,
    company: CompanyKey = None,
    output: Format = Output.TABLE,
) -> int:
    """Show a ledger."""
    from core import ledgers
    from core.database.ledger_rows import Filter, Sort

    if which not in ("all", "email", "paper"):
        raise UsageLedger(which=which)
    opened = opened_app()
    narrowed = Filter(
        ledger=None if which == "all" else Ledger(which),
        statuses=frozenset({status}) if status else frozenset(),
        company_id=company_id(opened, company),
    )
    with opened.desk.database.read() as connection:
        frame = ledgers.page(connection, narrowed, Sort(), offset=0, limit=-1)
    show([_ledger_row(row) for row in frame.to_dict("records")], output, columns=() if output is Output.CSV else LEDGER_COLUMNS)
    return DONE


def _ledger_row(row: Mapping[Any, Any]) -> dict[str, Any]:
    """An invoice of the frame, amounts and dates as text."""
    from core import frames

    names: tuple[str, ...] = (frames.NUMBER, frames.TYPE, frames.COMPANY, frames.BUYER, frames.CUSTOMER_KEY, frames.ISSUE_DATE, frames.DUE_DATE)
    names += (frames.CURRENCY, frames.TOTAL, frames.DUE, frames.LEDGER, frames.STATUS)
    return {
        **{name: None if row[name] is None else str(row[name]) for name in names},
        "recipients": [parseaddr(part)[1] or part for part in row[frames.RECIPIENTS].split("\n") if part],
        "language": row[frames.LANGUAGE],
    }


def render(
    number: Number,
    out: Annotated[Path, typer.Option("--out", help="Folder for message.eml and each attachment.")],
    company: CompanyKey = None,
    year: Year = None,
    kind: Kind = None,
) -> int:
    """Write the documents of one invoice as they would leave. Nothing is sent."""
    from core.archive import sha256
    from core.dispatch import documents, rule_checks, sending
    from core.queueing import new_message_id

    opened = opened_app()
    [invoice_id] = chosen(opened, [number], pending=False, company=company, year=year, kind=kind)
    shown = sending.preview(opened.desk, invoice_id)
    out.mkdir(parents=True, exist_ok=True)
    account = shown.account
    domain = account.sender.rpartition("@")[2] or "localhost"
    seal = documents.seal(opened.desk, shown.dossier, account, shown.mail, message_id=new_message_id(domain), now=opened.desk.now())
    (out / "message.eml").write_bytes(opened.desk.archive.get(seal.sha256))
    for part in shown.mail.attachments:
        (out / part.file_name).write_bytes(part.content)
        complain.print(f"{out / part.file_name}  {len(part.content)}  {sha256(part.content)[:12]}")
    for note in shown.mail.notes:
        complain.print(str(note))
    for reason in rule_checks.reasons(opened.desk, shown.dossier):
        complain.print(str(reason))
    return DONE
