"""Sending by command: what is queued, what is not and why, and what became of it."""

from __future__ import annotations

import time
from datetime import date
from email import message_from_bytes
from email.policy import default
from pathlib import Path

import pytest

from tests import desk
from tests.command_line.shell import done, file_of, rows, run, set_account, statuses, terms, tick
from tests.mail.fault_server import FaultServer, free_port

COMPANY = desk.COMPANY
DELIVERY = {"id", "number", "recipient", "copy_number", "status", "message_id", "reply_code", "reply"}


def test_send_queues_and_says_what_it_did_not_queue(ready: FaultServer) -> None:
    done("customer", "set", desk.customer_key(2), "to=")
    said = run("send", "--pending", "--format", "json")
    assert said.code == 1
    result = said.json()
    assert result["queued"] == ["2026-0001", "2026-0003"]
    assert isinstance(result["batch"], int)
    [blocked] = result["not_queued"]
    assert blocked["number"] == "2026-0002"
    assert "Address missing" in blocked["reason"]
    assert statuses() == {"2026-0001": "queued", "2026-0002": "to_send", "2026-0003": "queued"}
    assert ready.record.connections == 0
    done("worker", "--drain")
    assert len(ready.record.taken) == 2
    again = run("send", "2026-0001", "--format", "json")
    assert (again.code, again.json()["queued"]) == (1, [])
    assert "already sent" in again.json()["not_queued"][0]["reason"]


def test_preflight_has_a_verdict_and_reasons_for_each(ready: FaultServer) -> None:
    done("customer", "set", desk.customer_key(2), "to=")
    said = run("preflight", "--pending", "--format", "json")
    assert said.code == 1
    assert {row["number"]: row["verdict"] for row in said.json()} == {"2026-0001": "ready", "2026-0002": "blocked", "2026-0003": "ready"}
    assert [len(row["reasons"]) for row in said.json()] == [0, 1, 0]
    assert rows("preflight", "2026-0001") == [{"number": "2026-0001", "verdict": "ready", "reasons": []}]


def test_status_tells_each_delivery_and_its_message_id_is_that_of_the_mail(ready: FaultServer) -> None:
    batch = rows("send", "--pending")["batch"]
    queued = {row["number"]: row["message_id"] for row in rows("status")["deliveries"]}
    done("worker", "--drain")
    told = rows("status", "--batch", str(batch))
    assert told["counts"] == {"sent": 3}
    assert all(row.keys() >= DELIVERY for row in told["deliveries"])
    first = told["deliveries"][0]
    assert (first["number"], first["recipient"], first["copy_number"], first["reply_code"]) == ("2026-0001", "ok+1@x.test", 1, 250)
    assert {row["number"]: row["message_id"] for row in told["deliveries"]} == queued
    assert {mail.message_id for mail in ready.record.taken} == set(queued.values())
    assert rows("status", "--batch", "99") == rows("status", "--batch", "99") | {"counts": {}, "deliveries": []}


@pytest.mark.parametrize(("address", "status"), [("refuse+1@x.test", "failed"), ("dropnot+1@x.test", "uncertain")])
def test_wait_exits_1_when_not_all_was_sent(ready: FaultServer, address: str, status: str) -> None:
    tick(1, address)
    assert run("send", "--pending", "--wait").code == 1
    assert statuses() == {"2026-0001": status, "2026-0002": "sent", "2026-0003": "sent"}


def test_wait_ends_when_the_account_pauses_or_the_time_is_over(ready: FaultServer) -> None:
    ready.behaviour.refuse_sender = "550 not you"
    began = time.monotonic()
    assert run("send", "2026-0001", "--wait", "--timeout", "30").code == 1
    assert "Paused" in run("status").err
    set_account(free_port())  # nobody answers there
    assert run("send", "2026-0002", "--wait", "--timeout", "0.5").code == 1
    assert time.monotonic() - began < 10
    assert statuses()["2026-0002"] == "queued"


