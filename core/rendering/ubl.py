"""Write an invoice as XML: e-FFF 3.0 or 1.0, Peppol BIS Billing 3.0 or plain EN 16931, all of them UBL."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from datetime import date
from typing import Final

from core.errors import DocumentImpossible, Sentence, joined
from core.i18n import N_
from core.model import Invoice, XmlFormat
from core.rendering import bis3, efff, file_names, identity, mending, ubl_xml
from core.rendering.ubl_amounts import accounting_currency, allowances_charges, payment, terms, totals, vat_totals
from core.rendering.ubl_lines import lines
from core.rendering.ubl_parties import address, parties
from core.rendering.ubl_references import SOFTWARE, after_pdf, before_pdf, embedded, pdf_reference
from core.rendering.ubl_xml import Dialect, clean, codes, day, group, identifier, text

EFFF_INVOICE: Final = "urn:www.cenbii.eu:transaction:biitrns010:ver2.0:extended:urn:www.peppol.eu:bis:peppol5a:ver2.0:extended:e-fff:ver3.0"
EFFF_CREDIT_NOTE: Final = EFFF_INVOICE.replace("biitrns010", "biitrns014")
EFFF_PROFILE: Final = "urn:www.cenbii.eu:profile:bii05:ver2.0"
EFFF1: Final = "1.0"
EFFF1_PROFILE: Final = f"EFFF.BE {SOFTWARE}"
EN_16931: Final = "urn:cen.eu:en16931:2017"
PEPPOL: Final = EN_16931 + "#compliant#urn:fdc:peppol.eu:2017:poacc:billing:3.0"
PEPPOL_PROFILE: Final = "urn:fdc:peppol.eu:2017:poacc:billing:01:1.0"

# BT-3 in Peppol (P0100, P0101, P0112), and what plain EN 16931 adds for a credit note (BR-CL-01)
_PEPPOL_INVOICES: Final = codes("71 80 82 84 102 218 219 331 380 382 383 386 388 393 395 553 575 623 780 817 870 875 876 877")
_PEPPOL_CREDIT_NOTES: Final = codes("81 83 381 396 532")
_CREDIT_NOTES: Final = _PEPPOL_CREDIT_NOTES | codes("261 262 296 308 420 458 502 503")

NOTHING_LEFT: Final = N_("{term} holds nothing that XML can say.")
NO_LINES: Final = N_("The invoice has no lines, and no XML can do without.")
_EFFF: Final = frozenset({XmlFormat.EFFF3, XmlFormat.EFFF1})


@dataclass(frozen=True, kw_only=True)
class XmlDocument:
    """The XML of an invoice, and sentences on what it says otherwise than the invoice did."""

    content: bytes
    file_name: str
    format: XmlFormat
    notes: tuple[Sentence, ...] = ()

    @property
    def note(self) -> Sentence | None:
        """All notes as one."""
        return joined(self.notes) if self.notes else None


@dataclass(frozen=True, kw_only=True)
class Draft:
    """The XML without the PDF: to be checked first, as the PDF is nine tenths of the bytes and of the time."""

    file_name: str
    format: XmlFormat
    notes: tuple[Sentence, ...]
    _before: bytes
    _after: bytes
    _reference: str

    @property
    def content(self) -> bytes:
        return self._before + self._after

    def with_pdf(self, pdf: bytes, pdf_name: str, *, pdf_base64: bytes | None = None) -> XmlDocument:
        """The finished document; `pdf_base64` is the PDF's encoding where the caller has it already."""
        encoded = base64.b64encode(pdf) if pdf_base64 is None else pdf_base64
        return self._finished(b"".join((self._before, *embedded(self._reference, encoded, pdf_name), self._after)))

    def without_pdf(self) -> XmlDocument:
        return self._finished(self.content)

    def _finished(self, content: bytes) -> XmlDocument:
        return XmlDocument(content=content, file_name=self.file_name, format=self.format, notes=self.notes)


def write(invoice: Invoice, *, wanted: XmlFormat, pdf: bytes | None, pdf_name: str) -> XmlDocument:
    """The invoice in the wanted format, with the PDF inside. Raises DocumentImpossible, as `draft`."""
    made = draft(invoice, wanted=wanted)
    return made.without_pdf() if pdf is None else made.with_pdf(pdf, pdf_name)


