"""A company's accompanying text while somebody writes it: filled in with a real invoice, before it is saved."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from core.database import recent
from core.dispatch import documents
from core.dispatch.desk import Desk
from core.model import DocumentType, Language
from core.records import AccompanyingText, Company
from core.rendering import mail_text, payment_qr
from core.rendering.mail_text import MailText

CHOICE = 8


@dataclass(frozen=True, kw_only=True)
class Sample:
    """A real invoice to try a text on."""

    invoice_id: int
    number: str
    issue_date: date
    buyer: str


def samples(desk: Desk, company: Company, language: Language, kind: DocumentType) -> Sequence[Sample]:
    """The newest documents of that kind, those of customers in that language first; empty when there is none."""
    with desk.database.read() as connection:
        rows = recent.newest(connection, company.id, type_code=kind, language=language, limit=CHOICE)
    return [Sample(invoice_id=row.id, number=row.number, issue_date=row.issue_date, buyer=row.buyer) for row in rows]


def tried(desk: Desk, invoice_id: int | None, text: AccompanyingText, signature: str, language: Language) -> MailText:
    """The text as the customer of that invoice would read it, or with its keywords as they stand. Writes nothing.

    Raises TextInvalid or KeywordUnknown.
    """
    if invoice_id is None:
        mail_text.check_text(text)
        return mail_text.finished(text, signature)
    what = documents.dossier(desk, invoice_id)
    words = mail_text.filled(text, what.invoice, language, xml_file=documents.xml_file_name(what))
    return mail_text.finished(words, signature, payment_qr.of(what.invoice, language))
