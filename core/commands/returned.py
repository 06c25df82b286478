"""Read now what came back."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from core.commands.output import Format, Output, show
from core.commands.shell import DONE, SOME_REFUSED, complain, opened_app

COLUMNS = ("company", "invoice", "recipient", "kind", "status_code", "found_by", "bounced", "because")


def bounces(
    company: Annotated[str | None, typer.Option("--company", help="Only this company's mailbox.")] = None, output: Format = Output.TABLE
) -> int:
    """Read the mailboxes with what came back, now, and show what is new."""
    from core.dispatch import bouncing, companies

    desk = opened_app().desk
    keys = {each.id: each.key for each in ([companies.find(desk, company)] if company else companies.list_companies(desk))}
    readings = bouncing.read_all(desk) if company is None else {identity: bouncing.read(desk, identity) for identity in keys}
    for identity, reading in readings.items():
        if reading.trouble:
            complain.print(f"{keys[identity]}: {reading.trouble}")
    show([_row(keys[identity], found) for identity, reading in readings.items() for found in reading.found], output, columns=COLUMNS)
    return SOME_REFUSED if any(reading.trouble for reading in readings.values()) else DONE


def _row(key: str, found: Any) -> dict[str, Any]:
    return {
        "company": key,
        "invoice": found.number or None,
        "recipient": found.recipient,
        "kind": found.kind.value,
        "status_code": found.status_code,
        "found_by": found.found_by.value if found.found_by else None,
        "bounced": found.is_settled,
        "because": str(found.because),
    }
