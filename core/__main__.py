"""The command line: the same use cases as the pages (`python -m core --help`)."""

from __future__ import annotations

import csv
import json
import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from contextvars import ContextVar
from datetime import date
from email.utils import parseaddr
from enum import StrEnum
from functools import wraps
from pathlib import Path
from typing import Annotated, Any, NoReturn

import typer
from pydantic import ValidationError
from rich.console import Console
from rich.table import Table
from sqlalchemy.exc import SQLAlchemyError

from core import frames, launch, ledgers, preflight, worker
from core.app import App, open_app
from core.archive import sha256
from core.database import invoices as invoice_rows
from core.database import migrate, outbox_views
from core.database.ledger_rows import Filter, Sort
from core.dispatch import checking, companies, customers, documents, importing, sending, settling, working
from core.dispatch.importing import ImportOutcome
from core.dispatch.values import Value
from core.errors import DatabaseMissing, DatabaseOutdated, FacturierError, Sentence, UsageError
from core.model import OPEN, DeliveryStatus, DispatchStatus, DocumentType, Ledger, RecipientRole
from core.queueing import new_message_id
from core.records import Company, Customer

DONE, SOME_REFUSED, USAGE, NO_DATABASE = 0, 1, 2, 3

app = typer.Typer(no_args_is_help=True, add_completion=False, help="Facturier: the invoice desk.", pretty_exceptions_enable=False)
company_app = typer.Typer(no_args_is_help=True, help="Invoicing companies.")
customer_app = typer.Typer(no_args_is_help=True, help="Customers.")
app.add_typer(company_app, name="company")
app.add_typer(customer_app, name="customer")
complain = Console(stderr=True, highlight=False, markup=False, soft_wrap=True)


class Output(StrEnum):
    TABLE = "table"
    JSON = "json"
    CSV = "csv"


Format = Annotated[Output, typer.Option("--format", help="How to print the data.")]
Numbers = Annotated[list[str] | None, typer.Argument(metavar="[NUMBER]...", help="Invoice numbers.")]
CompanyKey = Annotated[str | None, typer.Option("--company", help="Only this invoicing company.")]
Year = Annotated[int | None, typer.Option("--year", help="Year of issue, when a number is ambiguous.")]
Kind = Annotated[DocumentType | None, typer.Option("--type", help="380 invoice, 381 credit note.")]
Pending = Annotated[bool, typer.Option("--pending", help="Everything that is to send in the e-mail ledger.")]


# Plumbing -------------------------------------------------------------------------------------------------------


def guarded(command: Callable[..., int]) -> Callable[..., None]:
    """Turn errors into their sentence and the exit codes of DESIGN §5."""

    @wraps(command)
    def run(*args: Any, **kwargs: Any) -> None:
        try:
            with ExitStack() as closing:
                _CLOSING.set(closing)
                code = command(*args, **kwargs)
        except (DatabaseMissing, DatabaseOutdated) as error:
            _stop(error, NO_DATABASE)
        except UsageError as error:
            _stop(error, USAGE)
        except FacturierError as error:
            _stop(error, SOME_REFUSED)
        except ValidationError as error:
            wrong = "; ".join(f"FACTURIER_{'.'.join(map(str, each['loc'])).upper()}: {each['msg']}" for each in error.errors())
            _stop(SettingsInvalid(wrong=wrong), USAGE)
        except SQLAlchemyError as error:
            _stop(DatabaseUnusable(why=str(getattr(error, "orig", None) or error)), NO_DATABASE)
        except BrokenPipeError:  # the reader of a pipe has seen enough
            raise
        except OSError as error:
            _stop(FileUnusable(file=error.filename or "?", why=error.strerror or str(error)), SOME_REFUSED)
        raise typer.Exit(code)

    return run


_CLOSING: ContextVar[ExitStack] = ContextVar("closing")  # what the running command opened


