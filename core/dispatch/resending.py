"""Send once more what was sent, for a reason: never by itself, never with others by “select all”, and once for two clicks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row

from core.dispatch import documents, history, sending
from core.dispatch.checking import preflight
from core.dispatch.desk import Desk
from core.dispatch.documents import Dossier
from core.errors import FacturierError, NotOnTheCard, ReasonMissing, Sentence, joined
from core.mailbox import parse
from core.model import DeliveryStatus, RecipientRole
from core.preflight import Level
from core.queueing import Again, Queued, Request
from core.records import MailAccount


@dataclass(frozen=True, kw_only=True)
class Former:
    """The latest sending of an invoice, and where one more could go."""

    copy_number: int
    by: str
    deliveries: Sequence[Row[Any]]  # to the customer's addresses, as a server took them
    addresses: tuple[str, ...]  # on the card now


def former(desk: Desk, invoice_id: int) -> Former | None:
    """Nothing where it was never sent."""
    copies = history.copies(desk, invoice_id)
    if not copies:
        return None
    newest = copies[0]
    taken = [row for row in newest.deliveries if row.status is DeliveryStatus.SENT and row.role is not RecipientRole.ARCHIVE]
    card = documents.dossier(desk, invoice_id).customer
    addresses = tuple(dict.fromkeys(mailbox.addr_spec for _, mailbox in card.recipients))
    return Former(copy_number=newest.copy_number, by=newest.deliveries[0].queued_by, deliveries=taken, addresses=addresses)


def again(
    desk: Desk,
    last_copies: Mapping[int, int],
    *,
    reason: str,
    to: Sequence[str] = (),
    countdown_s: float = 0,
    leaves_at: datetime | None = None,
) -> Queued:
    """One more copy of each to the addresses of its card, or to some of them, in one batch.

    `last_copies`: by invoice, the newest copy that the person knew of. Raises ReasonMissing.
    """
    if not reason.strip():
        raise ReasonMissing
    requests, refused = list[Request](), dict[int, Sentence]()
    for verdict in preflight(desk, list(last_copies), again=True):
        if verdict.level is Level.BLOCKED:
            refused[verdict.invoice_id] = joined([each.sentence for each in verdict.blocked_by])
            continue
        known = Again(reason=reason.strip()[:500], last_copy=last_copies[verdict.invoice_id])
        try:
            requests.append(_request(desk, verdict.invoice_id, known, to))
        except FacturierError as error:
            refused[verdict.invoice_id] = error.sentence
    if not requests:
        return Queued(batch_id=0, invoice_ids=(), refused=refused)
    return sending.enqueued(desk, requests, refused=refused, leaves_at=leaves_at or sending.after(desk, countdown_s))


def _request(desk: Desk, invoice_id: int, known: Again, to: Sequence[str]) -> Request:
    """Raises AddressInvalid and NotOnTheCard."""
    what = documents.dossier(desk, invoice_id)
    account = desk.account(what.company.id)
    return Request(
        invoice_id=invoice_id,
        recipients=_recipients(what, account, to),
        message_domain=account.sender.rpartition("@")[2],
        seen=what.versions,
        again=known,
    )


def _recipients(what: Dossier, account: MailAccount, to: Sequence[str]) -> Mapping[str, RecipientRole]:
    """The company's archive gets this copy, too."""
    everybody = sending.recipients(what.customer, account)
    if not to:
        return everybody
    wanted = {parse(address).addr_spec.lower() for address in to}
    known = [address for address, role in everybody.items() if role is not RecipientRole.ARCHIVE]
    for address in sorted(wanted - {each.lower() for each in known}):
        raise NotOnTheCard(address=address, customer=what.customer.name, known=", ".join(known) or "–")
    return {address: role for address, role in everybody.items() if address.lower() in wanted or role is RecipientRole.ARCHIVE}


def last_copies(desk: Desk, invoice_ids: Sequence[int]) -> dict[int, int]:
    """As they stand now, 0 where nothing was sent."""
    found = {invoice_id: former(desk, invoice_id) for invoice_id in invoice_ids}
    return {invoice_id: known.copy_number if known else 0 for invoice_id, known in found.items()}
