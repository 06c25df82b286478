"""The demo's invoices and credit notes: the same from the same seed, with dates around today."""

from __future__ import annotations

import random
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Final

from babel.dates import format_date

from core.demo.cards import Cards, Client, Service, structured
from core.i18n import REGION
from core.model import ZERO, DocumentType, Invoice, Language, Line, PaymentMeans, Reference, Totals, VatBreakdown
from core.money import round_half_up

SEED: Final = 2026
PAYABLE_WITHIN: Final = timedelta(days=30)
REVERSE_CHARGE: Final = ("AE", ZERO, "Autoliquidation, art. 21, § 2 CTVA", "VATEX-EU-AE")
FIRST_FILE: Final = 1001
GAP_IN: Final = "dijle"  # whose numbers have a gap last month
EXTRAS: Final = {True: ("tax_return", "advice"), False: ("tax_return", "vat_return", "advice", "payslips")}  # by: is a private person
QUANTITIES: Final = {"advice": (1, 4), "payslips": (2, 12)}


@dataclass(frozen=True)
class Draft:
    """A document before it has its number."""

    day: date
    client: Client
    items: tuple[tuple[str, Decimal, Decimal | None], ...]  # service, quantity, price where it is not the service's own
    credits: Client | None = None


@dataclass(frozen=True)
class Document:
    """An invoice with what the demo does with it."""

    invoice: Invoice
    client: Client
    this_month: bool


def documents(cards: Cards, today: date) -> list[Document]:
    """Sixty documents of last month and this month, by firm and number."""
    first = today.replace(day=1)
    chance = random.Random(SEED)  # noqa: S311  the demo must be the same every time
    last_month = (first - timedelta(days=1)).replace(day=1)
    drafts = [*_fees(cards, last_month, this_month=False), *_fees(cards, first, this_month=True)]
    drafts += _extras(cards, chance, [last_month.replace(day=day) for day in range(3, 27)], count=8)
    drafts += _extras(cards, chance, [first.replace(day=day) for day in range(1, today.day + 1)], count=9)
    drafts += _particular(cards, last_month.replace(day=20), today)
    made: list[Document] = []
    for key in cards.companies:
        own = sorted((draft for draft in drafts if draft.client.company == key), key=lambda draft: draft.day)
        made += _numbered(cards, key, own, first)
    return made


def _fees(cards: Cards, day: date, *, this_month: bool) -> Iterable[Draft]:
    return [Draft(day, client, (("monthly", Decimal(1), client.fee),)) for client in cards.customers if this_month or not client.starts]


def _extras(cards: Cards, chance: random.Random, days: Sequence[date], *, count: int) -> Iterable[Draft]:
    clients = [client for client in cards.customers if not client.quiet and not client.starts]
    for client in chance.sample(clients, count):
        service = chance.choice(EXTRAS[client.is_private])
        quantity = chance.randint(*QUANTITIES.get(service, (1, 1)))
        day = days[int(chance.random() * len(days))]  # choice() would draw differently from a longer month
        yield Draft(day, client, ((service, Decimal(quantity), None),))


def _particular(cards: Cards, then: date, today: date) -> Iterable[Draft]:
    """A filing with its fee, three VAT rates on one invoice, a credit note."""
    one = Decimal(1)
    for name in ("Dupont SRL", "Fietsen Janssens BV"):
        yield Draft(then, cards.client(name), (("filing", one, None), ("filing_fee", one, None)))
    yield Draft(today, cards.client("Delvaux Immobilier SRL"), (("filing", one, None), ("book", Decimal(3), None), ("filing_fee", one, None)))
    credited = cards.client("Garage Delvaux SRL")
    yield Draft(today, credited, (("monthly", one, round_half_up(credited.fee / 2)),), credits=credited)


