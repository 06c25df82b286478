"""Verify and proof by command: exit code, JSON, and the file."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

from tests.command_line.shell import done, rows, run
from tests.mail.fault_server import FaultServer


def behind(statement: str) -> None:
    """As somebody would with the database alone."""
    with closing(sqlite3.connect("data/var/facturier.db")) as connection:
        connection.execute(statement)
        connection.commit()


def test_verify_finds_nothing_then_what_was_changed(ready: FaultServer) -> None:
    done("send", "--pending", "--wait")
    report = rows("verify")
    assert (report["findings"], report["mails"], report["more"]) == ([], 3, 0)
    assert report["entries"] == sum(chain["entries"] for chain in report["chains"])
    behind("update audit_events set who = 'mallory' where id = (select min(id) from audit_events)")
    said = run("verify", "--quick", "--format", "json")
    assert said.code == 1
    [finding] = said.json()["findings"]
    assert set(finding) == {"company", "entry", "at", "kind", "sentence"}
    assert finding["kind"] == "changed"
    assert "Not as they were written: 1." in run("verify").err


def test_another_key_is_sealed_anew_with_a_reason(ready: FaultServer) -> None:
    behind("update audit_heads set seal = ''")
    assert run("verify", "--quick").code == 1
    assert run("verify", "--quick", "--reseal", "The former key was lost").code == 1
    done("verify", "--quick")


def test_a_database_without_heads_is_sealed_by_init(ready: FaultServer) -> None:
    behind("delete from audit_heads")
    assert "Audit chains sealed: " in done("init").err
    assert "Audit chains sealed" not in done("init").err
    done("verify", "--quick")


def test_the_proof_of_a_sending_is_written(ready: FaultServer, tmp_path: Path) -> None:
    done("send", "--pending", "--wait")
    done("proof", "2026-0001", "--out", tmp_path / "proof.pdf", "--language", "fr")
    assert (tmp_path / "proof.pdf").read_bytes().startswith(b"%PDF-")
    assert run("proof", "2026-9999", "--out", tmp_path / "none.pdf").code == 2
    assert not (tmp_path / "none.pdf").exists()
