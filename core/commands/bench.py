"""The figures of BENCH, as JSON on stdout; progress on stderr."""

from __future__ import annotations

import json
from typing import Annotated

import typer

from core.commands.shell import DONE, complain


def ledger(
    invoices: Annotated[list[int], typer.Option("--invoices", min=1000, help="How many; may be given several times.")] = [100_000, 1_000_000],  # noqa: B006
    browser: Annotated[bool, typer.Option("--browser/--no-browser", help="Also in Chromium (needs the test tools).")] = True,
) -> int:
    """The ledger page at 100,000 and 1,000,000 invoices: use cases, the page in Chromium, memory, queueing."""
    from core.bench import ledger as measured

    results = measured.run(invoices, with_browser=browser, report=complain.print)
    typer.echo(json.dumps(results, indent=2, ensure_ascii=False))
    return DONE


def render(
    times: Annotated[int, typer.Option("--times", min=10, help="How many distinct invoices each figure is the median of.")] = 100,
) -> int:
    """PDF, XML, whole mails and the official rules, beside ReportLab, typst, WeasyPrint and plain fpdf2 where they are installed."""
    from core.bench import rendering as measured

    typer.echo(json.dumps(measured.run(times, report=complain.print), indent=2, ensure_ascii=False))
    return DONE


def send(
    mails: Annotated[int, typer.Option("--mails", min=50, help="How many distinct invoices are sent for each figure.")] = 500,
    invoices: Annotated[int, typer.Option("--invoices", help="Size of the ledger that 10,000 are queued from; 0 leaves that out.")] = 1_000_000,
    flat: Annotated[int, typer.Option("--memory", help="Mails of the worker whose memory is watched; 0 leaves that out.")] = 10_000,
) -> int:
    """Sending to postfix's smtp-sink, near and 30 ms away, beside yagmail as is and raw smtplib; queueing; a worker's memory."""
    from core.bench import sending as measured

    typer.echo(json.dumps(measured.run(mails, invoices=invoices, flat=flat, report=complain.print), indent=2, ensure_ascii=False))
    return DONE