def opened_app(*, check: bool = True) -> App:
    """The program for one command; its database is closed when the command ends. Raises DatabaseMissing or DatabaseOutdated."""
    opened = open_app(check=False)
    _CLOSING.get().callback(opened.desk.database.close)
    if check:
        migrate.check(opened.desk.database)
    return opened


def _stop(error: FacturierError, code: int) -> NoReturn:
    complain.print(str(error))
    raise typer.Exit(code)


class SettingsInvalid(UsageError):
    template = "The environment is not right: {wrong}"


class DatabaseUnusable(FacturierError):
    template = "The database cannot be used: {why}"


class FileUnusable(FacturierError):
    template = "{file}: {why}"


def show(rows: Sequence[Mapping[str, Any]], output: Output, *, columns: Sequence[str] = ()) -> None:
    if output is Output.JSON:
        sys.stdout.write(json.dumps(list(rows), ensure_ascii=False, indent=1, default=str) + "\n")
        return
    names = list(columns or (rows[0] if rows else ()))
    if output is Output.CSV:
        writer = csv.writer(sys.stdout)
        writer.writerow(names)
        writer.writerows([_harmless(_flat(row.get(name))) for name in names] for row in rows)
        return
    wide = not sys.stdout.isatty()
    table = Table()
    for name in names:
        table.add_column(name, no_wrap=wide and name in UNBROKEN)
    for row in rows:
        table.add_row(*(_flat(row.get(name)) for name in names))
    Console(highlight=False, markup=False, width=WIDE if wide else None).print(table)


WIDE = 200  # columns into a pipe or a file, so that no number is folded
UNBROKEN = frozenset({"id", "number", "type", "key", "company", "vat_id", "issue_date", "total_with_vat", "currency", "ledger", "status", "outcome"})


def _flat(value: object) -> str:
    if isinstance(value, (list, tuple)):
        return ", ".join(str(part) for part in value)
    return "" if value is None else str(value)


def _harmless(text: str) -> str:
    """A cell that a spreadsheet would run as a formula gets an apostrophe in front (CWE-1236)."""
    is_number = text[1:].replace(".", "", 1).isdigit()
    return f"'{text}" if text[:1] in ("=", "+", "-", "@", "\t", "\r") and not is_number else text


def show_one(value: Mapping[str, Any], output: Output) -> None:
    if output is Output.JSON:
        sys.stdout.write(json.dumps(value, ensure_ascii=False, indent=1, default=str) + "\n")
    else:
        show([{"name": name, "value": _flat(part)} for name, part in value.items()], output)


def chosen(
    opened: App, numbers: Sequence[str] | None, *, pending: bool, company: str | None, year: int | None, kind: DocumentType | None
) -> list[int]:
    company_id = companies.find(opened.desk, company).id if company else None
    if pending == bool(numbers):
        raise UsageNumbers
    if pending:
        return list(opened.pending(company_id))
    return [opened.invoice_id(number, company_id=company_id, year=year, type_code=kind) for number in dict.fromkeys(numbers or ())]


class UsageNumbers(UsageError):
    template = "Give invoice numbers or --pending, one of the two."


class UsageBefore(UsageError):
    template = "Give invoice numbers or --before, one of the two."


class UsageValue(UsageError):
    template = "“{text}” is not NAME=VALUE."


class UsageFile(UsageError):
    template = "The file {file} cannot be read: {why}"


def values(arguments: Sequence[str]) -> list[Value]:
    """NAME=VALUE, where @FILE stands for the content of a file."""
    read = []
    for argument in arguments:
        name, equals, text = argument.partition("=")
        if not equals or not name:
            raise UsageValue(text=argument)
        if text.startswith("@"):
            path = Path(text[1:])
            try:
                read.append(Value(name.strip(), path.read_bytes(), path.name))
            except OSError as error:
                raise UsageFile(file=text[1:], why=error.strerror or str(error)) from error
        else:
            read.append(Value(name.strip(), text))
    return read


