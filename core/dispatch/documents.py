"""Everything that one customer gets for one invoice: PDF, XML, terms, text, and the sealed mail around them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime

from core.archive import sha256
from core.database import invoices as invoice_rows
from core.database import parties
from core.dispatch.desk import Desk
from core.errors import DocumentImpossible, FacturierError, InvoiceUnknown, Sentence
from core.i18n import N_
from core.mailbox import Mailbox
from core.model import Invoice, Language, RecipientRole, XmlFormat
from core.records import AccompanyingText, Company, Customer, MailAccount, Seal, Versions
from core.rendering import mail_text, message, pdf, rules, ubl
from core.rendering.mail_text import MailText
from core.rendering.message import Attachment, Envelope

TOO_BIG = N_("The mail is {size} MB; more than {limit} MB is not sent. Make the terms or the attached PDF smaller.")
NO_ORIGINAL = N_("The invoice came from a table and has no XML of its own; it leaves with an e-FFF instead.")
NO_TEXT = N_("There is no accompanying text in this language.")


@dataclass(frozen=True, kw_only=True)
class Dossier:
    """One invoice with the cards that decide how it looks and where it goes, all of one moment."""

    invoice_id: int
    stored: invoice_rows.StoredVersion
    company: Company
    customer: Customer

    @property
    def invoice(self) -> Invoice:
        return self.stored.invoice

    @property
    def language(self) -> Language:
        return self.customer.language

    @property
    def versions(self) -> Versions:
        return Versions(invoice=self.stored.version, customer=self.customer.version, company=self.company.version)


@dataclass(frozen=True, kw_only=True)
class Mail:
    """What leaves, before it is sealed: `notes` are for the desk, not for the customer."""

    text: MailText
    attachments: tuple[Attachment, ...]
    notes: tuple[Sentence, ...] = ()


def dossier(desk: Desk, invoice_id: int) -> Dossier:
    with desk.database.read() as connection:
        row = invoice_rows.rows(connection, [invoice_id]).get(invoice_id)
        if row is None:
            raise InvoiceUnknown(number=invoice_id)
        return Dossier(
            invoice_id=invoice_id,
            stored=invoice_rows.load(connection, invoice_id),
            company=parties.load_companies(connection, [row.company_id])[row.company_id],
            customer=parties.load_customers(connection, [row.customer_id])[row.customer_id],
        )


def attachments(desk: Desk, what: Dossier) -> tuple[tuple[Attachment, ...], tuple[Sentence, ...]]:
    """PDF, XML, terms, in the order in which they hang on the mail (DESIGN §5), and notes about them."""
    document = _pdf(desk, what)
    xml, note = _xml(desk, what, document)
    parts = [document] + ([xml] if xml else [])
    terms = what.company.terms.get(what.language)
    if terms:
        parts.append(Attachment(file_name=terms.name, mime_type="application/pdf", content=desk.archive.get(terms.sha256)))
    return tuple(parts), (note,) if note else ()


def _pdf(desk: Desk, what: Dossier) -> Attachment:
    stored = what.stored
    if stored.pdf_sha256:
        content = desk.archive.get(stored.pdf_sha256)
        return Attachment(file_name=pdf_file_name(stored), mime_type="application/pdf", content=content)
    logo = desk.archive.get(what.company.logo_sha256) if what.company.logo_sha256 else None
    try:
        content = pdf.render(what.invoice, language=what.language, logo=logo, colour=what.company.colour)
    except FacturierError:
        raise
    except (ValueError, LookupError, TypeError, ArithmeticError) as error:
        raise DocumentImpossible(number=what.invoice.number, why=str(error)) from error
    return Attachment(file_name=pdf_file_name(stored), mime_type="application/pdf", content=content)


def pdf_file_name(stored: invoice_rows.StoredVersion) -> str:
    name = safe_name(stored.pdf_name or stored.invoice.number)
    return name if name.lower().endswith(".pdf") else f"{name}.pdf"


def safe_name(text: str) -> str:
    """A file name on any system: what could be a path or hide an ending becomes a dash."""
    return re.sub(r"[^\w.()-]+", "-", text).strip("-.") or "document"


def _xml(desk: Desk, what: Dossier, document: Attachment) -> tuple[Attachment | None, Sentence | None]:
    wanted = what.customer.xml_format
    if wanted is XmlFormat.NONE:
        return None, None
    if wanted is XmlFormat.ORIGINAL and what.stored.xml_sha256:
        content = desk.archive.get(what.stored.xml_sha256)
        return Attachment(file_name=f"{safe_name(what.invoice.number)}.xml", mime_type="application/xml", content=content), None
    wanted = XmlFormat.BIS3 if wanted is XmlFormat.BIS3 else XmlFormat.EFFF3
    written = ubl.write(what.invoice, wanted=wanted, pdf=document.content, pdf_name=document.file_name)
    violations = rules.schema_violations(written.content)
    if violations:
        raise DocumentImpossible(number=what.invoice.number, why=violations[0])
    note = Sentence(NO_ORIGINAL) if what.customer.xml_format is XmlFormat.ORIGINAL else None
    return Attachment(file_name=written.file_name, mime_type="application/xml", content=written.content), written.note or note


def words(what: Dossier, *, xml_file: str) -> AccompanyingText:
    """The company's text in the customer's language, filled in. Raises TextInvalid."""
    text = what.company.texts.get((what.language, what.invoice.type_code))
    if text is None or not text.subject.strip():
        raise DocumentImpossible(number=what.invoice.number, why=Sentence(NO_TEXT))
    return mail_text.filled(text, what.invoice, what.language, xml_file=xml_file)


def signature(what: Dossier) -> str:
    return what.company.signatures.get(what.language, "")


def mail(desk: Desk, what: Dossier, *, edited: AccompanyingText | None = None) -> Mail:
    """The whole mail; `edited` are the words of a person at the confirm screen, already filled in."""
    parts, notes = attachments(desk, what)
    xml_file = next((part.file_name for part in parts if part.mime_type == "application/xml"), "")
    chosen = edited or words(what, xml_file=xml_file)
    return Mail(text=mail_text.finished(chosen, signature(what)), attachments=parts, notes=notes)


def envelope(what: Dossier, account: MailAccount, *, message_id: str, now: datetime) -> Envelope:
    return Envelope(
        from_mailbox=account.from_mailbox or Mailbox(addr_spec="unset@localhost"),
        to=what.customer.mailboxes(RecipientRole.TO),
        cc=what.customer.mailboxes(RecipientRole.CC),
        reply_to=account.reply_to,
        message_id=message_id,
        date=now,
    )


def seal(desk: Desk, what: Dossier, account: MailAccount, content: Mail, *, message_id: str, now: datetime) -> Seal:
    """Compose, check the size, keep the bytes in the archive. What is sealed is what leaves."""
    composed = message.compose(envelope(what, account, message_id=message_id, now=now), content.text, content.attachments)
    limit = desk.settings.mail_limit
    if len(composed) > limit:
        why = Sentence(TOO_BIG, {"size": f"{len(composed) / 1048576:.1f}", "limit": f"{limit / 1048576:.0f}"})
        raise DocumentImpossible(number=what.invoice.number, why=why)
    digest = desk.archive.put(composed)
    assert digest == sha256(composed)
    return Seal(message_id=message_id, sha256=digest, size=len(composed), envelope_from=account.sender)
