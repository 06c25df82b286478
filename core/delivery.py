"""Hand a sealed message to the mail server: everything up to the final dot, and the dot by itself."""

from __future__ import annotations

import smtplib
import ssl
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field, replace

from core.connection import Stopped, Token, connect, decoded, no_reply
from core.i18n import N_
from core.outcome import TOO_BIG, Reply, Stage, in_our_words
from core.records import MailAccount

CLOSING = 421
GO_AHEAD = 354
HUNG_UP = N_("The server hung up, or spoke out of turn, before the mail was complete.")
TAKES_AT_MOST = N_("The server takes at most {limit} MB.")
PIECE = 256 * 1024  # each piece of a body has the whole time-out for itself


@dataclass(frozen=True)
class Handed:
    """The server has the whole body and waits for the dot, for those recipients that it accepted."""

    accepted: tuple[str, ...]
    refused: dict[str, Reply] = field(default_factory=dict)
    spared: tuple[str, ...] = ()  # the server would have taken them, but nobody who matters with them: they got nothing


class Wire:
    """One kept connection of one account."""

    def __init__(self, account: MailAccount, *, timeout_s: float, reply_wait_s: float, token: Token | None = None) -> None:
        self.account = account
        self.token = token
        self.timeout_s = timeout_s
        self.reply_wait_s = reply_wait_s
        self._smtp: smtplib.SMTP | None = None
        self._fresh = True
        self._in_transaction = False

    def body(
        self,
        envelope_from: str,
        recipients: Sequence[str],
        content: bytes,
        *,
        keep: Callable[[], None] = lambda: None,
        essential: Collection[str] = (),
        envelope_id: str = "",
    ) -> Handed:
        """Say everything but the final dot. Raises Stopped: then nothing can have left (RFC 5321 4.1.1.4).

        Of the `essential` recipients, if there are any, at least one must be taken, or the mail is not said to the others either.
        A server that knows notices (RFC 3461) is asked to write `envelope_id` and the address as we said it into those about this mail.
        `keep` is called between the steps, so that a slow line does not outlive the caller's lease. Whatever it raises goes
        through; the line stays open as long as no transaction has begun.
        """
        try:
            return self._say(envelope_from, recipients, content, keep, essential, envelope_id)
        except Stopped as stopped:
            reply = stopped.reply
            idle_line_was_dead = not self._fresh and reply.stage is Stage.MAIL and reply.code in (None, CLOSING)
            if not idle_line_was_dead:
                raise
        return self._say(envelope_from, recipients, content, keep, essential, envelope_id)

    def dot(self) -> Reply:
        """The point of no return. A reply of stage `dot` without a code means that nobody can know."""
        smtp = self._smtp
        assert smtp is not None and smtp.sock is not None, "dot() follows body()"
        self._fresh = False
        if _is_out_of_turn(smtp):
            self.close()
            return in_our_words(Stage.BODY, HUNG_UP)
        try:
            smtp.sock.settimeout(self.reply_wait_s)
            smtp.send(b".\r\n")
            code, text = smtp.getreply()
            smtp.sock.settimeout(self.timeout_s)
        except (OSError, smtplib.SMTPException) as error:
            self.close()
            return no_reply(Stage.DOT, error)
        self._in_transaction = False
        reply = Reply(stage=Stage.DOT, code=code, text=decoded(text))
        if code == CLOSING or reply.out_of_step:  # RFC 5321 3.8: the server is closing; or the line is of no use any more
            self.close()
        return reply

    def abandon(self) -> None:
        """Let go of a message: what was begun is closed without the dot, so that the server drops it."""
        if self._in_transaction:
            self.close()

    @property
    def is_open(self) -> bool:
        return self._smtp is not None

    def check(self) -> None:
        """Connect and log in, nothing more. Raises Stopped."""
        self._connection()

    def quit(self) -> None:
        """Part politely; no answer is waited for longer than a moment."""
        if self._smtp is not None and self._smtp.sock is not None and not self._in_transaction:
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
        self._in_transaction = False

    def reset(self) -> None:
        """RSET: forget the recipients. A line that does not understand is closed."""
        try:
            if self._smtp is not None and self._smtp.rset()[0] == 250:
                self._in_transaction = False
                return
        except (OSError, smtplib.SMTPException):
            pass
        self.close()

    def _say(
        self,
        envelope_from: str,
        recipients: Sequence[str],
        content: bytes,
        keep: Callable[[], None],
        essential: Collection[str],
        envelope_id: str,
    ) -> Handed:
        smtp = self._connection()
        keep()
        self._refuse_what_is_too_big(smtp, content)
        handed, stage = Handed(accepted=()), Stage.MAIL
        try:
            self._in_transaction = True
            notices = bool(envelope_id) and smtp.has_extn("dsn")
            self._expect(smtp.mail(envelope_from, _mail_options(smtp, content, envelope_id if notices else "")), stage)
            stage = Stage.RCPT
            handed = self._recipients(smtp, recipients, keep, notices=notices)
            if not set(handed.accepted) & set(essential or handed.accepted):
                self.reset()
                return replace(handed, accepted=(), spared=handed.accepted)
            stage = Stage.DATA
            smtp.putcmd("data")
            self._expect(smtp.getreply(), stage)
            stage = Stage.BODY
            self._send_pieces(smtp, _stuffed(content), keep)
        except (OSError, smtplib.SMTPException) as error:
            self.close()
            raise Stopped(no_reply(stage, error), handed.refused) from error
        except Stopped as stopped:
            raise Stopped(stopped.reply, handed.refused | stopped.refused) from stopped
        except BaseException:  # whatever it was, the body must not stay open for a dot
            self.close()
            raise
        return handed

    def _send_pieces(self, smtp: smtplib.SMTP, body: bytes, keep: Callable[[], None]) -> None:
        for start in range(0, len(body), PIECE):
            keep()
            smtp.send(body[start : start + PIECE])

    def _recipients(self, smtp: smtplib.SMTP, recipients: Sequence[str], keep: Callable[[], None], *, notices: bool) -> Handed:
        accepted, refused = list[str](), dict[str, Reply]()
        for recipient in recipients:
            keep()
            code, text = smtp.rcpt(recipient, _wanted_notices(recipient) if notices else ())
            reply = Reply(stage=Stage.RCPT, code=code, text=decoded(text))
            if reply.positive:  # 252 too: the server has put it on the envelope
                accepted.append(recipient)
            elif code == CLOSING or reply.out_of_step:
                self.close()
                raise Stopped(replace(reply, code=CLOSING if code == CLOSING else None), refused)
            else:
                refused[recipient] = reply
        return Handed(accepted=tuple(accepted), refused=refused)

    def _expect(self, answer: tuple[int, bytes], stage: Stage) -> None:
        """MAIL wants 2yz, DATA wants 354."""
        code, text = answer
        reply = Reply(stage=stage, code=code, text=decoded(text))
        if code == GO_AHEAD if stage is Stage.DATA else reply.positive:
            return
        if code == CLOSING or reply.out_of_step or reply.positive:  # closing, or out of step: this line is of no use any more
            self.close()
            raise Stopped(reply if code == CLOSING else replace(reply, code=None))
        self.reset()
        raise Stopped(reply)

    def _refuse_what_is_too_big(self, smtp: smtplib.SMTP, content: bytes) -> None:
        """RFC 1870: the server says beforehand how much it takes."""
        limit = smtp.esmtp_features.get("size", "").strip() if smtp.does_esmtp else ""
        if limit.isdigit() and 0 < int(limit) < len(content):
            raise Stopped(in_our_words(Stage.MAIL, TAKES_AT_MOST, code=TOO_BIG, limit=f"{int(limit) / 1048576:.1f}"))

    def _connection(self) -> smtplib.SMTP:
        if self._smtp is None:
            self._smtp = connect(self.account, timeout_s=self.timeout_s, token=self.token)
            self._fresh = True
        return self._smtp