def _numbered(cards: Cards, key: str, drafts: Sequence[Draft], first: date) -> Iterable[Document]:
    firm = cards.companies[key]
    number = firm.first
    fees: dict[Client, Invoice] = {}
    for place, draft in enumerate(drafts):
        if key == GAP_IN and place == 5:
            number += 1
        invoice = _invoice(cards, draft, f"{firm.prefix}{draft.day.year}-{number:04d}", structured(int(firm.number[-3:]) * 10_000_000 + number))
        if draft.credits is not None:
            invoice = _credit_note(invoice, fees[draft.credits])
        fees.setdefault(draft.client, invoice)
        yield Document(invoice, draft.client, this_month=draft.day >= first)
        number += 1


def _invoice(cards: Cards, draft: Draft, number: str, reference: str) -> Invoice:
    firm, client = cards.companies[draft.client.company], draft.client
    lines = tuple(
        _line(str(place), cards.services[name], _words(cards.services[name], client.language, draft.day), client, quantity, price)
        for place, (name, quantity, price) in enumerate(draft.items, start=1)
    )
    breakdown = _breakdown(lines)
    return Invoice(
        number=number,
        type_code=DocumentType.INVOICE,
        issue_date=draft.day,
        due_date=draft.day + PAYABLE_WITHIN,
        currency="EUR",
        buyer_reference=f"Dossier {FIRST_FILE + cards.customers.index(client)}",
        seller=firm.party(),
        buyer=client.party(),
        lines=lines,
        payment_means=(PaymentMeans(reference=reference, iban=firm.iban),),
        vat_breakdown=breakdown,
        totals=_totals(breakdown),
    )


def _credit_note(invoice: Invoice, credited: Invoice) -> Invoice:
    return replace(
        invoice,
        type_code=DocumentType.CREDIT_NOTE,
        source_type_code="381",
        due_date=None,
        lines=(replace(invoice.lines[0], name=credited.lines[0].name),),
        preceding_invoices=(Reference(number=credited.number, issue_date=credited.issue_date),),
    )


def _words(service: Service, language: Language, day: date) -> str:
    """`Boekhouding, november 2026`."""
    month = format_date(day, "LLLL y", locale=REGION[language])
    text: str = getattr(service, language.value)
    return text.replace("{month}", month).replace("{year}", str(day.year))


def _line(identity: str, service: Service, name: str, client: Client, quantity: Decimal, price: Decimal | None) -> Line:
    category, rate, reason, code = service.category, service.rate, service.reason, None
    if client.country != "BE" and category == "S":
        category, rate, reason, code = REVERSE_CHARGE
    net_price = service.price if price is None else price
    return Line(
        id=identity,
        name=name,
        quantity=quantity,
        unit_code=service.unit,
        net_amount=round_half_up(quantity * net_price),
        net_price=net_price,
        vat_category=category,
        vat_rate=rate,
        exemption_reason=reason,
        exemption_code=code,
    )


def _breakdown(lines: Iterable[Line]) -> tuple[VatBreakdown, ...]:
    """BG-23: VAT once per category and rate."""
    found: dict[tuple[str, Decimal | None], list[Line]] = {}
    for line in lines:
        found.setdefault((line.vat_category, line.vat_rate), []).append(line)
    return tuple(_share(category, rate, own) for (category, rate), own in found.items())


def _share(category: str, rate: Decimal | None, lines: Sequence[Line]) -> VatBreakdown:
    taxable = sum((line.net_amount for line in lines), ZERO)
    return VatBreakdown(
        category=category,
        rate=rate,
        taxable_amount=taxable,
        vat_amount=round_half_up(taxable * (rate or ZERO) / 100),
        exemption_reason=lines[0].exemption_reason,
        exemption_code=lines[0].exemption_code,
    )


def _totals(breakdown: Iterable[VatBreakdown]) -> Totals:
    parts = list(breakdown)
    net = sum((part.taxable_amount for part in parts), ZERO)
    vat = sum((part.vat_amount for part in parts), ZERO)
    return Totals(line_total=net, total_without_vat=net, vat_total=vat, total_with_vat=net + vat, amount_due=net + vat)
