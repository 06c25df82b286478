"""The words of an import: what is brought in, how it shall be taken, and what becomes of each invoice or customer."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TypeAlias

from core.errors import Sentence
from core.model import Invoice, Language, SourceFile
from core.sources.table_customers import ListedCustomer


class ImportOutcome(StrEnum):
    NEW = "new"
    UNCHANGED = "unchanged"
    NEW_VERSION = "new_version"
    REFUSED = "refused"


@dataclass(frozen=True, kw_only=True)
class Change:
    """One field of a customer's card, before and after, as a person reads it."""

    field: str
    before: str
    after: str


@dataclass(frozen=True, kw_only=True)
class Imported:
    """What became of one invoice or customer of a file, or of a file that holds none; in a plan: what will become of it."""

    file: str
    outcome: ImportOutcome
    reason: Sentence | None = None
    where: Sentence | None = None  # in the file
    place: str = ""  # the same in English
    invoice_id: int | None = None
    invoice: Invoice | None = None
    number: str = ""  # of a refused invoice too, where it is known
    company_key: str = ""
    warnings: tuple[Sentence, ...] = ()
    pdf_name: str = ""  # a PDF beside the file that was taken
    customer: str = ""  # name on the card of a list, or of the buyer of a refused invoice
    changes: tuple[Change, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Options:
    """How everything of one import is taken."""

    company_key: str | None = None  # only invoices of this company; a table without seller columns is from it
    table_company: str | None = None  # the same for tables only
    already_sent: bool = False
    replace: bool = False  # a file of another name may replace an invoice that has not left
    ours: frozenset[str] | None = None  # the only new companies that may be made, by key; None: any


@dataclass(frozen=True, kw_only=True)
class Dropped:
    """A file that somebody brings; it is read when its turn comes."""

    name: str
    shown: str  # with its folder, where there is one
    content: Callable[[], bytes] = field(repr=False)


@dataclass(frozen=True, kw_only=True)
class Candidate:
    """An invoice that was read and may be kept."""

    file: str
    name: str  # of the file, kept as the invoice's source
    source: SourceFile = field(repr=False)
    company_key: str = ""  # empty: it follows from the seller
    language: Language | None = None  # of the buyer, for a new card
    where: Sentence | None = None
    paired: str = ""  # name of a PDF that lay beside the file


@dataclass(frozen=True, kw_only=True)
class LonePdf:
    """A PDF for an invoice that is in the ledger already."""

    file: str
    name: str
    content: bytes = field(repr=False)
    invoice_id: int = 0


@dataclass(frozen=True, kw_only=True)
class CustomerRow:
    """A customer of a list that was read and may be applied."""

    file: str
    name: str
    listed: ListedCustomer


Read: TypeAlias = Candidate | LonePdf | CustomerRow | Imported


def refused(
    file: str, reason: Sentence, *, where: Sentence | None = None, place: str = "", number: str = "", company_key: str = "", customer: str = ""
) -> Imported:
    shown = place or (str(where) if where else "")
    return Imported(
        file=file,
        outcome=ImportOutcome.REFUSED,
        reason=reason,
        where=where,
        place=shown,
        number=number,
        company_key=company_key,
        customer=customer,
    )