def numbers_of(opened: App, invoice_ids: Sequence[int]) -> dict[int, str]:
    with opened.desk.database.read() as connection:
        return {identity: row.number for identity, row in invoice_rows.rows(connection, invoice_ids).items()}


# Commands -------------------------------------------------------------------------------------------------------


@app.command()
@guarded
def init(demo: Annotated[bool, typer.Option("--demo", help="Fill an empty desk with two firms and sixty invoices.")] = False) -> int:
    """Create the database or bring it up to date."""
    opened = opened_app(check=False)
    migrate.upgrade(opened.desk.database)
    if demo:
        _fill_with_demo(opened)
    complain.print("The database is ready.")
    return DONE


def _fill_with_demo(opened: App) -> None:
    from core import demo  # needs Pillow and the mail catcher, which no other command does

    demo.fill(opened, now=opened.desk.now())


@app.command("import")
@guarded
def import_(
    paths: Annotated[list[Path], typer.Argument(metavar="PATH...", help="Files, or folders with files.")],
    company: CompanyKey = None,
    already_sent: Annotated[bool, typer.Option("--already-sent", help="Mark what is new as sent elsewhere.")] = False,
    replace: Annotated[bool, typer.Option("--replace", help="A file of another name may replace an invoice that has not left.")] = False,
    output: Format = Output.TABLE,
) -> int:
    """Import invoices. Nothing is sent."""
    opened = opened_app()
    key = companies.find(opened.desk, company).key if company else None
    options = importing.Options(company_key=key, already_sent=already_sent, replace=replace)
    results = importing.import_paths(opened.desk, paths, options)
    rows = [
        {
            "file": result.file,
            "outcome": result.outcome.value,
            "reason": str(result.reason) if result.reason else None,
            "place": result.place or None,
            "number": result.invoice.number if result.invoice else None,
            "type": result.invoice.type_code.value if result.invoice else None,
            "company": result.company_key or None,
            "buyer": result.invoice.buyer.name if result.invoice else None,
            "issue_date": result.invoice.issue_date.isoformat() if result.invoice else None,
            "currency": result.invoice.currency if result.invoice else None,
            "total_with_vat": str(result.invoice.totals.total_with_vat) if result.invoice else None,
            "amount_due": str(result.invoice.totals.amount_due) if result.invoice else None,
            "warnings": [str(warning) for warning in result.warnings],
        }
        for result in results
    ]
    show(rows, output, columns=("file", "outcome", "number", "buyer", "total_with_vat", "reason", "place"))
    return SOME_REFUSED if any(result.outcome is ImportOutcome.REFUSED for result in results) else DONE


@app.command()
@guarded
def ledger(
    which: Annotated[str, typer.Argument(metavar="all|email|paper")],
    status: Annotated[DispatchStatus | None, typer.Option("--status")] = None,
    company: CompanyKey = None,
    output: Format = Output.TABLE,
) -> int:
    """Show a ledger."""
    if which not in ("all", "email", "paper"):
        raise UsageLedger(which=which)
    opened = opened_app()
    narrowed = Filter(
        ledger=None if which == "all" else Ledger(which),
        statuses=frozenset({status}) if status else frozenset(),
        company_id=companies.find(opened.desk, company).id if company else None,
    )
    with opened.desk.database.read() as connection:
        frame = ledgers.page(connection, narrowed, Sort(), offset=0, limit=-1)
    show([_ledger_row(row) for row in frame.to_dict("records")], output, columns=() if output is Output.CSV else LEDGER_COLUMNS)
    return DONE


LEDGER_COLUMNS = ("number", "type", "company", "buyer", "issue_date", "total_with_vat", "currency", "ledger", "status", "recipients")


class UsageLedger(UsageError):
    template = "There is no ledger “{which}”; it is all, email or paper."


