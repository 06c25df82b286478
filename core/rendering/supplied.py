"""Look inside the PDF that a billing program made: is it this invoice's? It is never changed, only read."""

from __future__ import annotations

import re
import unicodedata
from decimal import Decimal
from threading import Lock
from typing import Any, Final

from core.errors import Sentence
from core.i18n import N_
from core.model import Invoice, Party
from core.records import SUPPLIED, Violation
from core.rendering import identity
from core.rendering.ubl_xml import codes

UNREADABLE: Final = N_("The PDF of the billing program cannot be opened; whoever gets it could not either.")
LOCKED: Final = N_("The PDF of the billing program asks for a password.")
NO_TEXT: Final = N_("The PDF holds only pictures, no text: nobody could check that it is this invoice's. Please look at it.")
NO_NUMBER: Final = N_("The number {number} does not stand in the PDF; is it another invoice's?")
NO_TOTAL: Final = N_("The total of {total} {currency} does not stand in the PDF; is it another invoice's?")
NOTHING: Final = N_("Neither the number {number} nor the total nor {customer} stands in the PDF; it is probably not of this invoice.")
NO_CUSTOMER: Final = N_("The PDF does not name {customer}; is it another customer's?")

_PAGES: Final = 20  # the number and the customer stand on the first, the total on the last
# From every digit that begins a number: grouped by threes or not at all, so that neighbours on a line stay two numbers
_FIGURE: Final = re.compile(r"(?<!\d)(?=(\d{1,3}(?:[ .,'’]\d{3})+(?:[.,]\d{1,2})?(?!\d)|\d+(?:[.,]\d{1,2})?(?!\d)))")
_FEWEST: Final = 8  # characters; a scan may have a few from its scanner
_LIGATURES: Final = str.maketrans({"œ": "oe", "æ": "ae", "ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th"})
_UMLAUTS: Final = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "Ä": "Ae", "Ö": "Oe", "Ü": "Ue"})
# Legal forms and titles, which stand on one paper and not on the other
_ASIDE: Final = codes(
    "sa nv srl bv sprl bvba asbl vzw scs commv snc vof sc cv sas sarl gmbh ag ltd limited plc inc llc eurl "
    "m mr mme mlle mrs ms monsieur madame dhr de heer mevr mevrouw herr frau ste societe firma"
)
_TELLING: Final = 6  # digits that are no year and no amount
_BETWEEN: Final = 1  # a legal form or the like that may stand between the words of a name
_lock: Final = Lock()  # PDFium serves one thread at a time


def doubts(pdf: bytes, invoice: Invoice) -> tuple[Violation, ...]:
    """What speaks against it, a sentence each; nothing when number, total and customer are all in the text."""
    try:
        text = _text(pdf)
    except _Locked:
        return (Violation(rule=SUPPLIED, sentence=Sentence(LOCKED)),)
    except _Unreadable:
        return (Violation(rule=SUPPLIED, sentence=Sentence(UNREADABLE)),)
    if len(_folded(text)) < _FEWEST:
        return (Violation(rule=SUPPLIED, sentence=Sentence(NO_TEXT)),)
    found = []
    if not _numbered(text, invoice.number):
        found.append(Sentence(NO_NUMBER, {"number": invoice.number}))
    totals = {abs(invoice.totals.total_with_vat), abs(invoice.totals.amount_due)}
    if not totals & _figures(text):
        found.append(Sentence(NO_TOTAL, {"total": f"{invoice.totals.total_with_vat:.2f}", "currency": invoice.currency}))
    if not _names(text, invoice.buyer):
        found.append(Sentence(NO_CUSTOMER, {"customer": invoice.buyer.name}))
    if len(found) == len((NO_NUMBER, NO_TOTAL, NO_CUSTOMER)):
        found = [Sentence(NOTHING, {"number": invoice.number, "customer": invoice.buyer.name})]
    return tuple(Violation(rule=SUPPLIED, sentence=sentence) for sentence in found)


