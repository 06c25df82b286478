"""What is known of a mail that nobody can be sure of, and whom to ask how. Reads only."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row

from core import i18n
from core.database import archived, parties
from core.dispatch import looking
from core.dispatch.desk import Desk
from core.errors import MailUnknown
from core.i18n import N_
from core.model import DeliveryStatus, Language

TO_THE_SERVER = N_(
    "On {when} we handed a mail from {sender} to {recipient} over to {server}, and the line broke before the server answered. Its Message-ID is "
    "{message_id}. Did the server take it, and what became of it?"
)
TO_THE_CUSTOMER = N_("On {when} we sent our invoice {number} of {day} ({total}) to {recipient}. Did you receive it?")


@dataclass(frozen=True, kw_only=True)
class Known:
    """Of one uncertain delivery."""

    delivery: Row[Any]
    mail: Row[Any]
    server: str  # host and port that had it; for mails from before that was kept, as the account says now
    customer_language: Language
    others: Sequence[Row[Any]]  # deliveries of the same mail that are settled
    said_before: Sequence[Row[Any]]  # what servers answered in former tries, oldest first

    @property
    def handed_at(self) -> datetime | None:
        """When the mail was complete but for the final dot; nothing for mails from before that was kept."""
        at: datetime | None = self.mail.handed_at
        return at


def known(desk: Desk, delivery: Row[Any]) -> Known:
    """`delivery` as the outbox lists it."""
    with desk.database.read() as connection:
        mail = archived.one(connection, delivery.message_id)
        if mail is None:
            raise MailUnknown(mail=delivery.message_id)
        same = archived.recipients(connection, [mail.id]).get(mail.id, [])
        said = archived.said(connection, [delivery.id]).get(delivery.id, [])
        account = parties.load_account_row(connection, mail.company_id)
        card = parties.load_customers(connection, [delivery.customer_id])[delivery.customer_id]
    now_set = f"{account.host}:{account.port}" if account.host else ""
    return Known(
        delivery=delivery,
        mail=mail,
        server=next((each.handed_to for each in same if each.id == delivery.id and each.handed_to), now_set),
        customer_language=card.language,
        others=[each for each in same if each.id != delivery.id and each.status is not DeliveryStatus.UNCERTAIN],
        said_before=[each for each in said if each.reply_code is not None and each.claim != delivery.claim],
    )


def question_to_server(desk: Desk, what: Known, language: Language) -> str:
    """For whoever runs the mail server, in the reader's language."""
    return i18n.translate(
        language,
        TO_THE_SERVER,
        when=_moment(desk, what, language),
        sender=what.mail.envelope_from,
        recipient=what.delivery.recipient,
        server=what.server,
        message_id=what.mail.message_id,
    )


def question_to_customer(desk: Desk, what: Known) -> str:
    """In the customer's language."""
    language = what.customer_language
    return i18n.translate(
        language,
        TO_THE_CUSTOMER,
        when=_moment(desk, what, language),
        number=what.mail.number,
        day=i18n.day(language, what.mail.issue_date),
        total=i18n.amount(language, what.mail.total_with_vat, what.mail.currency),
        recipient=what.delivery.recipient,
    )


def _moment(desk: Desk, what: Known, language: Language) -> str:
    at = what.handed_at or what.delivery.changed_at
    return i18n.moment(language, at.astimezone(looking.zone(desk)))
