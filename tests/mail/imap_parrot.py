"""A mailbox server that lets nobody in and repeats whatever it was told, in clear and as it came."""

from __future__ import annotations

import base64
import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager

CAPABILITIES = "IMAP4rev1 AUTH=XOAUTH2"


class _Session(socketserver.StreamRequestHandler):
    def handle(self) -> None:
        self.say(f"* OK [CAPABILITY {CAPABILITIES}] parrot")
        while line := self.rfile.readline().decode().strip():
            tag, command, *rest = line.split(" ", 2)
            answer = getattr(self, f"do_{command.lower()}", None)
            self.say(f"{tag} {answer(*rest) if answer else 'OK done'}")
            if command == "LOGOUT":
                return

    def say(self, line: str) -> None:
        self.wfile.write(line.encode() + b"\r\n")

    def do_capability(self) -> str:
        self.say(f"* CAPABILITY {CAPABILITIES}")
        return "OK done"

    def do_login(self, said: str) -> str:
        return f"NO [AUTHENTICATIONFAILED] what is {said}"

    def do_authenticate(self, _mechanism: str) -> str:
        self.say("+ ")
        said = self.rfile.readline().decode().strip()
        clear = base64.b64decode(said).decode().replace("\x01", " ")
        return f"NO [AUTHENTICATIONFAILED] what is {clear} or {said}"


@contextmanager
def running() -> Iterator[int]:
    """Its port."""
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), _Session) as server:
        server.daemon_threads = True
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        thread.start()
        try:
            yield server.server_address[1]
        finally:
            server.shutdown()
            thread.join()
