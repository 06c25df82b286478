"""The invoice, the parties and the states of a sending."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import Final

from core.errors import Sentence

ZERO: Final = Decimal(0)


class Language(StrEnum):
    FR = "fr"
    NL = "nl"
    EN = "en"


class DocumentType(StrEnum):
    """BT-3, reduced to the two kinds that a bookkeeper keeps apart."""

    INVOICE = "380"
    CREDIT_NOTE = "381"


class XmlFormat(StrEnum):
    """What the customer gets beside the PDF (FORMATS)."""

    EFFF3 = "efff3"
    EFFF1 = "efff1"
    BIS3 = "bis3"
    ORIGINAL = "original"
    FACTURX = "facturx"
    NONE = "none"


class RecipientRole(StrEnum):
    TO = "to"
    CC = "cc"
    BCC = "bcc"
    ARCHIVE = "archive"  # the company's own copy; does not count for the colour


class Ledger(StrEnum):
    EMAIL = "email"
    PAPER = "paper"


class DispatchStatus(StrEnum):
    """Where one invoice stands (DESIGN §3)."""

    TO_SEND = "to_send"
    QUEUED = "queued"
    SENDING = "sending"
    SENT = "sent"
    PARTLY_SENT = "partly_sent"
    FAILED = "failed"
    UNCERTAIN = "uncertain"
    HELD = "held"
    BOUNCED = "bounced"
    ELSEWHERE = "elsewhere"
    TO_PRINT = "to_print"
    PRINTED = "printed"
    POSTED = "posted"


PENDING: Final = frozenset({DispatchStatus.TO_SEND, DispatchStatus.TO_PRINT})
IN_PROGRESS: Final = frozenset({DispatchStatus.QUEUED, DispatchStatus.SENDING})
TO_HANDLE: Final = frozenset({DispatchStatus.FAILED, DispatchStatus.PARTLY_SENT, DispatchStatus.UNCERTAIN, DispatchStatus.BOUNCED})
LEFT: Final = frozenset({DispatchStatus.SENT, DispatchStatus.ELSEWHERE, DispatchStatus.POSTED})
SENDABLE: Final = frozenset({DispatchStatus.TO_SEND, DispatchStatus.FAILED, DispatchStatus.PARTLY_SENT, DispatchStatus.HELD, DispatchStatus.BOUNCED})


class DeliveryStatus(StrEnum):
    """Where one message stands for one envelope recipient (DESIGN §4)."""

    QUEUED = "queued"
    CLAIMED = "claimed"
    SENDING = "sending"
    SENT = "sent"
    FAILED = "failed"
    UNCERTAIN = "uncertain"
    HELD = "held"
    BOUNCED = "bounced"


NOT_LEFT: Final = frozenset({DeliveryStatus.FAILED, DeliveryStatus.HELD, DeliveryStatus.BOUNCED})
OPEN: Final = frozenset({DeliveryStatus.QUEUED, DeliveryStatus.CLAIMED, DeliveryStatus.SENDING})


def dispatch_status(
    deliveries: Collection[DeliveryStatus], *, ledger: Ledger, elsewhere: bool = False, left_before: bool = False, held: bool = False
) -> DispatchStatus:
    """The status of an invoice from the deliveries of its latest copy (without the archive copy).

    Green only when the server took the mail for every recipient; whatever is doubtful outranks whatever is fine.
    `left_before`: an earlier copy has left for somebody; what failed or was held since is then partly sent, not unsent.
    `held`: a person holds what has not left.
    """
    states = set(deliveries)
    if left_before and states and states <= NOT_LEFT:
        return DispatchStatus.PARTLY_SENT
    if elsewhere and states <= NOT_LEFT:
        return DispatchStatus.ELSEWHERE
    if held and states <= NOT_LEFT:
        return DispatchStatus.HELD
    if not states:
        return DispatchStatus.TO_SEND if ledger is Ledger.EMAIL else DispatchStatus.TO_PRINT
    if DeliveryStatus.UNCERTAIN in states:
        return DispatchStatus.UNCERTAIN
    if states & {DeliveryStatus.CLAIMED, DeliveryStatus.SENDING}:
        return DispatchStatus.SENDING
    if DeliveryStatus.QUEUED in states:
        return DispatchStatus.QUEUED
    if len(states) == 1:
        return DispatchStatus(states.pop().value)
    if DeliveryStatus.SENT in states:
        return DispatchStatus.PARTLY_SENT
    return DispatchStatus.HELD if DeliveryStatus.HELD in states else DispatchStatus.FAILED


# The invoice: semantic model of EN 16931 ------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class Identifier:
    value: str
    scheme: str | None = None
    version: str | None = None  # of the scheme; item classifications only, BT-158-2


@dataclass(frozen=True, kw_only=True)
class Address:
    """BG-5, BG-8, BG-15."""

    street: str | None = None
    additional_street: str | None = None
    address_line: str | None = None
    city: str | None = None
    postcode: str | None = None
    subdivision: str | None = None
    country: str | None = None


@dataclass(frozen=True, kw_only=True)
class Party:
    """BG-4 seller, BG-7 buyer, as they were on the invoice."""

    name: str  # BT-27, BT-44
    trading_name: str | None = None  # BT-28, BT-45
    vat_id: str | None = None  # BT-31, BT-48
    tax_registration: Identifier | None = None  # BT-32
    legal_id: Identifier | None = None  # BT-30, BT-47
    legal_form: str | None = None  # BT-33
    endpoint: Identifier | None = None  # BT-34, BT-49
    identifiers: tuple[Identifier, ...] = ()  # BT-29, BT-46
    address: Address = field(default_factory=Address)
    contact_name: str | None = None  # BT-41, BT-56
    telephone: str | None = None
    email: str | None = None  # a suggestion, never a recipient


@dataclass(frozen=True, kw_only=True)
class AllowanceCharge:
    """BG-20, BG-21 on the document; BG-27, BG-28 on a line (then without VAT category)."""

    is_charge: bool
    amount: Decimal
    base_amount: Decimal | None = None
    percentage: Decimal | None = None
    reason: str | None = None
    reason_code: str | None = None
    vat_category: str | None = None
    vat_rate: Decimal | None = None
    belgian_code: str | None = None


@dataclass(frozen=True, kw_only=True)
class Line:
    """BG-25."""

    id: str  # BT-126
    name: str  # BT-153
    quantity: Decimal  # BT-129
    unit_code: str  # BT-130
    net_amount: Decimal  # BT-131, as stated: some sources give four decimals
    net_price: Decimal  # BT-146
    vat_category: str  # BT-151
    vat_rate: Decimal | None = None  # BT-152; None for category O
    base_quantity: Decimal | None = None  # BT-149
    base_quantity_unit: str | None = None  # BT-150
    price_discount: Decimal | None = None  # BT-147
    gross_price: Decimal | None = None  # BT-148
    description: str | None = None  # BT-154
    note: str | None = None  # BT-127
    seller_item_id: str | None = None  # BT-155
    buyer_item_id: str | None = None  # BT-156
    standard_item_id: Identifier | None = None  # BT-157
    origin_country: str | None = None  # BT-159
    classifications: tuple[Identifier, ...] = ()  # BT-158
    attributes: tuple[tuple[str, str], ...] = ()  # BG-32
    period_start: date | None = None  # BT-134
    period_end: date | None = None  # BT-135
    order_line: str | None = None  # BT-132
    object_id: Identifier | None = None  # BT-128
    accounting_cost: str | None = None  # BT-133
    allowances_charges: tuple[AllowanceCharge, ...] = ()
    exemption_reason: str | None = None
    exemption_code: str | None = None  # UBL.BE states it per line too
    belgian_code: str | None = None  # TaxCategory/Name of e-FFF and UBL.BE


@dataclass(frozen=True, kw_only=True)
class VatBreakdown:
    """BG-23."""

    category: str  # BT-118
    rate: Decimal | None  # BT-119
    taxable_amount: Decimal  # BT-116
    vat_amount: Decimal  # BT-117
    exemption_reason: str | None = None  # BT-120
    exemption_code: str | None = None  # BT-121
    belgian_code: str | None = None


@dataclass(frozen=True, kw_only=True)
class Totals:
    """BG-22."""

    line_total: Decimal  # BT-106
    allowance_total: Decimal = ZERO  # BT-107
    charge_total: Decimal = ZERO  # BT-108
    total_without_vat: Decimal  # BT-109
    vat_total: Decimal  # BT-110
    vat_total_accounting: Decimal | None = None  # BT-111
    total_with_vat: Decimal  # BT-112
    paid_amount: Decimal = ZERO  # BT-113
    rounding_amount: Decimal = ZERO  # BT-114
    amount_due: Decimal  # BT-115


@dataclass(frozen=True, kw_only=True)
class Reference:
    """A document named by number and date: BG-3 preceding invoice."""

    number: str
    issue_date: date | None = None


@dataclass(frozen=True, kw_only=True)
class SupportingDocument:
    """BG-24 without its bytes, which stay in the source file."""

    id: str
    description: str | None = None  # BT-123
    url: str | None = None  # BT-124
    file_name: str | None = None  # BT-125-2
    mime_type: str | None = None  # BT-125-1


@dataclass(frozen=True, kw_only=True)
class PaymentMeans:
    """BG-16 to BG-19."""

    means_code: str = "30"  # BT-81, UNCL4461
    means_text: str | None = None  # BT-82
    reference: str | None = None  # BT-83
    iban: str | None = None  # BT-84
    account_name: str | None = None  # BT-85
    bic: str | None = None  # BT-86
    card_number: str | None = None  # BT-87
    card_holder: str | None = None  # BT-88
    mandate_reference: str | None = None  # BT-89
    debited_account: str | None = None  # BT-91


@dataclass(frozen=True, kw_only=True)
class CashDiscount:
    """Discount for early payment, as e-FFF and UBL.BE state it in PaymentTerms."""

    percentage: Decimal
    amount: Decimal | None = None
    until: date | None = None


@dataclass(frozen=True, kw_only=True)
class Invoice:
    """One invoice or credit note, complete, as it was issued."""

    number: str  # BT-1
    type_code: DocumentType  # BT-3
    source_type_code: str = "380"  # BT-3 as stated: 384, 389 and others are kept
    issue_date: date  # BT-2
    due_date: date | None = None  # BT-9
    tax_point_date: date | None = None  # BT-7
    tax_point_code: str | None = None  # BT-8
    business_process: str | None = None  # BT-23, as stated
    specification: str | None = None  # BT-24, as stated
    currency: str  # BT-5
    tax_currency: str | None = None  # BT-6
    notes: tuple[str, ...] = ()  # BT-22
    buyer_reference: str | None = None  # BT-10
    order_reference: str | None = None  # BT-13
    sales_order_reference: str | None = None  # BT-14
    contract_reference: str | None = None  # BT-12
    project_reference: str | None = None  # BT-11
    despatch_reference: str | None = None  # BT-16
    receipt_reference: str | None = None  # BT-15
    tender_reference: str | None = None  # BT-17
    object_id: Identifier | None = None  # BT-18
    accounting_cost: str | None = None  # BT-19
    preceding_invoices: tuple[Reference, ...] = ()  # BG-3
    supporting_documents: tuple[SupportingDocument, ...] = ()  # BG-24
    period_start: date | None = None  # BT-73
    period_end: date | None = None  # BT-74
    seller: Party  # BG-4
    buyer: Party  # BG-7
    payee: Party | None = None  # BG-10
    tax_representative: Party | None = None  # BG-11
    delivery_date: date | None = None  # BT-72
    delivery_name: str | None = None  # BT-70
    delivery_location_id: Identifier | None = None  # BT-71
    delivery_address: Address | None = None  # BG-15
    delivery_terms: str | None = None  # legal mention in UBL.BE's DeliveryTerms
    delivery_terms_code: str | None = None  # its BELM code
    payment_means: tuple[PaymentMeans, ...] = ()
    payment_terms: str | None = None  # BT-20
    cash_discount: CashDiscount | None = None
    allowances_charges: tuple[AllowanceCharge, ...] = ()  # BG-20, BG-21
    vat_breakdown: tuple[VatBreakdown, ...] = ()  # BG-23
    totals: Totals  # BG-22
    lines: tuple[Line, ...] = ()  # BG-25
    warnings: tuple[Sentence, ...] = ()  # what is odd in the source; never blocks

    @property
    def is_credit_note(self) -> bool:
        return self.type_code is DocumentType.CREDIT_NOTE

    @property
    def payment_reference(self) -> str | None:
        """BT-83 of the first payment instruction that has one."""
        return next((means.reference for means in self.payment_means if means.reference), None)

    @property
    def iban(self) -> str | None:
        """BT-84 of the first payment instruction that has one."""
        return next((means.iban for means in self.payment_means if means.iban), None)


@dataclass(frozen=True, kw_only=True)
class SourceFile:
    """What an import keeps of a file: the invoice, the XML as it came and the PDF that was inside."""

    invoice: Invoice
    xml: bytes | None = None
    pdf: bytes | None = None
    pdf_name: str | None = None
