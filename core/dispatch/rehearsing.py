"""Rehearse a sending: everything up to the wire, and nothing over it; what was made is sealed and kept, so that just this can leave."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from core import queueing
from core.database import audit, copies, rehearsal_rows
from core.dispatch import documents, rehearsal_files, rule_checks, sending
from core.dispatch.checking import preflight
from core.dispatch.desk import Desk
from core.dispatch.rehearsal_files import Rehearsed
from core.errors import FacturierError, Sentence, joined
from core.preflight import Level, Verdict

ZIP = "zip"  # the destination of what is downloaded


def nobody(_done: int, _total: int) -> None:
    """Where nobody watches."""


@dataclass(frozen=True, kw_only=True)
class Rehearsal:
    """`id` is 0 where nothing could be made; `refused` are the invoices that would not leave, with the reasons."""

    id: int
    mails: tuple[Rehearsed, ...]
    refused: Mapping[int, Sentence]


def rehearse(desk: Desk, invoice_ids: Sequence[int], *, destination: str, told: Callable[[int, int], None] = nobody) -> Rehearsal:
    """Check, make, ask the rules and seal each mail as it would leave now. Nothing is queued, no status moves."""
    ids, since = list(dict.fromkeys(invoice_ids)), desk.now()
    refused = _blocked(preflight(desk, ids))
    free = [identity for identity in ids if identity not in refused]
    made: dict[int, Rehearsed] = {}
    for place, identity in enumerate(free):
        told(place, len(free))
        try:
            made[identity] = _made(desk, identity)
        except FacturierError as error:
            refused[identity] = error.sentence
    told(len(free), len(free))
    verdicts = preflight(desk, list(made))  # again: by now the rules were asked about all of them
    refused |= _blocked(verdicts)
    mails = [_with_warnings(made[verdict.invoice_id], verdict) for verdict in verdicts if verdict.invoice_id not in refused]
    return Rehearsal(id=_keep(desk, mails, destination, since) if mails else 0, mails=tuple(mails), refused=refused)


def _blocked(verdicts: Iterable[Verdict]) -> dict[int, Sentence]:
    return {verdict.invoice_id: joined([reason.sentence for reason in verdict.blocked_by]) for verdict in verdicts if verdict.level is Level.BLOCKED}


def _with_warnings(mail: Rehearsed, verdict: Verdict) -> Rehearsed:
    return replace(mail, warnings=tuple(reason.sentence for reason in verdict.reasons))


def _made(desk: Desk, invoice_id: int) -> Rehearsed:
    rule_checks.ensure(desk, documents.dossier(desk, invoice_id))
    shown = sending.preview(desk, invoice_id)
    what, account = shown.dossier, shown.account
    message_id = queueing.new_message_id(account.sender.rpartition("@")[2])
    seal = documents.seal(desk, what, account, shown.mail, message_id=message_id, now=desk.now())
    return Rehearsed(
        invoice_id=invoice_id,
        company_id=what.company.id,
        number=what.invoice.number,
        customer=what.customer.name,
        recipients=_due(desk, shown),
        subject=shown.mail.text.subject,
        seal=seal,
        versions=what.versions,
        warnings=(),
    )


def _due(desk: Desk, shown: sending.Preview) -> tuple[str, ...]:
    """Whom a click would send it to: those who have it already get it no second time."""
    everybody = sending.recipients(shown.dossier.customer, shown.account)
    with desk.database.read() as connection:
        have_it = copies.served(connection, shown.dossier.invoice_id)
    return tuple(address for address in everybody if address.lower() not in have_it)


def _keep(desk: Desk, mails: Sequence[Rehearsed], destination: str, now: datetime) -> int:
    rows = [
        {
            "invoice_id": mail.invoice_id,
            "message_id": mail.seal.message_id,
            "sealed_sha256": mail.seal.sha256,
            "sealed_size": mail.seal.size,
            "envelope_from": mail.seal.envelope_from,
            "invoice_version": mail.versions.invoice,
            "customer_version": mail.versions.customer,
            "company_version": mail.versions.company,
        }
        for mail in mails
    ]
    with desk.database.write() as connection:
        rehearsal_id = rehearsal_rows.add(connection, rows, destination=destination, who=desk.who, now=now)
        named = [(mail.company_id, mail.number) for mail in mails]
        audit.append_many(connection, named, who=desk.who, what="rehearsed", why=destination, about=f"rehearsal {rehearsal_id}: ", now=now)
    return rehearsal_id


def into_folder(desk: Desk, invoice_ids: Sequence[int], folder: Path, *, told: Callable[[int, int], None] = nobody) -> tuple[Rehearsal, list[Path]]:
    """The mails as files, and those files. A folder with something in it gets a folder of its own for this rehearsal within."""
    folder.mkdir(parents=True, exist_ok=True)  # before the work: a folder that cannot be made is told at once
    made = rehearse(desk, invoice_ids, destination=str(folder.resolve()), told=told)
    if not made.mails:
        return made, []
    place = rehearsal_files.free_folder(folder, made.id)
    if place != folder:
        with desk.database.write() as connection:
            rehearsal_rows.set_destination(connection, made.id, str(place.resolve()))
    return made, rehearsal_files.write(desk, made.mails, place)
