"""Read what arrived in a mailbox, over IMAP, and leave it as it is: nothing is deleted, moved or marked as read."""

from __future__ import annotations

import contextlib
import imaplib
import re
import socket
import ssl
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from imap_tools import BaseMailBox, ImapToolsError, MailBox, MailBoxStartTls, MailBoxUnencrypted
from imap_tools.errors import MailboxLoginError

from core.connection import (
    HUNG_UP,
    NO_ANSWER,
    NO_SUCH_SERVER,
    NOT_HERE,
    NOT_TRUSTED,
    NOTHING_THERE,
    TOO_SLOW,
    Token,
    decoded,
    hushed,
    in_words,
    is_loopback,
    xoauth2,
)
from core.errors import Sentence, SignedOut
from core.i18n import N_
from core.records import BounceMailbox, Login, Security

LOGIN = N_("{host} refuses user or password: “{reply}” Correct them in the settings of the mailbox.")
SIGN_IN = N_(
    "{host} does not let {user} in with the sign-in of the mail account: “{reply}” Sign in again there, and look whether IMAP is switched on "
    "for this mailbox."
)
NO_XOAUTH2 = N_("{host} takes no sign-in (XOAUTH2), only a password. Look at the server, or choose the password as login.")
NO_FOLDER = N_("There is no folder “{folder}” in the mailbox of {user}: “{reply}”")
NO_PROTECTION = N_("{host} offers no protected connection: “{reply}” Look at port and protection.")
REFUSED = N_("{host} does not do what is asked: “{reply}”")
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")  # RFC 3501, whatever the locale
LARGEST = 4 * 1024 * 1024  # bytes of one notice: what it says comes first, the returned mail last


class Trouble(Exception):
    """The mailbox cannot be read."""

    def __init__(self, sentence: Sentence) -> None:
        self.sentence = sentence
        super().__init__(str(sentence))


class _Refused(Trouble):
    """The token is not taken; another one may be."""


@dataclass(frozen=True)
class Arrived:
    uid: int
    content: bytes


@dataclass(frozen=True)
class Folder:
    """An open folder, looked at and never changed."""

    uid_validity: int
    box: BaseMailBox

    def newer(self, last_uid: int, *, since: date | None, limit: int) -> list[int]:
        """The next UIDs, in their order. RFC 3501: `n:*` names the last mail even when its UID is below n."""
        with _plainly(self.box):
            day = f"SINCE {since.day}-{MONTHS[since.month - 1]}-{since.year} " if since else ""
            uids = sorted(int(uid) for uid in self.box.uids(f"{day}UID {last_uid + 1}:*", charset=None))
        return [uid for uid in uids if uid > last_uid][:limit]

    def fetch(self, uid: int) -> Arrived | None:
        """A mail as it came, without the mark “read”; nothing where it is gone meanwhile."""
        with _plainly(self.box):
            _, data = self.box.client.uid("fetch", str(uid), f"(BODY.PEEK[]<0.{LARGEST}>)")
        return next((Arrived(uid, part[1]) for part in data or () if isinstance(part, tuple)), None)


@contextlib.contextmanager
def opened(mailbox: BounceMailbox, *, timeout_s: float, token: Token | None = None) -> Iterator[Folder]:
    """Connect, log in and look into the folder. Raises Trouble, and what the token raises."""
    box = _signed_in(mailbox, timeout_s, token) if mailbox.login is Login.OAUTH2 else _logged_in(mailbox, timeout_s)
    try:
        yield Folder(_examined(box, mailbox), box)
    finally:
        _part(box)


def _part(box: BaseMailBox) -> None:
    with contextlib.suppress(ImapToolsError, imaplib.IMAP4.error, OSError):
        box.logout()


def _signed_in(mailbox: BounceMailbox, timeout_s: float, token: Token | None) -> BaseMailBox:
    """A refused token may have run out, or been called back: a new one, once."""
    if token is None:
        raise SignedOut
    bearer = token("")
    try:
        return _logged_in(mailbox, timeout_s, bearer)
    except _Refused:
        bearer = token(bearer)
    return _logged_in(mailbox, timeout_s, bearer)


def _logged_in(mailbox: BounceMailbox, timeout_s: float, bearer: str = "") -> BaseMailBox:
    box = _connected(mailbox, timeout_s)
    try:
        with _plainly(box, mailbox, secrets=(bearer, mailbox.password, xoauth2(mailbox.who, bearer) if bearer else "")):
            _login(box, mailbox, bearer)
    except BaseException:
        _part(box)
        raise
    return box


