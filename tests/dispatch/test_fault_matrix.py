"""The fault matrix: what each fault does to the mail and to the account, what is said of it, and what happens once it is over.

docs/faults.md is the same for people; a test keeps the two alike.
"""

from __future__ import annotations

import re
import ssl
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from core import connection, outcome, recording
from core.app import App
from core.dispatch import companies, outbox_view, sending, settling
from core.errors import Sentence
from core.i18n import sentence
from core.model import DeliveryStatus, Language
from core.outcome import Stage
from tests import desk
from tests.mail import certificates
from tests.mail.fault_server import FaultServer, Gone, Session, free_port

D = DeliveryStatus
DOCUMENT = Path(__file__).parents[2] / "docs" / "faults.md"
WAITS, PAUSES, GOES_ON = "waits", "paused", ""
DROP, HANG = "drop", "hang"
LARGE_PDF = desk.PDF + bytes(600_000)  # more than a socket buffer: a drop is felt while sending
VERBS = {"greeting": Stage.CONNECT, "ehlo": Stage.CONNECT, "mail": Stage.MAIL, "rcpt": Stage.RCPT, "data": Stage.DATA, "dot": Stage.DOT}


@dataclass(frozen=True, kw_only=True)
class Fault:
    """`says`: the server's reply at a step (VERBS), or that it drops the line or never answers."""

    name: str
    at: str
    says: str
    mail: DeliveryStatus  # after one pass
    account: str = GOES_ON
    words: str  # the sentence
    leaves: bool  # by itself once the fault is over (and the account resumed where it was paused)


def fault(name: str, at: str, says: str, mail: DeliveryStatus, account: str, words: str, *, leaves: bool) -> Fault:
    return Fault(name=name, at=at, says=says, mail=mail, account=account, words=words, leaves=leaves)


