"""What a search looks in: folded words of an invoice and of a customer's card, the same on every database."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

from core.model import Invoice

_AMOUNT = re.compile(r"(?<![\w/.,-])-?(?:\d{1,3}(?:[.,'\s]\d{3})*|\d+)[.,]\d{2}(?!\d)")
_MOST_WORDS = 100  # whoever pastes more has pasted a column
_LETTERS = str.maketrans({"œ": "oe", "æ": "ae", "ø": "o", "ł": "l", "đ": "d", "ß": "ss", "ı": "i"})


def folded(text: str) -> str:
    """Small letters without accents, one space between words: `Café  Müller` is found by `cafe muller`."""
    plain = "".join(char for char in unicodedata.normalize("NFKD", text.casefold()) if not unicodedata.combining(char))
    return " ".join(plain.translate(_LETTERS).split())


def of_invoice(invoice: Invoice) -> str:
    """Number, total, references, and the buyer as on the invoice: what a customer reads out on the phone."""
    references = (invoice.payment_reference, invoice.buyer_reference, invoice.order_reference)
    digits = re.sub(r"\D", "", invoice.payment_reference or "")
    parts = (invoice.number, f"{invoice.totals.total_with_vat:.2f}", *references, digits, invoice.buyer.name)
    return _joined(parts)


def of_customer(values: Iterable[str | None]) -> str:
    """Name, identifiers, town and addresses of a card."""
    return _joined(values)


def _joined(parts: Iterable[str | None]) -> str:
    return " ".join(dict.fromkeys(folded(part) for part in parts if part))


def sought(search: str) -> list[str]:
    """The words of a search, folded; an amount as people write it becomes the one that is kept (`1.234,56` → `1234.56`).

    A credit note is kept with the amount that stands on it, without the minus that a ledger shows.
    """
    return [_amount(word) for word in _whole_amounts(folded(search)).split()[:_MOST_WORDS]]


def _whole_amounts(text: str) -> str:
    """`€ 1 234,56` is one word."""
    text = text.replace("€", " ").replace("−", "-").replace("’", "'")
    return _AMOUNT.sub(lambda found: re.sub(r"\s", "", found.group()), text)


def _amount(word: str) -> str:
    if not _AMOUNT.fullmatch(word):
        return word
    return re.sub(r"[.,'-]", "", word[:-3]) + "." + word[-2:]
