"""Made invoices: a Hypothesis strategy for any valid EN 16931 invoice of the model.

`invoices()` gives an invoice or a credit note that breaks no rule of EN 16931: its breakdown, totals and references are
consistent, what one term makes mandatory is there, and codes are from the official lists. Everything else varies: 1 to 40 lines
(more with `lines=`), VAT categories and rates in every combination that the standard allows (O only alone), allowances and
charges on document and lines, prepaid amounts, rounding, foreign currency with VAT in EUR, delivery, periods, references, ways
to pay, and texts in any script. Narrow it down with the arguments: `rates=BELGIAN, untaxed=False` for what e-FFF can say.

`belgian_invoices()` gives invoices as UBL.BE states them: with Belgian codes, VAT groups split by them, and cash discounts. EN 16931 cannot say the
latter; `bis3.prepared` makes them valid.

Texts are on one line, without blanks around them, as readers give them. Totals are never negative: a source's
negative invoice is a credit note in the model.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from functools import cache
from itertools import cycle, islice
from typing import Any, Final, TypeVar

from hypothesis import strategies as st

from core.model import (
    ZERO,
    Address,
    AllowanceCharge,
    CashDiscount,
    DocumentType,
    Identifier,
    Invoice,
    Line,
    Party,
    PaymentMeans,
    Reference,
    SupportingDocument,
    Totals,
    VatBreakdown,
)
from core.money import round_half_up
from tests import builders as make

T = TypeVar("T")
Vat = tuple[str, Decimal | None]  # category and rate

BELGIAN: Final = (Decimal(21), Decimal(12), Decimal(6))
RATES: Final = (*BELGIAN, Decimal(25), Decimal("5.5"), Decimal("8.1"))
ZERO_RATED: Final = ("Z", "E", "AE", "K", "G")
UNITS: Final = ("C62", "HUR", "DAY", "KGM", "MTR", "LTR", "MTK", "XPX")
ALLOWANCE_CODES: Final = ("41", "64", "95", "100")
CHARGE_CODES: Final = ("FC", "PC", "ABL")
EXEMPTIONS: Final = ("VATEX-EU-132", "VATEX-EU-79-C", "VATEX-EU-J")
REASONS: Final = {"AE": ("VATEX-EU-AE", "Reverse charge"), "K": ("VATEX-EU-IC", "Intra-community supply"), "G": ("VATEX-EU-G", "Export")}
CURRENCIES: Final = ("EUR", "EUR", "EUR", "USD", "GBP")
ISSUED: Final = date(2026, 11, 24)
_DRAWN_LINES: Final = 40

_ALPHABET: Final = st.characters(codec="utf-8", exclude_categories=("Cc", "Cs", "Cn", "Zl", "Zp"))
_WORDS: Final = st.sampled_from(
    (
        "Conseil",
        "Livre « été »",
        "Kaas & wijn <1 kg>",
        "Größe 7",
        "Ελληνικά",
        "Доставка",
        "服务费",
        "خدمة",
        "שירות",
        "संगणक",
        "a \"b\" 'c'",
        "ÅÄÖ 🎉",
        "1,5 %",
    )
)
texts: Final = st.one_of(_WORDS, st.text(_ALPHABET, min_size=1, max_size=24).map(str.strip).filter(bool))
_cents: Final = st.integers(1, 99_999).map(lambda cents: Decimal(cents).scaleb(-2))
_days: Final = st.integers(-400, 400).map(lambda days: ISSUED + timedelta(days=days))


def maybe(values: st.SearchStrategy[T]) -> st.SearchStrategy[T | None]:
    return st.one_of(st.none(), values)


def tuples(values: st.SearchStrategy[T], most: int, *, fewest: int = 0) -> st.SearchStrategy[tuple[T, ...]]:
    return st.lists(values, min_size=fewest, max_size=most).map(tuple)


def identifiers(scheme: str) -> st.SearchStrategy[Identifier]:
    return texts.map(lambda value: Identifier(value=value, scheme=scheme))


# Strategies are made once: drawing from one that is new each time is what takes the time
_text: Final = maybe(texts)
_one_in_ten: Final = st.integers(0, 9).map(lambda drawn: drawn == 9)
_one_in_three: Final = st.integers(0, 2).map(lambda drawn: drawn == 2)
_quantities: Final = st.builds(lambda digits, places: Decimal(digits).scaleb(-places), st.integers(1, 50_000), st.integers(0, 3))
_prices: Final = st.builds(lambda digits, places: Decimal(digits).scaleb(-places), st.integers(0, 9_999_999), st.integers(2, 4))
_units: Final = st.sampled_from(UNITS)
_GTIN: Final = Identifier(value="5412345000013", scheme="0160")
_GLN: Final = Identifier(value="5412345000013", scheme="0088")


@st.composite
def _periods(draw: st.DrawFn) -> tuple[date | None, date | None]:
    """BR-29, BR-30: the end is not before the start."""
    start, days = draw(maybe_day), draw(maybe_days)
    return start, None if days is None else (start or ISSUED) + timedelta(days=days)


maybe_day: Final = maybe(_days)
maybe_days: Final = maybe(st.integers(0, 90))
_period: Final = _periods()


@st.composite
def invoices(
    draw: st.DrawFn,
    *,
    lines: tuple[int, int] = (1, _DRAWN_LINES),
    rates: Sequence[Decimal] = RATES,
    zero_rated: Sequence[str] = ZERO_RATED,
    untaxed: bool = True,
    currencies: Sequence[str] = CURRENCIES,
) -> Invoice:
    """`lines`: fewest and most; beyond 40 the same ones come again. `untaxed`: whether category O may come."""
    vats = draw(_vats(tuple(rates), tuple(zero_rated), untaxed=untaxed))
    rows = draw(_lines(vats, *lines))
    charges = draw(_document_charges(vats))
    if _total(rows, charges) < 0:
        charges = ()
    if _total(rows, charges) < 0:
        rows = tuple(_above_zero(line) for line in rows)
    breakdown = tuple(draw(_with_reason(part)) for part in make.breakdown(rows, charges))
    categories = {category for category, _ in vats}
    currency = draw(st.sampled_from(currencies))
    totals = draw(_totals(rows, charges, breakdown, currency, untaxed="O" in categories))
    fields: dict[str, Any] = {
        "lines": rows,
        "allowances_charges": charges,
        "vat_breakdown": breakdown,
        "totals": totals,
        "currency": currency,
        "tax_currency": None if totals.vat_total_accounting is None else "EUR",
        "number": draw(texts),
        "issue_date": ISSUED,
        "notes": draw(_notes),
        "supporting_documents": draw(_supporting),
    }
    for more in (_kind, _dates, _references, _parties(frozenset(categories)), _delivery("K" in categories), _payment):
        fields |= draw(more)
    return Invoice(**fields)


def _above_zero(line: Line) -> Line:
    quantity = abs(line.quantity)
    net_amount = round_half_up(quantity * line.net_price / (line.base_quantity or 1))
    return replace(line, quantity=quantity, net_amount=net_amount, allowances_charges=())


def _total(rows: Sequence[Line], charges: Sequence[AllowanceCharge]) -> Decimal:
    """With VAT, or without it where that is less: either can be below zero when rates differ."""
    totals = make.totals(rows, charges, make.breakdown(rows, charges))
    return min(totals.total_without_vat, totals.total_with_vat)


# VAT and amounts -------------------------------------------------------------------------------------------------


def _vats(rates: tuple[Decimal, ...], zero_rated: tuple[str, ...], *, untaxed: bool) -> st.SearchStrategy[tuple[Vat, ...]]:
    """The categories of one invoice; BR-O-11 to 14: what is not subject to VAT stands alone."""
    taxed: list[Vat] = [*(("S", rate) for rate in rates), *((category, ZERO) for category in zero_rated)]
    together = st.lists(st.sampled_from(taxed), min_size=1, max_size=4, unique=True).map(tuple)
    alone: tuple[Vat, ...] = (("O", None),)
    return st.one_of(together, together, together, st.just(alone)) if untaxed else together


@st.composite
def _lines(draw: st.DrawFn, vats: tuple[Vat, ...], fewest: int, most: int) -> tuple[Line, ...]:
    """Numbered lines, as often as they are needed."""
    drawn = draw(_drawn_lines(vats, min(fewest, 3), min(most, _DRAWN_LINES)))
    repeated = islice(cycle(drawn), max(fewest, len(drawn)))
    return tuple(replace(line, id=str(at)) for at, line in enumerate(repeated, 1))


@cache
def _drawn_lines(vats: tuple[Vat, ...], fewest: int, most: int) -> st.SearchStrategy[list[Line]]:
    return st.lists(_line(st.sampled_from(vats)), min_size=fewest, max_size=most)


@st.composite
def _line(draw: st.DrawFn, vats: st.SearchStrategy[Vat]) -> Line:
    category, rate = draw(vats)
    quantity, price = draw(_quantities), draw(_prices)
    fields: dict[str, Any] = {"quantity": -quantity if draw(_one_in_ten) else quantity, "net_price": price, "unit_code": draw(_units)}
    if draw(_one_in_three):
        fields |= draw(_extras)
    if discount := fields.pop("discount", None):
        fields |= {"gross_price": price + discount, "price_discount": discount}
    return make.line(name=draw(texts), vat_category=category, vat_rate=rate, **fields)


@st.composite
def _charges(draw: st.DrawFn, vats: st.SearchStrategy[Vat] | None) -> AllowanceCharge:
    """An allowance or charge with a reason (BR-33, BR-38); on a line without VAT category."""
    is_charge = draw(st.booleans())
    category, rate = (None, None) if vats is None else draw(vats)
    base, percentage = draw(_bases)
    code, reason = draw(_charge_reasons if is_charge else _allowance_reasons)
    return AllowanceCharge(
        is_charge=is_charge,
        amount=draw(_cents) if base is None or percentage is None else round_half_up(base * percentage / 100),
        base_amount=base,
        percentage=percentage,
        reason=reason,
        reason_code=code,
        vat_category=category,
        vat_rate=rate,
    )


_bases: Final = st.one_of(st.just((None, None)), st.tuples(_cents, st.integers(1, 30).map(Decimal)))
_allowance_reasons: Final = st.one_of(st.tuples(st.sampled_from(ALLOWANCE_CODES), _text), st.tuples(st.none(), texts))
_charge_reasons: Final = st.one_of(st.tuples(st.sampled_from(CHARGE_CODES), _text), st.tuples(st.none(), texts))
_EXTRAS: Final[dict[str, st.SearchStrategy[Any]]] = {
    "description": texts,
    "note": texts,
    "seller_item_id": texts,
    "buyer_item_id": texts,
    "standard_item_id": st.just(_GTIN),
    "origin_country": st.sampled_from(("BE", "CN")),
    "classifications": tuples(st.one_of(identifiers("STI"), identifiers("SRV")), 1),
    "attributes": tuples(st.tuples(texts, texts), 2),
    "period": _period,
    "order_line": texts,
    "object_id": identifiers("AAB"),
    "accounting_cost": texts,
    "allowances_charges": tuples(_charges(None), 2),
    "base_quantity": st.sampled_from((Decimal(1), Decimal(100))),
    "discount": _cents,
}
_extra_names: Final = st.lists(st.sampled_from(sorted(_EXTRAS)), max_size=8, unique=True)


@st.composite
def _some_extras(draw: st.DrawFn) -> dict[str, Any]:
    """Some of the optional terms of a line."""
    fields = {name: draw(_EXTRAS[name]) for name in draw(_extra_names)}
    if period := fields.pop("period", None):
        fields |= {"period_start": period[0], "period_end": period[1]}
    return fields


_extras: Final = _some_extras()


@cache
def _document_charges(vats: tuple[Vat, ...]) -> st.SearchStrategy[tuple[AllowanceCharge, ...]]:
    return tuples(_charges(st.sampled_from(vats)), 3)


_exemptions: Final = st.one_of(st.tuples(st.sampled_from(EXEMPTIONS), _text), st.tuples(st.none(), texts))


@st.composite
def _with_reason(draw: st.DrawFn, part: VatBreakdown) -> VatBreakdown:
    """BR-E-10, BR-AE-10, BR-IC-10, BR-G-10, BR-O-10: a reason in words, as a code, or both."""
    if part.category == "O":
        return replace(part, exemption_code="VATEX-EU-O", exemption_reason=draw(_text))
    if part.category == "E":
        code, words = draw(_exemptions)
        return replace(part, exemption_code=code, exemption_reason=words)
    if part.category in REASONS:
        code, words = REASONS[part.category]
        return replace(part, exemption_code=code, exemption_reason=draw(st.sampled_from((None, words))))
    return part


@st.composite
def _totals(
    draw: st.DrawFn,
    rows: Sequence[Line],
    charges: Sequence[AllowanceCharge],
    breakdown: Sequence[VatBreakdown],
    currency: str,
    *,
    untaxed: bool,
) -> Totals:
    totals = make.totals(rows, charges, breakdown)
    paid = draw(st.sampled_from((ZERO, ZERO, Decimal("10.00"), totals.total_with_vat)))
    rounding = draw(st.sampled_from((ZERO, ZERO, ZERO, Decimal("0.02"), Decimal("-0.01"))))
    accounting = None if currency == "EUR" or untaxed else round_half_up(totals.vat_total * Decimal("0.9321"))
    return replace(
        totals,
        paid_amount=paid,
        rounding_amount=rounding,
        amount_due=totals.total_with_vat - paid + rounding,
        vat_total_accounting=accounting,
    )


# Around the lines ------------------------------------------------------------------------------------------------

_notes: Final = tuples(texts, 2)
_address_on_the_web: Final = maybe(st.just("https://dubois.example/heures?a=1&b=2"))
_supporting: Final = tuples(st.builds(SupportingDocument, id=texts, description=_text, url=_address_on_the_web), 2)
_preceding: Final = tuples(st.builds(Reference, number=texts, issue_date=maybe_day), 2)
_REFERENCES: Final = (
    "buyer_reference",
    "order_reference",
    "sales_order_reference",
    "contract_reference",
    "project_reference",
    "despatch_reference",
    "receipt_reference",
    "tender_reference",
    "accounting_cost",
)
_reference_names: Final = st.lists(st.sampled_from(_REFERENCES), max_size=5, unique=True)
_object: Final = maybe(identifiers("ABZ"))


@st.composite
def _kinds(draw: st.DrawFn) -> dict[str, Any]:
    is_credit = draw(st.booleans())
    return {
        "type_code": DocumentType.CREDIT_NOTE if is_credit else DocumentType.INVOICE,
        "source_type_code": draw(_credit_codes if is_credit else _invoice_codes),
        "preceding_invoices": draw(_preceding),
    }


_credit_codes: Final = st.sampled_from(("381", "381", "396"))
_invoice_codes: Final = st.sampled_from(("380", "380", "389", "326"))
_kind: Final = _kinds()


@st.composite
def _all_dates(draw: st.DrawFn) -> dict[str, Any]:
    """BR-CO-25: a due date or payment terms; BR-CO-03: a tax point date or its code."""
    start, end = draw(_period)
    due = draw(maybe_days)
    point, code = draw(_tax_points)
    return {
        "due_date": None if due is None else ISSUED + timedelta(days=due),
        "payment_terms": draw(texts if due is None else _text),
        "tax_point_date": point,
        "tax_point_code": code if start or end else None,
        "period_start": start,
        "period_end": end,
    }


_tax_points: Final = st.one_of(st.tuples(_days, st.none()), st.tuples(st.none(), maybe(st.sampled_from(("3", "35", "432")))))
_dates: Final = _all_dates()


@st.composite
def _some_references(draw: st.DrawFn) -> dict[str, Any]:
    return {name: draw(texts) for name in draw(_reference_names)} | {"object_id": draw(_object)}


_references: Final = _some_references()


@cache
@st.composite
def _parties(draw: st.DrawFn, categories: frozenset[str]) -> dict[str, Any]:
    """BR-O-02 to 04: no VAT numbers where nothing is subject to VAT; AE, K and G need those of both."""
    name, other = draw(st.tuples(texts, texts))
    seller = make.seller(name=name, trading_name=_unlike(name, draw(_text)), address=draw(_domestic), contact_name=draw(_text))
    buyer = draw(_known_buyers if categories & {"AE", "K", "G"} else _buyers)(name=other, trading_name=_unlike(other, draw(_text)))
    payee = draw(_payees)
    if payee is not None and payee.name in (seller.name, seller.trading_name):
        payee = None  # BR-17: someone else
    fields = {"seller": seller, "buyer": buyer, "payee": payee}
    if categories == {"O"}:
        return fields | {"seller": replace(seller, vat_id=None), "buyer": replace(buyer, vat_id=None)}
    return fields | {"tax_representative": draw(_representatives)}


def _unlike(name: str, trading_name: str | None) -> str | None:
    """BT-28, BT-45: another name than the party's own."""
    return None if trading_name == name else trading_name


