"""What comes back, by command: the mailbox is set, its password never shown, and trouble is said with its exit code."""

from __future__ import annotations

from pathlib import Path

from tests import desk
from tests.command_line.shell import done, rows, run
from tests.mail.fault_server import FaultServer, free_port

COMPANY = desk.COMPANY


def test_the_mailbox_is_set_shown_and_its_trouble_is_said(folder: Path, ready: FaultServer) -> None:
    assert rows("bounces") == []
    (folder / "secret").write_text("geheim4711\n")
    port = free_port()
    where = ("bounces.host=127.0.0.1", f"bounces.port={port}", "bounces.security=none")
    done("company", "set", COMPANY, *where, "bounces.user=factures@dubois.example", "bounces.password=@secret", "bounces.verp=true")
    known = rows("company", "show", COMPANY)
    assert (known["bounces.host"], known["bounces.port"], known["bounces.security"]) == ("127.0.0.1", port, "none")
    assert (known["bounces.password"], known["bounces.folder"], known["bounces.verp"]) == ("set", "INBOX", True)
    for command in (("bounces",), ("bounces", "--company", COMPANY)):
        said = run(*command)
        assert said.code == 1 and said.err.strip() == f"{COMPANY}: Nothing answers at 127.0.0.1, port {port}."
    assert rows("company", "show", COMPANY)["bounces.trouble"] == f"Nothing answers at 127.0.0.1, port {port}."
    assert "4711" not in done("company", "show", COMPANY).out


def test_an_unprotected_mailbox_elsewhere_and_an_unknown_company_are_refused(ready: FaultServer) -> None:
    refused = run("company", "set", COMPANY, "bounces.host=imap.example.be", "bounces.security=none")
    assert refused.code == 2 and "choose tls or starttls" in refused.err
    assert run("bounces", "--company", "BE0").code == 2
    no_mailbox = run("bounces", "--company", COMPANY)
    assert no_mailbox.code == 1 and "no mailbox to read yet" in no_mailbox.err