class _Unreadable(Exception):
    """It is no PDF, or a damaged one."""


class _Locked(Exception):
    """It asks for a password."""


def _text(pdf: bytes) -> str:
    """Of the first pages and the last ones. PDFium takes 2 ms where pypdf takes 30."""
    import pypdfium2  # loads a library: only where a PDF is looked at

    with _lock:
        try:
            library: Any = pypdfium2
            with library.PdfDocument(pdf) as document:
                count = len(document)
                places = [at for at in range(count) if at < _PAGES or at >= count - _PAGES]
                return "\n".join(document[at].get_textpage().get_text_range() for at in places)
        except pypdfium2.PdfiumError as error:
            raise (_Locked if "password" in str(error).lower() else _Unreadable) from error


def _folded(text: str) -> str:
    """Letters and digits only, without accents and case."""
    return "".join(character for character in _plain(text) if character.isalnum())


def _plain(text: str) -> str:
    return unicodedata.normalize("NFKD", text.casefold().translate(_LIGATURES))


def _numbered(text: str, number: str) -> bool:
    """By the whole number, with other signs between its parts or without leading zeros; or by the long part within it:

    V01/15000001 may be printed as 15000001, its journal elsewhere.
    """
    parts = re.findall(r"\d+|[^\W\d_]+", _plain(number))
    pattern = r"[\W_]*".join(f"0*{part.lstrip('0') or '0'}" if part.isdigit() else re.escape(part) for part in parts)
    if parts and re.search(rf"(?<![^\W_]){pattern}(?![^\W_])", _plain(text)):
        return True
    longest = max((part for part in parts if part.isdigit()), key=len, default="")
    return len(longest) >= _TELLING and longest in _words(text)


def _figures(text: str) -> set[Decimal]:
    """Every number of the text, however thousands and decimals are set apart; never over the end of a line."""
    flat = unicodedata.normalize("NFKC", text)
    return {_read(match[1]) for line in re.split(r"[\n\r\t]", flat) for match in _FIGURE.finditer(line)}


def _read(figure: str) -> Decimal:
    """`1.234,56`, `1 234.56`, `1'234,5` and `1234`; the last sign sets the decimals apart if one or two digits follow."""
    digits = re.sub(r"[\s'’]", "", figure)
    match = re.fullmatch(r"(.*)[.,](\d{1,2})", digits)
    whole, decimals = match.groups() if match else (digits, "0")
    return Decimal(f"{re.sub(r'[.,]', '', whole)}.{decimals}")


def _names(text: str, party: Party) -> bool:
    """By VAT or enterprise number, by the name as it is, or by its words close together in any order, legal forms and titles aside."""
    folded = _folded(text)
    numbers = (identity.enterprise_number(party), identity.vat_number(party))
    if any(number and _folded(number) in folded for number in numbers):
        return True
    words = _words(text)
    names = [name for stated in (party.name, party.trading_name) if stated for name in {stated, stated.translate(_UMLAUTS)}]
    return any(_stands(name, folded, words) for name in names)


def _stands(name: str, folded: str, words: list[str]) -> bool:
    if (whole := _folded(name)) and re.search(re.escape(whole) + r"(?!\d)", folded):
        return True
    wanted = {word for word in _words(name) if word not in _ASIDE}
    reach = len(wanted) + _BETWEEN
    return bool(wanted) and any(_all_there(wanted, set(words[at : at + reach])) for at in range(len(words)))


def _all_there(wanted: set[str], window: set[str]) -> bool:
    """Each word, or the initial of a given name, of which the longest word is none."""
    longest = max(wanted, key=len)
    return longest in window and all(word in window or word[0] in window for word in wanted)


def _words(text: str) -> list[str]:
    """`Dupont, S.A.` → `dupont`, `sa`."""
    return [_folded(part) for part in re.split(r"[\W_]+", text.replace(".", "")) if _folded(part)]
