"""Take up what came back: the delivery that a notice is about turns to bounced, in the caller's transaction."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, Row

from core import bounce_words
from core.bounces import Failure, FoundBy, Kind, Mark, Notice
from core.database import audit, bounce_rows, rehearsal_rows
from core.database.statuses import refresh_status
from core.dispatch.desk import Desk
from core.errors import Sentence
from core.model import OPEN, DeliveryStatus, RecipientRole

SETTLED = frozenset({DeliveryStatus.SENT, DeliveryStatus.UNCERTAIN})  # a notice proves that what was uncertain did leave
READER = "mailbox"  # who found it: no person
LONGEST_ADDRESS = 320


@dataclass(frozen=True, kw_only=True)
class Found:
    """One recipient in one notice; without `number` it is about no mail of ours."""

    recipient: str
    kind: Kind
    status_code: str
    because: Sentence
    number: str = ""
    found_by: FoundBy | None = None
    is_settled: bool = False  # the delivery turned to bounced


@dataclass(frozen=True)
class Arrived:
    uid: int
    notice: Notice = field(default_factory=Notice)
    notice_sha256: str = ""


class Early(Exception):
    """The mail is still being sent while its notice is here already: the next reading settles it."""


class Taking:
    """Take up notices of one mailbox in one transaction."""

    def __init__(self, desk: Desk, connection: Connection, company_id: int) -> None:
        self.desk, self.connection, self.company_id = desk, connection, company_id
        self.companies = bounce_rows.sharing(connection, company_id)
        self.domains = bounce_rows.sender_domains(connection)

    def up(self, arrived: Arrived) -> list[Found]:
        """Raises Early before anything of this notice is written."""
        found_by, rows = self._mail_of(arrived.notice.marks)
        tried_on = rehearsal_rows.tried_on(self.connection, {row.message_id for row in rows}) if rows else set[str]()
        pairs = [(failure, None if tried_on & set(failure.addresses) else _meant(failure, rows)) for failure in arrived.notice.failures]
        if any(row is not None and row.status in OPEN - {DeliveryStatus.QUEUED} for _, row in pairs):
            raise Early
        new = []
        for failure, row in pairs:
            recipient = row.recipient.lower() if row is not None else next(iter(failure.addresses), "")[:LONGEST_ADDRESS]
            if bounce_rows.is_kept(self.connection, self.company_id, arrived.notice_sha256, recipient):
                continue
            self._keep(arrived, failure, row, recipient, found_by)
            is_settled = row is not None and failure.kind is Kind.PERMANENT and self._settle(failure, row)
            new.append(_found(failure, row, recipient, found_by, is_settled=is_settled))
        return new

    def _mail_of(self, marks: Sequence[Mark]) -> tuple[FoundBy | None, list[Row[*tuple[Any, ...]]]]:
        """The first mark, the surest first, that names a mail whose notices may arrive here."""
        for mark in marks:
            domains = {mark.domain} if mark.domain else self.domains
            rows = bounce_rows.deliveries_of(self.connection, [f"<{mark.local}@{domain}>" for domain in sorted(domains)], self.companies)
            if rows:
                return mark.found_by, rows
        return None, []

    def _keep(self, arrived: Arrived, failure: Failure, row: Row[*tuple[Any, ...]] | None, recipient: str, found_by: FoundBy | None) -> None:
        values = {
            "company_id": self.company_id,
            "delivery_id": row.id if row is not None else None,
            "notice_sha256": arrived.notice_sha256,
            "recipient": recipient,
            "kind": failure.kind.value,
            "status_code": failure.status_code,
            "diagnostic": failure.diagnostic,
            "found_by": found_by.value if found_by and row is not None else "",
            "read_at": self.desk.now(),
        }
        bounce_rows.keep(self.connection, values)

    def _settle(self, failure: Failure, row: Row[*tuple[Any, ...]]) -> bool:
        """What was sent, or perhaps sent, did not arrive. What a person settled otherwise, or sends again, stays."""
        if row.status not in SETTLED:
            return False
        now = self.desk.now()
        values: dict[str, Any] = {"status": DeliveryStatus.BOUNCED, "changed_at": now, "because": bounce_words.came_back(failure)}
        if row.status is DeliveryStatus.UNCERTAIN:
            values["claim"] = None  # a late answer of our own server says less than the notice
        bounce_rows.set_delivery(self.connection, row.id, values)
        refresh_status(self.connection, [row.invoice_id], now=now)
        if row.role is not RecipientRole.ARCHIVE:
            bounce_rows.flag(self.connection, row.customer_id, row.recipient, bounce_words.why(failure), at=now)
        why = f"{failure.status_code} {failure.diagnostic}".strip()
        subject = f"{row.number} → {row.recipient}"
        audit.append(self.connection, company_id=row.company_id, who=READER, what="came back", subject=subject, why=why, now=now)
        return True


def _meant(failure: Failure, rows: Sequence[Row[*tuple[Any, ...]]]) -> Row[*tuple[Any, ...]] | None:
    """The delivery that a notice is about: mail and recipient must both fit, so that nobody can make up one for all.

    Where the notice names no recipient of the mail (it was passed on, or the mailer is silent), a mail to one address can only mean that.
    """
    by_address: Mapping[str, Row[*tuple[Any, ...]]] = {row.recipient.lower(): row for row in rows}
    named = next((by_address[address] for address in failure.addresses if address in by_address), None)
    return named if named is not None or len(rows) != 1 else rows[0]


def _found(failure: Failure, row: Row[*tuple[Any, ...]] | None, recipient: str, found_by: FoundBy | None, *, is_settled: bool) -> Found:
    return Found(
        recipient=recipient,
        kind=failure.kind,
        status_code=failure.status_code,
        because=bounce_words.came_back(failure),
        number=row.number if row is not None else "",
        found_by=found_by if row is not None else None,
        is_settled=is_settled,
    )
