"""The invoices that rendering is measured on (BENCH): A4, logo, two parties, lines at three rates, structured communication, QR code."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from io import BytesIO
from typing import Final

from core.model import ZERO, Address, DocumentType, Identifier, Invoice, Line, Party, PaymentMeans, Totals, VatBreakdown
from core.money import round_half_up

_NAMES: Final = ("Conseil en organisation", "Ouvrage « Gérer ses factures »", "Œuvre d’été – reproduction", "Übersetzung", "Dépannage sur place")
_RATES: Final = (Decimal(21), Decimal(6), Decimal(12))
_UNITS: Final = ("HUR", "C62", "DAY")
_DAY: Final = date(2026, 11, 24)


def invoice(number: int, *, lines: int = 10) -> Invoice:
    """One of many, each with figures of its own."""
    rows = tuple(_line(at, number) for at in range(1, lines + 1))
    breakdown = tuple(_group(rate, rows) for rate in _RATES if any(row.vat_rate == rate for row in rows))
    net = sum((row.net_amount for row in rows), ZERO)
    vat = sum((part.vat_amount for part in breakdown), ZERO)
    return Invoice(
        number=f"2026-{number:06d}",
        type_code=DocumentType.INVOICE,
        issue_date=_DAY,
        due_date=_DAY + timedelta(days=30),
        currency="EUR",
        seller=_party(
            "Atelier Dubois SRL", "0123456749", street="Rue de la Loi 16", postcode="1000", city="Bruxelles", email="factures@dubois.example"
        ),
        buyer=_party("Bakkerij Peeters BV", "0999999922", street="Meir 1", postcode="2000", city="Antwerpen"),
        payment_means=(PaymentMeans(reference=_structured(number), iban="BE71096123456769", bic="GKCCBEBB"),),
        payment_terms="30 jours date de facture",
        vat_breakdown=breakdown,
        totals=Totals(line_total=net, total_without_vat=net, vat_total=vat, total_with_vat=net + vat, amount_due=net + vat),
        lines=rows,
    )


def _line(at: int, number: int) -> Line:
    quantity, price = Decimal(at % 9 + 1), Decimal(1000 + 37 * at + number % 97).scaleb(-2)
    return Line(
        id=str(at),
        name=f"{_NAMES[at % 5]} {at}",
        quantity=quantity,
        unit_code=_UNITS[at % 3],
        net_amount=quantity * price,
        net_price=price,
        vat_category="S",
        vat_rate=_RATES[at % 3],
    )


def _group(rate: Decimal, rows: tuple[Line, ...]) -> VatBreakdown:
    base = sum((row.net_amount for row in rows if row.vat_rate == rate), ZERO)
    return VatBreakdown(category="S", rate=rate, taxable_amount=base, vat_amount=round_half_up(base * rate / 100))


def _party(name: str, enterprise: str, *, street: str, postcode: str, city: str, email: str | None = None) -> Party:
    number = Identifier(value=enterprise, scheme="0208")
    address = Address(street=street, postcode=postcode, city=city, country="BE")
    return Party(name=name, vat_id=f"BE{enterprise}", legal_id=number, endpoint=number, address=address, email=email)


def _structured(number: int) -> str:
    digits = f"{number:010d}"
    both = f"{digits}{int(digits) % 97 or 97:02d}"
    return f"+++{both[:3]}/{both[3:7]}/{both[7:]}+++"


def logo() -> bytes:
    """A PNG of 600 × 180 pixels with transparency."""
    from PIL import Image, ImageDraw

    picture = Image.new("RGBA", (600, 180), (255, 255, 255, 0))
    pen = ImageDraw.Draw(picture)
    for step in range(0, 160, 4):
        pen.ellipse((step // 2, step // 2, 170 - step // 2, 170 - step // 2), outline=(26, 107 + step // 2, 90, 255), width=3)
    pen.rectangle((200, 60, 590, 120), fill=(26, 107, 90, 255))
    content = BytesIO()
    picture.save(content, "PNG")
    return content.getvalue()


def terms() -> bytes:
    """Terms of sale of about 60 KB, as a PDF that does not compress."""
    import random

    noise = random.Random(7).randbytes(60_000)  # noqa: S311  -- the same in each run
    return b"%PDF-1.7\n" + noise + b"\n%%EOF\n"
