"""An SMTP server on a real socket that can fail at every step, and keeps its own ledger of what it took.

The local part of a recipient says what happens to its mail: `ok+7@x.test`, `refuse+7@x.test`, `dropafter+7@x.test` …
"""

from __future__ import annotations

import base64
import socket
import socketserver
import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import Message


@dataclass(frozen=True)
class Taken:
    """One mail that the server took responsibility for, whether or not the client ever heard of it."""

    message_id: str
    recipients: tuple[str, ...]
    content: bytes
    answered: bool

    def parsed(self) -> Message:
        return message_from_bytes(self.content)


@dataclass
class Record:
    """The server's own ledger."""

    taken: list[Taken] = field(default_factory=list)
    tries: Counter[str] = field(default_factory=Counter)
    commands: list[str] = field(default_factory=list)
    logins: list[tuple[str, str]] = field(default_factory=list)
    connections: int = 0
    open_now: int = 0
    most_open: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)

    def times_taken(self) -> Counter[tuple[str, str]]:
        """How often each (Message-ID, recipient) was taken."""
        return Counter((mail.message_id, recipient) for mail in self.taken for recipient in mail.recipients)


class Gone(Exception):
    """The server closes the line without another word."""


@dataclass
class Behaviour:
    """What the server does beyond what the recipients ask for."""

    login: tuple[str, str] | None = None  # user and password that are accepted
    greeting: str = "220 fault.test ESMTP"
    refuse_sender: str = ""  # a reply to MAIL FROM
    size_limit: int = 50_000_000
    delay_s: float = 0.0  # before the reply to the final dot
    starttls_offered: bool = False


class Session(socketserver.StreamRequestHandler):
    """One connection."""

    server: FaultServer

    def handle(self) -> None:
        record, behaviour = self.server.record, self.server.behaviour
        with record.lock:
            record.connections += 1
            record.open_now += 1
            record.most_open = max(record.most_open, record.open_now)
        self.sender, self.recipients = "", list[str]()
        self.say(behaviour.greeting)
        try:
            while line := self.rfile.readline():
                command = line.decode("utf-8", "replace").rstrip("\r\n")
                with record.lock:
                    record.commands.append(command)
                if self.obey(command) is False:
                    return
        except (Gone, OSError):
            self.request.close()

    def finish(self) -> None:
        with self.server.record.lock:
            self.server.record.open_now -= 1
        super().finish()

    def say(self, reply: str) -> None:
        self.wfile.write(reply.encode() + b"\r\n")
        self.wfile.flush()

    def obey(self, command: str) -> bool | None:
        verb = command.split(" ", 1)[0].upper()
        handler: Callable[[str], bool | None] | None = getattr(self, f"do_{verb.lower()}", None)
        if handler is None:
            self.say("500 what?")
            return None
        return handler(command)

    def do_ehlo(self, _command: str) -> None:
        auth = "250-AUTH PLAIN\r\n" if self.server.behaviour.login else ""
        tls = "250-STARTTLS\r\n" if self.server.behaviour.starttls_offered else ""
        self.say(f"250-fault.test\r\n{auth}{tls}250 SIZE {self.server.behaviour.size_limit}")

    def do_auth(self, command: str) -> None:
        assert self.server.behaviour.login
        _, user, password = base64.b64decode(command.split(" ")[2]).decode().split("\0")
        self.server.record.logins.append((user, password))
        good = (user, password) == self.server.behaviour.login
        self.say("235 welcome" if good else "535 5.7.8 Authentication credentials invalid")

    def do_mail(self, command: str) -> None:
        self.sender, self.recipients = command.split(":", 1)[1].split()[0].strip("<>"), []
        self.say(self.server.behaviour.refuse_sender or "250 sender ok")

    def do_rcpt(self, command: str) -> None:
        recipient = command.split(":", 1)[1].split()[0].strip("<>")
        tries = self.tried(recipient)
        fault = recipient.partition("@")[0].partition("+")[0]
        if fault == "refuse":
            self.say("550 5.1.1 no such user here")
        elif fault == "defer" or (fault == "deferonce" and tries == 1):
            self.say("451 4.7.1 greylisted, come back later")
        elif fault == "closing" and tries == 1:
            self.say("421 4.3.2 shutting down")
            raise Gone
        elif fault == "droprcpt" and tries == 1:
            raise Gone
        else:
            self.recipients.append(recipient)
            self.say("250 recipient ok")

    def tried(self, recipient: str) -> int:
        record = self.server.record
        with record.lock:
            record.tries[recipient] += 1
            return record.tries[recipient]

    def do_data(self, _command: str) -> None:
        if not self.recipients:
            self.say("503 no valid recipients")
            return
        faults = {recipient.partition("@")[0].partition("+")[0] for recipient in self.recipients}
        first = all(self.server.record.tries[recipient] <= 1 for recipient in self.recipients)
        if "nodata" in faults:
            self.say("554 5.7.1 no mail from you")
            return
        self.say("354 go ahead")
        content = self.body(drop="dropbefore" in faults and first)
        self.final(faults, content, first=first)

    def body(self, *, drop: bool) -> bytes:
        lines: list[bytes] = []
        while True:
            line = self.rfile.readline()
            if not line:
                raise Gone  # no final dot: whatever came is dropped (RFC 5321 4.1.1.4)
            if line == b".\r\n":
                return b"".join(lines)
            lines.append(line[1:] if line.startswith(b".") else line)
            if drop and len(lines) > 5:
                raise Gone

    def final(self, faults: set[str], content: bytes, *, first: bool) -> None:
        """After the final dot. Taking comes before answering, as in a real server: the answer can get lost."""
        if "reject" in faults:
            self.say("554 5.7.1 refused by policy")
            return
        if "toobig" in faults:
            self.say("552 5.3.4 message too big")
            return
        if "later" in faults and first:
            self.say("451 4.3.0 try again")
            return
        if "dropnot" in faults:  # the line breaks and the server did not take it
            raise Gone
        silent = "dropafter" in faults or "mute" in faults
        message_id = str(message_from_bytes(content).get("Message-ID", "")).strip()
        with self.server.record.lock:
            self.server.record.taken.append(Taken(message_id, tuple(self.recipients), content, answered=not silent))
        time.sleep(self.server.behaviour.delay_s)
        if "mute" in faults:
            time.sleep(self.server.mute_s)
        if silent:
            raise Gone
        self.say("250 2.0.0 queued as 12345")

    def do_rset(self, _command: str) -> None:
        self.recipients = []
        self.say("250 reset")

    def do_noop(self, _command: str) -> None:
        self.say("250 still here")

    def do_quit(self, _command: str) -> bool:
        self.say("221 bye")
        return False


class FaultServer(socketserver.ThreadingTCPServer):
    """Use as a context manager; `port` is where it listens on 127.0.0.1."""

    daemon_threads = True
    allow_reuse_address = True
    request_queue_size = 64
    mute_s = 30.0

    def __init__(self, behaviour: Behaviour | None = None, *, port: int = 0) -> None:
        self.record = Record()
        self.behaviour = behaviour or Behaviour()
        super().__init__(("127.0.0.1", port), Session)
        self.port: int = self.server_address[1]
        self._thread = threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)

    def __enter__(self) -> FaultServer:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.shutdown()
        self.server_close()
        self._thread.join()

    def handle_error(self, request: object, client_address: object) -> None:
        """A killed worker resets its line; that is the point of the test."""

    def shutdown_request(self, request: socket.socket | tuple[bytes, socket.socket]) -> None:
        assert isinstance(request, socket.socket)
        request.close()


def free_port() -> int:
    """A port where nothing listens, at least at this moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
