"""Importing by command: what became of each file, and that a bad one costs no good one."""

from __future__ import annotations

import time
from pathlib import Path

from tests import builders, desk
from tests.command_line.shell import done, file_of, rows, run, statuses
from tests.mail.fault_server import FaultServer

COMPANY = desk.COMPANY


def test_bad_files_are_refused_with_file_place_and_reason_and_good_ones_are_kept(folder: Path) -> None:
    done("init")
    drop = folder / "drop"
    file_of(drop / "deeper", desk.customer_invoice(1))
    file_of(drop, desk.customer_invoice(2))
    (drop / "garbage.xml").write_bytes(b"\x00\x01 this is nothing")
    with (drop / "huge.xml").open("wb") as file:
        file.truncate(100 * 1024 * 1024)
    (drop / "bomb.xml").write_text('<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]><Invoice>&b;</Invoice>')
    (drop / "broken.xml").write_text("<Invoice>\n<open>\n</Invoice>")
    (drop / "notes.txt").write_text("ignored in a folder")
    began = time.monotonic()
    said = run("import", drop, drop / "gone.xml", folder / "no-folder", drop / "notes.txt", "--format", "json")
    assert time.monotonic() - began < 5, "a large file is not read"
    assert said.code == 1
    results = {Path(row["file"]).name: row for row in said.json()}
    assert {name for name, row in results.items() if row["outcome"] == "new"} == {"2026-0001.xml", "2026-0002.xml"}
    refused = {name: row for name, row in results.items() if row["outcome"] == "refused"}
    assert set(refused) == {"garbage.xml", "huge.xml", "bomb.xml", "broken.xml", "gone.xml", "no-folder", "notes.txt"}
    assert "104.9 MB" in refused["huge.xml"]["reason"]
    assert refused["gone.xml"]["reason"] == refused["no-folder"]["reason"] == "The file cannot be read: there is no such file or folder"
    assert "entities" in refused["bomb.xml"]["reason"]
    assert refused["broken.xml"]["place"]
    assert all(row["reason"] and row["number"] is None for row in refused.values())
    assert results["2026-0001.xml"]["number"] == "2026-0001"
    assert set(statuses()) == {"2026-0001", "2026-0002"}


def test_import_tells_new_unchanged_and_new_version(folder: Path) -> None:
    done("init")
    path = file_of(folder, desk.customer_invoice(1))
    assert rows("import", path)[0]["outcome"] == "new"
    assert rows("import", path)[0]["outcome"] == "unchanged"
    file_of(folder, desk.customer_invoice(1, notes=("Merci",)))
    assert rows("import", path)[0]["outcome"] == "new_version"
    assert len(statuses()) == 1


def test_a_new_invoicing_company_is_made_and_said_aloud(folder: Path) -> None:
    done("init")
    first, second = file_of(folder, desk.customer_invoice(1)), file_of(folder, desk.customer_invoice(2))
    told = f"Atelier Dubois SRL ({COMPANY}) is a new invoicing company."
    assert told in run("import", first, second, "--dry-run").err
    said = run("import", first, second, "--format", "json")
    assert (said.code, said.err.count(told), [each["outcome"] for each in said.json()]) == (0, 1, ["new", "new"])
    assert told in said.json()[0]["warnings"][0]
    file_of(folder, desk.customer_invoice(3))
    assert told not in run("import", folder).err


def test_an_invoice_of_another_company_is_refused(folder: Path, ready: FaultServer) -> None:
    seller = builders.seller(name="Autre SRL", vat_id=f"BE{desk.buyer_number(50)}", legal_id=None, endpoint=None)
    stranger = file_of(folder, desk.customer_invoice(9, seller=seller))
    said = run("import", stranger, "--company", COMPANY, "--format", "json")
    assert said.code == 1
    assert "Autre SRL" in said.json()[0]["reason"]


def test_already_sent_history_is_not_pending(folder: Path, ready: FaultServer) -> None:
    tick_of = desk.customer_invoice(1, number="2025-0900")
    done("import", file_of(folder, tick_of), "--already-sent")
    assert statuses()["2025-0900"] == "elsewhere"
    assert "2025-0900" not in rows("send", "--pending")["queued"]
