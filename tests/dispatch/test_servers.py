"""Servers that answer oddly, early or not at all: a doubt is a doubt, and one bad line does not cost the other mails."""

from __future__ import annotations

import contextlib
import ipaddress
import ssl
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from core import outbox
from core.app import App
from core.dispatch import companies, sending, settling
from core.model import DispatchStatus
from tests import desk
from tests.mail.fault_server import FaultServer, Gone, Session

S = DispatchStatus


def server(session: type[Session]) -> FaultServer:
    made = FaultServer()
    made.RequestHandlerClass = session
    return made


def several(app: App, count: int, port: int) -> list[int]:
    ids = []
    for place in range(1, count + 1):
        ids.append(desk.bring(app, desk.customer_invoice(place)).invoice_id or 0)
        desk.tick(app, place, f"ok+{place}@x.test")
    desk.set_account(app, port)
    return ids


# Answers ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("line", "expected"),
    [("garbage", S.UNCERTAIN), ("", S.UNCERTAIN), ("150 hm", S.UNCERTAIN), ("354 go on", S.UNCERTAIN), ("999 what", S.UNCERTAIN)]
    + [("250-first\r\n250 second", S.SENT), ("252 will try", S.SENT), ("250 taken\x00ok", S.SENT)],
)
def test_only_a_clear_yes_to_the_dot_is_green(app: App, line: str, expected: DispatchStatus) -> None:
    class Odd(Session):
        def final(self, faults: set[str], content: bytes, *, first: bool) -> None:
            self.say(line)

    with server(Odd) as smtp:
        invoice_id = desk.ready(app, smtp.port)
        desk.send(app, [invoice_id], timeout_s=2)
        assert desk.status_of(app, invoice_id) is expected


def test_252_to_an_address_means_that_it_is_on_the_envelope(app: App) -> None:
    class Odd(Session):
        def do_rcpt(self, command: str) -> None:
            recipient = command.split(":", 1)[1].split()[0].strip("<>")
            if recipient.startswith("slow") and self.tried(recipient) <= 1:
                self.say("451 later")
                return
            self.recipients.append(recipient)
            self.say("252 cannot verify, will try" if recipient.startswith("odd") else "250 ok")

    with server(Odd) as smtp:
        invoice_id = desk.ready(app, smtp.port, "ok+1@x.test", "odd@x.test", "slow@x.test")
        desk.send(app, [invoice_id])
        assert desk.status_of(app, invoice_id) is S.SENT
        assert sorted(smtp.record.times_taken().values()) == [1, 1, 1]


def test_a_word_out_of_turn_is_not_taken_for_the_answer_to_the_dot(app: App) -> None:
    class Early(Session):
        def do_data(self, _command: str) -> None:
            self.say("354 go ahead\r\n250 hello")
            self.body(drop=False)
            self.say("554 refused")

    with server(Early) as smtp:
        invoice_id = desk.ready(app, smtp.port)
        desk.send(app, [invoice_id], timeout_s=1)
        assert desk.status_of(app, invoice_id) is S.QUEUED


@pytest.mark.parametrize("stage", ["ehlo", "mail", "rcpt", "data", "dot"])
def test_421_anywhere_is_only_a_delay(app: App, stage: str) -> None:
    done: list[str] = []

    def closing(session: Session, here: str) -> None:
        if stage == here and not done:
            done.append(here)
            session.say("421 4.3.2 closing")
            raise Gone

    class Closing(Session):
        def do_ehlo(self, command: str) -> None:
            closing(self, "ehlo")
            super().do_ehlo(command)

        def do_mail(self, command: str) -> None:
            closing(self, "mail")
            super().do_mail(command)

        def do_rcpt(self, command: str) -> None:
            closing(self, "rcpt")
            super().do_rcpt(command)

        def do_data(self, command: str) -> None:
            closing(self, "data")
            super().do_data(command)

        def final(self, faults: set[str], content: bytes, *, first: bool) -> None:
            closing(self, "dot")
            super().final(faults, content, first=first)

    with server(Closing) as smtp:
        invoice_id = desk.ready(app, smtp.port, "ok+1@x.test", "ok+2@x.test")
        desk.send(app, [invoice_id])
        assert done == [stage]
        assert desk.status_of(app, invoice_id) is S.SENT
        assert set(smtp.record.times_taken().values()) == {1}