_domestic: Final = st.builds(Address, street=_text, additional_street=_text, address_line=_text, city=_text, country=st.just("BE"))
_known_buyers: Final = st.sampled_from((make.party, make.foreign_company))
_buyers: Final = st.sampled_from((make.party, make.foreign_company, make.private_person))
_payees: Final = maybe(st.builds(Party, name=texts, identifiers=st.just((_GLN,))))
_representatives: Final = maybe(
    st.builds(Party, name=texts, vat_id=st.just("BE0999999922"), address=st.builds(Address, city=_text, country=st.just("BE")))
)


@cache
@st.composite
def _delivery(draw: st.DrawFn, needed: bool) -> dict[str, Any]:
    """BR-IC-11 and BR-IC-12: an intra-community supply has a day and a country."""
    return {
        "delivery_date": draw(_days if needed else maybe_day),
        "delivery_address": draw(_abroad if needed else _maybe_abroad),
        "delivery_name": draw(_text),
        "delivery_location_id": draw(_location),
    }


_abroad: Final = st.builds(Address, street=_text, city=_text, postcode=maybe(st.just("50667")), country=st.sampled_from(("DE", "FR")))
_maybe_abroad: Final = maybe(_abroad)
_location: Final = maybe(st.just(_GLN))


@st.composite
def _ways_to_pay(draw: st.DrawFn) -> dict[str, Any]:
    """Transfers, a card or a direct debit, with one reference and one code for all (UBL-SR-44, UBL-SR-47, BR-50, BR-51, BR-61)."""
    reference, code = draw(_payment_references), draw(_transfer_codes)
    found = [replace(means, reference=reference) for means in draw(_means)]
    if found:
        found[0] = replace(found[0], means_text=draw(_text))
    return {"payment_means": tuple(replace(means, means_code=code) if means.iban else means for means in found)}


