"""What changed since somebody looked, in words: which fields, by whom, when; as far as versions and audit trail know it."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row

from core.database import changes, parties
from core.database import invoices as invoice_rows
from core.dispatch import looking
from core.dispatch.desk import Desk
from core.errors import Sentence
from core.i18n import N_, on
from core.model import Invoice
from core.records import THE_CARD, THE_INVOICE, Versions, what_moved

BY = N_("{what} ({fields}; by {who}, {day} {clock})")
FIELDS = N_("{what} ({fields})")
ADDRESSES = N_("address {old} → {new}")
TOTAL = N_("total {stated} → {total} {currency}")
FROM_FILE = N_("imported again from {file}")
NAMES = {
    "to": N_("address for invoices"),
    "cc": N_("copy (Cc)"),
    "bcc": N_("blind copy (Bcc)"),
    "wants_email": N_("wants invoices by e-mail"),
    "language": N_("language"),
    "xml_format": N_("XML format"),
    "name": N_("name"),
    "text": N_("accompanying text"),
    "signature": N_("signature"),
    "terms": N_("terms of sale"),
    "mention": N_("legal mentions"),
    "logo": N_("logo"),
    "colour": N_("colour"),
    "pdf": N_("whose PDF leaves"),
}
SEEN_ON_THE_CARD = frozenset({"to", "cc", "bcc", "wants_email", "language", "xml_format", "name"})
IMPORTED, CARD, COMPANY = ("imported new_version",), ("customer changed", "customer imported"), ("company changed",)


def since(
    desk: Desk, connection: Connection, invoice_id: int, *, now: Versions, then: Versions, at: datetime | None = None, to: Collection[str] = ()
) -> Sentence:
    """Of what moved, the first; `at`: when it was looked at, where that is known; `to`: where it was to go."""
    what = what_moved(now, then)
    if what is None:
        return Sentence("")
    about = changes.about(connection, invoice_id)
    if what.template == THE_INVOICE:
        acts = changes.acts(connection, about.company_id, IMPORTED, about.number, since=at, limit=now.invoice - then.invoice)
        return _told(desk, what, acts[:1], _of_invoice(connection, invoice_id, now, then, acts))
    if what.template == THE_CARD:
        acts = changes.acts(connection, None, CARD, about.customer_key, since=at, limit=max(1, now.customer - then.customer))
        return _told(desk, what, acts, _of_card(connection, about.customer_id, acts, to))
    acts = changes.acts(connection, about.company_id, COMPANY, about.company_key, since=at, limit=max(1, now.company - then.company))
    return _told(desk, what, acts, _names(acts))


def meanwhile(desk: Desk, invoice_id: int, *, now: Versions, then: Versions) -> Sentence:
    """The same for whoever looks at it right now."""
    with desk.database.read() as connection:
        return since(desk, connection, invoice_id, now=now, then=then)


def of_message(desk: Desk, connection: Connection, message_row_id: int, invoice_id: int, *, now: Versions, then: Versions) -> Sentence:
    """The same for a mail that waits: since it was queued, and from where it was to go."""
    at, to = changes.queued_for(connection, message_row_id)
    return since(desk, connection, invoice_id, now=now, then=then, at=at, to=to)


def _told(desk: Desk, what: Sentence, acts: Sequence[Row[Any]], fields: Sequence[str | Sentence]) -> Sentence:
    if not fields:
        return what
    if not acts:
        return Sentence(FIELDS, {"what": what, "fields": _listed(fields)})
    local = acts[0].at.astimezone(looking.zone(desk))
    who = ", ".join(dict.fromkeys(act.who for act in acts))
    return Sentence(BY, {"what": what, "fields": _listed(fields), "who": who, "day": on(local.date()), "clock": f"{local:%H:%M}"})


def _listed(parts: Sequence[str | Sentence]) -> Sentence:
    names = [f"part{place}" for place in range(len(parts))]
    return Sentence(", ".join("{" + name + "}" for name in names), dict(zip(names, parts, strict=True)))


def _of_invoice(connection: Connection, invoice_id: int, now: Versions, then: Versions, acts: Sequence[Row[Any]]) -> list[str | Sentence]:
    before, after = (invoice_rows.load(connection, invoice_id, version).invoice for version in (then.invoice, now.invoice))
    told: list[str | Sentence] = [Sentence(FROM_FILE, {"file": acts[0].why})] if acts and acts[0].why else []
    return told + _totals(before, after)


def _totals(before: Invoice, after: Invoice) -> list[str | Sentence]:
    if before.totals.total_with_vat == after.totals.total_with_vat:
        return []
    values = {"stated": f"{before.totals.total_with_vat:.2f}", "total": f"{after.totals.total_with_vat:.2f}", "currency": after.currency}
    return [Sentence(TOTAL, values)]


def _of_card(connection: Connection, customer_id: int, acts: Sequence[Row[Any]], to: Collection[str]) -> list[str | Sentence]:
    """Addresses by name where it is known where the mail was to go."""
    names = [name for name in _fields(acts) if name in SEEN_ON_THE_CARD]
    if to and {"to", "cc", "bcc"} & set(names):
        card = [mailbox.addr_spec for _, mailbox in parties.load_customers(connection, [customer_id])[customer_id].recipients]
        old, new = _without(to, card), _without(card, to)
        if old or new:
            others = [name for name in names if name not in ("to", "cc", "bcc")]
            return [Sentence(ADDRESSES, {"old": ", ".join(old) or "–", "new": ", ".join(new) or "–"}), *_worded(others)]
    return _worded(names)


def _without(some: Iterable[str], others: Iterable[str]) -> list[str]:
    known = {each.lower() for each in others}
    return [each for each in some if each.lower() not in known]


def _names(acts: Sequence[Row[Any]]) -> list[str | Sentence]:
    return _worded(_fields(acts))


def _fields(acts: Sequence[Row[Any]]) -> list[str]:
    """The first word of each field: `text.fr.380.subject` is about the text."""
    return list(dict.fromkeys(name.strip().split(".")[0] for act in reversed(acts) for name in act.why.split(",") if name.strip()))


def _worded(names: Iterable[str]) -> list[str | Sentence]:
    return [Sentence(NAMES[name]) if name in NAMES else name for name in names]