LATER, LOST = outcome._BY_EFFECT[outcome.Effect.LATER], outcome._LINE_LOST
FAULTS = (
    fault("greeting 421", "greeting", "421 4.3.2 busy", D.QUEUED, WAITS, outcome._BY_EFFECT[outcome.Effect.WAIT], leaves=True),
    fault("greeting 554", "greeting", "554 no service", D.QUEUED, WAITS, outcome._BY_EFFECT[outcome.Effect.WAIT], leaves=True),
    fault("hangs up before the greeting", "greeting", DROP, D.QUEUED, WAITS, outcome._BY_EFFECT[outcome.Effect.WAIT], leaves=True),
    fault("never greets", "greeting", HANG, D.QUEUED, WAITS, outcome._BY_EFFECT[outcome.Effect.WAIT], leaves=True),
    fault("421 after EHLO", "ehlo", "421 4.3.2 closing", D.QUEUED, WAITS, outcome._BY_EFFECT[outcome.Effect.WAIT], leaves=True),
    fault("sender refused", "mail", "550 5.7.1 not your address", D.QUEUED, PAUSES, outcome._SENDER, leaves=True),
    fault("421 to the sender", "mail", "421 4.3.2 closing", D.QUEUED, GOES_ON, LATER, leaves=True),
    fault("451 to the sender", "mail", "451 4.7.1 later", D.QUEUED, GOES_ON, LATER, leaves=True),
    fault("552 to the sender", "mail", "552 5.3.4 too big", D.FAILED, GOES_ON, outcome._TOO_BIG, leaves=False),
    fault("drop at the sender", "mail", DROP, D.QUEUED, WAITS, LOST, leaves=True),
    fault("no answer to the sender", "mail", HANG, D.QUEUED, WAITS, LOST, leaves=True),
    fault("recipient 550", "rcpt", "550 5.1.1 no such user", D.FAILED, GOES_ON, outcome.ADDRESS_REFUSED, leaves=False),
    fault("recipient 451", "rcpt", "451 4.7.1 greylisted", D.QUEUED, GOES_ON, LATER, leaves=True),
    fault("recipient's mailbox full", "rcpt", "452 4.2.2 mailbox full", D.QUEUED, GOES_ON, LATER, leaves=True),
    fault("421 to the recipient", "rcpt", "421 4.3.2 closing", D.QUEUED, GOES_ON, LATER, leaves=True),
    fault("drop at the recipient", "rcpt", DROP, D.QUEUED, WAITS, LOST, leaves=True),
    fault("421 to DATA", "data", "421 4.3.2 closing", D.QUEUED, GOES_ON, LATER, leaves=True),
    fault("554 to DATA", "data", "554 5.7.1 no", D.FAILED, GOES_ON, outcome._POLICY_SAYS, leaves=False),
    fault("drop before the dot", "body", DROP, D.QUEUED, WAITS, LOST, leaves=True),
    fault("451 to the dot", "dot", "451 4.3.0 try again", D.QUEUED, GOES_ON, LATER, leaves=True),
    fault("421 to the dot", "dot", "421 4.3.2 closing", D.QUEUED, GOES_ON, LATER, leaves=True),
    fault("552 to the dot", "dot", "552 5.3.4 message too big", D.FAILED, GOES_ON, outcome._TOO_BIG, leaves=False),
    fault("554 policy to the dot", "dot", "554 5.7.1 looks like spam", D.FAILED, GOES_ON, outcome._POLICY_SAYS, leaves=False),
    fault("554 to the dot", "dot", "554 transaction failed", D.FAILED, GOES_ON, outcome._FAILED_OTHERWISE, leaves=False),
    fault("drop after the dot", "dot", DROP, D.UNCERTAIN, WAITS, outcome._BY_EFFECT[outcome.Effect.UNCERTAIN], leaves=False),
    fault("no answer to the dot", "dot", HANG, D.UNCERTAIN, WAITS, outcome._BY_EFFECT[outcome.Effect.UNCERTAIN], leaves=False),
    fault("quota of Gmail", "rcpt", "550 5.4.5 Daily user sending limit exceeded", D.QUEUED, WAITS, outcome._QUOTA, leaves=True),
    fault(
        "quota of Microsoft 365",
        "dot",
        "554 5.2.0 STOREDRV.Submission.Exception:SubmissionQuotaExceededException",
        D.QUEUED,
        WAITS,
        outcome._QUOTA,
        leaves=True,
    ),
    fault("quota at the sender", "mail", "550 5.1.90 you have reached your daily limit", D.QUEUED, WAITS, outcome._QUOTA, leaves=True),
    fault("too many connections", "mail", "432 4.3.2 Concurrent connections limit exceeded", D.QUEUED, WAITS, outcome._QUOTA, leaves=True),
    fault("account barred", "dot", "550 5.1.8 Access denied, bad outbound sender", D.QUEUED, PAUSES, outcome._BARRED, leaves=True),
)


@dataclass
class Script:
    """What the server does, until it is mended."""

    at: str = ""
    says: str = ""
    met: list[str] = field(default_factory=list)

    def plays(self, session: Session, step: str) -> bool:
        if step != self.at:
            return False
        self.met.append(step)
        if self.says == HANG:
            time.sleep(2)
            raise Gone
        if self.says == DROP:
            raise Gone
        session.say(self.says)
        if self.says.startswith("421"):
            raise Gone
        return True


def scripted(script: Script) -> FaultServer:
    class Scripted(Session):
        def handle(self) -> None:
            try:
                if script.plays(self, "greeting"):
                    return
            except Gone:
                return
            super().handle()

        def obey(self, command: str) -> bool | None:
            verb = command.split(" ", 1)[0].lower()
            return None if script.plays(self, verb) else super().obey(command)

        def body(self, *, drop: bool) -> bytes:
            return super().body(drop=script.at == "body")

        def final(self, faults: set[str], content: bytes, *, first: bool) -> None:
            if not script.plays(self, "dot"):
                super().final(faults, content, first=first)

    server = FaultServer()
    server.RequestHandlerClass = Scripted
    return server