_payment_references: Final = maybe(st.sampled_from((make.OGM, "RF18539007547034")))
_transfer_codes: Final = st.sampled_from(("30", "58"))
_transfer: Final = st.builds(PaymentMeans, iban=st.sampled_from((make.IBAN, "BE68539007547034")), bic=maybe(st.just("GKCCBEBB")), account_name=_text)
_card: Final = st.builds(PaymentMeans, means_code=st.just("48"), card_number=st.just("1234"), card_holder=_text)
_debit: Final = st.just(PaymentMeans(means_code="59", mandate_reference="M-7", debited_account="BE68539007547034"))
_means: Final = st.one_of(st.lists(_transfer, max_size=2), st.lists(st.one_of(_card, _debit), min_size=1, max_size=1))
_payment: Final = _ways_to_pay()


# Belgian ---------------------------------------------------------------------------------------------------------

_BELGIAN_CODES: Final[dict[Vat, tuple[str, ...]]] = {
    ("S", Decimal(21)): ("03", "03/SE"),
    ("S", Decimal(12)): ("02",),
    ("S", Decimal(6)): ("01",),
    ("Z", ZERO): ("00",),
    ("AE", ZERO): ("45",),
    ("K", ZERO): ("44", "46/GO", "46/TR", "47/TO", "47/AS", "47/DI", "47/SE"),
    ("G", ZERO): ("47/EX", "47/EI", "47/EE"),
    ("E", ZERO): ("NA", "00/44", "MA", "SC"),
}
_code_choice: Final = st.integers(0, 6)
_discount_percentages: Final = maybe(st.sampled_from((Decimal(1), Decimal("1.5"), Decimal(3))))