def _mail_options(smtp: smtplib.SMTP, content: bytes, envelope_id: str) -> list[str]:
    size = [f"size={len(content)}"] if smtp.has_extn("size") else []
    return [*size, *(["RET=HDRS", f"ENVID={_xtext(envelope_id)}"] if envelope_id else [])]


def _wanted_notices(recipient: str) -> list[str]:
    """RFC 3461 4.1 and 4.2; the address comes back as we said it, even where the other side forwards."""
    return ["NOTIFY=FAILURE,DELAY", *([f"ORCPT=rfc822;{_xtext(recipient)}"] if recipient.isascii() else [])]


def _xtext(text: str) -> str:
    """RFC 3461 4."""
    return "".join(char if "!" <= char <= "~" and char not in "+=" else f"+{ord(char):02X}" for char in text)


def _stuffed(content: bytes) -> bytes:
    """RFC 5321 4.5.2, without the final dot."""
    body = (b"." if content.startswith(b".") else b"") + content.replace(b"\n.", b"\n..")
    return body if body.endswith(b"\r\n") else body + b"\r\n"


def _is_out_of_turn(smtp: smtplib.SMTP) -> bool:
    """Whether the server closed the line, or said something unasked, before we wrote the dot: then nothing left.

    Looked at through the TLS layer, without waiting. An unasked reply would be taken for the answer to the dot.
    """
    sock, buffered = smtp.sock, smtp.file
    assert sock is not None
    sock.setblocking(False)
    try:
        if buffered is not None and buffered.peek(1):
            return True
        sock.recv(1)
    except (BlockingIOError, ssl.SSLWantReadError):
        return False
    except OSError:
        return True
    return True  # an end, or a word
