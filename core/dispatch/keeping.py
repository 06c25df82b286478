"""Keep invoices that were read: many in one transaction, each with a way back. Nothing is ever sent here."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

from sqlalchemy import Connection
from sqlalchemy.exc import DataError, IntegrityError

from core.archive import sha256
from core.database import audit, import_rows
from core.database import invoices as invoice_rows
from core.database.import_rows import CompanyRow, Former
from core.dispatch.desk import Desk
from core.dispatch.foreseeing import (
    Prepared,
    as_former,
    attached,
    decide,
    demand_ours,
    founding,
    history,
    is_late,
    noted,
    pdf_refusal,
    prepare,
    refusal,
    result,
)
from core.dispatch.imported import Candidate, Imported, ImportOutcome, LonePdf, Options, refused
from core.dispatch.new_cards import Buyers, customer_of, new_company
from core.errors import FacturierError, FileNotReadable, SourceRefused
from core.model import Ledger

_WRITERS = 16  # each waits for the disk, not for the processor


class NotKept(SourceRefused):
    template = "The database did not take it: {why}"


def keep(desk: Desk, batch: Sequence[Candidate | LonePdf], options: Options) -> list[Imported]:
    """All in one transaction; what is refused costs the others nothing. Files are on the disk before their row is."""
    if not batch:
        return []
    ready = [prepare(each) if isinstance(each, Candidate) else each for each in batch]
    lost = _archived(desk, ready)
    with desk.database.write() as connection:
        keeper = _Keeper(desk, connection, options, [each for each in ready if isinstance(each, Prepared)])
        kept = [lost.get(place) or keeper.one(each) for place, each in enumerate(ready)]
        keeper.write_down()
        return kept


def _archived(desk: Desk, ready: Sequence[Prepared | LonePdf]) -> dict[int, Imported]:
    """Put every file into the archive; the refusals of those that could not be."""
    lost: dict[int, Imported] = {}
    work: list[tuple[int, bytes]] = []
    for place, each in enumerate(ready):
        files = (each.candidate.source.xml, each.candidate.source.pdf) if isinstance(each, Prepared) else (each.content,)
        work += [(place, content) for content in files if content]
    if not work:
        return lost
    with ThreadPoolExecutor(max_workers=_WRITERS) as pool:
        for (place, _), future in [(item, pool.submit(desk.archive.put, item[1])) for item in work]:
            try:
                future.result()
            except OSError as error:
                each = ready[place]
                why = FileNotReadable(why=str(error))
                lost[place] = refusal(each, why) if isinstance(each, Prepared) else refused(each.file, why.sentence)
    return lost


class _Keeper:
    """One transaction's work, with what it has looked up already."""

    def __init__(self, desk: Desk, connection: Connection, options: Options, ready: Sequence[Prepared]) -> None:
        self.desk, self.connection, self.options = desk, connection, options
        self.now = desk.now()
        import_rows.take_turns(connection)
        self.formers = import_rows.formers(connection, [each.identity for each in ready], lock=True)
        self.companies = import_rows.company_rows(connection, [each.company_key for each in ready])
        self.customers: Buyers = {}
        self.told: list[tuple[int, tuple[str, str, str]]] = []

    def write_down(self) -> None:
        """The acts of the whole transaction into the audit trail."""
        for company_id in sorted({company for company, _ in self.told}):
            acts = [act for company, act in self.told if company == company_id]
            audit.append_all(self.connection, acts, company_id=company_id, who=self.desk.who, now=self.now)

    def one(self, each: Prepared | LonePdf) -> Imported:
        """Within a savepoint: whatever the database refuses is undone, and only that."""
        why: FacturierError
        companies, buyers, told = dict(self.companies), dict(self.customers), len(self.told)
        try:
            with self.connection.begin_nested():
                return self._invoice(each) if isinstance(each, Prepared) else self._pdf(each)
        except FacturierError as error:
            why = error
        except (DataError, IntegrityError) as error:
            why = NotKept(why=str(error.orig))
        self.companies, self.customers = companies, buyers  # cards made for a refused invoice are gone with it
        del self.told[told:]
        return refusal(each, why) if isinstance(each, Prepared) else refused(each.file, why.sentence)

    def _invoice(self, prepared: Prepared) -> Imported:
        former = self.formers.get(prepared.identity)
        known = self.companies.get(prepared.company_key)
        demand_ours(prepared, known, self.options)
        outcome = decide(prepared, former, self.options)
        if outcome is ImportOutcome.UNCHANGED:
            return result(prepared, outcome, invoice_id=former.id if former else None, late=is_late(prepared, former, outcome))
        company = self._company(prepared)
        customer_id, ledger = customer_of(self.connection, prepared, company.language, self.customers)
        invoice_id = self._store(prepared, former, company.id, customer_id, ledger)
        because = history(prepared, company, self.options) if former is None else ""
        if because:
            invoice_rows.set_elsewhere(self.connection, [invoice_id], because, now=self.now)
        self._told(company.id, outcome, prepared.invoice.number, prepared.candidate.name)
        self.formers[prepared.identity] = replace(as_former(prepared, former, because), id=invoice_id)
        made = noted(result(prepared, outcome, invoice_id=invoice_id), company, because)
        return made if known else founding(made)

    def _told(self, company_id: int, outcome: ImportOutcome, number: str, name: str) -> None:
        self.told.append((company_id, (f"imported {outcome.value}", number, name)))

    def _store(self, prepared: Prepared, former: Former | None, company_id: int, customer_id: int, ledger: Ledger) -> int:
        connection, invoice, now = self.connection, prepared.invoice, self.now
        if former is None:
            version = 1
            invoice_id = invoice_rows.add(connection, invoice, company_id=company_id, customer_id=customer_id, ledger=ledger, now=now)
        else:
            invoice_id, version = former.id, former.version + 1
        invoice_rows.add_version(
            connection,
            invoice_id,
            version,
            prepared.content,
            prepared.digest(prepared.pdf_sha256),
            xml_sha256=prepared.xml_sha256,
            pdf_sha256=prepared.pdf_sha256,
            pdf_name=prepared.candidate.source.pdf_name,
            source_name=prepared.candidate.name,
            now=now,
        )
        if former is not None:
            ledger = former.ledger if former.ledger_fixed else ledger
            invoice_rows.replace_content(connection, invoice_id, invoice, customer_id=customer_id, ledger=ledger, version=version, now=now)
        return invoice_id

    def _company(self, prepared: Prepared) -> CompanyRow:
        known = self.companies.get(prepared.company_key)
        if known is None:
            known = self.companies[prepared.company_key] = new_company(self.connection, prepared.invoice, prepared.company_key)
        return known

    def _pdf(self, lone: LonePdf) -> Imported:
        """The same invoice with a PDF is a new version of it."""
        row = invoice_rows.rows(self.connection, [lone.invoice_id], lock=True)[lone.invoice_id]
        stored = invoice_rows.load(self.connection, lone.invoice_id)
        pdf_refusal(row.number, row.status, stored.pdf_sha256, lone.name)
        content, pdf_sha256 = invoice_rows.to_json(stored.invoice), sha256(lone.content)
        version = stored.version + 1
        invoice_rows.add_version(
            self.connection,
            row.id,
            version,
            content,
            sha256(f"{content}\n{pdf_sha256}".encode()),
            xml_sha256=stored.xml_sha256,
            pdf_sha256=pdf_sha256,
            pdf_name=lone.name,
            source_name=stored.source_name,
            now=self.now,
        )
        invoice_rows.replace_content(
            self.connection, row.id, stored.invoice, customer_id=row.customer_id, ledger=row.ledger, version=version, now=self.now
        )
        self._told(row.company_id, ImportOutcome.NEW_VERSION, row.number, lone.name)
        return attached(lone, stored.invoice, invoice_id=row.id)