@st.composite
def belgian_invoices(draw: st.DrawFn) -> Invoice:
    """Invoices as UBL.BE states them: VAT groups by Belgian code, and now and then a cash discount on which no VAT is due."""
    made = draw(invoices(rates=BELGIAN, untaxed=False, currencies=("EUR",)))
    codes = {key: of_key[draw(_code_choice) % len(of_key)] for key, of_key in _BELGIAN_CODES.items()}
    other = {key: of_key[draw(_code_choice) % len(of_key)] for key, of_key in _BELGIAN_CODES.items()}
    rows = tuple(replace(line, belgian_code=(codes if at % 3 else other)[_key(line)]) for at, line in enumerate(made.lines))
    charges = tuple(replace(each, belgian_code=codes[_key(each)]) for each in made.allowances_charges)
    percentage = draw(_discount_percentages)
    if {part.category for part in made.vat_breakdown} & {"E", "G"}:
        percentage = None  # EFFF-T10-R013: beside it nothing else is exempt
    breakdown = _by_code(made, rows, charges, percentage or ZERO)
    totals = make.totals(rows, charges, breakdown)
    totals = replace(totals, paid_amount=made.totals.paid_amount, amount_due=totals.total_with_vat - made.totals.paid_amount)
    discount = None if percentage is None else CashDiscount(percentage=percentage, until=ISSUED + timedelta(days=8))
    return replace(made, lines=rows, allowances_charges=charges, vat_breakdown=breakdown, totals=totals, cash_discount=discount)


