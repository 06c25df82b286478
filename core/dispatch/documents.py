"""Everything that one customer gets for one invoice: PDF, XML, terms, text, and the sealed mail around them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from core import bounces
from core.archive import sha256
from core.database import invoices as invoice_rows
from core.database import parties
from core.dispatch.desk import Desk
from core.errors import DocumentImpossible, FacturierError, InvoiceUnknown, Sentence
from core.i18n import N_
from core.mailbox import Mailbox
from core.model import Invoice, Language, RecipientRole, XmlFormat
from core.records import AccompanyingText, Company, Customer, MailAccount, Seal, Versions, Violation
from core.rendering import cii, file_names, fonts, mail_text, message, payment_qr, pdf, rules, supplied, totals, ubl
from core.rendering.enclosed import FACTUR_X, Enclosed
from core.rendering.mail_text import MailText
from core.rendering.message import Attachment, Envelope

TOO_BIG = N_("The mail is {size} MB; more than {limit} MB is not sent. Make the terms or the attached PDF smaller.")
NO_ORIGINAL = N_("The invoice came from a table and has no XML of its own; it leaves with an e-FFF instead.")
NOT_INTO_SUPPLIED = N_("The PDF of the billing program stays as it came; the XML is a BIS 3 / EN 16931 invoice beside it.")
NO_TEXT = N_("There is no accompanying text in this language.")


@dataclass(frozen=True, kw_only=True)
class Dossier:
    """One invoice with the cards that decide how it looks and where it goes, all of one moment."""

    invoice_id: int
    stored: invoice_rows.StoredVersion
    booked: totals.Booked  # as the ledger counts them
    company: Company
    customer: Customer

    @property
    def invoice(self) -> Invoice:
        return self.stored.invoice

    @property
    def language(self) -> Language:
        return self.customer.language

    @property
    def supplies_pdf(self) -> bool:
        """Whether the PDF of the billing program leaves, untouched."""
        return self.stored.pdf_sha256 is not None and not self.company.renders_pdf

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
            booked=totals.Booked(**invoice_rows.booked(connection, invoice_id)),
            company=parties.load_companies(connection, [row.company_id])[row.company_id],
            customer=parties.load_customers(connection, [row.customer_id])[row.customer_id],
        )


def attachments(desk: Desk, what: Dossier) -> tuple[tuple[Attachment, ...], tuple[Sentence, ...]]:
    """PDF, XML, terms, in the order in which they hang on the mail (DESIGN §5), and notes about them."""
    document = _pdf(desk, what)
    xml, notes = _xml(desk, what, document)
    parts = [document] + ([xml] if xml else [])
    terms = what.company.terms.get(what.language)
    if terms:
        parts.append(Attachment(file_name=terms.name, mime_type="application/pdf", content=desk.archive.get(terms.sha256)))
    return tuple(parts), notes


# The PDF ---------------------------------------------------------------------------------------------------------


def _pdf(desk: Desk, what: Dossier) -> Attachment:
    content = desk.archive.get(what.stored.pdf_sha256 or "") if what.supplies_pdf else rendered(desk, what)
    return Attachment(file_name=pdf_file_name(what.stored), mime_type="application/pdf", content=content)


def rendered(desk: Desk, what: Dossier) -> bytes:
    company = what.company
    logo = desk.archive.get(company.logo_sha256) if company.logo_sha256 else None
    mentions = {subject: words for (language, subject), words in company.mentions.items() if language is what.language}
    try:
        enclosed = _enclosed(what)
        return pdf.render(what.invoice, language=what.language, logo=logo, colour=company.colour, mentions=mentions, enclosed=enclosed)
    except FacturierError:
        raise
    except (ValueError, LookupError, TypeError, ArithmeticError) as error:
        raise DocumentImpossible(number=what.invoice.number, why=str(error)) from error


def undrawable(what: Dossier) -> str:
    """Characters of the invoice that our PDF cannot show; nothing where the PDF is supplied."""
    content = "" if what.supplies_pdf else invoice_rows.to_json(what.invoice)
    return "" if content.isascii() else fonts.undrawable(content)


def doubts_about_pdf(desk: Desk, what: Dossier) -> tuple[Violation, ...]:
    """What speaks against the PDF of the billing program being this invoice's."""
    return supplied.doubts(desk.archive.get(what.stored.pdf_sha256 or ""), what.invoice)