def test_a_deferred_address_is_not_failed_by_the_verdict_on_the_others(app: App) -> None:
    class Refuses(Session):
        def do_data(self, _command: str) -> None:
            self.say("554 no")

    with server(Refuses) as smtp:
        invoice_id = desk.ready(app, smtp.port, "ok+1@x.test", "defer+1@x.test")
        sending.queue(app.desk, [invoice_id])
        desk.one_pass(app.desk)
        assert {name: status.value for name, status in desk.deliveries(app).items()} == {"ok+1@x.test": "failed", "defer+1@x.test": "queued"}


def test_a_size_that_the_server_does_not_take_fails_that_mail_only(app: App, smtp: FaultServer) -> None:
    smtp.behaviour.size_limit = 60_000
    large = desk.ready(app, smtp.port, pdf=desk.PDF + bytes(200_000))
    small = desk.bring(app, desk.customer_invoice(2)).invoice_id or 0
    desk.tick(app, 2, "ok+2@x.test")
    desk.send(app, [large, small])
    assert desk.status_of(app, large) is S.FAILED
    assert "too big" in desk.reasons(app)["ok+1@x.test"]
    assert desk.status_of(app, small) is S.SENT


# Lines -----------------------------------------------------------------------------------------------------------


def test_a_server_that_never_answers_costs_one_mail_a_pass_not_all(app: App) -> None:
    class Hangs(Session):
        def do_mail(self, command: str) -> None:
            time.sleep(5)

    app.desk.settings.connect_timeout_s = 0.3
    app.desk.settings.back_off_s = 60
    with server(Hangs) as smtp:
        sending.queue(app.desk, several(app, 6, smtp.port))
        desk.one_pass(app.desk)
        assert smtp.record.connections == 1
        [(_, _, because, until)] = settling.paused_accounts(app.desk)
        assert until is not None
        assert "does not answer as it should" in str(because)


def test_a_connection_slower_than_the_lease_still_sends(app: App) -> None:
    class Slow(Session):
        def handle(self) -> None:
            time.sleep(1.0)
            super().handle()

    app.desk.settings.claim_lease_s = 0.7
    with server(Slow) as smtp:
        invoice_id = desk.ready(app, smtp.port)
        desk.send(app, [invoice_id], timeout_s=8)
        assert desk.status_of(app, invoice_id) is S.SENT
        assert smtp.record.connections == 1


def test_a_cut_handshake_waits_and_a_bad_certificate_pauses(app: App, tls: Callable[[type[Session]], FaultServer]) -> None:
    invoice_id = desk.ready(app, 1)
    with server(_hangs_up_at_once()) as rude:
        desk.set_account(app, rude.port, smtp__security="tls")
        desk.send(app, [invoice_id], timeout_s=0.5)
        [(_, _, _, until)] = settling.paused_accounts(app.desk)
        assert until is not None
    with tls(Session) as stranger:  # its certificate is of an authority that nobody knows here
        desk.set_account(app, stranger.port, smtp__security="tls")
        desk.drain(app, timeout_s=2)
        [(_, _, because, until)] = settling.paused_accounts(app.desk)
        assert until is None
        assert "no safe connection" in str(because)
        assert stranger.record.taken == []


def _hangs_up_at_once() -> type[Session]:
    class Rude(Session):
        def handle(self) -> None:
            self.request.recv(1000)

    return Rude


