"""What is asked for wrongly exits 2, what lacks a database 3, and nothing changes (DESIGN §5)."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
from sqlalchemy import text

from core.app import open_app
from core.model import DocumentType
from tests import builders, desk
from tests.command_line.shell import done, file_of, rows, run, statuses
from tests.mail.fault_server import FaultServer

COMPANY = desk.COMPANY


@pytest.mark.parametrize(
    "arguments",
    [
        ("import", "."),
        ("company", "list"),
        ("company", "set", COMPANY, "iban=BE71096123456769"),
        ("customer", "list"),
        ("ledger", "all"),
        ("preflight", "--pending"),
        ("render", "1", "--out", "out"),
        ("send", "--pending"),
        ("status",),
        ("resolve", "1", "sent", "--reason", "x"),
        ("mark-elsewhere", "1", "--reason", "x"),
        ("worker", "--drain"),
    ],
)
def test_without_a_database_everything_but_init_exits_3_and_says_what_to_do(arguments: tuple[str, ...]) -> None:
    said = run(*arguments)
    assert said.code == 3
    assert "python -m core init" in said.err
    assert said.out == ""


def test_a_database_of_another_version_exits_3_until_init() -> None:
    done("init")
    database = open_app().desk.database
    with database.write() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = 'older'"))
    database.close()
    said = run("status")
    assert (said.code, "another version" in said.err) == (3, True)


def test_init_again_keeps_everything(ready: FaultServer) -> None:
    before = rows("ledger", "all")
    done("init")
    assert rows("ledger", "all") == before


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("send",), "Give invoice numbers or --pending"),
        (("send", "2026-0001", "--pending"), "Give invoice numbers or --pending"),
        (("preflight",), "Give invoice numbers or --pending"),
        (("ledger", "post"), "all, email or paper"),
        (("send", "2026-9999"), "No invoice has the number 2026-9999"),
        (("render", "2026-9999", "--out", "x"), "No invoice has the number 2026-9999"),
        (("preflight", "2026-0001", "--company", "BE0000000000"), COMPANY),
        (("company", "show", "BE0000000000"), COMPANY),
        (("customer", "show", "nobody"), "nobody"),
        (("customer", "set", desk.customer_key(1), "wants_email"), "NAME=VALUE"),
        (("company", "set", COMPANY, "smtp.prot=25"), "Did you mean “smtp.port”"),
        (("company", "set", COMPANY, "text.fr.invoice.subjet=x"), "Did you mean “text.fr.invoice.subject”"),
        (("customer", "set", desk.customer_key(1), "want_email=true"), "Did you mean “wants_email”"),
        (("company", "set", COMPANY, "smtp.port=99999"), "from 1 to 65535"),
        (("company", "set", COMPANY, "smtp.security=none", "smtp.host=mail.example.be"), "another machine"),
        (("customer", "set", desk.customer_key(1), "to=compta@@x.be"), "not an e-mail address"),
        (("customer", "set", desk.customer_key(1), "language=de"), "en, fr, nl"),
        (("customer", "set", desk.customer_key(1), "xml=pdf"), "efff3"),
        (("company", "set", COMPANY, "terms.fr=@gone.pdf"), "gone.pdf"),
        (("resolve", "99", "sent", "--reason", "x"), "no delivery 99"),
        (("mark-elsewhere", "2026-0001", "--reason", " "), "reason"),
        (("mark-elsewhere", "2026-0001", "--before", "2026-12-01", "--reason", "x"), "one of the two"),
        (("mark-elsewhere", "--before", "tomorrow", "--reason", "x"), "2026-01-31"),
        (("status", "--format", "xml"), "xml"),
        (("resolve", "1", "perhaps", "--reason", "x"), "perhaps"),
        (("no-such-command",), "no-such-command"),
    ],
)
def test_a_wrong_request_exits_2_and_says_what_is_wrong(
    standing: Path, monkeypatch: pytest.MonkeyPatch, arguments: tuple[str, ...], words: str
) -> None:
    monkeypatch.chdir(standing)
    said = run(*arguments)
    assert said.code == 2
    assert words in said.err
    assert said.out == ""


def test_wrong_requests_change_nothing(standing: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """After all of the above: also the good half of a command whose other half is wrong is not done."""
    monkeypatch.chdir(standing)
    before = rows("customer", "list"), rows("company", "show", COMPANY), statuses()
    assert run("company", "set", COMPANY, "name=Other", "smtp.prot=25").code == 2
    assert run("customer", "set", desk.customer_key(1), "language=nl", "to=nobody").code == 2
    assert (rows("customer", "list"), rows("company", "show", COMPANY), statuses()) == before
    assert set(before[2].values()) == {"to_send"}


def test_an_ambiguous_number_lists_the_candidates_and_can_be_narrowed(folder: Path, ready: FaultServer) -> None:
    other_year = desk.customer_invoice(1, issue_date=date(2025, 11, 24), due_date=None)
    credit = replace(builders.credit_note(number="2026-0001"), buyer=desk.customer_invoice(1).buyer)
    done("import", file_of(folder, other_year, name="a.xml"), file_of(folder, credit, name="b.xml"))
    said = run("preflight", "2026-0001")
    assert said.code == 2
    for candidate in ("380 2025", "380 2026", "381 2026"):
        assert f"{COMPANY} {candidate}" in said.err
    assert run("preflight", "2026-0001", "--year", "2026").code == 2
    assert run("preflight", "2026-0001", "--company", COMPANY).code == 2
    assert rows("preflight", "2026-0001", "--year", "2025")[0]["verdict"] == "ready"
    assert len(rows("preflight", "2026-0001", "--type", DocumentType.CREDIT_NOTE.value)) == 1


@pytest.mark.parametrize(
    ("name", "value", "code", "words"),
    [
        ("DATABASE_URL", "nonsense", 3, "The database cannot be used"),
        ("DATABASE_URL", "sqlite:///no-database", 3, "file is not a database"),
        ("CLAIM_LEASE_S", "a minute", 2, "FACTURIER_CLAIM_LEASE_S"),
        ("SECRET_KEY", "too short", 1, "FACTURIER_SECRET_KEY"),
    ],
)
def test_a_wrong_environment_is_said_in_a_sentence(
    ready: FaultServer, folder: Path, monkeypatch: pytest.MonkeyPatch, name: str, value: str, code: int, words: str
) -> None:
    (folder / "no-database").write_text("something else\n" * 100)
    monkeypatch.setenv(f"FACTURIER_{name}", value)
    said = run("company", "set", COMPANY, "smtp.password=s3cr3t")
    assert said.code == code
    assert words in said.err
    assert "s3cr3t" not in said.err


def test_a_folder_that_cannot_be_made_is_said_in_a_sentence(standing: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(standing)
    said = run("render", "2026-0001", "--out", standing / "drop" / "2026-0001.xml")
    assert said.code == 1
    assert "File exists" in said.err


def test_preflight_asks_the_rules_itself_where_no_worker_has(folder: Path, ready: FaultServer) -> None:
    invoice = desk.customer_invoice(4)
    more = {name: getattr(invoice.totals, name) + Decimal("0.01") for name in ("line_total", "total_without_vat", "total_with_vat", "amount_due")}
    done("import", file_of(folder, replace(invoice, totals=replace(invoice.totals, **more)), name="d.xml", pdf=None))
    done("customer", "set", desk.customer_key(4), "wants_email=true", "to=ok+4@x.test", "xml=bis3")
    [row] = rows("preflight", "2026-0004")
    assert row["verdict"] == "warning"
    assert any("BR-CO-10" in reason for reason in row["reasons"])
    said = done("render", "2026-0004", "--out", str(folder / "out"))
    assert "BR-CO-10" in said.err
