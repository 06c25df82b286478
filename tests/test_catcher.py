"""The mail catcher takes real SMTP, keeps every byte, and shows it without trusting what is in it."""

from __future__ import annotations

import os
import signal
import smtplib
import socket
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from pathlib import Path

import pytest

from core import catcher
from core.app import App
from core.catcher import server
from core.model import DispatchStatus
from tests import desk
from tests.mail.fault_server import free_port

REPOSITORY = Path(__file__).parents[1]
SIMPLE = b"From: a@x.test\r\nTo: b@x.test\r\nSubject: hello\r\nDate: Tue, 24 Nov 2026 10:00:00 +0100\r\n\r\n.a line with a dot\r\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "caught"


def post(folder: Path, *mails: bytes, to: str = "b@x.test") -> None:
    with server.running("127.0.0.1", 0, folder) as port, smtplib.SMTP("127.0.0.1", port, timeout=10) as client:
        for mail in mails:
            client.sendmail("a@x.test", [to], mail)


def test_a_mail_is_kept_byte_for_byte_with_its_envelope(folder: Path) -> None:
    before = datetime.now(UTC)
    with server.running("localhost", 0, folder) as port, smtplib.SMTP("127.0.0.1", port, timeout=10) as client:
        client.sendmail("bounce+1@x.test", ["b@x.test", "hidden@x.test"], SIMPLE)
    [mail] = catcher.caught(folder, 10)
    assert (mail.envelope_from, mail.envelope_to) == ("bounce+1@x.test", ("b@x.test", "hidden@x.test"))
    assert (mail.subject, mail.from_header, mail.to_header) == ("hello", "a@x.test", "b@x.test")
    assert mail.date_header.startswith("Tue, 24 Nov 2026")
    assert mail.size == len(SIMPLE)
    assert before <= mail.received_at <= before + timedelta(seconds=10)
    assert catcher.open_mail(folder, mail.id).raw == SIMPLE
    assert {path.suffix for path in folder.iterdir()} == {".eml", ".json"}  # no draft is left


def test_newest_first_in_pages(folder: Path) -> None:
    post(folder, *(SIMPLE.replace(b"hello", f"mail {place}".encode()) for place in range(5)))
    assert [mail.subject for mail in catcher.caught(folder, 2)] == ["mail 4", "mail 3"]
    assert [mail.subject for mail in catcher.caught(folder, 2, 4)] == ["mail 0"]
    assert catcher.count(folder) == 5


def test_an_empty_or_missing_folder_has_no_mails(folder: Path) -> None:
    assert catcher.caught(folder, 10) == []
    assert catcher.count(folder) == 0


def test_a_composed_mail_opens_with_texts_and_attachments(app: App, folder: Path) -> None:
    with server.running("127.0.0.1", 0, folder) as port:
        invoice_id = desk.ready(app, port, "compta@x.test", pdf=desk.PDF)
        desk.send(app, [invoice_id])
    assert desk.status_of(app, invoice_id) is DispatchStatus.SENT
    [mail] = catcher.caught(folder, 10)
    opened = catcher.open_mail(folder, mail.id)
    assert opened.plain.strip()
    assert "<html>" in opened.html
    assert [(part.file_name, part.mime_type) for part in opened.attachments] == [
        ("2026-0001.pdf", "application/pdf"),
        (f"efff_{desk.COMPANY}_2026-0001.xml", "application/xml"),
    ]
    assert opened.attachments[0].content == desk.PDF
    assert ("From", "Atelier Dubois <factures@dubois.example>") in opened.headers


def test_an_address_of_nobody_is_refused_and_the_others_get_their_mail(folder: Path) -> None:
    with server.running("127.0.0.1", 0, folder) as port, smtplib.SMTP("127.0.0.1", port, timeout=10) as client:
        refused = client.sendmail("a@x.test", ["Inconnu@x.test", "b@x.test"], SIMPLE)
        assert refused["Inconnu@x.test"][0] == 550
        with pytest.raises(smtplib.SMTPRecipientsRefused):
            client.sendmail("a@x.test", ["onbekend@x.test"], SIMPLE)
    assert [mail.envelope_to for mail in catcher.caught(folder, 10)] == [("b@x.test",)]


