"""The QR code of a SEPA credit transfer (EPC069-12, version 2)."""

from __future__ import annotations

import re
from decimal import Decimal
from functools import lru_cache
from typing import Any, Final

from stdnum import bic as stdnum_bic
from stdnum import iban as stdnum_iban

from core.model import Invoice, PaymentMeans

_MOST_BYTES: Final = 331
_LEAST_REMITTANCE: Final = 35  # bytes of it that stay, however long the name is: a structured reference would need no more
_MOST: Final = Decimal("999999999.99")
_TRANSFERS: Final = frozenset({"30", "31", "58", "1"})
_DIRECT_DEBITS: Final = frozenset({"49", "59"})
_NAME, _REMITTANCE = 5, 10  # places among the fields
_CREDITOR_REFERENCE: Final = re.compile(r"RF\d{2}[0-9A-Z]{1,21}")  # ISO 11649


def payload(invoice: Invoice) -> str | None:
    """What the banking app reads, or nothing where a transfer in euro is not what is asked for."""
    means = transfer(invoice)
    amount = invoice.totals.amount_due
    if invoice.is_credit_note or invoice.currency != "EUR" or means is None or not 0 < amount <= _MOST or amount != round(amount, 2):
        return None
    name = (_one_line(means.account_name or "") or _one_line((invoice.payee or invoice.seller).name))[:70]
    if not name:
        return None
    reference = _one_line(invoice.payment_reference or invoice.number)
    is_structured = bool(_CREDITOR_REFERENCE.fullmatch(reference.replace(" ", "")))
    fields = ["BCD", "002", "1", "SCT", _known_bic(means.bic), name, _compact(means.iban), f"EUR{amount:.2f}", ""]
    # The Belgian +++…+++ is no ISO reference: it goes into the unstructured field
    fields += [reference.replace(" ", ""), ""] if is_structured else ["", reference[:140]]
    return _shortened(fields)


def transfer(invoice: Invoice) -> PaymentMeans | None:
    """The first account that a credit transfer can go to; none where the invoice is collected, lest it be paid twice."""
    if any(means.means_code in _DIRECT_DEBITS for means in invoice.payment_means):
        return None
    return next((means for means in invoice.payment_means if means.means_code in _TRANSFERS and _is_iban(_compact(means.iban))), None)


def _is_iban(account: str) -> bool:
    return account.isascii() and stdnum_iban.is_valid(account, check_country=False)


def _known_bic(stated: str | None) -> str:
    """The BIC is optional in the euro area: better none than one that the banking app refuses."""
    bic = _compact(stated)
    return bic if bic.isascii() and stdnum_bic.is_valid(bic) else ""


def _shortened(fields: list[str]) -> str:
    """The remittance text gives way where many bytes per letter make the code too long, then the mandatory name, never to nothing."""
    while _too_long(fields) and len(fields[_REMITTANCE][:-1].encode()) >= _LEAST_REMITTANCE:
        fields[_REMITTANCE] = fields[_REMITTANCE][:-1]
    while _too_long(fields) and len(fields[_NAME]) > 1:
        fields[_NAME] = fields[_NAME][:-1]
    return "\n".join(fields)


def _too_long(fields: list[str]) -> bool:
    return len("\n".join(fields).encode()) > _MOST_BYTES


def _compact(text: str | None) -> str:
    return re.sub(r"\s", "", text or "").upper()


def _one_line(text: str) -> str:
    return " ".join(text.split())


@lru_cache(maxsize=256)
def picture(content: str) -> Any:
    """The code as a black and white image with its quiet zone, one pixel per module; level M as EPC069-12 wants."""
    import zxingcpp  # only where a PDF is made
    from PIL import Image

    marked = {} if content.isascii() else {"eci": "UTF8"}  # else Latin-1 would be written where the code says UTF-8
    barcode = zxingcpp.create_barcode(content, zxingcpp.BarcodeFormat.QRCode, ec_level="M", **marked)
    image: Any = barcode.to_image(scale=1)  # a buffer, which its stubs do not say
    modules = memoryview(image)
    height, width = modules.shape or (0, 0)
    return Image.frombytes("L", (width, height), bytes(modules)).convert("1", dither=Image.Dither.NONE)
