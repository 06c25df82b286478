"""Rehearsals, later, once more, and whole batches by command."""

from __future__ import annotations

from pathlib import Path

from tests.command_line.shell import done, rows, run, statuses
from tests.mail.fault_server import FaultServer


def test_rehearse_then_send_just_that(ready: FaultServer, folder: Path) -> None:
    made = rows("send", "--pending", "--rehearse", folder / "out")
    assert made["rehearsed"] == ["2026-0001", "2026-0002", "2026-0003"]
    assert (made["batch"], made["queued"], made["not_queued"]) == (None, [], [])
    assert (folder / "out" / "2026-0001.eml").is_file()
    assert str(folder / "out" / "index.csv") in made["files"]
    assert (ready.record.connections, set(statuses().values())) == (0, {"to_send"})
    sent = rows("send", "--rehearsed", str(made["rehearsal"]), "--wait")
    assert sent["queued"] == made["rehearsed"]
    assert sorted(mail.content for mail in ready.record.taken) == sorted(path.read_bytes() for path in (folder / "out").glob("*.eml"))
    again = run("send", "--rehearsed", str(made["rehearsal"]), "--format", "json")
    assert (again.code, again.json()["queued"]) == (1, [])


def test_blocked_ones_are_listed_and_to_me_goes_to_me(ready: FaultServer) -> None:
    said = run("send", "2026-0001", "--rehearse-to", "marie@dubois.example", "--format", "json")
    assert said.code == 0, said.err
    assert [mail.recipients for mail in ready.record.taken] == [("marie@dubois.example",)]
    refused = run("send", "2026-0001", "--rehearse-to", "ok+1@x.test")
    assert refused.code == 1
    assert "stands on the card" in refused.err


def test_what_excludes_each_other_is_a_wrong_request(ready: FaultServer, folder: Path) -> None:
    for arguments in (
        ("--pending", "--rehearse", folder / "out", "--rehearse-to", "a@b.example"),
        ("--pending", "--rehearse", folder / "out", "--at", "2026-11-25 08:00"),
        ("2026-0001", "--rehearsed", "1"),
        ("--rehearsed", "1"),
        ("--pending", "--again", "--reason", "x"),
        ("--pending", "--at", "yesterday"),
        ("--pending", "--at", "2020-01-01 08:00"),
        ("2026-0001", "--again"),
    ):
        said = run("send", *arguments)
        assert said.code == 2, (arguments, said)
        assert said.err.strip()
    assert set(statuses().values()) == {"to_send"}


def test_once_more_for_a_reason(ready: FaultServer) -> None:
    done("send", "2026-0001", "--wait")
    assert run("send", "2026-0001", "--format", "json").code == 1
    more = rows("send", "2026-0001", "--again", "--reason", "The customer asks for it again", "--to", "ok+1@x.test", "--wait")
    assert more["queued"] == ["2026-0001"]
    assert len(ready.record.taken) == 2
    assert [row["copy_number"] for row in rows("status")["deliveries"]] == [1, 2]


def test_a_batch_is_held_resumed_and_cancelled(ready: FaultServer) -> None:
    batch = str(rows("send", "--pending")["batch"])
    assert run("batch", "hold", batch, "--reason", " ").code == 2
    assert rows("batch", "hold", batch, "--reason", "stop") == [{"batch": int(batch), "held": 3}]
    done("worker", "--drain")
    assert ready.record.taken == []
    [row] = rows("batch", "list")
    assert (row["held"], row["waiting"]) == (3, 3)
    assert row["reason"].endswith(": stop")
    assert rows("batch", "resume", batch) == [{"batch": int(batch), "resumed": 3}]
    assert run("batch", "resume", batch).code == 2
    assert rows("batch", "cancel", batch)[0]["cancelled"] == ["2026-0001", "2026-0002", "2026-0003"]
    assert set(statuses().values()) == {"to_send"}
