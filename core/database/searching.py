"""Find invoices by words in them or on their customer's card, through an index of trigrams (FTS5, pg_trgm)."""

from __future__ import annotations

from sqlalchemy import ColumnElement, Connection, Select, Table, column, or_, select, table, text

from core.database import words
from core.database.schema import customers, invoices

SHORTEST = 3  # letters that a trigram index can look up


def index_on_postgresql(connection: Connection) -> bool:
    """Make the trigram indexes where the server has pg_trgm; without it a search reads the tables, which is slow but right.

    Asked at every `init`, so that an extension installed later is used from then on.
    """
    available = connection.scalar(text("select exists (select from pg_available_extensions where name = 'pg_trgm')"))
    if not available:
        return False
    connection.execute(text("create extension if not exists pg_trgm"))
    for searched in (invoices, customers):
        name = searched.name
        connection.execute(text(f"create index if not exists ix_{name}_words on {name} using gin (search_text gin_trgm_ops)"))
    return True


def finds(dialect: str, search: str) -> list[ColumnElement[bool]]:
    """One condition per word, all of which must hold: the word is in the invoice's text or on the card."""
    return [_either(dialect, word) for word in words.sought(search)]


def _either(dialect: str, word: str) -> ColumnElement[bool]:
    """SQLite goes through one index after the other for an `or`. PostgreSQL reads the table for it, but not for a union,

    which in turn is slower for words that many have: names, as a rule, where numbers, amounts and references are rare.
    """
    mine, theirs = _with(dialect, invoices, word), _with(dialect, customers, word)
    if dialect == "sqlite" or not any(char.isdigit() for char in word):
        return or_(invoices.c.id.in_(mine), invoices.c.customer_id.in_(theirs))
    others = invoices.alias("others")
    return invoices.c.id.in_(mine.union(select(others.c.id).where(others.c.customer_id.in_(theirs))))


def finds_customers(dialect: str, search: str) -> list[ColumnElement[bool]]:
    """The same for a list of customers."""
    return [customers.c.id.in_(_with(dialect, customers, word)) for word in words.sought(search)]


def _with(dialect: str, searched: Table, word: str) -> Select[tuple[int]]:
    """The ids of the rows with this word anywhere in their text."""
    if dialect == "sqlite" and len(word) >= SHORTEST:
        index = table(f"{searched.name}_words", column("rowid"), column("search_text"))
        quoted = '"' + word.replace('"', '""') + '"'
        return select(index.c.rowid).where(index.c.search_text.op("MATCH")(quoted))
    return select(searched.c.id).where(searched.c.search_text.contains(word, autoescape=True))