def assert_told_in_three_languages(what: Sentence, template: str) -> None:
    assert what.template == template
    told = [sentence(language, what) for language in Language]
    assert len(set(told)) == 3, told
    assert not any(re.search(r"\{\w+\}", words) for words in told), told


def reason(app: App) -> Sentence:
    """Why the mail stands where it stands."""
    [row] = outbox_view.newest(app.desk)
    assert row.because is not None
    because: Sentence = row.because
    return because


def account_of(app: App) -> str:
    paused = settling.paused_accounts(app.desk)
    return GOES_ON if not paused else PAUSES if paused[0][3] is None else WAITS


def impatient(app: App) -> None:
    app.desk.settings.connect_timeout_s = 0.5
    app.desk.settings.reply_wait_s = 0.5
    app.desk.settings.back_off_s = 30  # nothing is tried again before the fault is over


def mended(app: App) -> None:
    """The fault is over: a person, or time, resumes the account, and what waits is due."""
    app.desk.settings.back_off_s = 0.05
    settling.resume(app.desk, companies.find(app.desk, desk.COMPANY).id)
    desk.hurry(app)
    desk.drain(app)


@pytest.mark.parametrize("case", FAULTS, ids=lambda case: case.name)
def test_fault(app: App, case: Fault) -> None:
    impatient(app)
    script = Script(at=case.at, says=case.says)
    with scripted(script) as smtp:
        invoice_id = desk.ready(app, smtp.port, pdf=LARGE_PDF if case.at == "body" else desk.OWN)
        sending.queue(app.desk, [invoice_id])
        desk.one_pass(app.desk)
        assert desk.deliveries(app) == {"ok+1@x.test": case.mail}
        assert account_of(app) == case.account
        assert_told_in_three_languages(reason(app), case.words)
        for _, _, because, _ in settling.paused_accounts(app.desk):
            assert_told_in_three_languages(because, case.words if case.words != LOST and case.mail is D.QUEUED else outcome._UNSTEADY)
        desk.assert_statuses_follow(app)
        script.at = ""
        mended(app)
        assert desk.deliveries(app) == {"ok+1@x.test": D.SENT if case.leaves else case.mail}
        assert sum(smtp.record.times_taken().values()) == (1 if case.leaves else 0)
        assert account_of(app) == GOES_ON
    desk.assert_statuses_follow(app)


def test_a_quota_costs_none_of_the_retry_hours_and_stops_the_other_mails(app: App) -> None:
    impatient(app)
    script = Script(at="dot", says="550 5.4.5 Daily user sending limit exceeded")
    with scripted(script) as smtp:
        ids = [desk.bring(app, desk.customer_invoice(place)).invoice_id or 0 for place in (1, 2, 3)]
        for place in (1, 2, 3):
            desk.tick(app, place, f"ok+{place}@x.test")
        desk.set_account(app, smtp.port)
        sending.queue(app.desk, ids)
        desk.one_pass(app.desk)
        assert script.met == ["dot"], "the others would only have met the same"
        assert set(desk.deliveries(app).values()) == {D.QUEUED}
        [(_, _, _, until)] = settling.paused_accounts(app.desk)
        assert until is not None
        assert until - app.desk.now() > recording.QUOTA_WAIT * 0.9
        rows = outbox_view.newest(app.desk)
        assert {row.first_try_at for row in rows} == {None}


# Lines and certificates ------------------------------------------------------------------------------------------


@contextmanager
def speaking_tls(folder: Path, *, address: str = "127.0.0.1", expired: bool = False, script: Script | None = None) -> Iterator[FaultServer]:
    cert, key = certificates.write(folder, address=address, expired=expired)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(cert, key)

    class Protected(Session):
        def setup(self) -> None:
            try:
                self.request: ssl.SSLSocket = context.wrap_socket(self.request, server_side=True)
            except OSError as error:
                raise Gone from error
            super().setup()

    server = FaultServer()
    server.RequestHandlerClass = Protected
    with server:
        yield server