def _enclosed(what: Dossier) -> Enclosed:
    """The EN 16931 invoice within our PDF: UBL, or CII for who wants Factur-X."""
    if what.customer.xml_format is XmlFormat.FACTURX:
        return Enclosed(file_name=FACTUR_X, content=_sound(what, cii.write(what.invoice)), factur_x=True)
    draft = ubl.draft(what.invoice, wanted=XmlFormat.BIS3)
    return Enclosed(file_name=draft.file_name, content=_sound(what, draft.content))


def pdf_file_name(stored: invoice_rows.StoredVersion) -> str:
    name = file_names.safe(stored.pdf_name or stored.invoice.number)
    return name if name.lower().endswith(".pdf") else f"{name}.pdf"


# The XML ---------------------------------------------------------------------------------------------------------


def _xml(desk: Desk, what: Dossier, document: Attachment) -> tuple[Attachment | None, tuple[Sentence, ...]]:
    wanted, name = what.customer.xml_format, xml_file_name(what)
    if not name:
        return None, ()
    if leaves_as_it_came(what):
        return Attachment(file_name=name, mime_type="application/xml", content=bare_xml(desk, what)), ()
    draft = ubl.draft(what.invoice, wanted=_to_write(wanted))
    _sound(what, draft.content)
    written = draft.with_pdf(document.content, document.file_name)
    notes = {XmlFormat.ORIGINAL: NO_ORIGINAL, XmlFormat.FACTURX: NOT_INTO_SUPPLIED}
    own = (Sentence(notes[wanted]),) if wanted in notes else ()
    return Attachment(file_name=name, mime_type="application/xml", content=written.content), (*own, *written.notes)


def xml_file_name(what: Dossier) -> str:
    """The name of the XML that hangs on the mail, without making it; empty where none does."""
    wanted = what.customer.xml_format
    if wanted is XmlFormat.NONE or (wanted is XmlFormat.FACTURX and not what.supplies_pdf):
        return ""
    if leaves_as_it_came(what):
        return f"{file_names.safe(what.invoice.number)}.xml"
    return ubl.file_name(what.invoice, wanted=_to_write(wanted))


def bare_xml(desk: Desk, what: Dossier) -> bytes:
    """The XML that leaves, without the PDF inside, for the rules to look at."""
    wanted = what.customer.xml_format
    if leaves_as_it_came(what):
        return desk.archive.get(what.stored.xml_sha256 or "")
    if wanted is XmlFormat.FACTURX and not what.supplies_pdf:
        return cii.write(what.invoice)
    return ubl.draft(what.invoice, wanted=_to_write(wanted)).content


def leaves_as_it_came(what: Dossier) -> bool:
    """Whether the XML of the billing program leaves, byte for byte."""
    return what.customer.xml_format is XmlFormat.ORIGINAL and what.stored.xml_sha256 is not None


def _to_write(wanted: XmlFormat) -> XmlFormat:
    """e-FFF for who wants an original that does not exist, BIS 3 for who wants it within a PDF that stays as it is."""
    return {XmlFormat.ORIGINAL: XmlFormat.EFFF3, XmlFormat.FACTURX: XmlFormat.BIS3}.get(wanted, wanted)


def _sound(what: Dossier, xml: bytes) -> bytes:
    """The XML, unless it breaks its schema or says other totals than the ledger. Raises DocumentImpossible and TotalsDiffer."""
    if violations := rules.schema_violations(xml):
        raise DocumentImpossible(number=what.invoice.number, why=violations[0])
    totals.check(xml, what.booked, number=what.invoice.number)
    return xml


# The mail --------------------------------------------------------------------------------------------------------


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
    chosen = edited or words(what, xml_file=xml_file_name(what))
    qr = payment_qr.of(what.invoice, what.language)
    return Mail(text=mail_text.finished(chosen, signature(what), qr), attachments=parts, notes=notes)


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
    return sealed(desk, what, account, content, message_id=message_id, now=now)[0]


def sealed(desk: Desk, what: Dossier, account: MailAccount, content: Mail, *, message_id: str, now: datetime) -> tuple[Seal, bytes]:
    """The same, with the bytes."""
    composed = message.compose(envelope(what, account, message_id=message_id, now=now), content.text, content.attachments)
    limit = min(desk.settings.mail_limit, account.limits.size or desk.settings.mail_limit)
    if len(composed) > limit:
        why = Sentence(TOO_BIG, {"size": f"{len(composed) / 1048576:.1f}", "limit": f"{limit / 1048576:.0f}"})
        raise DocumentImpossible(number=what.invoice.number, why=why)
    digest = desk.archive.put(composed)
    assert digest == sha256(composed)
    sender = bounces.envelope_from(account, message_id)
    return Seal(message_id=message_id, sha256=digest, size=len(composed), envelope_from=sender), composed
