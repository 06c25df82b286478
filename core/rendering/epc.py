"""The QR code of a SEPA credit transfer (EPC069-12, version 2)."""

from __future__ import annotations

import re
from decimal import Decimal
from functools import lru_cache
from typing import Any, Final

from core.model import Invoice, PaymentMeans

_MOST_BYTES: Final = 331
_MOST: Final = Decimal("999999999.99")
_TRANSFERS: Final = frozenset({"30", "31", "58", "1"})
_CREDITOR_REFERENCE: Final = re.compile(r"RF\d{2}[0-9A-Z]{1,21}")  # ISO 11649


def payload(invoice: Invoice) -> str | None:
    """What the banking app reads, or nothing where a transfer in euro is not what is asked for."""
    means = transfer(invoice)
    amount = invoice.totals.amount_due
    if invoice.is_credit_note or invoice.currency != "EUR" or means is None or not 0 < amount <= _MOST or amount != round(amount, 2):
        return None
    name = _one_line(means.account_name or (invoice.payee or invoice.seller).name)[:70]
    reference = _one_line(invoice.payment_reference or invoice.number)
    is_structured = bool(_CREDITOR_REFERENCE.fullmatch(reference.replace(" ", "")))
    fields = ["BCD", "002", "1", "SCT", _compact(means.bic), name, _compact(means.iban), f"EUR{amount:.2f}", ""]
    # The Belgian +++…+++ is no ISO reference: it goes into the unstructured field
    fields += [reference.replace(" ", ""), ""] if is_structured else ["", reference[:140]]
    return _shortened(fields)


def transfer(invoice: Invoice) -> PaymentMeans | None:
    """The first account that a credit transfer can go to."""
    return next((means for means in invoice.payment_means if _compact(means.iban) and means.means_code in _TRANSFERS), None)


def _shortened(fields: list[str]) -> str:
    """The name gives way where many bytes per letter make the code too long."""
    while len("\n".join(fields).encode()) > _MOST_BYTES and fields[5]:
        fields[5] = fields[5][:-1]
    while len("\n".join(fields).encode()) > _MOST_BYTES and fields[10]:
        fields[10] = fields[10][:-1]
    return "\n".join(fields)


def _compact(text: str | None) -> str:
    return re.sub(r"\s", "", text or "").upper()


def _one_line(text: str) -> str:
    return " ".join(text.split())


@lru_cache(maxsize=256)
def picture(content: str) -> Any:
    """The code as a black and white image with its quiet zone, one pixel per module; level M as EPC069-12 wants."""
    import zxingcpp  # only where a PDF is made
    from PIL import Image

    barcode = zxingcpp.create_barcode(content, zxingcpp.BarcodeFormat.QRCode, ec_level="M")
    image: Any = barcode.to_image(scale=1)  # a buffer, which its stubs do not say
    modules = memoryview(image)
    height, width = modules.shape or (0, 0)
    return Image.frombytes("L", (width, height), bytes(modules)).convert("1", dither=Image.Dither.NONE)