def _ledger_row(row: Mapping[Any, Any]) -> dict[str, Any]:
    names: tuple[str, ...] = (frames.NUMBER, frames.TYPE, frames.COMPANY, frames.BUYER, frames.CUSTOMER_KEY, frames.ISSUE_DATE, frames.DUE_DATE)
    names += (frames.CURRENCY, frames.TOTAL, frames.DUE, frames.LEDGER, frames.STATUS)
    return {
        **{name: None if row[name] is None else str(row[name]) for name in names},
        "recipients": [parseaddr(part)[1] or part for part in row[frames.RECIPIENTS].split("\n") if part],
        "language": row[frames.LANGUAGE],
    }


@app.command("preflight")
@guarded
def preflight_(
    numbers: Numbers = None, pending: Pending = False, company: CompanyKey = None, year: Year = None, kind: Kind = None, output: Format = Output.TABLE
) -> int:
    """Check before sending: ready, warning or blocked."""
    opened = opened_app()
    ids = chosen(opened, numbers, pending=pending, company=company, year=year, kind=kind)
    verdicts = checking.preflight(opened.desk, ids)
    rows = [
        {"number": verdict.number, "verdict": verdict.level.value, "reasons": [str(reason.sentence) for reason in verdict.reasons]}
        for verdict in verdicts
    ]
    show(rows, output, columns=("number", "verdict", "reasons"))
    return SOME_REFUSED if any(verdict.level is preflight.Level.BLOCKED for verdict in verdicts) else DONE


@app.command()
@guarded
def render(
    number: Annotated[str, typer.Argument()],
    out: Annotated[Path, typer.Option("--out", help="Folder for message.eml and each attachment.")],
    company: CompanyKey = None,
    year: Year = None,
    kind: Kind = None,
) -> int:
    """Write the documents of one invoice as they would leave. Nothing is sent."""
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
    return DONE


@app.command()
@guarded
def send(
    numbers: Numbers = None,
    pending: Pending = False,
    company: CompanyKey = None,
    year: Year = None,
    kind: Kind = None,
    wait: Annotated[bool, typer.Option("--wait", help="Work the queue here until all is final.")] = False,
    timeout: Annotated[float, typer.Option("--timeout", help="Seconds to wait at most.")] = 600,
    output: Format = Output.TABLE,
) -> int:
    """Queue invoices for sending; the worker sends them. What is blocked stays and is listed."""
    opened = opened_app()
    ids = chosen(opened, numbers, pending=pending, company=company, year=year, kind=kind)
    queued = sending.queue(opened.desk, ids)
    if wait:
        working.drain(opened.desk, name=f"{worker.name()}/send", until=lambda: working.nothing_workable(opened.desk), timeout_s=timeout)
    known = numbers_of(opened, ids)
    not_queued = [{"number": known[invoice_id], "reason": str(reason)} for invoice_id, reason in queued.refused.items()]
    result = {"batch": queued.batch_id or None, "queued": [known[invoice_id] for invoice_id in queued.invoice_ids], "not_queued": not_queued}
    show_one(result, Output.JSON) if output is Output.JSON else _tell(queued.batch_id, result, not_queued)
    return SOME_REFUSED if not_queued or (wait and not _all_sent(opened, queued.batch_id)) else DONE


def _tell(batch_id: int, result: Mapping[str, Any], not_queued: Sequence[Mapping[str, str]]) -> None:
    complain.print(f"Batch {batch_id or '–'}: {len(result['queued'])} queued, {len(not_queued)} not queued.")
    if not_queued:
        show(not_queued, Output.TABLE)


def _all_sent(opened: App, batch_id: int) -> bool:
    with opened.desk.database.read() as connection:
        counts = outbox_views.counts(connection, batch_id=batch_id)
        still_open = sum(outbox_views.counts(connection).get(status, 0) for status in OPEN)
    return not still_open and set(counts) <= {DeliveryStatus.SENT}