def draft(invoice: Invoice, *, wanted: XmlFormat) -> Draft:
    """The invoice in the wanted format; in BIS 3 where e-FFF lacks a VAT code that the invoice needs.

    Raises DocumentImpossible for an invoice without lines, or with a number or name of nothing but characters that XML forbids.
    """
    if wanted is XmlFormat.NONE:
        raise ValueError("no XML is wanted")
    refuse_incomplete(invoice)
    refused: tuple[Sentence, ...] = ()
    if wanted in _EFFF:
        ready = efff.prepared(invoice)
        if isinstance(ready, Invoice):
            return _draft(ready, _efff_dialect(ready, wanted), wanted, mending.breakdown(invoice, ready))
        refused = (ready,)
    ready = bis3.prepared(invoice)
    dialect = Dialect(efff=False, peppol=_for_peppol(ready), credit_note=ready.is_credit_note, currency=ready.currency)
    return _draft(ready, dialect, XmlFormat.BIS3, (*refused, *mending.notes(invoice, ready)))


def file_name(invoice: Invoice, *, wanted: XmlFormat) -> str:
    """The name that the XML would have, without making it."""
    is_efff = wanted in _EFFF and isinstance(efff.prepared(invoice), Invoice)
    return _file_name(invoice, is_efff=is_efff)


def refuse_incomplete(invoice: Invoice) -> None:
    """What no XML can do without: number, names and currency, and a line (BR-16)."""
    terms = (
        (invoice.number, N_("Invoice number (BT-1)")),
        (invoice.seller.name, N_("Seller name (BT-27)")),
        (invoice.buyer.name, N_("Buyer name (BT-44)")),
        (invoice.currency, N_("Currency (BT-5)")),
    )
    for value, term in terms:
        if not clean(value):
            raise DocumentImpossible(number=clean(invoice.number) or "?", why=Sentence(NOTHING_LEFT, {"term": Sentence(term)}))
    if not invoice.lines:
        raise DocumentImpossible(number=invoice.number, why=Sentence(NO_LINES))


def _efff_dialect(invoice: Invoice, wanted: XmlFormat) -> Dialect:
    ubl20 = wanted is XmlFormat.EFFF1
    return Dialect(efff=True, ubl20=ubl20, credit_note=invoice.is_credit_note and not ubl20, currency=invoice.currency)


def _for_peppol(invoice: Invoice) -> bool:
    """Whether both parties have an electronic address there; a private person has none, and not every type of document goes."""
    if not (identity.peppol_address(invoice.seller) and identity.peppol_address(invoice.buyer)):
        return False
    return (invoice.is_credit_note or invoice.source_type_code in _PEPPOL_INVOICES) and _periods_fit(invoice) and _has_mandates(invoice)


def _has_mandates(invoice: Invoice) -> bool:
    """PEPPOL-EN16931-R061: a direct debit names its mandate; EN 16931 leaves it open."""
    return all(clean(means.mandate_reference) for means in invoice.payment_means if means.means_code in bis3.DIRECT_DEBITS)


def _periods_fit(invoice: Invoice) -> bool:
    """PEPPOL-EN16931-R110, R111: the period of a line lies within that of the invoice; EN 16931 leaves it open."""
    start, end = invoice.period_start or date.min, invoice.period_end or date.max
    return all(start <= (line.period_start or start) and (line.period_end or end) <= end for line in invoice.lines)


def _file_name(invoice: Invoice, *, is_efff: bool) -> str:
    if not is_efff:
        return f"{file_names.safe(invoice.number)}.xml"
    issuer = identity.vat_number(invoice.seller) or identity.enterprise_number(invoice.seller) or ""
    return f"efff_{file_names.plain(issuer)}_{file_names.plain(invoice.number)}.xml"


# The document ----------------------------------------------------------------------------------------------------


