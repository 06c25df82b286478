"""Ledgers and cards by command: their fields, and what a card refuses."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests import desk
from tests.command_line.shell import done, rows, run, terms
from tests.mail.fault_server import FaultServer

COMPANY = desk.COMPANY
LEDGER = {"number", "type", "company", "buyer", "customer_key", "issue_date", "due_date", "currency", "total_with_vat", "amount_due"} | {
    "ledger",
    "status",
    "recipients",
    "language",
}
CUSTOMER = {"key", "name", "vat_id", "language", "wants_email", "to", "cc", "bcc", "xml", "peppol_elsewhere"}


def test_the_ledger_has_its_fields_and_amounts_are_strings(ready: FaultServer) -> None:
    ledger = rows("ledger", "all")
    assert len(ledger) == 3
    assert ledger[0].keys() >= LEDGER
    [first] = [row for row in ledger if row["number"] == "2026-0001"]
    assert first | {"customer_key": desk.customer_key(1), "company": COMPANY, "type": "380", "issue_date": "2026-11-24"} == first
    assert (first["total_with_vat"], first["amount_due"], first["currency"]) == ("242.00", "242.00", "EUR")
    assert (first["ledger"], first["status"], first["recipients"]) == ("email", "to_send", ["ok+1@x.test"])


def test_the_tick_sorts_into_the_ledgers(ready: FaultServer) -> None:
    done("customer", "set", desk.customer_key(2), "wants_email=false")
    assert [row["number"] for row in rows("ledger", "paper")] == ["2026-0002"]
    assert {row["number"] for row in rows("ledger", "email")} == {"2026-0001", "2026-0003"}
    assert rows("ledger", "email", "--status", "sent") == []
    assert len(rows("ledger", "all", "--company", COMPANY)) == 3


def test_csv_has_one_line_per_invoice_and_harms_no_spreadsheet(folder: Path, ready: FaultServer) -> None:
    done("customer", "set", desk.customer_key(1), "name==HYPERLINK(1)")
    lines = done("ledger", "all", "--format", "csv").out.splitlines()
    assert lines[0].startswith("number,type,company")
    assert len(lines) == 4
    assert ",=HYPERLINK" not in done("customer", "list", "--format", "csv").out


def test_tables_in_a_pipe_keep_their_numbers_whole(ready: FaultServer) -> None:
    table = done("ledger", "all").out
    for number in ("2026-0001", "2026-0002", "2026-0003"):
        assert number in table
    assert COMPANY in table
    assert "242.00" in table


def test_cards_have_their_fields(ready: FaultServer) -> None:
    customer = next(row for row in rows("customer", "list") if row["key"] == desk.customer_key(1))
    assert customer.keys() >= CUSTOMER
    assert (customer["wants_email"], customer["to"], customer["cc"], customer["xml"]) == (True, ["ok+1@x.test"], [], "efff3")
    [company] = rows("company", "list")
    assert (company["key"], company["name"], company["vat_id"]) == (COMPANY, "Atelier Dubois SRL", COMPANY)
    assert "wants invoices by e-mail" in rows("customer", "show", desk.customer_key(1))["why"]


def test_peppol_elsewhere_takes_the_xml_away_and_it_can_come_back(ready: FaultServer) -> None:
    key = desk.customer_key(1)
    done("customer", "set", key, "peppol_elsewhere=true")
    assert rows("customer", "show", key)["xml"] == "none"
    done("customer", "set", key, "xml=efff3")
    assert rows("customer", "show", key)["xml"] == "efff3"


def test_the_password_works_and_is_never_shown(folder: Path, ready: FaultServer) -> None:
    ready.behaviour.login = ("marie", "s3cr3t-word")
    (folder / "password").write_text("s3cr3t-word\n")
    done("company", "set", COMPANY, "smtp.user=marie", f"smtp.password=@{folder / 'password'}")
    for output in ("table", "json", "csv"):
        assert "s3cr3t" not in done("company", "show", COMPANY, "--format", output).out
    assert b"s3cr3t" not in b"".join(path.read_bytes() for path in (folder / "data" / "var").glob("facturier.db*"))
    assert (folder / "data" / "var" / "secret.key").stat().st_mode & 0o777 == 0o600
    done("send", "2026-0001", "--wait")
    assert ready.record.logins == [("marie", "s3cr3t-word")]


@pytest.mark.usefixtures("ready")
def test_whose_pdf_leaves_and_own_legal_mentions_are_shown() -> None:
    assert rows("company", "show", COMPANY)["pdf"] == "supplied"
    done("company", "set", COMPANY, "pdf=rendered", "mention.nl.AE=Onze woorden")
    shown = rows("company", "show", COMPANY)
    assert (shown["pdf"], shown["mention.nl.AE"]) == ("rendered", "Onze woorden")
    done("company", "set", COMPANY, "mention.nl.AE=")
    assert "mention.nl.AE" not in rows("company", "show", COMPANY)


@pytest.mark.parametrize("words", ["{{ numbr }}", "{{ number.__class__ }}", "{% if %}", "{{ number"])
def test_a_text_that_cannot_be_filled_in_is_refused(folder: Path, ready: FaultServer, words: str) -> None:
    before = rows("company", "show", COMPANY)
    (folder / "body.txt").write_text(f"Bonjour {words}")
    said = run("company", "set", COMPANY, "text.fr.invoice.body=@body.txt")
    assert said.code in (1, 2)
    assert "number" in said.err or "line 1" in said.err
    assert rows("company", "show", COMPANY) == before


def test_terms_that_are_no_pdf_or_too_big_are_refused(folder: Path, ready: FaultServer, monkeypatch: pytest.MonkeyPatch) -> None:
    (folder / "terms.docx").write_bytes(b"PK\x03\x04 a word processor's file")
    (folder / "broken.pdf").write_bytes(b"%PDF-1.7\nnothing more")
    for name in ("terms.docx", "broken.pdf"):
        said = run("company", "set", COMPANY, f"terms.fr=@{name}")
        assert said.code in (1, 2)
        assert "PDF" in said.err
    assert run("company", "set", COMPANY, "terms.fr=terms.pdf").code == 2, "the name of a file is not the file"
    monkeypatch.setenv("FACTURIER_TERMS_LIMIT", "500")
    said = run("company", "set", COMPANY, f"terms.fr=@{terms(folder)}")
    assert said.code in (1, 2)
    assert "at most" in said.err
    assert "terms.fr" not in rows("company", "show", COMPANY)


def test_terms_that_vanished_block_with_a_plain_sentence(folder: Path, ready: FaultServer) -> None:
    done("company", "set", COMPANY, *(f"terms.{language}=@{terms(folder)}" for language in ("fr", "nl", "en")))
    for path in (folder / "data" / "var" / "archive").rglob("*"):
        if path.is_file() and path.read_bytes() == (folder / "terms.pdf").read_bytes():
            path.unlink()
    said = run("preflight", "2026-0001", "--format", "json")
    assert said.code == 1
    [verdict] = said.json()
    assert verdict["verdict"] == "blocked"
    assert "choose the file again" in verdict["reasons"][0]