@pytest.fixture
def tls(tmp_path: Path) -> Callable[[type[Session]], FaultServer]:
    """Servers that speak TLS at once, with a certificate for 127.0.0.1 signed by itself (in `tls.pem`)."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.now(UTC)
    builder = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key()).serial_number(1)
    builder = builder.not_valid_before(now - timedelta(days=1)).not_valid_after(now + timedelta(days=30))
    builder = builder.add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False)
    certificate = builder.add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True).sign(key, hashes.SHA256())
    secret = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    (tmp_path / "tls.pem").write_bytes(certificate.public_bytes(serialization.Encoding.PEM) + secret)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tmp_path / "tls.pem")

    def make(session: type[Session]) -> FaultServer:
        class Protected(session):  # type: ignore[misc, valid-type]
            def setup(self) -> None:
                self.request: ssl.SSLSocket = context.wrap_socket(self.request, server_side=True)
                super().setup()

            def finish(self) -> None:
                with contextlib.suppress(OSError):
                    super().finish()
                self.request.close()

        return server(Protected)

    return make


def test_a_verified_tls_line_is_kept(app: App, tls: Callable[[type[Session]], FaultServer], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "tls.pem"))
    with tls(Session) as smtp:
        ids = several(app, 2, smtp.port)
        desk.set_account(app, smtp.port, smtp__security="tls")
        desk.send(app, ids)
        assert {desk.status_of(app, invoice_id) for invoice_id in ids} == {S.SENT}
        assert smtp.record.connections == 1


def test_a_polite_farewell_over_tls_before_the_dot_is_no_doubt(
    app: App, tls: Callable[[type[Session]], FaultServer], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tries: list[int] = []

    class Leaves(Session):
        def do_data(self, command: str) -> None:
            tries.append(1)
            if len(tries) > 1:
                super().do_data(command)
                return
            self.say("354 go ahead")
            while not self.rfile.readline().startswith(b"--mix-"):
                pass
            while not self.rfile.readline().rstrip().endswith(b"--"):
                pass
            self.request.settimeout(0.05)
            with contextlib.suppress(OSError, ValueError):
                self.request.unwrap()  # close_notify
            raise Gone

    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "tls.pem"))
    mark = outbox.mark_sending

    def slowly(*arguments: object, **named: object) -> None:
        time.sleep(0.3)  # so that the farewell is there before the dot is due
        mark(*arguments, **named)  # type: ignore[arg-type]

    monkeypatch.setattr(outbox, "mark_sending", slowly)
    with tls(Leaves) as smtp:
        invoice_id = desk.ready(app, smtp.port)
        desk.set_account(app, smtp.port, smtp__security="tls")
        desk.send(app, [invoice_id])
        assert desk.status_of(app, invoice_id) is S.SENT
        assert len(smtp.record.taken) == 1


# The sender ------------------------------------------------------------------------------------------------------


def test_a_cleared_sender_pauses_instead_of_inventing_one(app: App, smtp: FaultServer) -> None:
    invoice_id = desk.ready(app, smtp.port)
    sending.queue(app.desk, [invoice_id])
    desk.set_company(app, mail__from="")
    desk.drain(app, timeout_s=2)
    assert smtp.record.connections == 0
    assert desk.status_of(app, invoice_id) is S.QUEUED
    desk.set_account(app, smtp.port)
    desk.drain(app)
    assert desk.status_of(app, invoice_id) is S.SENT


def test_a_sealed_mail_with_the_old_sender_does_not_stop_the_others(app: App) -> None:
    class Strict(Session):
        def do_mail(self, command: str) -> None:
            if "good@" in command:
                super().do_mail(command)
            else:
                self.say("550 5.7.1 not your address")

    with server(Strict) as smtp:
        sealed, other = several(app, 2, smtp.port)
        shown = sending.preview(app.desk, sealed)
        sending.queue_confirmed(app.desk, sealed, shown.words, shown.dossier.versions)
        sending.queue(app.desk, [other])
        desk.drain(app, timeout_s=2)
        desk.set_company(app, mail__from="good@dubois.example")
        desk.drain(app)
        assert desk.status_of(app, other) is S.SENT
        assert desk.status_of(app, sealed) is S.HELD
        desk.send(app, [sealed])
        assert desk.status_of(app, sealed) is S.SENT


def test_a_password_that_the_login_cannot_carry_pauses_and_is_not_logged(app: App, smtp: FaultServer, capsys: pytest.CaptureFixture[str]) -> None:
    smtp.behaviour.login = ("marie", "x")
    invoice_id = desk.ready(app, smtp.port)
    desk.set_account(app, smtp.port, smtp__user="marie", smtp__password="gehéim4711")
    desk.send(app, [invoice_id], timeout_s=1)
    assert desk.status_of(app, invoice_id) is S.QUEUED
    assert companies.find(app.desk, desk.COMPANY)
    assert len(settling.paused_accounts(app.desk)) == 1
    assert "4711" not in "".join(capsys.readouterr())
