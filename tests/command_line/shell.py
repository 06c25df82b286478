"""The command line as tests use it: run a command in this process, read what it said."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fpdf import FPDF
from typer.testing import CliRunner

from core import __main__ as command_line
from core.model import Invoice, XmlFormat
from core.rendering import ubl
from tests import desk


@dataclass(frozen=True)
class Said:
    """Exit code, data and words of one command."""

    code: int
    out: str
    err: str

    def json(self) -> Any:
        return json.loads(self.out)


def run(*arguments: str | Path) -> Said:
    """Whatever is raised besides an exit is a defect, so it is raised here too."""
    result = CliRunner().invoke(command_line.app, [str(argument) for argument in arguments])
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return Said(result.exit_code, result.stdout, result.stderr)


def done(*arguments: str | Path) -> Said:
    """Run what must go well."""
    said = run(*arguments)
    assert said.code == 0, said.err + said.out
    return said


def rows(*arguments: str | Path) -> Any:
    """The JSON of a command that goes well."""
    return done(*arguments, "--format", "json").json()


def file_of(folder: Path, invoice: Invoice, *, name: str = "", pdf: bytes | None = desk.OWN) -> Path:
    """The invoice as a billing program writes it, with a PDF of its own unless another is given."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / (name or f"{invoice.number}.xml")
    path.write_bytes(
        ubl.write(invoice, wanted=XmlFormat.BIS3, pdf=desk.pdf_of(invoice) if pdf == desk.OWN else pdf, pdf_name=f"{invoice.number}.pdf").content
    )
    return path


def set_account(port: int, *settings: str, company: str = desk.COMPANY) -> None:
    account = ("smtp.host=127.0.0.1", f"smtp.port={port}", "smtp.security=none", "mail.from=Atelier Dubois <factures@dubois.example>")
    done("company", "set", company, *account, *settings)


def tick(place: int, *addresses: str, settings: tuple[str, ...] = ()) -> None:
    done("customer", "set", desk.customer_key(place), "wants_email=true", f"to={', '.join(addresses)}", *settings)


def terms(folder: Path, name: str = "terms.pdf") -> Path:
    document = FPDF()
    document.add_page()
    path = folder / name
    path.write_bytes(bytes(document.output()))
    return path


def statuses() -> dict[str, str]:
    return {row["number"]: row["status"] for row in rows("ledger", "all")}