@pytest.mark.parametrize(("address", "answer"), [("a@refuses.example", "5.1.1"), ("A@Refuses.Example", "5.1.1"), ("luc@courier.example", "5.1.2")])
def test_trial_domains_are_refused(folder: Path, address: str, answer: str) -> None:
    with server.running("127.0.0.1", 0, folder) as port, smtplib.SMTP("127.0.0.1", port, timeout=10) as client:
        refused = client.sendmail("a@x.test", [address, "b@refuses.example.test"], SIMPLE)
    assert {name: (code, text.decode()[:5]) for name, (code, text) in refused.items()} == {address: (550, answer)}
    assert [mail.envelope_to for mail in catcher.caught(folder, 10)] == [("b@refuses.example.test",)]


def test_the_silent_domain_takes_the_mail_and_says_nothing(folder: Path) -> None:
    with server.running("127.0.0.1", 0, folder) as port:
        with pytest.raises(smtplib.SMTPServerDisconnected), smtplib.SMTP("127.0.0.1", port, timeout=10) as client:
            client.sendmail("a@x.test", ["info@silent.example"], SIMPLE)
        with smtplib.SMTP("127.0.0.1", port, timeout=10) as client:  # it still serves others
            client.sendmail("a@x.test", ["b@x.test"], SIMPLE)
    assert [mail.envelope_to for mail in catcher.caught(folder, 10)] == [("b@x.test",), ("info@silent.example",)]


def test_a_mail_to_the_silent_domain_is_uncertain_at_once(app: App, folder: Path) -> None:
    with server.running("127.0.0.1", 0, folder) as port:
        invoice_id = desk.ready(app, port, "info@silent.example")
        desk.send(app, [invoice_id])
    assert desk.status_of(app, invoice_id) is DispatchStatus.UNCERTAIN


