"""What the customer gets: head, words, and each attachment as it will arrive. One component for every place that shows a mail."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC
from email.utils import parsedate_to_datetime
from html import escape
from typing import Protocol

import streamlit as st

from core import eml, i18n, styling
from core.dispatch import documents, looking
from core.dispatch.documents import Dossier
from core.dispatch.sending import Preview
from core.i18n import N_
from core.model import DocumentType, RecipientRole
from core.records import AccompanyingText, InvoiceRow
from core.rendering import payment_qr
from pages.parts import mail_preview
from pages.parts.resources import language, plain, t, zone


def title(standing: InvoiceRow) -> None:
    """Kind, number and where it stands."""
    kind = t("Credit note") if standing.type_code is DocumentType.CREDIT_NOTE else t("Invoice")
    st.markdown(f"**{kind} {plain(standing.number)}** · {styling.label(language(), standing.status)}")


def head(shown: Preview) -> None:
    about(shown.dossier)


def about(what: Dossier) -> None:
    """Company → customer, total, due date."""
    invoice = what.invoice
    total = i18n.amount(language(), invoice.totals.total_with_vat, invoice.currency)
    due = f" · {t('due')} {i18n.day(language(), invoice.due_date)}" if invoice.due_date else ""
    st.markdown(f"{plain(what.company.name)} → **{plain(what.customer.name)}** · **{plain(total)}**{due}")


def addresses(shown: Preview) -> None:
    """From, to and copies, and why."""
    customer, account = shown.dossier.customer, shown.account
    rows = [(t("From"), str(account.from_mailbox or "–"))]
    for role, name in ((RecipientRole.TO, t("To")), (RecipientRole.CC, t("Cc")), (RecipientRole.BCC, t("Bcc"))):
        mailboxes = customer.mailboxes(role)
        if mailboxes or role is RecipientRole.TO:
            rows.append((name, ", ".join(str(mailbox) for mailbox in mailboxes) or "–"))
    if account.archive_address:
        rows.append((t("Archive copy"), account.archive_address))
    fields(rows)
    st.caption(t("These addresses stand on the card of {customer}, which says “wants invoices by e-mail”.", customer=customer.name))


def fields(rows: Iterable[tuple[str, str]]) -> None:
    """Names and values of a mail's head, line under line, as they are."""
    st.html("".join(f'<div><span style="opacity:.6">{escape(name)}</span> {escape(value)}</div>' for name, value in rows))


HEAD = {
    "From": N_("From"),
    "To": N_("To"),
    "Cc": N_("Cc"),
    "Reply-To": N_("Reply to"),
    "Subject": N_("Subject"),
    "Date": N_("Date"),
    "Message-ID": "Message-ID",
}


def mail_head(opened: eml.Opened, *names: str) -> None:
    """The fields of a mail that are there, in the order asked for."""
    found = dict(opened.headers)
    fields((t(HEAD[name]), _moment(found[name]) if name == "Date" else found[name]) for name in names if found.get(name))


def _moment(text: str) -> str:
    """A mail's date as the reader writes it; what is none stays as it stands."""
    try:
        at = parsedate_to_datetime(text)
    except ValueError:
        return text
    return i18n.moment(language(), (at if at.tzinfo else at.replace(tzinfo=UTC)).astimezone(zone()))


def editor(shown: Preview, key: str, words: AccompanyingText) -> AccompanyingText:
    """Subject and text, ready to be edited; the signature below cannot be edited here (M2)."""
    for name, value in (("subject", words.subject), ("body", words.body)):
        if f"{name}/{key}" not in st.session_state:
            st.session_state[f"{name}/{key}"] = value
    subject = st.text_input(t("Subject"), key=f"subject/{key}")
    body = st.text_area(t("Text"), key=f"body/{key}", height=220)
    _about_qr(shown.dossier, body)
    signature = documents.signature(shown.dossier)
    if signature:
        st.caption("  \n".join(plain(line) for line in signature.split("\n")))
    return AccompanyingText(subject=subject, body=body)


def _about_qr(what: Dossier, body: str) -> None:
    """What the mark in the text is, and whether this invoice has such a code."""
    if not payment_qr.is_marked(body):
        return
    if payment_qr.of(what.invoice, what.language):
        st.caption(t("“{mark}” is where the QR code for paying stands. Move it, or take it out.", mark=payment_qr.MARK))
    else:
        st.warning(t("There is no QR code for this invoice, so “{mark}” is left out of the mail.", mark=payment_qr.MARK))


def mail(shown: Preview, key: str) -> None:
    """The words as the customer reads them, and what hangs on them."""
    st.markdown(f"**{plain(shown.mail.text.subject)}**")
    text = shown.mail.text
    mail_preview.show(text.html, text.pictures, title=t("The mail as the customer reads it"), key=f"mail/{key}")
    st.caption(" · ".join(f"{plain(part.file_name)} ({size(len(part.content))})" for part in shown.mail.attachments))


class File(Protocol):
    """An attachment, to be sent or received."""

    @property
    def file_name(self) -> str: ...
    @property
    def mime_type(self) -> str: ...
    @property
    def content(self) -> bytes: ...


def attachment(part: File, key: str, *, height: int = 620) -> None:
    if part.mime_type == "application/pdf":
        st.pdf(part.content, height=height, key=f"pdf/{key}")
    elif part.mime_type == "application/xml":
        st.code(looking.readable_xml(part.content), language="xml", height=height)
    label = f"{plain(part.file_name)} ({size(len(part.content))})"
    st.download_button(
        label,
        part.content,
        file_name=part.file_name,
        mime=part.mime_type,
        key=f"get/{key}",
        on_click="ignore",
        type="tertiary",
        icon=":material/download:",
    )


def size(octets: int) -> str:
    return f"{octets / 1024:.0f} kB" if octets < 1024 * 1024 else f"{octets / 1024 / 1024:.1f} MB"
