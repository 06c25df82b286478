"""The code for paying within a mail: a picture where there are pictures, the same in words where there are none."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from functools import lru_cache
from io import BytesIO
from typing import Final

from core import i18n
from core.i18n import N_
from core.model import Invoice, Language
from core.rendering import epc, labels

MARK: Final = "[QR]"  # stands for the code in words that are filled in, so that a person can move it or take it out
WIDTH: Final = 160  # pixels of the screen
_SCALE: Final = 4
_WRITTEN: Final = re.compile(r"\[QR\]", re.IGNORECASE)
_ALONE: Final = re.compile(r"^[ \t]*\[QR\][ \t]*(?:\n|\Z)", re.IGNORECASE | re.MULTILINE)
_KEYWORD_ALONE: Final = re.compile(r"^[ \t]*\{\{-?\s*payment_qr\s*-?\}\}[ \t]*(?:\r?\n|\Z)", re.MULTILINE)


@dataclass(frozen=True, kw_only=True)
class Picture:
    """An image that lies in the mail and is shown in its text (RFC 2392)."""

    content_id: str
    file_name: str
    mime_type: str
    content: bytes


@dataclass(frozen=True, kw_only=True)
class PaymentQr:
    payload: str
    words: str  # what the plain text says, and who cannot see the picture hears

    @property
    def picture(self) -> Picture:
        identity = hashlib.sha256(self.payload.encode()).hexdigest()[:32]
        return Picture(content_id=f"qr-{identity}@facturier", file_name="payment-qr.png", mime_type="image/png", content=_png(self.payload))


def of(invoice: Invoice, language: Language) -> PaymentQr | None:
    """The code of that invoice, or nothing where a transfer in euro is not what is asked for."""
    payload, means = epc.payload(invoice), epc.transfer(invoice)
    if payload is None or means is None:
        return None
    words = i18n.translate(
        language,
        N_("To pay: {amount} to account {iban}, with the reference {reference}"),
        amount=i18n.amount(language, invoice.totals.amount_due, invoice.currency),
        iban=labels.spaced(means.iban or ""),
        reference=" ".join((invoice.payment_reference or invoice.number).split()),
    )
    return PaymentQr(payload=payload, words=words)


@lru_cache(maxsize=64)
def _png(payload: str) -> bytes:
    """One bit a pixel, four pixels a module: sharp on a screen, and half a kilobyte."""
    modules = epc.picture(payload)
    written = BytesIO()
    modules.resize((modules.width * _SCALE, modules.height * _SCALE), 0).save(written, "PNG", optimize=True)  # 0: no smoothing
    return written.getvalue()


def is_marked(text: str) -> bool:
    return bool(_WRITTEN.search(text))


def written_out(text: str, words: str) -> str:
    """The text with something else where the mark stands."""
    return _WRITTEN.sub(lambda _: words, text)


def without(text: str) -> str:
    """The text without the mark; where it stood alone no empty line is left."""
    return written_out(_ALONE.sub("", text), "")


def without_keyword(template: str) -> str:
    """The text without the lines that would hold nothing but the code."""
    return _KEYWORD_ALONE.sub("", template)


def unmarked(value: str) -> str:
    """A customer or an order that is really called like the mark keeps its name, in other brackets."""
    return _WRITTEN.sub("(QR)", value)
