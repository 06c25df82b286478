"""Batches by command: what waits of each, hold, resume, another time, cancel."""

from __future__ import annotations

from typing import Annotated

import typer

from core.commands.arguments import numbers_of
from core.commands.output import Format, Output, show
from core.commands.shell import DONE, opened_app
from core.dispatch import batch_acts, holding, looking, outbox_view, waits

Batch = Annotated[int, typer.Argument(metavar="ID")]
Reason = Annotated[str, typer.Option("--reason")]
COLUMNS = ("id", "by", "at", "invoices", "waiting", "held", "leaves_at", "paused", "limited", "reason")


def listed(output: Format = Output.TABLE) -> int:
    """The newest batches, and why what has not left of them waits."""
    opened = opened_app()
    rows, zone = [], looking.zone(opened.desk)
    for batch in outbox_view.batches(opened.desk):
        found = waits.of_batch(opened.desk, batch.id)
        own = {
            "id": batch.id,
            "by": batch.by,
            "at": batch.at.astimezone(zone).isoformat(timespec="seconds"),
            "invoices": batch.invoices,
            "waiting": found.total,
        }
        own |= {"held": found.held, "paused": found.paused, "limited": found.limited, "later": found.later}
        own |= {"leaves_at": found.leaves_at.astimezone(zone).isoformat(timespec="minutes") if found.leaves_at else None}
        rows.append(own | {"reason": str(found.because) if found.because else None})
    show(rows, output, columns=COLUMNS)
    return DONE


def hold(batch: Batch, reason: Reason, output: Format = Output.TABLE) -> int:
    """What is under way finishes, the rest of the batch waits until it is resumed."""
    count = batch_acts.hold(opened_app().desk, batch, reason=reason)
    show([{"batch": batch, "held": count}], output)
    return DONE


def resume(batch: Batch, reason: Reason = "", output: Format = Output.TABLE) -> int:
    """What was held leaves."""
    count = batch_acts.resume(opened_app().desk, batch, reason=reason)
    show([{"batch": batch, "resumed": count}], output)
    return DONE


def move(batch: Batch, at: Annotated[str, typer.Option("--at", metavar="TIME")], output: Format = Output.TABLE) -> int:
    """Another time, for what has not begun to leave: “2026-11-25 08:00”."""
    from core.dispatch import leaving

    opened = opened_app()
    moment = leaving.at(opened.desk, at)
    batch_acts.move(opened.desk, batch, moment)
    show([{"batch": batch, "leaves_at": moment.astimezone(looking.zone(opened.desk)).isoformat(timespec="minutes")}], output)
    return DONE


def cancel(batch: Batch, reason: Reason = "", output: Format = Output.TABLE) -> int:
    """Take back what has not left; it waits again as before it was sent."""
    opened = opened_app()
    cancelled = holding.cancel(opened.desk, batch, reason=reason)
    known = numbers_of(opened, cancelled.invoice_ids)
    show([{"batch": batch, "cancelled": sorted(known.values()), "gone": cancelled.gone}], output)
    return DONE
