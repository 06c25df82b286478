"""The proof of one sending on one page: what left, to whom, what the server said, and how it can be checked."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

from sqlalchemy import Row

from core import eml, i18n, styling
from core.database import audit, evidence
from core.dispatch import archive_view, looking
from core.dispatch.archive_view import Mail
from core.dispatch.desk import Desk
from core.i18n import N_
from core.model import DeliveryStatus, DocumentType, Language, RecipientRole
from core.rendering.proof import Proof, Recipient, draw

KINDS: Final = {DocumentType.INVOICE: N_("Invoice"), DocumentType.CREDIT_NOTE: N_("Credit note")}
ROLES: Final = {RecipientRole.TO: N_("To"), RecipientRole.CC: N_("Cc"), RecipientRole.BCC: N_("Bcc"), RecipientRole.ARCHIVE: N_("Archive copy")}
TITLE: Final = N_("Proof of sending")
RECORD: Final = N_("What became of a mail")
PROVES: Final = N_(
    "This page says that Facturier handed the mail with this SHA-256 over to the sender's mail server, and what that server answered for each "
    "recipient. A positive answer (code 250) means that the mail server took the mail, and with it the duty to deliver it or to report "
    "back (RFC 5321, 6.1)."
)
DOES_NOT: Final = N_("That the mail reached the mailbox, or that the customer read it, is not claimed.")
CHECK: Final = N_(
    "To check it: the SHA-256 of the .eml file must be the one above, and “verify” in Facturier goes through the audit chain, in which each "
    "entry holds the hash of the one before it. Who keeps this page keeps the hash of the entry, too."
)
AT: Final = N_("server {server}")
NO_ENTRY: Final = N_("none: this mail left before Facturier wrote sendings into the audit chain, or nobody has answered yet")


def pdf(desk: Desk, message_row_id: int, language: Language) -> bytes:
    """The same bytes each time, as long as nothing becomes of the mail. Raises MailUnknown, and ArchiveDamaged."""
    return draw(_proof(desk, archive_view.mail(desk, message_row_id), language))


def file_name(mail: Mail, language: Language) -> str:
    safe = "".join(each if each.isalnum() or each in "-_." else "-" for each in mail.row.number)
    return f"{i18n.translate(language, TITLE)} {safe}.pdf"


def chain_entry(desk: Desk, mail: Mail) -> tuple[Row[Any], int] | None:
    """The newest entry of the chain about the mail, and its place in the chain."""
    start = f"{mail.row.message_id} sha256:{mail.row.sealed_sha256}"
    with desk.database.read() as connection:
        found = evidence.about(connection, mail.row.company_id, start, whats=[status.value for status in audit.SETTLED])
        taken = [entry for entry in found if entry.what == "sent"] or found
        return (taken[0], evidence.position(connection, mail.row.company_id, taken[0].id)) if taken else None


def _proof(desk: Desk, mail: Mail, language: Language) -> Proof:
    def t(template: str, **values: object) -> str:
        return i18n.translate(language, template, **values)

    row = mail.row
    return Proof(
        language=language,
        at=mail.at,
        title=t(TITLE if any(each.status is DeliveryStatus.SENT for each in mail.deliveries) else RECORD),
        issuer=" · ".join(filter(None, (row.company_name, row.company_vat_id))),
        fields=_fields(desk, mail, language),
        recipients_title=t(N_("Recipients, and what the mail server said")),
        recipients=[_recipient(desk, each, language) for each in mail.deliveries],
        seals_title=t(N_("Seals")),
        seals=_seals(desk, mail, language),
        sentences=[t(sentence) for sentence in (PROVES, DOES_NOT, CHECK)],
        more=t(N_("and {count} more"), count="{count}"),
    )


def _fields(desk: Desk, mail: Mail, language: Language) -> list[tuple[str, str]]:
    row = mail.row
    raw = eml.parsed(desk.archive.get(row.sealed_sha256), headers_only=True)
    number = f"{row.number} ({row.copy_number})" if row.copy_number > 1 else row.number
    named = [
        (KINDS[row.type_code], number),
        (N_("Issue date"), i18n.day(language, row.issue_date)),
        (N_("Total with VAT"), i18n.amount(language, row.total_with_vat, row.currency)),
        (N_("Customer"), row.customer_name),
        (N_("Subject"), eml.header(raw, "Subject")),
        (N_("Sender"), row.envelope_from or ""),
        (N_("Queued"), _by(row.created_by, _moment(desk, row.queued_at, language))),
        (N_("Handed over"), _moment(desk, row.handed_at, language) if row.handed_at else ""),
    ]
    return [(i18n.translate(language, name), value) for name, value in named if value]


def _by(who: str, when: str) -> str:
    return f"{when}, {who}"


def _recipient(desk: Desk, delivery: Row[Any], language: Language) -> Recipient:
    role = i18n.translate(language, ROLES[delivery.role])
    state = i18n.translate(language, styling.DELIVERY_LOOKS[delivery.status].label)
    reply = " ".join(f"{delivery.reply_code or ''} {delivery.reply or ''}".split())
    parts = [f"{state}, {_moment(desk, delivery.changed_at, language)}"]
    if delivery.handed_to:
        parts.append(i18n.translate(language, AT, server=delivery.handed_to))
    return Recipient(address=f"{delivery.recipient} ({role})", state=" · ".join(parts), reply=reply)


def _seals(desk: Desk, mail: Mail, language: Language) -> list[tuple[str, str]]:
    row, found = mail.row, chain_entry(desk, mail)
    named = [("Message-ID", row.message_id), (N_("SHA-256 of the .eml"), row.sealed_sha256)]
    if row.sealed_size:
        named.append((N_("Size"), i18n.translate(language, N_("{count} bytes"), count=row.sealed_size)))
    if found is None:
        named.append((N_("Chain entry"), i18n.translate(language, NO_ENTRY)))
    else:
        entry, place = found
        named.append((N_("Chain entry"), f"{place} · {_moment(desk, entry.at, language)} · {entry.who}"))
        named.append((N_("Its hash"), entry.sha256))
    return [(i18n.translate(language, name), value) for name, value in named]


def _moment(desk: Desk, at: datetime, language: Language) -> str:
    """To the second, with the zone: a proof is read elsewhere, too."""
    local = at.astimezone(looking.zone(desk))
    return f"{i18n.moment(language, local)}:{local:%S} ({local:%Z})"


def of_invoice(desk: Desk, invoice_id: int) -> Mail:
    """The latest copy. Raises MailUnknown."""
    return archive_view.mail(desk, archive_view.latest_of(desk, invoice_id))
