"""Hand a sealed message to the mail server: everything up to the final dot, and the dot by itself.

yagmail makes the connection and the login; the bytes are ours. `yagmail.SMTP.send()` is never used: it sends again after a lost
reply to the final dot (measured: the same mail three times).
"""

from __future__ import annotations

import re
import smtplib
import socket
import ssl
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from ipaddress import ip_address
from typing import Any

import yagmail

from core.outcome import Reply, Stage
from core.records import MailAccount, Security

_LEADING_DOT = re.compile(rb"(?m)^\.")
OK = (250, 251)
PIECE = 256 * 1024  # each piece of a body has the whole time-out for itself


class Stopped(Exception):
    """The message did not go through, certainly: no final dot was written."""

    def __init__(self, reply: Reply) -> None:
        self.reply = reply
        super().__init__(f"{reply.stage}: {reply.code} {reply.text}")


@dataclass(frozen=True)
class Handed:
    """The server has the whole body and waits for the dot, for those recipients that it accepted."""

    accepted: tuple[str, ...]
    refused: dict[str, Reply] = field(default_factory=dict)


class Wire:
    """One kept connection of one account."""

    def __init__(self, account: MailAccount, *, timeout_s: float, reply_wait_s: float) -> None:
        self.account = account
        self.timeout_s = timeout_s
        self.reply_wait_s = reply_wait_s
        self._smtp: smtplib.SMTP | None = None
        self._fresh = True

    def body(self, envelope_from: str, recipients: Sequence[str], content: bytes, *, keep: Callable[[], None] = lambda: None) -> Handed:
        """Say everything but the final dot. Raises Stopped: then nothing can have left (RFC 5321 4.1.1.4).

        `keep` is called between the steps, so that a slow line does not outlive the caller's lease.
        """
        try:
            return self._say(envelope_from, recipients, content, keep)
        except Stopped as stopped:
            idle_line_was_dead = not self._fresh and stopped.reply.stage is Stage.MAIL and stopped.reply.code is None
            if not idle_line_was_dead:
                raise
        return self._say(envelope_from, recipients, content, keep)

    def dot(self) -> Reply:
        """The point of no return. A reply of stage `dot` without a code means that nobody can know."""
        smtp = self._smtp
        assert smtp is not None and smtp.sock is not None, "dot() follows body()"
        self._fresh = False
        if _has_hung_up(smtp.sock):
            self.close()
            return Reply(stage=Stage.BODY, text="The server hung up before the mail was complete.")
        try:
            smtp.sock.settimeout(self.reply_wait_s)
            smtp.send(b".\r\n")
            code, text = smtp.getreply()
            smtp.sock.settimeout(self.timeout_s)
        except (OSError, smtplib.SMTPException) as error:
            self.close()
            return Reply(stage=Stage.DOT, text=_words(error))
        if code == 421:  # RFC 5321 3.8: the server is closing
            self.close()
        return Reply(stage=Stage.DOT, code=code, text=_decode(text))

    def abandon(self) -> None:
        """Let go of a message whose body was written: close without the dot, so that it is dropped."""
        self.close()

    def check(self) -> None:
        """Connect and log in, nothing more. Raises Stopped."""
        self._connection()

    def quit(self) -> None:
        """Part politely; no answer is waited for longer than a moment."""
        if self._smtp is not None and self._smtp.sock is not None:
            try:
                self._smtp.sock.settimeout(2)
                self._smtp.quit()
            except (OSError, smtplib.SMTPException):
                pass
        self.close()

    def close(self) -> None:
        if self._smtp is not None:
            self._smtp.close()
        self._smtp = None

    def _say(self, envelope_from: str, recipients: Sequence[str], content: bytes, keep: Callable[[], None]) -> Handed:
        smtp = self._connection()
        stage = Stage.MAIL
        try:
            keep()
            options = [f"size={len(content)}"] if smtp.has_extn("size") else []
            self._expect(smtp.mail(envelope_from, options), stage, OK)
            stage = Stage.RCPT
            handed = self._recipients(smtp, recipients, keep)
            if not handed.accepted:
                self._reset(smtp)
                return handed
            stage = Stage.DATA
            smtp.putcmd("data")
            self._expect(smtp.getreply(), stage, (354,))
            stage = Stage.BODY
            body = _stuffed(content)
            for start in range(0, len(body), PIECE):
                keep()
                smtp.send(body[start : start + PIECE])
        except (OSError, smtplib.SMTPException) as error:
            self.close()
            raise Stopped(Reply(stage=stage, text=_words(error))) from error
        except Stopped:
            raise
        except BaseException:  # whatever it was, the body must not stay open for a dot
            self.close()
            raise
        return handed

    def _recipients(self, smtp: smtplib.SMTP, recipients: Sequence[str], keep: Callable[[], None]) -> Handed:
        accepted, refused = [], {}
        for recipient in recipients:
            keep()
            code, text = smtp.rcpt(recipient)
            if code in OK:
                accepted.append(recipient)
                continue
            refused[recipient] = Reply(stage=Stage.RCPT, code=code, text=_decode(text))
            if code == 421:
                self.close()
                raise Stopped(refused[recipient])
        return Handed(accepted=tuple(accepted), refused=refused)

    def _expect(self, answer: tuple[int, bytes], stage: Stage, good: tuple[int, ...]) -> None:
        code, text = answer
        if code in good:
            return
        if code == 421 or code < 400:  # closing, or out of step: this line is of no use any more
            self.close()
        elif self._smtp is not None:
            self._reset(self._smtp)
        raise Stopped(Reply(stage=stage, code=code, text=_decode(text)))

    def _reset(self, smtp: smtplib.SMTP) -> None:
        try:
            smtp.rset()
        except (OSError, smtplib.SMTPException):
            self.close()

    def _connection(self) -> smtplib.SMTP:
        if self._smtp is None:
            self._smtp = connect(self.account, timeout_s=self.timeout_s)
            self._fresh = True
        return self._smtp


