"""Read tables of invoices and lists of customers with what the desk knows: its companies, and the columns it was told."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property

from core.database import mappings, parties
from core.database.mappings import ColumnMapping
from core.dispatch.desk import Desk
from core.dispatch.imported import Candidate, CustomerRow, Dropped, Options, Read, refused
from core.errors import Sentence, SourceRefused, joined
from core.i18n import N_
from core.model import Identifier, Language, Party, SourceFile
from core.records import Company
from core.sources.table_columns import WORDS, Columns, TableKind, recognise
from core.sources.table_customers import read_customers
from core.sources.table_headers import Heading
from core.sources.table_invoices import TableInvoice, read_invoices
from core.sources.table_opening import Remembered, check, missing, open_table
from core.sources.table_parties import SELLER_OPEN, Seller, Sellers
from core.sources.table_rows import Problem
from core.sources.table_values import shown

ALSO = N_("{sentence} ({where})")
ROWS = N_("rows {first} to {last}")
ROW = N_("row {row}")
NO_ROWS = N_("There is nothing under the row of headers.")
_EXAMPLES = 3
_PROBLEMS_SAID = 6


@dataclass(frozen=True, kw_only=True)
class OpenedTable:
    """A table as it was understood, for a person who may know better."""

    file: str
    columns: Columns
    remembered: bool
    seller_open: bool = False  # a row of it names no invoicing company, and none was chosen

    @property
    def source_key(self) -> str:
        return self.columns.header.source_key

    @property
    def lacks(self) -> bool:
        """It cannot be read before a person says more of its columns."""
        return bool(missing(self.columns) or self.columns.doubled)

    @property
    def asks_company(self) -> bool:
        """It holds invoices and does not say who invoices."""
        if self.columns.kind is not TableKind.INVOICES:
            return False
        return self.seller_open or not any(name in self.columns.places for name in ("seller_name", "seller_vat_id", "seller_enterprise_number"))

    def examples(self, place: int) -> str:
        """The first filled cells under a header."""
        rows = self.columns.sheet.rows[self.columns.header.row : self.columns.header.row + 50]
        filled = (shown(row[place]) for row in rows if place < len(row) and row[place] != "")
        return " · ".join(cell for cell, _ in zip(filled, range(_EXAMPLES), strict=False))


def field_name(kind: TableKind, field: str, language: Language) -> str:
    """What a field is called on the screen."""
    heading: Heading = WORDS[kind][field]
    return {Language.FR: heading.french, Language.NL: heading.dutch, Language.EN: heading.english}[language][0]


class Knowledge:
    """What reading a table needs of the database; looked up when the first table comes."""

    def __init__(self, desk: Desk, options: Options) -> None:
        self.desk, self.options = desk, options

    @cached_property
    def mappings(self) -> Mapping[str, Remembered]:
        with self.desk.database.read() as connection:
            known = mappings.load(connection)
        return {key: Remembered(kind=TableKind(each.kind), mapping=each.mapping) for key, each in known.items()}

    @cached_property
    def sellers(self) -> Sellers:
        with self.desk.database.read() as connection:
            known = tuple(as_seller(company) for company in parties.load_companies(connection).values())
        wanted = self.options.table_company or self.options.company_key
        chosen = next((seller for seller in known if seller.key == wanted), None) if wanted else known[0] if len(known) == 1 else None
        return Sellers(known=known, chosen=chosen)


def as_seller(company: Company) -> Seller:
    """The identity on the card, as it stands on an invoice."""
    number = company.enterprise_number
    party = Party(
        name=company.name,
        vat_id=company.vat_id,
        legal_id=Identifier(value=number, scheme="0208") if number else None,
        legal_form=company.legal_form,
        address=company.address,
        email=company.email,
    )
    return Seller(key=company.key, party=party, iban=company.iban, bic=company.bic)


@dataclass(frozen=True, kw_only=True)
class TableRead:
    """What a table holds, and what there is to say of it."""

    table: OpenedTable
    reads: tuple[Read, ...]
    notes: tuple[Sentence, ...] = ()


def read(knowledge: Knowledge, dropped: Dropped) -> TableRead:
    """Raises subclasses of SourceRefused for a file that is no table; one with unknown columns is a single refusal."""
    columns = open_table(dropped.name, dropped.content(), knowledge.mappings)
    table = OpenedTable(file=dropped.shown, columns=columns, remembered=columns.header.source_key in knowledge.mappings)
    if table.lacks:
        return TableRead(table=table, reads=(_lacking(table),))
    if columns.kind is TableKind.CUSTOMERS:
        rows = tuple(CustomerRow(file=dropped.shown, name=dropped.name, listed=listed) for listed in read_customers(columns))
        return TableRead(table=table, reads=rows or _nothing(table))
    found = read_invoices(columns, knowledge.sellers, file=dropped.name)
    table = replace(table, seller_open=any(problem.sentence.template == SELLER_OPEN for each in found.invoices for problem in each.problems))
    return TableRead(table=table, reads=tuple(_invoices(dropped, found.invoices)) or _nothing(table), notes=found.notes)


def _nothing(table: OpenedTable) -> tuple[Read, ...]:
    return (refused(table.file, Sentence(NO_ROWS), where=Sentence(ROW, {"row": str(table.columns.header.row)})),)


def _lacking(table: OpenedTable) -> Read:
    try:
        check(table.columns)
    except SourceRefused as error:
        return refused(table.file, error.sentence, where=Sentence(ROW, {"row": str(table.columns.header.row)}))
    raise AssertionError(table)


def _invoices(dropped: Dropped, found: tuple[TableInvoice, ...]) -> Iterator[Read]:
    for each in found:
        if each.invoice is None:
            where = each.problems[0].where
            bad = refused(dropped.shown, _said(each.problems), where=where, number=each.number, company_key=each.company_key)
            yield replace(bad, customer=each.buyer)
            continue
        source = SourceFile(invoice=each.invoice)
        yield Candidate(
            file=dropped.shown, name=dropped.name, source=source, company_key=each.company_key, language=each.language, where=_where(each.rows)
        )


def _where(rows: tuple[int, ...]) -> Sentence:
    if len(rows) == 1:
        return Sentence(ROW, {"row": str(rows[0])})
    return Sentence(ROWS, {"first": str(rows[0]), "last": str(rows[-1])})


def _said(problems: tuple[Problem, ...]) -> Sentence:
    """All that is wrong with an invoice, each once; what is not at the first place says where it is first."""
    different: dict[str, Problem] = {}
    for problem in problems:
        different.setdefault(str(problem.sentence), problem)
    first, *others = [*different.values()][:_PROBLEMS_SAID]
    return joined([first.sentence, *(Sentence(ALSO, {"sentence": each.sentence, "where": each.where}) for each in others)])


# Columns that a person explains ---------------------------------------------------------------------------------


def remember(desk: Desk, table: OpenedTable, kind: TableKind, mapping: Mapping[str, str]) -> None:
    """Keep what a person said of these headers: every later table with the same ones is read so."""
    headers = table.columns.header.labels
    known = {header: field for header, field in mapping.items() if header in headers and (not field or field in WORDS[kind])}
    with desk.database.write() as connection:
        mappings.save(connection, table.source_key, kind=kind.value, headers=headers, mapping=known, now=desk.now(), who=desk.who)


def forget(desk: Desk, source_key: str) -> None:
    with desk.database.write() as connection:
        mappings.forget(connection, source_key)


def remembered(desk: Desk) -> list[ColumnMapping]:
    with desk.database.read() as connection:
        return list(mappings.load(connection).values())


def guess(table: OpenedTable, kind: TableKind) -> dict[str, str]:
    """header -> field by the headers alone, for the other kind of table too."""
    return recognise(table.columns.sheet, table.columns.header, kind).mapping
