"""The whole story with real invoices, and the commands as processes of their own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections import Counter
from email import message_from_bytes
from email.policy import default
from pathlib import Path

from lxml import etree

from tests.command_line.shell import done, rows, set_account, terms
from tests.mail.fault_server import FaultServer

REPOSITORY = Path(__file__).parents[2]


def process(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    surroundings = os.environ | {"PYTHONPATH": str(REPOSITORY), "PYTHONWARNINGS": "error"} | environment
    return subprocess.run([sys.executable, "-m", "core", *arguments], env=surroundings, capture_output=True, text=True, check=False)


def test_stdout_is_json_only_whatever_the_log_says(ready: FaultServer) -> None:
    ready.behaviour.refuse_sender = "550 not you"
    sent = process("send", "--pending", "--wait", "--timeout", "10", "--format", "json")
    assert sent.returncode == 1
    assert json.loads(sent.stdout)["queued"] == ["2026-0001", "2026-0002", "2026-0003"]
    assert "account in trouble" in sent.stderr
    told = process("status", "--format", "json")
    assert json.loads(told.stdout)["counts"] == {"queued": 3}
    assert told.stderr == ""


def test_the_exit_code_reaches_the_shell(folder: Path) -> None:
    assert process("status").returncode == 3
    done("init")
    assert process("send").returncode == 2
    (folder / "garbage.xml").write_text("no")
    refused = process("import", "garbage.xml", "--format", "json")
    assert (refused.returncode, json.loads(refused.stdout)[0]["outcome"]) == (1, "refused")


def test_the_story_of_a_month(folder: Path, smtp: FaultServer, shared_data: Path) -> None:
    """Import what others wrote, set accounts and ticks, send: each mail is whole, and a second time nothing leaves."""
    done("init")
    done("import", shared_data / "ubl-be")
    terms_file = terms(folder, "voorwaarden.pdf")
    companies = [row["key"] for row in rows("company", "list")]
    for key in companies:
        set_account(smtp.port, *(f"terms.{language}=@{terms_file}" for language in ("fr", "nl", "en")), company=key)
    for place, customer in enumerate(rows("customer", "list")):
        done("customer", "set", customer["key"], "wants_email=true", f"to=ok+{place}@x.test")
    pending = rows("ledger", "email", "--status", "to_send")
    assert len(pending) == len(list((shared_data / "ubl-be").glob("*.xml")))
    assert smtp.record.connections == 0, "importing and ticking send nothing"

    sent = rows("send", "--pending", "--wait")
    assert sorted(sent["queued"]) == sorted(row["number"] for row in pending)
    assert sent["not_queued"] == []
    assert {row["status"] for row in rows("ledger", "email")} == {"sent"}
    assert len(smtp.record.taken) == len(pending)
    formats = Counter(_format_of(taken.content, terms_file.read_bytes()) for taken in smtp.record.taken)
    assert formats["efff"] >= 10
    assert formats["bis"] >= 1
    assert set(formats) == {"efff", "bis"}

    assert rows("send", "--pending", "--wait") == {"batch": None, "queued": [], "not_queued": []}
    assert len(smtp.record.taken) == len(pending)
    assert max(smtp.record.times_taken().values()) == 1


def _format_of(content: bytes, terms_pdf: bytes) -> str:
    """Both texts, then PDF, XML, terms in this order; which XML it is."""
    mail = message_from_bytes(content, policy=default)
    body = next(mail.iter_parts())
    assert [part.get_content_type() for part in body.iter_parts()] == ["text/plain", "text/html"]
    assert all(part.get_content().strip() for part in body.iter_parts())
    pdf, xml, terms_part = (part for part in mail.iter_attachments())
    assert [part.get_content_type() for part in (pdf, xml, terms_part)] == ["application/pdf", "application/xml", "application/pdf"]
    assert pdf.get_content().startswith(b"%PDF-")
    assert terms_part.get_content() == terms_pdf
    root = etree.fromstring(xml.get_content())
    named = {etree.QName(child).localname: child.text or "" for child in root}
    customization = named["CustomizationID"]
    assert named["ID"] in mail["Subject"]
    is_efff = ":e-fff:ver3.0" in customization
    assert (xml.get_filename() or "").startswith("efff_") == is_efff
    assert is_efff or customization.startswith("urn:cen.eu:en16931:2017")
    return "efff" if is_efff else "bis"