def connect(account: MailAccount, *, timeout_s: float) -> smtplib.SMTP:
    """An open, verified and logged-in connection. Raises Stopped with stage connect, tls or login."""
    if account.security is Security.NONE and not is_loopback(account.host):
        raise Stopped(Reply(stage=Stage.TLS, text=f"{account.host} is not this machine, and the connection is set to be unprotected."))
    context = ssl.create_default_context()
    by_security: dict[Security, dict[str, Any]] = {
        Security.TLS: {"smtp_ssl": True, "smtp_starttls": False, "context": context},
        Security.STARTTLS: {"smtp_ssl": False, "smtp_starttls": {"context": context}},
        Security.NONE: {"smtp_ssl": False, "smtp_starttls": False},
    }
    client = yagmail.SMTP(
        account.user or "",
        account.password,
        host=account.host,
        port=account.port,
        smtp_skip_login=not account.user,
        soft_email_validation=False,
        timeout=timeout_s,
        local_hostname=_our_name(),
        **by_security[account.security],
    )
    client.user = account.user  # yagmail makes `marie` into `marie@gmail.com`
    client.set_logging(None)
    try:
        client.login()
        client.smtp.ehlo_or_helo_if_needed()
    except (OSError, smtplib.SMTPException) as error:
        if client.smtp is not None:
            client.smtp.close()
        raise Stopped(_greeting_trouble(error, account)) from error
    finally:
        client.is_closed = True  # ours from here on: yagmail's destructor would say QUIT at a moment of its own
    smtp: smtplib.SMTP = client.smtp
    if smtp.sock is not None:
        smtp.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)  # the lone dot would wait 40 ms for an acknowledgement
    return smtp


def _greeting_trouble(error: OSError | smtplib.SMTPException, account: MailAccount) -> Reply:
    """One function from exception to reply; an SMTPException is an OSError too, so it comes first."""
    if isinstance(error, smtplib.SMTPAuthenticationError):
        return Reply(stage=Stage.LOGIN, code=error.smtp_code, text=_decode(error.smtp_error))
    if isinstance(error, smtplib.SMTPNotSupportedError):
        stage, code = (Stage.LOGIN, 502) if "AUTH" in str(error).upper() else (Stage.TLS, None)
        return Reply(stage=stage, code=code, text=str(error))
    if isinstance(error, smtplib.SMTPResponseException):
        return Reply(stage=Stage.CONNECT, code=error.smtp_code, text=_decode(error.smtp_error))
    if isinstance(error, ssl.SSLError):
        return Reply(stage=Stage.TLS, text=_words(error))
    if isinstance(error, socket.gaierror):
        return Reply(stage=Stage.CONNECT, text=f"There is no server named {account.host}.")
    if isinstance(error, ConnectionRefusedError):
        return Reply(stage=Stage.CONNECT, text=f"Nothing answers at {account.host}, port {account.port}.")
    if isinstance(error, TimeoutError):
        return Reply(stage=Stage.CONNECT, text=f"{account.host}, port {account.port} does not answer in time.")
    return Reply(stage=Stage.CONNECT, text=_words(error))


def is_loopback(host: str) -> bool:
    if host.lower() == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def _stuffed(content: bytes) -> bytes:
    """RFC 5321 4.5.2, without the final dot."""
    body = _LEADING_DOT.sub(b"..", content)
    return body if body.endswith(b"\r\n") else body + b"\r\n"


def _has_hung_up(sock: socket.socket) -> bool:
    """Whether the server closed the line before we wrote the dot: then nothing left, and nobody need be asked."""
    sock.setblocking(False)
    try:
        return socket.socket.recv(sock, 1, socket.MSG_PEEK) == b""  # the plain socket below TLS: only its end counts here
    except BlockingIOError:
        return False
    except OSError:
        return True


def _our_name() -> str:
    """What EHLO says; looking the full name up in DNS, as smtplib does, can hang for seconds."""
    name = socket.gethostname()
    return name if "." in name else "[127.0.0.1]"


def _decode(text: bytes | str) -> str:
    return text.decode("utf-8", "replace") if isinstance(text, bytes) else text


def _words(error: BaseException) -> str:
    if isinstance(error, TimeoutError):
        return "No answer in time."
    if isinstance(error, ssl.SSLCertVerificationError):
        return error.verify_message
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    return str(error) or type(error).__name__