@app.command()
@guarded
def status(batch: Annotated[int | None, typer.Option("--batch")] = None, output: Format = Output.TABLE) -> int:
    """What became of the mails."""
    opened = opened_app()
    with opened.desk.database.read() as connection:
        listing = outbox_views.listing(connection, batch_id=batch)
        counts = outbox_views.counts(connection, batch_id=batch)
    rows = [
        {
            "id": row.id,
            "number": row.number,
            "recipient": row.recipient,
            "copy_number": row.copy_number,
            "status": row.status.value,
            "message_id": row.rfc_message_id,
            "reply_code": row.reply_code,
            "reply": row.reply,
            "reason": str(row.because) if row.because else None,
        }
        for row in listing
    ]
    paused = [
        {"company": key, "reason": str(because), "until": until.isoformat() if until else None}
        for key, _, because, until in settling.paused_accounts(opened.desk)
    ]
    if output is Output.JSON:
        show_one({"counts": {name.value: count for name, count in counts.items()}, "deliveries": rows, "paused_accounts": paused}, output)
        return DONE
    show(rows, output, columns=("id", "number", "recipient", "copy_number", "status", "reply_code", "reply", "reason"))
    for account in paused:
        complain.print(f"Paused: {account['company']}: {account['reason']}")
    return DONE


@app.command()
@guarded
def resolve(
    delivery: Annotated[int, typer.Argument(metavar="DELIVERY")],
    how: Annotated[settling.Settlement, typer.Argument()],
    reason: Annotated[str, typer.Option("--reason")],
) -> int:
    """Settle an uncertain or failed delivery: it was sent after all, it did not arrive (failed), or the same mail goes again."""
    settling.resolve(opened_app().desk, delivery, how, reason=reason)
    return DONE


@app.command("mark-elsewhere")
@guarded
def mark_elsewhere(
    reason: Annotated[str, typer.Option("--reason")],
    numbers: Numbers = None,
    before: Annotated[str | None, typer.Option("--before", metavar="DATE", help="All that were issued before this day.")] = None,
    company: CompanyKey = None,
    year: Year = None,
    kind: Kind = None,
    undo: Annotated[bool, typer.Option("--undo", help="Take the mark away.")] = False,
    output: Format = Output.TABLE,
) -> int:
    """Mark invoices as sent by another way. Nothing is sent."""
    opened = opened_app()
    if (before is not None) == bool(numbers):
        raise UsageBefore
    if before is not None:
        day = Value("--before", before).day()
        company_id = companies.find(opened.desk, company).id if company else None
        with opened.desk.database.read() as connection:
            ids = invoice_rows.issued_before(connection, day or date.min, company_id=company_id)
    else:
        ids = chosen(opened, numbers, pending=False, company=company, year=year, kind=kind)
    mark = settling.unmark_elsewhere if undo else settling.mark_elsewhere
    refused = mark(opened.desk, ids, reason=reason)
    known = numbers_of(opened, ids)
    rows = [{"number": known[i], "marked": i not in refused, "reason": str(refused[i]) if i in refused else None} for i in ids]
    show(rows, output, columns=("number", "marked", "reason"))
    return SOME_REFUSED if refused else DONE


@app.command("worker")
@guarded
def worker_(drain: Annotated[bool, typer.Option("--drain", help="Stop when nothing can be sent any more.")] = False) -> int:
    """Work the outbox."""
    opened = opened_app()
    if drain:
        working.drain(opened.desk, name=worker.name(), until=lambda: working.nothing_due(opened.desk))
    else:
        worker.run(opened)
    return DONE


@app.command("catcher")
@guarded
def catcher_() -> int:
    """Serve the mail catcher of this machine: it keeps what it takes, and nothing goes further."""
    from core.catcher import server

    settings = opened_app(check=False).desk.settings
    server.serve(settings.catcher_host, settings.catcher_port, settings.catcher_folder)
    return DONE


@app.command("run")
@guarded
def run_() -> int:
    """Start dashboard, worker and mail catcher and keep them up; the first run makes the demo."""
    opened = opened_app(check=False)
    database = opened.desk.database
    try:
        migrate.check(database)
    except DatabaseMissing:
        complain.print("First run: making the demo …")
        migrate.upgrade(database)
        _fill_with_demo(opened)
    except DatabaseOutdated:
        migrate.upgrade(database)
    database.close()
    launch.run()
    return DONE