def test_the_size_limit_is_announced_and_kept(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert server.SIZE_LIMIT == 40 * 1024 * 1024
    monkeypatch.setattr(server, "SIZE_LIMIT", 10_000)
    with server.running("127.0.0.1", 0, folder) as port, smtplib.SMTP("127.0.0.1", port, timeout=10) as client:
        client.ehlo()
        assert client.esmtp_features["size"] == "10000"
        with pytest.raises(smtplib.SMTPSenderRefused) as announced:
            client.sendmail("a@x.test", ["b@x.test"], SIMPLE + b"x" * 20_000)
        assert announced.value.smtp_code == 552
        client.mail("a@x.test")
        client.rcpt("b@x.test")
        code, _ = client.data(SIMPLE + b"line\r\n" * 4_000)
        assert code == 552
    assert catcher.count(folder) == 0


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.1.10", "mail.example.be", ""])
def test_it_listens_on_this_machine_only(folder: Path, host: str) -> None:
    with pytest.raises(server.NotThisMachine), server.running(host, 0, folder):
        pass


def test_a_taken_port_is_said_plainly(folder: Path) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        with pytest.raises(server.PortTaken, match=f"port {port}: something else listens there"), server.running("127.0.0.1", port, folder):
            pass


def test_a_folder_that_cannot_be_written_is_a_temporary_refusal(folder: Path) -> None:
    folder.write_text("a file is in the way")
    with server.running("127.0.0.1", 0, folder) as port, smtplib.SMTP("127.0.0.1", port, timeout=10) as client:
        with pytest.raises(smtplib.SMTPDataError) as refused:
            client.sendmail("a@x.test", ["b@x.test"], SIMPLE)
        assert refused.value.smtp_code == 452


@pytest.mark.parametrize(
    "identity", ["", "..", "../secret", "/etc/passwd", "20261124T101500000000-0123abcd/../x", "20261124T101500000000-0123abcd\n"]
)
def test_an_id_from_outside_is_never_a_path(folder: Path, identity: str) -> None:
    folder.mkdir()
    (folder.parent / "secret.eml").write_bytes(SIMPLE)
    with pytest.raises(catcher.MailUnknown):
        catcher.open_mail(folder, identity)


def test_an_unknown_id_and_foreign_files_are_no_mails(folder: Path) -> None:
    folder.mkdir()
    (folder / "notes.eml").write_bytes(SIMPLE)
    assert catcher.caught(folder, 10) == []
    with pytest.raises(catcher.MailUnknown):
        catcher.open_mail(folder, "20261124T101500000000-0123abcd")


def test_a_lost_envelope_does_not_hide_the_mail(folder: Path) -> None:
    post(folder, SIMPLE)
    next(folder.glob("*.json")).unlink()
    [mail] = catcher.caught(folder, 10)
    assert (mail.subject, mail.envelope_to) == ("hello", ())


@pytest.mark.parametrize(
    "mail",
    [
        b"no header at all\r\n",
        b"Subject: =?utf-8?b?broken=?= =?x?q?y?=\r\nFrom: <<>>\r\nTo: ,,;\r\nDate: yesterday\r\n\r\nx\r\n",
        b"Content-Type: text/plain; charset=no-such-charset\r\n\r\n\xff\xfe\r\n",
        b"Content-Type: multipart/mixed; boundary=b\r\n\r\nnever opened\r\n",
        b"Content-Type: multipart/mixed\r\n\r\nno boundary\r\n",
        b"Content-Type: text/plain\r\nContent-Transfer-Encoding: base64\r\n\r\n%%%\r\n",
        b"Message-ID: <[oops\r\nSubject: \xe9\xe9\r\n\r\n\r\n",
    ],
)
def test_odd_mails_are_shown_as_far_as_they_go(folder: Path, mail: bytes) -> None:
    post(folder, mail)
    [listed] = catcher.caught(folder, 10)
    assert catcher.open_mail(folder, listed.id).raw == mail


def test_a_deeply_nested_mail_opens(folder: Path) -> None:
    inner = EmailMessage()
    inner.set_content("inside")
    outer = EmailMessage()
    outer.set_content("outside")
    outer.add_attachment(inner)
    outer.add_attachment(b"%PDF-1.4", maintype="application", subtype="pdf", filename="../../etc/passwd")
    outer.add_attachment("a note", filename="note.txt")
    post(folder, outer.as_bytes().replace(b"\n", b"\r\n"))
    [mail] = catcher.caught(folder, 10)
    opened = catcher.open_mail(folder, mail.id)
    assert opened.plain.strip() == "outside"
    assert [part.file_name for part in opened.attachments] == ["part-1", "passwd", "note.txt"]
    assert b"inside" in opened.attachments[0].content
    assert opened.attachments[1].content == b"%PDF-1.4"


def test_an_open_connection_does_not_keep_it_from_stopping(folder: Path) -> None:
    began = time.monotonic()
    with socket.socket() as client:
        with server.running("127.0.0.1", 0, folder) as port:
            client.connect(("127.0.0.1", port))
            client.recv(100)
        assert client.recv(100) == b""
    assert time.monotonic() - began < 3


def test_serve_runs_until_sigterm(folder: Path) -> None:
    port = free_port()
    code = f"from core.catcher.server import serve; from pathlib import Path; serve('127.0.0.1', {port}, Path({str(folder)!r}))"
    process = subprocess.Popen([sys.executable, "-W", "error", "-c", code], cwd=REPOSITORY, env=os.environ, stdout=subprocess.PIPE, text=True)
    with process:
        for _ in range(200):
            try:
                smtplib.SMTP("127.0.0.1", port, timeout=10).quit()
                break
            except ConnectionRefusedError:
                time.sleep(0.05)
        process.send_signal(signal.SIGTERM)
        output, _ = process.communicate(timeout=10)
    assert process.returncode == 0
    assert "mail catcher stopped" in output
