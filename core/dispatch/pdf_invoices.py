"""PDFs that carry their own invoice, beside other files with the same one: it comes in once, with that PDF."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from core.archive import sha256
from core.database import import_rows
from core.database import invoices as invoice_rows
from core.database.import_rows import Former, Identity
from core.dispatch.desk import Desk
from core.dispatch.foreseeing import pdf_refusal, prepare
from core.dispatch.imported import Candidate, Imported, ImportOutcome, LonePdf, Read, refused
from core.errors import FacturierError, Sentence
from core.i18n import N_
from core.model import Invoice
from core.sources import PDF, identifiers

INSIDE_WINS = N_("Invoice {number} brings a PDF inside its XML, which counts; this one was not attached.")
SEVERAL_PDFS = N_("Several PDFs fit invoice {number} ({files}), so none was attached.")
OTHER_FIGURES = N_("This PDF carries invoice {number} over {total} {currency}, but {file} says {stated} {other}. It was not attached.")


def carries_invoice(read: Read) -> bool:
    return isinstance(read, Candidate) and Path(read.name).suffix.lower() == PDF


def united(desk: Desk, reads: Sequence[Read], *, replacing: bool) -> list[Read]:
    """The same reads, where a PDF with an invoice has joined the file or the invoice of the ledger that has the same one.

    `replacing`: what another file brought before may be replaced, so the ledger is left to what becomes of the invoice.
    """
    carriers: dict[Identity, list[int]] = {}
    others: dict[Identity, int] = {}
    for place, read in enumerate(reads):
        if isinstance(read, Candidate):
            if carries_invoice(read):
                carriers.setdefault(_identity(read), []).append(place)
            else:
                others.setdefault(_identity(read), place)
    result: list[Read | None] = list(reads)
    for identity, places in carriers.items():
        if identity in others:
            _join(result, others[identity], places)
    alone = {identity: places for identity, places in carriers.items() if identity not in others}
    if alone and not replacing:
        _meet_the_ledger(desk, result, alone)
    return [read for read in result if read is not None]


def _identity(candidate: Candidate) -> Identity:
    invoice = candidate.source.invoice
    return import_rows.identity(candidate.company_key or identifiers.party_key(invoice.seller), invoice)


def _join(result: list[Read | None], file: int, pdfs: Sequence[int]) -> None:
    """The file's invoice counts, with the PDF as it came; the invoice in the PDF has done its work."""
    candidate = result[file]
    found = [each for place in pdfs if isinstance(each := result[place], Candidate)]
    if not isinstance(candidate, Candidate):
        return
    contents = {each.source.pdf for each in found}
    own = candidate.source.pdf
    for place, each in zip(pdfs, found, strict=True):
        result[place] = _why_not(candidate, each, found) if contents != {own} else None
    if own is None and len(contents) == 1 and result[pdfs[0]] is None:
        taken = found[0]
        result[file] = replace(candidate, paired=taken.name, source=replace(candidate.source, pdf=taken.source.pdf, pdf_name=taken.name))


def _why_not(candidate: Candidate, pdf: Candidate, rivals: Sequence[Candidate]) -> Imported | None:
    number = candidate.source.invoice.number
    if candidate.source.pdf is not None:
        return None if pdf.source.pdf == candidate.source.pdf else refused(pdf.file, Sentence(INSIDE_WINS, {"number": number}), number=number)
    if len({each.source.pdf for each in rivals}) > 1:
        files = ", ".join(each.name for each in rivals)
        return refused(pdf.file, Sentence(SEVERAL_PDFS, {"number": number, "files": files}), number=number)
    return _other_figures(pdf, candidate.source.invoice, candidate.name)


def _other_figures(pdf: Candidate, invoice: Invoice, file: str) -> Imported | None:
    """A PDF with another total than the invoice must not leave with it."""
    inside = pdf.source.invoice
    if (inside.totals.total_with_vat, inside.currency) == (invoice.totals.total_with_vat, invoice.currency):
        return None
    values = {
        "number": inside.number,
        "total": f"{inside.totals.total_with_vat:.2f}",
        "currency": inside.currency,
        "file": file,
        "stated": f"{invoice.totals.total_with_vat:.2f}",
        "other": invoice.currency,
    }
    return refused(pdf.file, Sentence(OTHER_FIGURES, values), number=inside.number)


# Alone, for an invoice of the ledger ----------------------------------------------------------------------------


def _meet_the_ledger(desk: Desk, result: list[Read | None], alone: dict[Identity, list[int]]) -> None:
    """What another file brought before and the PDF has again gets this PDF, where it has none."""
    with desk.database.read() as connection:
        formers = import_rows.formers(connection, alone)
        for identity, former in formers.items():
            for place in alone.get(identity, ()):
                candidate = result[place]
                if isinstance(candidate, Candidate) and former.source_name != candidate.name:
                    result[place] = _for_the_ledger(candidate, former, invoice_rows.load(connection, former.id).invoice)


def _for_the_ledger(candidate: Candidate, former: Former, invoice: Invoice) -> Read:
    """An equal invoice is left to what is unchanged; other figures to what may replace it."""
    content = candidate.source.pdf or b""
    prepared = prepare(candidate)
    if former.content_sha256 == prepared.digest(prepared.pdf_sha256) or _other_figures(candidate, invoice, former.source_name):
        return candidate
    if former.pdf_sha256 == sha256(content):
        return Imported(
            file=candidate.file,
            outcome=ImportOutcome.UNCHANGED,
            invoice_id=former.id,
            invoice=invoice,
            number=invoice.number,
            company_key=prepared.company_key,
        )
    try:
        pdf_refusal(former.number, former.status, former.pdf_sha256, candidate.name)
    except FacturierError as error:
        return refused(candidate.file, error.sentence, number=former.number)
    return LonePdf(file=candidate.file, name=candidate.name, content=content, invoice_id=former.id)