def _draft(invoice: Invoice, dialect: Dialect, form: XmlFormat, notes: tuple[Sentence, ...]) -> Draft:
    """The elements in the order of the schema; invoices and credit notes differ in more than their names."""
    before = "".join(
        (
            _identification(invoice, dialect),
            _dates_and_type(invoice, dialect),
            text("DocumentCurrencyCode", invoice.currency, listID="ISO4217" if dialect.efff else None),
            text("TaxCurrencyCode", accounting_currency(invoice, dialect)),
            text("AccountingCost", invoice.accounting_cost),
            "" if dialect.ubl20 else text("BuyerReference", _buyer_reference(invoice, dialect)),
            _period(invoice),
            before_pdf(invoice, dialect),
        )
    )
    after = "".join(
        (
            after_pdf(invoice, dialect),
            parties(invoice, dialect),
            _delivery(invoice, dialect),
            payment(invoice, dialect),
            terms(invoice, dialect),
            allowances_charges(invoice.allowances_charges, dialect),
            vat_totals(invoice, dialect),
            totals(invoice, dialect),
            lines(invoice, dialect),
        )
    )
    name, namespace = ("CreditNote", ubl_xml.CREDIT_NOTE) if dialect.credit_note else ("Invoice", ubl_xml.INVOICE)
    return Draft(
        file_name=_file_name(invoice, is_efff=dialect.efff),
        format=form,
        notes=notes,
        _before=(ubl_xml.opening(name, namespace) + before).encode(),
        _after=(after + ubl_xml.closing(name)).encode(),
        _reference=pdf_reference(invoice, dialect),
    )


def _identification(invoice: Invoice, dialect: Dialect) -> str:
    version, customization, profile = _format(dialect)
    return "".join(
        (
            text("UBLVersionID", version),
            text("CustomizationID", customization),
            text("ProfileID", profile),
            text("ID", invoice.number),
            day("IssueDate", invoice.issue_date),
        )
    )


def _format(dialect: Dialect) -> tuple[str | None, str, str | None]:
    """UBLVersionID, CustomizationID and ProfileID."""
    if dialect.ubl20:
        return "2.0", EFFF1, EFFF1_PROFILE
    if dialect.efff:
        return "2.1", EFFF_CREDIT_NOTE if dialect.credit_note else EFFF_INVOICE, EFFF_PROFILE
    return (None, PEPPOL, PEPPOL_PROFILE) if dialect.peppol else (None, EN_16931, None)


def _dates_and_type(invoice: Invoice, dialect: Dialect) -> str:
    list_id = "UNCL1001" if dialect.efff else None
    note = text("Note", "\n".join(filter(None, map(clean, (*invoice.notes, invoice.delivery_terms)))))  # PEPPOL-EN16931-R002: one at most
    tax_point = day("TaxPointDate", invoice.tax_point_date)
    if dialect.credit_note:
        return tax_point + text("CreditNoteTypeCode", _type_code(invoice, dialect), listID=list_id) + note
    due = "" if dialect.efff else day("DueDate", invoice.due_date)
    return due + text("InvoiceTypeCode", _type_code(invoice, dialect), listID=list_id) + note + tax_point


def _type_code(invoice: Invoice, dialect: Dialect) -> str:
    """BT-3 as stated where the format knows it."""
    stated = invoice.source_type_code
    if dialect.efff:
        return invoice.type_code.value
    if dialect.credit_note:
        return stated if stated in (_PEPPOL_CREDIT_NOTES if dialect.peppol else _CREDIT_NOTES) else "381"
    return clean(stated) or "380"


def _buyer_reference(invoice: Invoice, dialect: Dialect) -> str | None:
    """BT-10. PEPPOL-EN16931-R003 wants it or an order number: without both, the buyer can still match the document by its number."""
    if clean(invoice.buyer_reference) or clean(invoice.order_reference) or dialect.efff:
        return invoice.buyer_reference
    return invoice.number


def _period(invoice: Invoice) -> str:
    code = None if invoice.tax_point_date else invoice.tax_point_code  # BR-CO-03: one or the other
    return group("InvoicePeriod", day("StartDate", invoice.period_start), day("EndDate", invoice.period_end), text("DescriptionCode", code))


def _delivery(invoice: Invoice, dialect: Dialect) -> str:
    place, where = invoice.delivery_location_id, invoice.delivery_address
    home = identity.country(invoice.buyer) or identity.country(invoice.seller)
    return group(
        "Delivery",
        day("ActualDeliveryDate", invoice.delivery_date),
        group(
            "DeliveryLocation",
            identifier("ID", place, efff=dialect.efff) if place else "",
            group("Address", address(where, dialect, home=home)) if where else "",
        ),
        group("DeliveryParty", group("PartyName", text("Name", invoice.delivery_name))),
    )