@pytest.mark.parametrize(
    ("name", "trusted", "address", "expired", "words"),
    [
        ("self-signed certificate", False, "127.0.0.1", False, connection.SELF_SIGNED),
        ("certificate of another name", True, "127.0.0.9", False, connection.OTHER_NAME),
        ("certificate expired", True, "127.0.0.1", True, connection.EXPIRED),
    ],
)
def test_certificate(
    app: App, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, trusted: bool, address: str, expired: bool, words: str
) -> None:
    impatient(app)
    with speaking_tls(tmp_path, address=address, expired=expired) as smtp:
        if trusted:
            monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "cert.pem"))
        invoice_id = desk.ready(app, smtp.port)
        desk.set_account(app, smtp.port, smtp__security="tls")
        assert_stands_still(app, invoice_id, PAUSES, words)
        assert smtp.record.taken == []


def test_starttls_not_offered(app: App, smtp: FaultServer) -> None:
    invoice_id = desk.ready(app, smtp.port)
    desk.set_account(app, smtp.port, smtp__security="starttls")
    assert_stands_still(app, invoice_id, PAUSES, connection.NO_STARTTLS)


def test_no_tls_on_a_tls_port(app: App, smtp: FaultServer) -> None:
    invoice_id = desk.ready(app, smtp.port)
    desk.set_account(app, smtp.port, smtp__security="tls")
    assert_stands_still(app, invoice_id, PAUSES, connection.NOT_TLS)


def test_dns_failure(app: App) -> None:
    invoice_id = desk.ready(app, 25)
    desk.set_account(app, 25, smtp__host="no-such-server.invalid", smtp__security="starttls")
    assert_stands_still(app, invoice_id, WAITS, connection.NO_SUCH_SERVER)


def test_connection_refused(app: App) -> None:
    invoice_id = desk.ready(app, free_port())
    assert_stands_still(app, invoice_id, WAITS, connection.NOTHING_THERE)


def test_wrong_login(app: App, smtp: FaultServer) -> None:
    smtp.behaviour.login = ("marie", "right")
    invoice_id = desk.ready(app, smtp.port)
    desk.set_account(app, smtp.port, smtp__user="marie", smtp__password="wrong")
    impatient(app)
    sending.queue(app.desk, [invoice_id])
    desk.one_pass(app.desk)
    assert account_of(app) == PAUSES
    assert_told_in_three_languages(reason(app), outcome._LOGIN)


def assert_stands_still(app: App, invoice_id: int, account: str, words: str) -> None:
    """The mail is queued, the account waits or pauses, and the cause is said within its sentence."""
    impatient(app)
    sending.queue(app.desk, [invoice_id])
    desk.one_pass(app.desk)
    assert desk.deliveries(app) == {"ok+1@x.test": D.QUEUED}
    assert account_of(app) == account
    said = reason(app).values["reply"]
    assert isinstance(said, Sentence)
    assert_told_in_three_languages(said, words)
    assert_told_in_three_languages(reason(app), outcome._TLS if account == PAUSES else outcome._BY_EFFECT[outcome.Effect.WAIT])


def test_the_document_names_every_fault() -> None:
    rows = [line for line in DOCUMENT.read_text(encoding="utf-8").splitlines() if line.startswith("| ") and "`" in line]
    named = {re.findall(r"`([^`]+)`", line)[-1] for line in rows}
    here = {f"test_fault[{case.name}]" for case in FAULTS}
    assert here <= named, f"not in docs/faults.md: {sorted(here - named)}"
    assert all(f"def {name.partition('[')[0]}(" in _tests() for name in named), "docs/faults.md names a test that there is not"
    assert not {name for name in named if name.startswith("test_fault[")} - here


def _tests() -> str:
    folder = Path(__file__).parents[1]
    return "\n".join(path.read_text(encoding="utf-8") for path in folder.rglob("test_*.py"))
