"""The demo's invoices and credit notes: the same from the same seed, with dates around today."""

from __future__ import annotations

import random
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal
from functools import lru_cache
from typing import Final

from babel.dates import format_date

from core.demo.cards import Cards, Client, Service, structured
from core.i18n import REGION
from core.model import ZERO, DocumentType, Invoice, Language, Line, PaymentMeans, Reference, Totals, VatBreakdown
from core.money import round_half_up

SEED: Final = 2026
MONTHS: Final = {2: 590, 1: 125, 0: 485}  # documents by months ago: last month is the one that is really sent, and must not take long
BY_POST: Final = {2: 22, 1: 18, 0: 25}  # those of them for customers who get paper
PAYABLE_WITHIN: Final = timedelta(days=30)
REVERSE_CHARGE: Final = ("AE", ZERO, "Autoliquidation, art. 21, § 2 CTVA", "VATEX-EU-AE")
FIRST_FILE: Final = 1001
GAP_IN: Final = "dijle"  # whose numbers have a gap last month
GAP_AFTER: Final = 5
ONE: Final = Decimal(1)
MONTHLY: Final = "monthly"
QUARTERLY: Final = "quarterly"
QUANTITIES: Final = {"advice": (1, 4), "payslips": (2, 12)}

Item = tuple[str, Decimal, Decimal | None]  # service, quantity, price where it is not the service's own
FILING: Final[tuple[Item, ...]] = (("filing", ONE, None), ("filing_fee", ONE, None))


@dataclass(frozen=True)
class Draft:
    """A document before it has its number."""

    day: date
    client: Client
    items: tuple[Item, ...]
    is_credit: bool = False


@dataclass(frozen=True)
class Document:
    """An invoice with what the demo does with it."""

    invoice: Invoice
    client: Client
    months_ago: int


def documents(cards: Cards, today: date) -> list[Document]:
    """Twelve hundred documents of three months, the last day of which is today; by firm and number."""
    chance = random.Random(SEED)  # noqa: S311  the demo must be the same every time
    months = {ago: _month(cards, chance, ago, _days(today, ago)) for ago in MONTHS}
    return [document for key in cards.companies for document in _numbered(cards, key, months)]


def _days(today: date, months_ago: int) -> list[date]:
    """The days of a month on which there are invoices; of this month those up to today."""
    if months_ago == 0:
        return [today.replace(day=day) for day in range(1, today.day + 1)]
    first = today.replace(day=1)
    for _ in range(months_ago):
        first = (first - timedelta(days=1)).replace(day=1)
    return [first.replace(day=day) for day in range(1, 27)]


def _month(cards: Cards, chance: random.Random, months_ago: int, days: Sequence[date]) -> list[Draft]:
    """Monthly fees, what stands out, and as much other work as the month has documents, by day."""
    clients = [client for client in cards.customers if months_ago == 0 or not client.starts]
    drafts = [Draft(days[0], client, (fee,)) for client in clients if (fee := _fee(client, months_ago))]
    yearly = [client for client in clients if client.fee is None and months_ago == 2]
    drafts += [Draft(days[len(days) // 2], client, (("tax_return", ONE, None),)) for client in yearly]
    drafts += _particular(cards, months_ago, days[-1])
    busy = [client for client in clients if not client.quiet and not client.starts and client not in yearly]
    by_post = BY_POST[months_ago] - sum(draft.client.to is None for draft in drafts)
    drafts += _extras(chance, [client for client in busy if client.to is None], days, count=by_post)
    drafts += _extras(chance, [client for client in busy if client.to is not None], days, count=MONTHS[months_ago] - len(drafts))
    return sorted(drafts, key=lambda draft: draft.day)


def _fee(client: Client, months_ago: int) -> Item | None:
    if client.fee is None or (client.quarter is not None and client.quarter != months_ago):
        return None
    return (MONTHLY, ONE, client.fee) if client.quarter is None else (QUARTERLY, ONE, 3 * client.fee)


def _extras(chance: random.Random, clients: Sequence[Client], days: Sequence[date], *, count: int) -> Iterable[Draft]:
    """Each work at most once a month for a customer."""
    works = [(client, service) for client in clients for service in _services(client)]
    for client, service in chance.sample(works, count):
        quantity = Decimal(chance.randint(*QUANTITIES.get(service, (1, 1))))
        day = days[int(chance.random() * len(days))]  # choice() would draw differently from a longer month
        yield Draft(day, client, FILING if service == "filing" else ((service, quantity, None),))


def _services(client: Client) -> tuple[str, ...]:
    if client.is_private:
        return ("tax_return", "advice")
    if client.vat:
        return ("tax_return", "vat_return", "filing", "advice", "payslips")
    return ("filing", "advice", "payslips")


def _particular(cards: Cards, months_ago: int, day: date) -> Iterable[Draft]:
    """Three VAT rates on one invoice, and credit notes of a customer's monthly fee."""
    credited = {0: ("Garage Delvaux SRL", "Bakkerij Peeters BV"), 1: ("Fietsen Janssens BV",)}
    for name in credited.get(months_ago, ()):
        client = cards.client(name)
        yield Draft(day, client, ((MONTHLY, ONE, round_half_up((client.fee or ZERO) / 2)),), is_credit=True)
    if months_ago < 2:
        yield Draft(day, cards.client("Delvaux Immobilier SRL"), (FILING[0], ("book", Decimal(3), None), FILING[1]))


def _numbered(cards: Cards, key: str, months: dict[int, list[Draft]]) -> Iterable[Document]:
    firm = cards.companies[key]
    files = {client.name: place for place, client in enumerate(cards.customers, start=FIRST_FILE)}
    number = firm.first
    fees: dict[tuple[str, int], Invoice] = {}
    for months_ago, drafts in months.items():
        for place, draft in enumerate(draft for draft in drafts if draft.client.company == key):
            if (key, months_ago, place) == (GAP_IN, 1, GAP_AFTER):
                number += 1
            reference = structured(int(firm.number[-3:]) * 10_000_000 + number)
            invoice = _invoice(cards, draft, f"{firm.prefix}{draft.day.year}-{number:04d}", reference, files[draft.client.name])
            if draft.is_credit:
                invoice = _credit_note(invoice, fees[draft.client.name, months_ago + 1])
            elif draft.items[0][0] == MONTHLY:
                fees[draft.client.name, months_ago] = invoice
            yield Document(invoice, draft.client, months_ago)
            number += 1


def _invoice(cards: Cards, draft: Draft, number: str, reference: str, file: int) -> Invoice:
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
        buyer_reference=f"Dossier {file}",
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
    text: str = getattr(service, language.value)
    return text.format(**_periods(day.replace(day=1), language))


@lru_cache
def _periods(month: date, language: Language) -> dict[str, str]:
    written = {name: format_date(month, pattern, locale=REGION[language]) for name, pattern in (("month", "LLLL y"), ("quarter", "QQQQ y"))}
    return written | {"year": str(month.year)}


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
