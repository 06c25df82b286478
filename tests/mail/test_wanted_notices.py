"""What we ask a server to send back, and that one which knows no notices is asked for none."""

from __future__ import annotations

import pytest

from core.delivery import Wire
from core.records import MailAccount, Security
from tests.mail.fault_server import FaultServer, Session

HEX = "0123456789abcdef0123456789abcdef"
CONTENT = b"Subject: x\r\n\r\nx\r\n"


class WithNotices(Session):
    def do_ehlo(self, _command: str) -> None:
        self.say("250-fault.test\r\n250-DSN\r\n250 SIZE 1000")


def said(server: FaultServer, *, envelope_id: str) -> list[str]:
    """MAIL and RCPT as the server got them."""
    wire = Wire(MailAccount(company_id=1, host="127.0.0.1", port=server.port, security=Security.NONE), timeout_s=5, reply_wait_s=5)
    wire.body("f@x.test", ["ok+a=b@x.test"], CONTENT, envelope_id=envelope_id)
    assert wire.dot().positive
    wire.quit()
    return [command for command in server.record.commands if command[:4].upper() in ("MAIL", "RCPT")]


def test_the_mark_and_the_address_go_along_in_the_letters_of_the_envelope() -> None:
    with FaultServer() as server:
        server.RequestHandlerClass = WithNotices
        mail, rcpt = said(server, envelope_id=HEX)
    assert mail.endswith(f" size={len(CONTENT)} RET=HDRS ENVID={HEX}")
    assert rcpt == "rcpt TO:<ok+a=b@x.test> NOTIFY=FAILURE,DELAY ORCPT=rfc822;ok+2Ba+3Db@x.test"
    assert server.record.taken[0].recipients == ("ok+a=b@x.test",)


@pytest.mark.parametrize(("offers", "envelope_id"), [(False, HEX), (True, "")])
def test_nothing_of_it_without_an_offer_or_a_mark(offers: bool, envelope_id: str) -> None:
    with FaultServer() as server:
        server.RequestHandlerClass = WithNotices if offers else Session
        mail, rcpt = said(server, envelope_id=envelope_id)
    assert mail.endswith(f" size={len(CONTENT)}") and rcpt == "rcpt TO:<ok+a=b@x.test>"
