"""Hang PDFs on the invoices whose number is their file name; nothing is guessed, and no PDF goes to two."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from core.database import import_rows
from core.database.import_rows import Former
from core.dispatch.desk import Desk
from core.dispatch.foreseeing import pdf_refusal
from core.dispatch.imported import Candidate, Imported, LonePdf, Read, refused
from core.dispatch.pdf_invoices import INSIDE_WINS, SEVERAL_PDFS, carries_invoice, united
from core.errors import FacturierError, Sentence, joined
from core.i18n import N_
from core.model import DocumentType
from core.sources.pdf import InsideRefused
from core.sources.table_columns import folded

NO_INVOICE = N_("No invoice has a number that fits the name of this PDF. Name it after the number, such as 2026-0412.pdf.")
SEVERAL_INVOICES = N_("The name of this PDF fits several invoices ({numbers}), so it was attached to none.")
OWN_PDF_WINS = N_("Invoice {number} came in a PDF of its own ({file}), which counts; this one was not attached.")
OF_A_REFUSED = N_("This PDF belongs to invoice {number}, which was refused.")

_WORDS = re.compile(r"[^\s_()\[\]{},;]+")
_SEPARATORS = ("-", "/", "_", " ", ".", "")
_SHORT = 4  # digits: a shorter number must be the only one in the name


@dataclass(frozen=True, kw_only=True)
class Pdf:
    """A PDF that came beside the invoices; `problem` says why none could be read in it, where one may be."""

    file: str
    name: str
    content: bytes = field(repr=False)
    problem: Sentence | None = None
    place: str = ""


def pair(desk: Desk, reads: Sequence[Read], pdfs: Sequence[Pdf], *, replacing: bool = False) -> list[Read]:
    """The same reads, with PDFs where one fits; then the PDFs that fit an invoice of the ledger, or why they fit none."""
    reads = united(desk, reads, replacing=replacing)
    result = list(reads)
    numbers: dict[str, list[int]] = {}
    for place, read in enumerate(reads):
        number = read.source.invoice.number if isinstance(read, Candidate) else read.number if isinstance(read, Imported) else ""
        if number:
            numbers.setdefault(folded(number), []).append(place)
    fitting = [sorted({place for name in names_in(pdf.name) for place in numbers.get(name, ()) if _fits(pdf, reads[place])}) for pdf in pdfs]
    left: list[Pdf] = []
    for pdf, places in zip(pdfs, fitting, strict=True):
        if not places:
            left.append(pdf)
            continue
        rivals = [other.name for other, theirs in zip(pdfs, fitting, strict=True) if places[0] in theirs]
        taken = _hung(pdf, [reads[place] for place in places], rivals)
        if isinstance(taken, Candidate):
            result[places[0]] = taken
        else:
            result.append(taken)
    return result + _in_the_ledger(desk, left)


def _hung(pdf: Pdf, fitting: Sequence[Read], rivals: Sequence[str]) -> Candidate | Imported:
    """The one invoice with its PDF, or why not."""
    kept = [read for read in fitting if isinstance(read, Candidate)]
    if not kept:
        number = next((read.number for read in fitting if isinstance(read, Imported)), "")
        return refused(pdf.file, Sentence(OF_A_REFUSED, {"number": number}), number=number)
    number = kept[0].source.invoice.number
    if len(fitting) > 1:
        return refused(pdf.file, Sentence(SEVERAL_INVOICES, {"numbers": ", ".join(read.source.invoice.number for read in kept)}))
    if carries_invoice(kept[0]) or kept[0].paired:
        return refused(pdf.file, Sentence(OWN_PDF_WINS, {"number": number, "file": kept[0].paired or kept[0].name}), number=number)
    if kept[0].source.pdf is not None:
        return refused(pdf.file, Sentence(INSIDE_WINS, {"number": number}), number=number)
    if len(rivals) > 1:
        return refused(pdf.file, Sentence(SEVERAL_PDFS, {"number": number, "files": ", ".join(rivals)}), number=number)
    return replace(kept[0], paired=pdf.name, source=replace(kept[0].source, pdf=pdf.content, pdf_name=pdf.name))


def _in_the_ledger(desk: Desk, pdfs: Sequence[Pdf]) -> list[Read]:
    """PDFs that came alone: for invoices that were imported before."""
    if not pdfs:
        return []
    with desk.database.read() as connection:
        formers = import_rows.numbered(connection, {number for pdf in pdfs for number in _spellings(pdf.name)})
    fitting = [[former for former in formers if fits(pdf.name, former.number, former.type_code)] for pdf in pdfs]
    return [_lone(pdf, theirs, fitting, pdfs) for pdf, theirs in zip(pdfs, fitting, strict=True)]


def _lone(pdf: Pdf, fitting: Sequence[Former], everybody: Sequence[Sequence[Former]], pdfs: Sequence[Pdf]) -> Read:
    if not fitting:
        return refused(pdf.file, _why_nothing(pdf), place=pdf.place)
    if len(fitting) > 1:
        return refused(pdf.file, Sentence(SEVERAL_INVOICES, {"numbers": ", ".join(former.number for former in fitting)}))
    former = fitting[0]
    rivals = [other.name for other, theirs in zip(pdfs, everybody, strict=True) if former in theirs]
    if len(rivals) > 1:
        return refused(pdf.file, Sentence(SEVERAL_PDFS, {"number": former.number, "files": ", ".join(rivals)}), number=former.number)
    try:
        pdf_refusal(former.number, former.status, former.pdf_sha256, pdf.name)
    except FacturierError as error:
        return refused(pdf.file, error.sentence, number=former.number)
    return LonePdf(file=pdf.file, name=pdf.name, content=pdf.content, invoice_id=former.id)


def _why_nothing(pdf: Pdf) -> Sentence:
    """What is wrong with the invoice inside; else that no name fits, and that nobody could look inside."""
    if pdf.problem is None:
        return Sentence(NO_INVOICE)
    return pdf.problem if pdf.problem.template == InsideRefused.template else joined([Sentence(NO_INVOICE), pdf.problem])


# Names ----------------------------------------------------------------------------------------------------------


def _fits(pdf: Pdf, read: Read) -> bool:
    if isinstance(read, Candidate):
        return fits(pdf.name, read.source.invoice.number, read.source.invoice.type_code)
    return isinstance(read, Imported) and fits(pdf.name, read.number, None)


def fits(file_name: str, number: str, kind: DocumentType | None) -> bool:
    """Where the name has digits in groups, they are those of the number: `11-2.pdf` is not 1-12; nor is `NC2026-7.pdf` invoice 2026-7."""
    if kind is DocumentType.INVOICE and not _CREDIT.search(number) and _CREDIT.search(Path(file_name).stem):
        return False
    groups = _DIGITS.findall(number)
    return any(name == folded(number) and (theirs == groups or len(theirs) == 1) for name, theirs in _named(file_name))


_DIGITS = re.compile(r"\d+")
_CREDIT = re.compile(
    r"(?<![^\W\d_])(?:nc|cn|kn|avoir|(?:note[ _-]?(?:de[ _-]?)?)?cr[eé]dit(?:[ _-]?not[ae]|nota|note)?|kredietnota)(?![^\W\d_])", re.IGNORECASE
)


def names_in(file_name: str) -> frozenset[str]:
    """The invoice numbers, folded, that a file name can mean: whole words or words in a row, without letters around them.

    `Facture_2026-0412.pdf` means 20260412 and never 412: a number is not cut out of a longer one.
    """
    return frozenset(name for name, _ in _named(file_name))


def _named(file_name: str) -> Iterable[tuple[str, list[str]]]:
    """The names, and the groups of digits as they stand in the file name."""
    for run, rest in _runs(Path(file_name).stem):
        bare = folded(run)
        others = any(character.isdigit() for character in rest)
        for name in {bare, bare.lstrip(_LETTERS), bare.rstrip(_LETTERS), bare.strip(_LETTERS)}:
            if name and any(map(str.isdigit, name)) and not (others and sum(map(str.isdigit, name)) < _SHORT):
                yield name, _DIGITS.findall(run)


_LETTERS = "abcdefghijklmnopqrstuvwxyz"


def _runs(stem: str) -> Iterable[tuple[str, str]]:
    """Words that stand in a row, as they are written, and what is left of the name."""
    words = [*_WORDS.finditer(stem)][:12]
    for first in range(len(words)):
        for last in range(first, len(words)):
            start, end = words[first].start(), words[last].end()
            yield stem[start:end], stem[:start] + stem[end:]


def _spellings(file_name: str) -> set[str]:
    """How the numbers of a file name may be written in the ledger: a name cannot hold every character that a number can."""
    found = set()
    for run, _ in _runs(Path(file_name).stem):
        for form in {run, run.lstrip(_AROUND), run.rstrip(_AROUND), run.strip(_AROUND)}:
            parts = [part for part in re.split(r"[-/_ .]+", form) if part]
            found |= {form, form.upper(), *(separator.join(parts) for separator in _SEPARATORS)}
    return {form for form in found if any(map(str.isdigit, form))}


_AROUND = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZéèÉÈ°-_. "
