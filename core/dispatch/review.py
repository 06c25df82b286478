"""The sheet before sending: ready, to check and blocked, grouped by what mends them, with sums and the expected end."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from itertools import groupby

from core.database import invoices as invoice_rows
from core.database import ledger_rows, parties
from core.database.ledger_rows import Filter, Tally
from core.dispatch import budget, checking, domain_checks
from core.dispatch.desk import Desk
from core.errors import Sentence
from core.preflight import Level, Remedy, Verdict


@dataclass(frozen=True, kw_only=True)
class Group:
    """Blocked invoices that one act mends: `key` is the customer's or the company's."""

    sentence: Sentence
    remedy: Remedy
    key: str
    invoice_ids: tuple[int, ...]
    numbers: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Share:
    """What of the selection belongs to one company."""

    company: str
    counts: Mapping[Level, int]
    ready: Tally


@dataclass(frozen=True, kw_only=True)
class Review:
    by_level: Mapping[Level, tuple[Verdict, ...]]
    blocked: tuple[Group, ...]
    shares: tuple[Share, ...]
    ready: Tally
    ends_at: datetime
    notes: tuple[Sentence, ...]  # what is true of a company's sender, once, whatever the number of its invoices

    @property
    def all_is_well(self) -> bool:
        return not self.by_level[Level.WARNING] and not self.by_level[Level.BLOCKED]


def review(desk: Desk, invoice_ids: Sequence[int], *, countdown_s: float = 0) -> Review:
    """Reads only."""
    verdicts = checking.preflight(desk, invoice_ids)
    by_level = {level: tuple(verdict for verdict in verdicts if verdict.level is level) for level in Level}
    ready_ids = [verdict.invoice_id for verdict in by_level[Level.READY]]
    with desk.database.read() as connection:
        rows = invoice_rows.rows(connection, invoice_ids)
        customers = {row.id: row.key for row in parties.load_customers(connection, {row.customer_id for row in rows.values()}).values()}
        companies = parties.load_companies(connection, {row.company_id for row in rows.values()})
        shares = []
        for company in companies.values():
            own = [verdict for verdict in verdicts if rows[verdict.invoice_id].company_id == company.id]
            counts = {level: sum(verdict.level is level for verdict in own) for level in Level}
            tally = ledger_rows.tally(connection, Filter(), [verdict.invoice_id for verdict in own if verdict.level is Level.READY])
            shares.append(Share(company=company.name, counts=counts, ready=tally))
    keys = {identity: {Remedy.CUSTOMER: customers[row.customer_id], Remedy.COMPANY: companies[row.company_id].key} for identity, row in rows.items()}
    return Review(
        by_level=by_level,
        blocked=tuple(_groups(by_level[Level.BLOCKED], keys)),
        shares=tuple(shares),
        ready=_total(share.ready for share in shares),
        ends_at=budget.foreseen(desk, ready_ids, countdown_s=countdown_s),
        notes=tuple(domain_checks.notes(desk, companies.values())),
    )


def _groups(verdicts: Iterable[Verdict], keys: Mapping[int, Mapping[Remedy, str]]) -> Iterable[Group]:
    """One group for each different reason of each card; the one with the most invoices first."""
    flat = [
        (str(reason.sentence), keys[verdict.invoice_id].get(reason.remedy, ""), verdict, reason)
        for verdict in verdicts
        for reason in verdict.blocked_by
    ]
    flat.sort(key=lambda entry: entry[:2])
    groups = []
    for (_, key), entries in groupby(flat, key=lambda entry: entry[:2]):
        own = list(entries)
        reason = own[0][3]
        ids, numbers = tuple(each[2].invoice_id for each in own), tuple(each[2].number for each in own)
        groups.append(Group(sentence=reason.sentence, remedy=reason.remedy, key=key, invoice_ids=ids, numbers=numbers))
    return sorted(groups, key=lambda group: -len(group.numbers))


def _total(tallies: Iterable[Tally]) -> Tally:
    count, sums = 0, dict[str, Decimal]()
    for tally in tallies:
        count += tally.count
        for currency, value in tally.sums.items():
            sums[currency] = sums.get(currency, Decimal(0)) + value
    return Tally(count=count, sums=sums)
