"""The tables about documents: what the rules said of each, and the legal mentions in a company's own words."""

from __future__ import annotations

from sqlalchemy import Column, ForeignKey, Integer, String, Table, Text

from core.database.schema import metadata
from core.database.types import Moment, one_of
from core.model import Language

document_checks = Table(
    "document_checks",
    metadata,
    Column("invoice_id", ForeignKey("invoices.id"), primary_key=True),
    Column("version", Integer, primary_key=True),  # of the invoice
    Column("document", String(20), primary_key=True),  # an XML format, or the supplied PDF
    Column("rules", String(80), nullable=False),  # which edition of the rules was asked; another one asks again
    Column("findings", Text, nullable=False),  # JSON: rule and sentence of each
    Column("checked_at", Moment, nullable=False),
)

company_mentions = Table(
    "company_mentions",
    metadata,
    Column("company_id", ForeignKey("companies.id"), primary_key=True),
    Column("language", one_of(Language, "mention_language"), primary_key=True),
    Column("subject", String(20), primary_key=True),  # a VAT category, a Belgian code, or a kind of document
    Column("words", Text, nullable=False),
)
