"""What would become of an invoice that was read: new, unchanged, a new version, or refused with its reason."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from core.archive import sha256
from core.database import import_rows
from core.database import invoices as invoice_rows
from core.database.import_rows import CompanyRow, Former, Identity
from core.dispatch.desk import Desk
from core.dispatch.imported import Candidate, Imported, ImportOutcome, LonePdf, Options, refused
from core.errors import FacturierError, OtherCompany, SameNumberOtherFile, SameNumberOtherInvoice, Sentence, SourceRefused
from core.i18n import N_
from core.model import DispatchStatus, Invoice, Ledger
from core.sources import identifiers

REPLACEABLE = frozenset({DispatchStatus.TO_SEND, DispatchStatus.TO_PRINT, DispatchStatus.HELD, DispatchStatus.FAILED})


class PdfTooLate(SourceRefused):
    template = "{pdf} was not attached: invoice {number} has left or is about to."


class PdfThere(SourceRefused):
    template = "Invoice {number} has a PDF already; {pdf} was not attached."


class NotOurs(SourceRefused):
    template = "{company} is none of your invoicing companies."


NEW_COMPANY = N_("{company} ({key}) is a new invoicing company. If a supplier sent you this, it does not belong here.")
ALREADY_SENT = N_("Imported as already sent")
BEFORE_GO_LIVE = N_("Issued before this company worked with Facturier")
TAKEN_AS_SENT = N_("Issued before {day}, the first day of {company} with Facturier, so it is taken as already sent.")


@dataclass(frozen=True, kw_only=True)
class Prepared:
    """A candidate as it would be kept: its content as JSON, and the digests of its files."""

    candidate: Candidate
    company_key: str
    content: str = field(repr=False)
    pdf_sha256: str | None
    xml_sha256: str | None

    @property
    def invoice(self) -> Invoice:
        return self.candidate.source.invoice

    @property
    def identity(self) -> Identity:
        return import_rows.identity(self.company_key, self.invoice)

    def digest(self, pdf_sha256: str | None) -> str:
        return sha256(f"{self.content}\n{pdf_sha256 or ''}".encode())


def prepare(candidate: Candidate) -> Prepared:
    source = candidate.source
    return Prepared(
        candidate=candidate,
        company_key=candidate.company_key or identifiers.party_key(source.invoice.seller),
        content=invoice_rows.to_json(source.invoice),
        pdf_sha256=sha256(source.pdf) if source.pdf else None,
        xml_sha256=sha256(source.xml) if source.xml else None,
    )


def decide(prepared: Prepared, former: Former | None, options: Options) -> ImportOutcome:
    """What is to become of it. Raises OtherCompany, SameNumberOtherInvoice and SameNumberOtherFile."""
    invoice = prepared.invoice
    if options.company_key is not None and prepared.company_key != options.company_key:
        raise OtherCompany(number=invoice.number, seller=invoice.seller.name, company=options.company_key)
    if former is None:
        return ImportOutcome.NEW
    if former.content_sha256 == prepared.digest(prepared.pdf_sha256) or _only_lacks_pdf(prepared, former):
        return ImportOutcome.UNCHANGED
    gains_pdf = bool(prepared.candidate.paired) and former.pdf_sha256 is None and former.content_sha256 == prepared.digest(None)
    values = {"number": invoice.number, "year": str(invoice.issue_date.year), "company": invoice.seller.name}
    if former.status not in REPLACEABLE:
        if gains_pdf:
            return ImportOutcome.UNCHANGED
        raise SameNumberOtherInvoice(**values, status=former.status.value)
    if former.source_name != prepared.candidate.name and not options.replace and not gains_pdf:
        raise SameNumberOtherFile(**values, former=former.source_name)
    return ImportOutcome.NEW_VERSION


def _only_lacks_pdf(prepared: Prepared, former: Former) -> bool:
    """The same invoice without the PDF that was attached to it meanwhile: nothing new, and the PDF stays."""
    return prepared.pdf_sha256 is None and former.content_sha256 == prepared.digest(former.pdf_sha256)


def demand_ours(prepared: Prepared, company: CompanyRow | None, options: Options) -> None:
    """Raises NotOurs: what a supplier sent must not make the supplier one of our companies."""
    if company is None and options.ours is not None and prepared.company_key not in options.ours:
        raise NotOurs(company=prepared.invoice.seller.name)


def founding(made: Imported) -> Imported:
    """Says of the first invoice of a company that it makes the company."""
    name = made.invoice.seller.name if made.invoice else ""
    return replace(made, warnings=(Sentence(NEW_COMPANY, {"company": name, "key": made.company_key}), *made.warnings))


def history(prepared: Prepared, company: CompanyRow | None, options: Options) -> str:
    """Why a new invoice is taken as sent before it came here (N16); empty when it is not."""
    if options.already_sent:
        return ALREADY_SENT
    first_day = company.go_live if company else None
    return BEFORE_GO_LIVE if first_day and prepared.invoice.issue_date < first_day else ""


def noted(made: Imported, company: CompanyRow | None, because: str) -> Imported:
    """Says so where nobody asked for it: an invoice that is not sent must not go unnoticed."""
    if because != BEFORE_GO_LIVE or company is None or company.go_live is None:
        return made
    said = Sentence(TAKEN_AS_SENT, {"day": company.go_live.isoformat(), "company": company.name})
    return replace(made, warnings=(*made.warnings, said))


def result(prepared: Prepared, outcome: ImportOutcome, *, invoice_id: int | None = None, late: bool = False) -> Imported:
    candidate, invoice = prepared.candidate, prepared.invoice
    warnings = invoice.warnings + ((Sentence(PdfTooLate.template, {"pdf": candidate.paired, "number": invoice.number}),) if late else ())
    return Imported(
        file=candidate.file,
        outcome=outcome,
        where=candidate.where,
        place=str(candidate.where or ""),
        invoice_id=invoice_id,
        invoice=invoice,
        number=invoice.number,
        company_key=prepared.company_key,
        warnings=warnings,
        pdf_name="" if late else candidate.paired,
    )


def refusal(prepared: Prepared, error: FacturierError) -> Imported:
    candidate = prepared.candidate
    return refused(
        candidate.file,
        error.sentence,
        where=candidate.where,
        place=getattr(error, "place", ""),
        number=prepared.invoice.number,
        company_key=prepared.company_key,
        customer=prepared.invoice.buyer.name,
    )


# Foreseeing -----------------------------------------------------------------------------------------------------


def foresee(desk: Desk, candidates: Sequence[Candidate], options: Options) -> list[Imported]:
    """What would become of them, in this order; nothing is written and nobody waits."""
    ready = [prepare(candidate) for candidate in candidates]
    with desk.database.read() as connection:
        known = import_rows.formers(connection, [each.identity for each in ready])
        companies = import_rows.company_rows(connection, [each.company_key for each in ready])
    made: set[str] = set()
    foreseen = []
    for each in ready:
        row = _foreseen(each, known, companies.get(each.company_key), options)
        if row.outcome is not ImportOutcome.REFUSED and each.company_key not in companies and each.company_key not in made:
            made.add(each.company_key)
            row = founding(row)
        foreseen.append(row)
    return foreseen


def foresee_pdfs(desk: Desk, pdfs: Sequence[LonePdf]) -> list[Imported]:
    """PDFs for invoices of the ledger."""
    with desk.database.read() as connection:
        return [attached(lone, invoice_rows.load(connection, lone.invoice_id).invoice) for lone in pdfs]


def attached(lone: LonePdf, invoice: Invoice, *, invoice_id: int | None = None) -> Imported:
    return Imported(
        file=lone.file, outcome=ImportOutcome.NEW_VERSION, invoice_id=invoice_id, invoice=invoice, number=invoice.number, pdf_name=lone.name
    )


def pdf_refusal(number: str, status: DispatchStatus, pdf_sha256: str | None, name: str) -> None:
    """Raises PdfThere and PdfTooLate where an invoice of the ledger cannot take a PDF."""
    if pdf_sha256 is not None:
        raise PdfThere(number=number, pdf=name)
    if status not in REPLACEABLE:
        raise PdfTooLate(number=number, pdf=name)


def _foreseen(prepared: Prepared, known: dict[Identity, Former], company: CompanyRow | None, options: Options) -> Imported:
    former = known.get(prepared.identity)
    try:
        demand_ours(prepared, company, options)
        outcome = decide(prepared, former, options)
    except FacturierError as error:
        return refusal(prepared, error)
    if outcome is not ImportOutcome.UNCHANGED:  # what follows in the same import meets this one
        because = history(prepared, company, options) if former is None else ""
        known[prepared.identity] = as_former(prepared, former, because)
        return noted(result(prepared, outcome), company, because)
    return result(prepared, outcome, late=is_late(prepared, former, outcome))


def as_former(prepared: Prepared, former: Former | None, because: str) -> Former:
    """What the next one with this number meets; `because` says why a new one is taken as sent."""
    status = former.status if former else DispatchStatus.ELSEWHERE if because else DispatchStatus.TO_SEND
    return Former(
        id=former.id if former else 0,
        version=former.version + 1 if former else 1,
        number=prepared.invoice.number,
        type_code=prepared.invoice.type_code,
        status=status,
        ledger=former.ledger if former else Ledger.PAPER,
        ledger_fixed=former.ledger_fixed if former else False,
        content_sha256=prepared.digest(prepared.pdf_sha256),
        xml_sha256=prepared.xml_sha256,
        pdf_sha256=prepared.pdf_sha256,
        source_name=prepared.candidate.name,
    )


def is_late(prepared: Prepared, former: Former | None, outcome: ImportOutcome) -> bool:
    lacks = former is not None and former.pdf_sha256 is None and bool(prepared.candidate.paired)
    return lacks and outcome is ImportOutcome.UNCHANGED