# Cards ----------------------------------------------------------------------------------------------------------


def company_json(company: Company) -> dict[str, Any]:
    return {
        "key": company.key,
        "name": company.name,
        "vat_id": company.vat_id,
        "enterprise_number": company.enterprise_number,
        "language": company.language.value,
        "iban": company.iban,
        "bic": company.bic,
    }


def customer_json(customer: Customer) -> dict[str, Any]:
    def bare(role: RecipientRole) -> list[str]:
        return [mailbox.addr_spec for mailbox in customer.mailboxes(role)]

    return {
        "key": customer.key,
        "name": customer.name,
        "vat_id": customer.vat_id,
        "language": customer.language.value,
        "wants_email": customer.wants_email,
        "to": bare(RecipientRole.TO),
        "cc": bare(RecipientRole.CC),
        "bcc": bare(RecipientRole.BCC),
        "xml": customer.xml_format.value,
        "peppol_elsewhere": customer.peppol_elsewhere,
    }


@company_app.command("list")
@guarded
def company_list(output: Format = Output.TABLE) -> int:
    """The invoicing companies."""
    show([company_json(company) for company in companies.list_companies(opened_app().desk)], output)
    return DONE


@company_app.command("show")
@guarded
def company_show(key: str, output: Format = Output.TABLE) -> int:
    """One company with all its settings; never its password."""
    desk = opened_app().desk
    show_one(_company_details(companies.find(desk, key), desk), output)
    return DONE


def _company_details(company: Company, desk: Any) -> dict[str, Any]:
    account = desk.account(company.id)
    details = company_json(company) | {
        "smtp.host": account.host or None,
        "smtp.port": account.port or None,
        "smtp.security": account.security.value,
        "smtp.user": account.user or None,
        "smtp.password": "set" if account.password else None,
        "mail.from": str(account.from_mailbox) if account.from_mailbox else None,
        "mail.reply_to": str(account.reply_to) if account.reply_to else None,
        "mail.envelope_from": account.envelope_from or None,
        "mail.archive": account.archive_address or None,
        "account.paused": str(account.paused_because) if account.paused_because else None,
    }
    kinds = {kind: name for name, kind in companies.KINDS.items()}
    for (language, kind), text in company.texts.items():
        details[f"text.{language}.{kinds[kind]}.subject"] = text.subject
        details[f"text.{language}.{kinds[kind]}.body"] = text.body
    details |= {f"signature.{language}": signature for language, signature in company.signatures.items()}
    return details | {f"terms.{language}": terms.name for language, terms in company.terms.items()}


@company_app.command("set")
@guarded
def company_set(key: str, settings: Annotated[list[str], typer.Argument(metavar="NAME=VALUE...")]) -> int:
    """Set values; @FILE takes the content of a file."""
    companies.change(opened_app().desk, key, values(settings))
    return DONE


@customer_app.command("list")
@guarded
def customer_list(output: Format = Output.TABLE) -> int:
    """The customers."""
    show([customer_json(customer) for customer in customers.list_customers(opened_app().desk)], output)
    return DONE


@customer_app.command("show")
@guarded
def customer_show(key: str, output: Format = Output.TABLE) -> int:
    """One customer, and why the invoices fall in which ledger."""
    customer = customers.find(opened_app().desk, key)
    reason: Sentence = customers.why(customer)
    show_one(customer_json(customer) | {"why": str(reason), "suggested_email": customer.suggested_email, "notes": customer.notes}, output)
    return DONE


@customer_app.command("set")
@guarded
def customer_set(key: str, settings: Annotated[list[str], typer.Argument(metavar="NAME=VALUE...")]) -> int:
    """Set values: wants_email to cc bcc language xml peppol_elsewhere notes name."""
    customers.change(opened_app().desk, key, values(settings))
    return DONE


if __name__ == "__main__":
    app()