def _key(item: Line | AllowanceCharge) -> Vat:
    return item.vat_category or "", item.vat_rate


def _by_code(made: Invoice, rows: Sequence[Line], charges: Sequence[AllowanceCharge], percentage: Decimal) -> tuple[VatBreakdown, ...]:
    """A group for each category, rate and code, less the cash discount, which is a group of its own."""
    bases: dict[tuple[str, Decimal | None, str | None], Decimal] = {}
    amounts: list[tuple[Line | AllowanceCharge, Decimal]] = [
        *((line, line.net_amount) for line in rows),
        *((each, each.amount if each.is_charge else -each.amount) for each in charges),
    ]
    for item, amount in amounts:
        key = (*_key(item), item.belgian_code)
        bases[key] = bases.get(key, ZERO) + amount
    reasons = {(part.category, part.rate): part for part in made.vat_breakdown}
    parts, exempt = [], ZERO
    for (category, rate, code), whole in bases.items():
        gap = round_half_up(whole * percentage / 100)
        exempt += gap
        base, due = whole - gap, round_half_up((whole - gap) * (rate or ZERO) / 100)
        parts.append(replace(reasons[category, rate], taxable_amount=base, vat_amount=due, belgian_code=code))
    if percentage:
        parts.append(
            VatBreakdown(category="E", rate=ZERO, taxable_amount=exempt, vat_amount=ZERO, exemption_reason="Financial discount", belgian_code="FD")
        )
    return tuple(parts)
