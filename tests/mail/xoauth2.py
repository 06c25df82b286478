"""A mail server that takes a token of the sign-in server instead of a password, as Microsoft 365 and Gmail do."""

from __future__ import annotations

import base64
import json

from tests.mail.fault_server import FaultServer, Session
from tests.mail.sign_in_server import Book


def server(book: Book, *, user: str, scope: str = "ok", echoes: bool = False) -> FaultServer:
    """`scope`: other than ok, no token is good enough. `echoes`: it repeats the token in its refusal."""

    class Bearer(Session):
        def do_ehlo(self, _command: str) -> None:
            self.say(f"250-fault.test\r\n250-AUTH LOGIN XOAUTH2\r\n250 SIZE {self.server.behaviour.size_limit}")

        def do_auth(self, command: str) -> None:
            assert command.split(" ")[1] == "XOAUTH2"
            said = base64.b64decode(command.split(" ")[2]).decode()
            who, bearer = said.removeprefix("user=").split("\x01auth=Bearer ")
            token = bearer.removesuffix("\x01\x01")
            self.server.record.logins.append((who, token))
            if who == user and token in book.good and scope == "ok":
                self.say("235 2.7.0 Authentication successful")
                return
            challenge = {"status": "401" if scope == "ok" else "403", "schemes": "bearer", "scope": "https://outlook.office365.com/"}
            self.say("334 " + base64.b64encode(json.dumps(challenge).encode()).decode())
            assert self.rfile.readline() == b"\r\n"  # the empty line
            self.say(f"535 5.7.3 Authentication unsuccessful {token if echoes else ''}".rstrip())

    made = FaultServer()
    made.RequestHandlerClass = Bearer
    return made
