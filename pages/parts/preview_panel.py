"""What the customer gets: head, words, and each attachment as it will arrive. One component for every place that shows a mail."""

from __future__ import annotations

from typing import Protocol

import streamlit as st

from core import i18n
from core.dispatch import documents, looking
from core.dispatch.sending import Preview
from core.model import RecipientRole
from core.records import AccompanyingText
from core.rendering.message import Attachment
from pages.parts import mail_preview
from pages.parts.resources import language, plain, t
from pages.parts.resources import shown as as_markdown


def head(shown: Preview) -> None:
    """Company → customer, number, total, due date."""
    invoice = shown.dossier.invoice
    total = i18n.amount(language(), invoice.totals.total_with_vat, invoice.currency)
    due = f" · {t('due')} {i18n.day(language(), invoice.due_date)}" if invoice.due_date else ""
    kind = t("Credit note") if invoice.is_credit_note else t("Invoice")
    st.markdown(f"#### {kind} {plain(invoice.number)}")
    st.markdown(f"{plain(shown.dossier.company.name)} → **{plain(shown.dossier.customer.name)}** · **{plain(total)}**{due}")


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
    for name, value in rows:
        st.text(f"{name}: {value}")
    st.caption(t("These addresses stand on the card of {customer}, which says “wants invoices by e-mail”.", customer=customer.name))


def editor(shown: Preview, key: str) -> AccompanyingText:
    """Subject and text, ready to be edited; the signature below cannot be edited here (M2)."""
    subject = st.text_input(t("Subject"), value=shown.words.subject, key=f"subject/{key}")
    body = st.text_area(t("Text"), value=shown.words.body, key=f"body/{key}", height=250)
    signature = documents.signature(shown.dossier)
    if signature:
        st.caption("  \n".join(plain(line) for line in signature.split("\n")))
    return AccompanyingText(subject=subject, body=body)


def tabs(shown: Preview, key: str) -> None:
    """The mail and each attachment, as the customer gets it."""
    parts = shown.mail.attachments
    names = [t("Mail")] + [_tab_name(part, place) for place, part in enumerate(parts)]
    for place, tab in enumerate(st.tabs(names)):
        with tab:
            if place == 0:
                _mail(shown, key)
            else:
                attachment(parts[place - 1], f"{key}/{place}")
    for note in shown.mail.notes:
        st.info(as_markdown(note))


def _tab_name(part: Attachment, place: int) -> str:
    if part.mime_type == "application/xml":
        return "XML"
    return t("Document") if place == 0 else t("Terms")


def _mail(shown: Preview, key: str) -> None:
    st.markdown(f"**{plain(shown.mail.text.subject)}**")
    mail_preview.show(shown.mail.text.html, title=t("The mail as the customer reads it"), key=f"mail/{key}")
    st.caption(" · ".join(f"{plain(part.file_name)} ({size(len(part.content))})" for part in shown.mail.attachments))


class File(Protocol):
    """An attachment, to be sent or received."""

    @property
    def file_name(self) -> str: ...
    @property
    def mime_type(self) -> str: ...
    @property
    def content(self) -> bytes: ...


def attachment(part: File, key: str) -> None:
    st.download_button(
        f"{plain(part.file_name)} ({size(len(part.content))})", part.content, file_name=part.file_name, mime=part.mime_type, key=f"get/{key}"
    )
    if part.mime_type == "application/pdf":
        st.pdf(part.content, height=620, key=f"pdf/{key}")
    elif part.mime_type == "application/xml":
        st.code(looking.readable_xml(part.content), language="xml", height=620)


def size(octets: int) -> str:
    return f"{octets / 1024:.0f} kB" if octets < 1024 * 1024 else f"{octets / 1024 / 1024:.1f} MB"
