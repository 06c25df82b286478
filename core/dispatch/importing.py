"""Bring files in: each one is read, checked and kept, or refused with its reason. Nothing is ever sent here."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from pathlib import Path

from sqlalchemy import Connection

from core import sources
from core.archive import sha256
from core.database import audit, parties
from core.database import invoices as invoice_rows
from core.dispatch.desk import Desk
from core.errors import FacturierError, FileNotReadable, OtherCompany, SameNumberOtherFile, SameNumberOtherInvoice, Sentence, SourceRefused
from core.i18n import N_
from core.model import DispatchStatus, DocumentType, Invoice, Language, Ledger, Party, SourceFile
from core.rendering import mail_text
from core.sources import identifiers

REPLACEABLE = frozenset({DispatchStatus.TO_SEND, DispatchStatus.TO_PRINT, DispatchStatus.HELD, DispatchStatus.FAILED})
ALREADY_SENT = N_("Imported as already sent")


class ImportOutcome(StrEnum):
    NEW = "new"
    UNCHANGED = "unchanged"
    NEW_VERSION = "new_version"
    REFUSED = "refused"


@dataclass(frozen=True, kw_only=True)
class Imported:
    """What became of one file."""

    file: str
    outcome: ImportOutcome
    reason: Sentence | None = None
    place: str = ""
    invoice_id: int | None = None
    invoice: Invoice | None = None
    company_key: str = ""
    warnings: tuple[Sentence, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Options:
    company_key: str | None = None  # only invoices of this company
    already_sent: bool = False
    replace: bool = False  # a file of another name may replace an invoice that has not left


def find_files(paths: Sequence[Path]) -> Iterator[Path]:
    """Named files as they are, whatever their ending; folders recursively, only the endings that are imported."""
    for path in paths:
        if path.is_dir():
            inside = (found for found in path.rglob("*") if found.suffix.lower() in sources.ACCEPTED_ENDINGS)
            yield from sorted(found for found in inside if found.is_file() and not found.name.startswith("."))
        else:
            yield path


def import_paths(desk: Desk, paths: Sequence[Path], options: Options, *, report: Callable[[Imported], None] = lambda _: None) -> list[Imported]:
    """Import files one by one, each in its own transaction, so that a bad one or a crash never costs a good one."""
    results = []
    for path in find_files(paths):
        result = import_file(desk, path, options)
        report(result)
        results.append(result)
    return results


def import_file(desk: Desk, path: Path, options: Options = Options()) -> Imported:
    return _guarded(path.name, str(path), lambda: _read(path), desk, options)


def _read(path: Path) -> SourceFile:
    if not path.exists():  # else a mistyped folder would be told that its ending is wrong
        raise FileNotReadable(why="there is no such file or folder")
    return sources.read_file(path)


def import_bytes(desk: Desk, name: str, content: bytes, options: Options = Options()) -> Imported:
    """An uploaded file."""
    return _guarded(name, name, lambda: sources.read_bytes(name, content), desk, options)


def _guarded(name: str, shown: str, read: Callable[[], SourceFile], desk: Desk, options: Options) -> Imported:
    try:
        return _keep(desk, name, shown, read(), options)
    except SourceRefused as refused:
        return Imported(file=shown, outcome=ImportOutcome.REFUSED, reason=refused.sentence, place=refused.place)
    except FacturierError as error:
        return Imported(file=shown, outcome=ImportOutcome.REFUSED, reason=error.sentence)
    except OSError as error:  # the archive's, most likely: its path tells
        return Imported(file=shown, outcome=ImportOutcome.REFUSED, reason=FileNotReadable(why=str(error)).sentence)


@dataclass(frozen=True, kw_only=True)
class _Kept:
    """Digests of what is in the archive already, and the invoice as JSON."""

    content: str
    digest: str
    xml_sha256: str | None
    pdf_sha256: str | None
    source: SourceFile = field(repr=False)


def _keep(desk: Desk, name: str, shown: str, source: SourceFile, options: Options) -> Imported:
    invoice = source.invoice
    content = invoice_rows.to_json(invoice)
    pdf_sha256 = desk.archive.put(source.pdf) if source.pdf else None
    kept = _Kept(
        content=content,
        digest=sha256(f"{content}\n{pdf_sha256 or ''}".encode()),
        xml_sha256=desk.archive.put(source.xml) if source.xml else None,
        pdf_sha256=pdf_sha256,
        source=source,
    )
    now = desk.now()
    with desk.database.write() as connection:
        company_key = identifiers.party_key(invoice.seller)
        if options.company_key is not None and company_key != options.company_key:
            raise OtherCompany(number=invoice.number, seller=invoice.seller.name, company=options.company_key)
        company_id, language = _company(connection, invoice, company_key)
        customer_id, ledger = _customer(connection, invoice.buyer, language)
        invoice_id, outcome = _store(connection, name, kept, options, company_id=company_id, customer_id=customer_id, ledger=ledger, now=now)
        if options.already_sent and outcome is ImportOutcome.NEW:
            invoice_rows.set_elsewhere(connection, [invoice_id], ALREADY_SENT, now=now)
        if outcome is not ImportOutcome.UNCHANGED:
            audit.append(connection, company_id=company_id, who=desk.who, what=f"imported {outcome.value}", subject=invoice.number, why=name, now=now)
    return Imported(file=shown, outcome=outcome, invoice_id=invoice_id, invoice=invoice, company_key=company_key, warnings=invoice.warnings)


def _store(
    connection: Connection, name: str, kept: _Kept, options: Options, *, company_id: int, customer_id: int, ledger: Ledger, now: datetime
) -> tuple[int, ImportOutcome]:
    invoice = kept.source.invoice
    former = invoice_rows.find_identity(connection, company_id, invoice)
    if former is not None and former.content_sha256 == kept.digest:
        return former.id, ImportOutcome.UNCHANGED
    values = {"number": invoice.number, "year": str(invoice.issue_date.year), "company": invoice.seller.name}
    if former is None:
        invoice_id = invoice_rows.add(connection, invoice, company_id=company_id, customer_id=customer_id, ledger=ledger, now=now)
        version, outcome = 1, ImportOutcome.NEW
    else:
        if former.status not in REPLACEABLE:
            raise SameNumberOtherInvoice(**values, status=former.status.value)
        if former.source_name != name and not options.replace:
            raise SameNumberOtherFile(**values, former=former.source_name)
        invoice_id, version, outcome = former.id, former.version + 1, ImportOutcome.NEW_VERSION
    _add_version(connection, invoice_id, version, kept, name=name, now=now)
    if former is not None:
        ledger = former.ledger if former.ledger_fixed else ledger
        invoice_rows.replace_content(connection, invoice_id, invoice, customer_id=customer_id, ledger=ledger, version=version, now=now)
    return invoice_id, outcome


def _add_version(connection: Connection, invoice_id: int, version: int, kept: _Kept, *, name: str, now: datetime) -> None:
    invoice_rows.add_version(
        connection,
        invoice_id,
        version,
        kept.content,
        kept.digest,
        xml_sha256=kept.xml_sha256,
        pdf_sha256=kept.pdf_sha256,
        pdf_name=kept.source.pdf_name,
        source_name=name,
        now=now,
    )


def _company(connection: Connection, invoice: Invoice, key: str) -> tuple[int, Language]:
    """The seller's card; a new one starts with the standard texts, so that it can send once its account is set."""
    known = parties.company_id(connection, key)
    if known is not None:
        return known, parties.load_companies(connection, [known])[known].language
    seller = invoice.seller
    language = identifiers.guess_language(seller) or Language.FR
    means = next((means for means in invoice.payment_means if means.iban), None)
    values = _party_values(seller, key) | {
        "legal_form": seller.legal_form,
        "email": seller.email,
        "iban": means.iban if means else None,
        "bic": means.bic if means else None,
        "language": language,
    }
    texts = {(lang, kind): mail_text.standard(lang, kind) for lang in Language for kind in DocumentType}
    return parties.add_company(connection, values, texts), language


