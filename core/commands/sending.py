"""Sending: check, queue, follow, and settle what only a person can say."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Annotated, Any

import typer
from sqlalchemy import Row

from core.app import App
from core.commands import rehearsing
from core.commands.arguments import CompanyKey, Kind, Numbers, Pending, Year, chosen, company_id, numbers_of
from core.commands.output import Format, Output, show, show_one
from core.commands.shell import DONE, SOME_REFUSED, complain, opened_app
from core.database import outbox_views
from core.dispatch import holding, resending, settling
from core.dispatch.values import Value
from core.errors import Sentence, UsageError
from core.model import OPEN, DeliveryStatus
from core.preflight import Level
from core.queueing import Queued

STATUS_COLUMNS = ("id", "number", "recipient", "copy_number", "status", "reply_code", "reply", "reason")


class UsageWays(UsageError):
    template = "--rehearse, --rehearse-to, --rehearsed and --again exclude each other; --at goes neither with a rehearsal to make nor with --wait."


class UsageRehearsed(UsageError):
    template = "--rehearsed takes what was rehearsed: give no numbers and no --pending with it."


class UsageAgain(UsageError):
    template = "What was sent is sent again by its numbers only, never with --pending."


class UsageBefore(UsageError):
    template = "Give invoice numbers or --before, one of the two."


def preflight(
    numbers: Numbers = None, pending: Pending = False, company: CompanyKey = None, year: Year = None, kind: Kind = None, output: Format = Output.TABLE
) -> int:
    """Check before sending: ready, warning or blocked."""
    from core.dispatch import checking, rule_checks

    opened = opened_app()
    ids = chosen(opened, numbers, pending=pending, company=company, year=year, kind=kind)
    rule_checks.ask_about(opened.desk, ids)
    verdicts = checking.preflight(opened.desk, ids)
    rows = [
        {"number": verdict.number, "verdict": verdict.level.value, "reasons": [str(reason.sentence) for reason in verdict.reasons]}
        for verdict in verdicts
    ]
    show(rows, output, columns=("number", "verdict", "reasons"))
    return SOME_REFUSED if any(verdict.level is Level.BLOCKED for verdict in verdicts) else DONE


def send(
    numbers: Numbers = None,
    pending: Pending = False,
    company: CompanyKey = None,
    year: Year = None,
    kind: Kind = None,
    at: Annotated[str | None, typer.Option("--at", metavar="TIME", help="Leave later: “2026-11-25 08:00”, in the desk's zone.")] = None,
    rehearse: Annotated[Path | None, typer.Option("--rehearse", metavar="DIR", help="Send nothing: write each mail as a file here.")] = None,
    rehearse_to: Annotated[str | None, typer.Option("--rehearse-to", metavar="ADDRESS", help="Send each only to this address of yours.")] = None,
    rehearsed: Annotated[int | None, typer.Option("--rehearsed", metavar="ID", help="Send what was rehearsed, those very bytes.")] = None,
    again: Annotated[bool, typer.Option("--again", help="Send once more what was sent; asks for --reason.")] = False,
    reason: Annotated[str, typer.Option("--reason", help="Why it is sent again.")] = "",
    to: Annotated[list[str] | None, typer.Option("--to", metavar="ADDRESS", help="With --again: only to these addresses of the card.")] = None,
    wait: Annotated[bool, typer.Option("--wait", help="Work the queue here until all is final.")] = False,
    timeout: Annotated[float, typer.Option("--timeout", help="Seconds to wait at most.")] = 600,
    output: Format = Output.TABLE,
) -> int:
    """Queue invoices for sending; the worker sends them. What is blocked stays and is listed."""
    from core.dispatch import leaving, sending
    from core.dispatch import rehearsed as former

    opened = opened_app()
    if sum(way is not None for way in (rehearse, rehearse_to, rehearsed, again or None)) > 1 or (at and (rehearse or rehearse_to or wait)):
        raise UsageWays
    leaves_at = leaving.at(opened.desk, at) if at else None
    if rehearsed is not None:
        if numbers or pending:
            raise UsageRehearsed
        ids = [row.invoice_id for row in former.find(opened.desk, rehearsed).mails]
        return _told(opened, ids, former.send(opened.desk, rehearsed, leaves_at=leaves_at), wait=wait, timeout=timeout, output=output)
    ids = chosen(opened, numbers, pending=pending, company=company, year=year, kind=kind)
    if rehearse is not None or rehearse_to is not None:
        return rehearsing.rehearse(opened, ids, rehearse, rehearse_to, output)
    if again:
        if pending:
            raise UsageAgain
        queued = resending.again(opened.desk, resending.last_copies(opened.desk, ids), reason=reason, to=to or (), leaves_at=leaves_at)
    else:
        queued = sending.queue(opened.desk, ids, leaves_at=leaves_at)
    return _told(opened, ids, queued, wait=wait, timeout=timeout, output=output)


def _told(opened: App, ids: Sequence[int], queued: Queued, *, wait: bool, timeout: float, output: Output) -> int:
    """Say what was queued; with `wait`, once it is final."""
    if wait:
        _drain(opened, timeout)
    known = numbers_of(opened, ids)
    not_queued = [{"number": known[invoice_id], "reason": str(reason)} for invoice_id, reason in queued.refused.items()]
    result = {"batch": queued.batch_id or None, "queued": [known[invoice_id] for invoice_id in queued.invoice_ids], "not_queued": not_queued}
    show_one(result, Output.JSON) if output is Output.JSON else _tell(queued.batch_id, result, not_queued)
    return SOME_REFUSED if not_queued or (wait and not _all_sent(opened, queued.batch_id)) else DONE


def _drain(opened: App, timeout_s: float) -> None:
    """Work the queue in this process until nothing can be sent any more."""
    from core import worker
    from core.dispatch import crew

    crew.drain(
        opened.desk,
        name=f"{worker.name()}/send",
        lines=opened.desk.settings.lines,
        until=lambda: crew.nothing_workable(opened.desk),
        timeout_s=timeout_s,
    )


def _tell(batch_id: int, result: Mapping[str, Any], not_queued: Sequence[Mapping[str, str]]) -> None:
    """Say in words what was queued and what was not."""
    complain.print(f"Batch {batch_id or '–'}: {len(result['queued'])} queued, {len(not_queued)} not queued.")
    if not_queued:
        show(not_queued, Output.TABLE)


def _all_sent(opened: App, batch_id: int) -> bool:
    """Whether all of the batch was sent and nothing else is under way."""
    with opened.desk.database.read() as connection:
        counts = outbox_views.counts(connection, batch_id=batch_id)
        still_open = sum(outbox_views.counts(connection).get(status, 0) for status in OPEN)
    return not still_open and set(counts) <= {DeliveryStatus.SENT}


def status(batch: Annotated[int | None, typer.Option("--batch")] = None, output: Format = Output.TABLE) -> int:
    """What became of the mails."""
    opened = opened_app()
    with opened.desk.database.read() as connection:
        rows = [_delivery_row(row) for row in outbox_views.listing(connection, batch_id=batch)]
        counts = outbox_views.counts(connection, batch_id=batch)
    paused = [
        {"company": key, "reason": str(because), "until": until.isoformat() if until else None}
        for key, _, because, until in settling.paused_accounts(opened.desk)
    ]
    if output is Output.JSON:
        show_one({"counts": {name.value: count for name, count in counts.items()}, "deliveries": rows, "paused_accounts": paused}, output)
        return DONE
    show(rows, output, columns=STATUS_COLUMNS)
    for account in paused:
        complain.print(f"Paused: {account['company']}: {account['reason']}")
    return DONE


def _delivery_row(row: Row[Any]) -> dict[str, Any]:
    """A delivery and what the server said."""
    return {
        "id": row.id,
        "number": row.number,
        "recipient": row.recipient,
        "copy_number": row.copy_number,
        "status": row.status.value,
        "message_id": row.rfc_message_id,
        "reply_code": row.reply_code,
        "reply": row.reply,
        "reason": str(row.because) if row.because else None,
    }


def resolve(
    delivery: Annotated[int, typer.Argument(metavar="DELIVERY")],
    how: Annotated[settling.Settlement, typer.Argument()],
    reason: Annotated[str, typer.Option("--reason")],
) -> int:
    """Settle an uncertain or failed delivery: it was sent after all, it did not arrive (failed), or the same mail goes again."""
    settling.resolve(opened_app().desk, delivery, how, reason=reason)
    return DONE


def mark_elsewhere(
    reason: Annotated[str, typer.Option("--reason")],
    numbers: Numbers = None,
    before: Annotated[str | None, typer.Option("--before", metavar="DATE", help="All that were issued before this day.")] = None,
    company: CompanyKey = None,
    year: Year = None,
    kind: Kind = None,
    undo: Annotated[bool, typer.Option("--undo", help="Take the mark away.")] = False,
    output: Format = Output.TABLE,
) -> int:
    """Mark invoices as sent by another way. Nothing is sent."""
    opened = opened_app()
    if (before is not None) == bool(numbers):
        raise UsageBefore
    if before is not None:
        ids = _issued_before(opened, before, company)
    else:
        ids = chosen(opened, numbers, pending=False, company=company, year=year, kind=kind)
    mark = settling.unmark_elsewhere if undo else settling.mark_elsewhere
    refused = mark(opened.desk, ids, reason=reason)
    known = numbers_of(opened, ids)
    rows = [{"number": known[i], "marked": i not in refused, "reason": str(refused[i]) if i in refused else None} for i in ids]
    show(rows, output, columns=("number", "marked", "reason"))
    return SOME_REFUSED if refused else DONE


def hold(
    reason: Annotated[str, typer.Option("--reason")],
    numbers: Numbers = None,
    company: CompanyKey = None,
    year: Year = None,
    kind: Kind = None,
    output: Format = Output.TABLE,
) -> int:
    """Hold invoices that have not left: they stay until they are released. What is queued is taken back."""
    opened = opened_app()
    ids = chosen(opened, numbers, pending=False, company=company, year=year, kind=kind)
    return _held(opened, ids, holding.hold(opened.desk, ids, reason=reason), output)


def release(
    numbers: Numbers = None,
    company: CompanyKey = None,
    year: Year = None,
    kind: Kind = None,
    output: Format = Output.TABLE,
) -> int:
    """Release what is held: it waits again. Nothing is sent."""
    opened = opened_app()
    ids = chosen(opened, numbers, pending=False, company=company, year=year, kind=kind)
    return _held(opened, ids, holding.release(opened.desk, ids), output)


def _held(opened: App, ids: Sequence[int], refused: Mapping[int, Sentence], output: Output) -> int:
    """What was done, number by number."""
    known = numbers_of(opened, ids)
    rows = [{"number": known[i], "done": i not in refused, "reason": str(refused[i]) if i in refused else None} for i in ids]
    show(rows, output, columns=("number", "done", "reason"))
    return SOME_REFUSED if refused else DONE


def _issued_before(opened: App, text: str, company: str | None) -> Sequence[int]:
    """The invoices that are older than a day."""
    day = Value("--before", text).day()
    return settling.waiting_before(opened.desk, day or date.min, company_id=company_id(opened, company))