def test_resolve_settles_what_is_uncertain(ready: FaultServer) -> None:
    tick(1, "dropnot+1@x.test")
    tick(2, "dropafter+2@x.test")
    run("send", "2026-0001", "2026-0002", "--wait")
    ids = {row["number"]: str(row["id"]) for row in rows("status")["deliveries"]}
    assert run("send", "2026-0001", "--wait").code == 1, "an uncertain one is never sent again by itself"
    done("resolve", ids["2026-0002"], "sent", "--reason", "the customer has it")
    done("resolve", ids["2026-0001"], "resend", "--reason", "not in the server's log")
    assert statuses() == {"2026-0001": "queued", "2026-0002": "sent", "2026-0003": "to_send"}
    assert run("resolve", ids["2026-0002"], "sent", "--reason", "again").code == 2
    assert [row["number"] for row in rows("status")["deliveries"] if row["status"] == "sent"] == ["2026-0002"]


def test_mark_elsewhere_and_back(ready: FaultServer) -> None:
    [marked] = rows("mark-elsewhere", "2026-0001", "--reason", "sent by the old program")
    assert (marked["number"], marked["marked"]) == ("2026-0001", True)
    assert rows("send", "--pending")["queued"] == ["2026-0002", "2026-0003"]
    said = run("mark-elsewhere", "2026-0002", "--reason", "x", "--format", "json")
    assert said.code == 1
    assert "only what has not left" in said.json()[0]["reason"]
    done("mark-elsewhere", "2026-0001", "--reason", "a mistake", "--undo")
    assert statuses()["2026-0001"] == "to_send"


def test_mark_all_that_were_issued_before_a_day(folder: Path, ready: FaultServer) -> None:
    done("import", file_of(folder, desk.customer_invoice(4, issue_date=date(2026, 10, 31))))
    assert [row["number"] for row in rows("mark-elsewhere", "--before", "2026-11-01", "--reason", "before us")] == ["2026-0004"]
    assert statuses()["2026-0004"] == "elsewhere"
    assert statuses()["2026-0001"] == "to_send"


def test_render_writes_the_mail_and_its_attachments_without_account_or_recipient(folder: Path) -> None:
    done("init")
    done("import", file_of(folder, desk.customer_invoice(1), pdf=None))
    done("company", "set", COMPANY, *(f"terms.{language}=@{terms(folder)}" for language in ("fr", "nl", "en")))
    done("render", "2026-0001", "--out", folder / "a" / "b")
    mail = message_from_bytes((folder / "a" / "b" / "message.eml").read_bytes(), policy=default)
    parts = {part.get_filename(): part.get_payload(decode=True) for part in mail.iter_attachments()}
    assert list(parts) == ["2026-0001.pdf", f"efff_{COMPANY}_2026-0001.xml", "terms.pdf"]
    assert {path.name for path in (folder / "a" / "b").iterdir()} == {"message.eml", *parts}
    for name, content in parts.items():
        assert (folder / "a" / "b" / str(name)).read_bytes() == content
    assert {part.get_content_type() for part in mail.walk()} >= {"text/plain", "text/html", "application/pdf", "application/xml"}
    assert statuses() == {"2026-0001": "to_print"}


def test_hold_and_release(ready: FaultServer) -> None:
    assert rows("hold", "2026-0001", "--reason", "wrong price") == [{"number": "2026-0001", "done": True, "reason": None}]
    assert statuses()["2026-0001"] == "held"
    said = run("send", "--pending", "--format", "json")
    assert said.json()["queued"] == ["2026-0002", "2026-0003"]
    refused = run("send", "2026-0001", "--format", "json")
    assert refused.code == 1
    assert "It is held: wrong price" in refused.json()["not_queued"][0]["reason"]
    assert rows("release", "2026-0001")[0]["done"]
    assert statuses()["2026-0001"] == "to_send"
    again = run("release", "2026-0001", "--format", "json")
    assert (again.code, again.json()[0]["done"]) == (1, False)