def _connected(mailbox: BounceMailbox, timeout_s: float) -> BaseMailBox:
    host, port = mailbox.host, mailbox.port
    if mailbox.security is Security.NONE and not is_loopback(host):
        raise Trouble(Sentence(NOT_HERE, {"host": host}))
    with _plainly(None, mailbox):
        if mailbox.security is Security.NONE:
            return MailBoxUnencrypted(host, port, timeout=timeout_s)
        context = ssl.create_default_context()
        if mailbox.security is Security.TLS:
            return MailBox(host, port, timeout=timeout_s, ssl_context=context)
        return MailBoxStartTls(host, port, timeout=timeout_s, ssl_context=context)


def _login(box: BaseMailBox, mailbox: BounceMailbox, bearer: str) -> None:
    if bearer:
        if "AUTH=XOAUTH2" not in box.client.capabilities:
            raise Trouble(Sentence(NO_XOAUTH2, {"host": mailbox.host}))
        box.xoauth2(mailbox.who, bearer, initial_folder=None)
        return
    is_plain = mailbox.user.isascii() and mailbox.password.isascii()
    (box.login if is_plain else box.login_utf8)(mailbox.user, mailbox.password, initial_folder=None)


def _examined(box: BaseMailBox, mailbox: BounceMailbox) -> int:
    """EXAMINE: the server itself keeps us from changing anything. Returns UIDVALIDITY."""
    try:
        with _plainly(box, mailbox, refused=NO_FOLDER):
            box.folder.set(mailbox.folder, readonly=True)
            _, answer = box.client.response("UIDVALIDITY")
            known: Any = answer[0] if answer and answer[0] else box.folder.status(mailbox.folder, ["UIDVALIDITY"])["UIDVALIDITY"]
        return int(known)
    except ValueError as error:
        raise Trouble(Sentence(REFUSED, {"host": mailbox.host, "reply": "UIDVALIDITY"})) from error


# In our words ----------------------------------------------------------------------------------------------------


@contextlib.contextmanager
def _plainly(box: BaseMailBox | None, mailbox: BounceMailbox | None = None, *, refused: str = REFUSED, secrets: Sequence[str] = ()) -> Iterator[None]:
    """Turn what the libraries raise into Trouble with a sentence."""
    try:
        yield
    except (ImapToolsError, imaplib.IMAP4.error, OSError, ValueError) as error:
        host = mailbox.host if mailbox else box.client.host if box else ""
        port = mailbox.port if mailbox else box.client.port if box else 0
        values = {"host": host, "port": str(port), "reply": hushed(_reply(error), secrets), "detail": hushed(in_words(error), secrets)}
        values |= {"folder": mailbox.folder, "user": mailbox.who} if mailbox else {}
        if secrets and secrets[0] and _is_refusal(error):
            raise _Refused(Sentence(SIGN_IN, values)) from None
        raise Trouble(Sentence(_template(error, connected=box is not None, refused=refused), values)) from None


def _is_refusal(error: Exception) -> bool:
    """Of the token; `UNAVAILABLE` (RFC 5530) is a trouble of the server."""
    return isinstance(error, imaplib.IMAP4.error) and not isinstance(error, imaplib.IMAP4.abort) and "[UNAVAILABLE]" not in str(error)


def _template(error: Exception, *, connected: bool, refused: str) -> str:
    if isinstance(error, (MailboxLoginError, UnicodeError)):
        return LOGIN
    if isinstance(error, imaplib.IMAP4.abort):
        return HUNG_UP
    if isinstance(error, ssl.SSLCertVerificationError):
        return NOT_TRUSTED
    if isinstance(error, socket.gaierror):
        return NO_SUCH_SERVER
    if isinstance(error, ConnectionRefusedError):
        return NOTHING_THERE
    if isinstance(error, TimeoutError):
        return TOO_SLOW if connected else NO_ANSWER
    if isinstance(error, (ssl.SSLError, ValueError)) or not connected:  # STARTTLS on the port for TLS is a ValueError
        return NO_PROTECTION
    return HUNG_UP if isinstance(error, OSError) else refused


def _reply(error: Exception) -> str:
    """The server's own words, without what the library says around them."""
    result = getattr(error, "command_result", None)
    data = result[1] if isinstance(result, tuple) and len(result) > 1 else None
    words = b" ".join(part for part in data if isinstance(part, bytes)) if isinstance(data, list) else str(error)
    return " ".join(re.sub(r"[\x00-\x1f\x7f]", " ", decoded(words)).split())[:300]
