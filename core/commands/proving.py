"""Proof: verify that nothing was changed, and prove the sending of one mail."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.progress import Progress

from core.commands.arguments import CompanyKey, Kind, Number, Year, chosen
from core.commands.output import Output, show, show_one
from core.commands.shell import DONE, SOME_REFUSED, complain, opened_app
from core.dispatch import proving, sealing, verifying
from core.dispatch.chain_walk import Finding
from core.dispatch.verifying import Report
from core.model import Language

FINDING_COLUMNS = ("company", "entry", "at", "kind", "sentence")


def verify(
    quick: Annotated[bool, typer.Option("--quick", help="Leave out reading the archived files.")] = False,
    reseal: Annotated[str, typer.Option("--reseal", metavar="REASON", help="Afterwards seal the chains with the key of today, with a reason.")] = "",
    output: Annotated[Output, typer.Option("--format", help="How to print what was found.")] = Output.TABLE,
) -> int:
    """Go through the audit chains, the sealed mails, the files and the statuses, and name what was changed."""
    opened = opened_app()
    with Progress(console=complain, transient=True, disable=not sys.stderr.isatty()) as bar:
        task = bar.add_task("", total=1)
        report = verifying.verify(opened.desk, quick=quick, progress=lambda done, total: bar.update(task, completed=done, total=total))
    _tell(report, output)
    if reseal:
        complain.print(f"Chains sealed anew: {sealing.seal_chains(opened.desk, anew=True, reason=reseal)}.")
    return SOME_REFUSED if report.findings else DONE


def _tell(report: Report, output: Output) -> None:
    """As an object, or as a table of what was found."""
    findings = [_row(report, finding) for finding in report.findings]
    if output is Output.JSON:
        chains = [{"company": each.company, "entries": each.entries, "sha256": each.sha256} for each in report.chains]
        counted = {"entries": report.entries, "mails": report.mails, "files": report.files}
        show_one(counted | {"findings": findings, "more": report.more, "chains": chains}, output)
        return
    if findings:
        show(findings, output, columns=FINDING_COLUMNS)
    complain.print(str(report.summary))


def _row(report: Report, finding: Finding) -> dict[str, Any]:
    """One finding, with its company by name."""
    return {
        "company": report.company(finding),
        "entry": finding.entry,
        "at": finding.at.isoformat() if finding.at else None,
        "kind": finding.kind.value,
        "sentence": str(finding.sentence),
    }


def proof(
    number: Number,
    out: Annotated[Path, typer.Option("--out", metavar="FILE.pdf", help="Where to write it.")],
    company: CompanyKey = None,
    year: Year = None,
    kind: Kind = None,
    language: Annotated[Language | None, typer.Option("--language", help="fr, nl or en; else that of the desk.")] = None,
) -> int:
    """Write the proof that the latest copy of an invoice was sent, on one page."""
    opened = opened_app()
    [invoice_id] = chosen(opened, [number], pending=False, company=company, year=year, kind=kind)
    mail = proving.of_invoice(opened.desk, invoice_id)
    out.write_bytes(proving.pdf(opened.desk, mail.id, language or Language(opened.desk.settings.language)))
    return DONE