def _customer(connection: Connection, buyer: Party, company_language: Language) -> tuple[int, Ledger]:
    """The buyer's card; a new one wants paper until a person ticks it (M7), and an address in the file is only a suggestion."""
    key = identifiers.party_key(buyer)
    known = parties.same_customer(
        connection,
        key=key,
        vat_id=identifiers.vat_id(buyer.vat_id) if buyer.vat_id else None,
        enterprise_number=identifiers.enterprise_number(buyer),
    )
    if known is not None:
        return known.id, Ledger.EMAIL if known.wants_email else Ledger.PAPER
    values = _party_values(buyer, key) | {
        "endpoint": buyer.endpoint.value if buyer.endpoint else None,
        "language": identifiers.guess_language(buyer) or company_language,
        "suggested_email": buyer.email or (buyer.endpoint.value if buyer.endpoint and "@" in buyer.endpoint.value else None),
    }
    return parties.add_customer(connection, values), Ledger.PAPER


def _party_values(party: Party, key: str) -> dict[str, object]:
    address = {name: getattr(party.address, name) for name in parties.ADDRESS}
    return address | {
        "key": key,
        "name": party.trading_name or party.name,
        "vat_id": identifiers.vat_id(party.vat_id) if party.vat_id else None,
        "enterprise_number": identifiers.enterprise_number(party),
    }
