"""Open a connection to a mail server, verified and logged in, or say what stands in the way.

yagmail makes the connection and the login; the bytes are ours. `yagmail.SMTP.send()` is never used: it sends again after a lost
reply to the final dot (measured: the same mail three times).
"""

from __future__ import annotations

import smtplib
import socket
import ssl
from base64 import b64encode
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from ipaddress import ip_address
from typing import Any, TypeAlias

import yagmail

from core.errors import Sentence, SignedOut, SignInAway
from core.i18n import N_
from core.outcome import SIGN_IN_AGAIN, Reply, Stage, in_our_words, spoken
from core.records import Login, MailAccount, Security

NOT_HERE = N_("{host} is not this machine, and the connection is set to be unprotected.")
LETTERS = N_("User or password has letters that this login cannot carry.")
NO_GREETING = N_("The server does not greet as it should.")
NOT_TRUSTED = N_("The certificate of {host} cannot be trusted ({detail}).")
OTHER_NAME = N_("The certificate that {host} shows is for another name. Look at the name of the server.")
SELF_SIGNED = N_("The certificate of {host} is signed by itself; nobody vouches that this is the right server.")
EXPIRED = N_("The certificate of {host} has expired.")
NO_STARTTLS = N_("{host} offers no protected connection (STARTTLS) on port {port}.")
NOT_TLS = N_("{host} does not speak TLS on port {port}. Port 465 wants TLS, port 587 STARTTLS.")
NO_SUCH_SERVER = N_("There is no server named {host}.")
NOTHING_THERE = N_("Nothing answers at {host}, port {port}.")
NO_ANSWER = N_("{host}, port {port} does not answer in time.")
TOO_SLOW = N_("The server does not answer in time.")
HUNG_UP = N_("The server closed the connection.")
NO_XOAUTH2 = "AUTH XOAUTH2 is not offered."
REFUSED = 535

Token: TypeAlias = Callable[[str], str]  # an access token that is not the one just refused; raises SignedOut and SignInAway


class Stopped(Exception):
    """The message did not go through, certainly: no final dot was written. `refused` had their own answer before."""

    def __init__(self, reply: Reply, refused: Mapping[str, Reply] | None = None) -> None:
        self.reply = reply
        self.refused = dict(refused or {})
        super().__init__(f"{reply.stage}: {reply.code} {reply.text}")


def connect(account: MailAccount, *, timeout_s: float, token: Token | None = None) -> smtplib.SMTP:
    """An open, verified and logged-in connection. Raises Stopped with stage connect, tls or login."""
    if account.security is Security.NONE and not is_loopback(account.host):
        raise Stopped(in_our_words(Stage.TLS, NOT_HERE, host=account.host))
    if account.login is not Login.OAUTH2:
        return _opened(account, timeout_s)
    bearer = _bearer(token, "")
    try:
        return _opened(account, timeout_s, bearer)
    except Stopped as stopped:
        if stopped.reply.code != REFUSED:
            raise
    bearer = _bearer(token, bearer)  # it may have run out, or been called back: a new one, once
    try:
        return _opened(account, timeout_s, bearer)
    except Stopped as stopped:
        if stopped.reply.code != REFUSED:
            raise
        reply = stopped.reply
        said = Sentence(SIGN_IN_AGAIN, {"host": account.host, "user": account.user, "reply": spoken(reply)})
        raise Stopped(Reply(stage=Stage.LOGIN, code=reply.code, text=reply.text, said=said)) from stopped


def _bearer(token: Token | None, refused: str) -> str:
    """No sign-in is a refused login; a sign-in server that does not answer is waited for."""
    try:
        if token is None:
            raise SignedOut
        return token(refused)
    except SignedOut as error:
        raise Stopped(Reply(stage=Stage.LOGIN, code=REFUSED, text=str(error), said=error.sentence)) from None
    except SignInAway as error:
        raise Stopped(Reply(stage=Stage.CONNECT, text=str(error), said=error.sentence)) from None


def _opened(account: MailAccount, timeout_s: float, bearer: str = "") -> smtplib.SMTP:
    client = _client(account, timeout_s, skip_login=bool(bearer) or not account.user)
    try:
        client.login()
        client.smtp.ehlo_or_helo_if_needed()
        if bearer:
            _say_xoauth2(client.smtp, account.user, bearer)
    except (OSError, smtplib.SMTPException, UnicodeError) as error:
        speaks = client.smtp is not None and client.smtp.does_esmtp
        if client.smtp is not None:
            client.smtp.close()
        trouble = _greeting_trouble(error, account, speaks_esmtp=speaks)
        secrets = (bearer, account.password, f"\0{account.user}\0{account.password}", xoauth2(account.user, bearer))
        raise Stopped(_hushed(trouble, secrets if bearer or account.password else ())) from (
            None if isinstance(error, smtplib.SMTPException) else error
        )
    finally:
        client.is_closed = True  # ours from here on: yagmail's destructor would say QUIT at a moment of its own
    smtp: smtplib.SMTP = client.smtp
    if smtp.sock is not None:
        smtp.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)  # the lone dot would wait 40 ms for an acknowledgement
    return smtp


def _client(account: MailAccount, timeout_s: float, *, skip_login: bool) -> yagmail.SMTP:
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
        smtp_skip_login=skip_login,
        soft_email_validation=False,
        timeout=timeout_s,
        local_hostname=_our_name(),
        **by_security[account.security],
    )
    client.user = account.user  # yagmail makes `marie` into `marie@gmail.com`
    client.set_logging(None)
    return client


def _say_xoauth2(smtp: smtplib.SMTP, user: str, bearer: str) -> None:
    """The token goes with the command; a refusal first comes as a challenge, which wants an empty line before the 535."""
    if "XOAUTH2" not in smtp.esmtp_features.get("auth", "").upper().split():
        raise smtplib.SMTPNotSupportedError(NO_XOAUTH2)

    def answer(challenge: bytes | None = None) -> str:
        return xoauth2(user, bearer) if challenge is None else ""

    smtp.auth("XOAUTH2", answer)


def xoauth2(user: str, bearer: str) -> str:
    return f"user={user}\x01auth=Bearer {bearer}\x01\x01"


def _hushed(reply: Reply, secrets: Iterable[str]) -> Reply:
    text = hushed(reply.text, secrets)
    return reply if text == reply.text else replace(reply, text=text)


def hushed(text: str, secrets: Iterable[str]) -> str:
    """A server that repeats what it was told must not bring it into a log."""
    for secret in secrets:
        if secret:
            text = text.replace(secret, "…").replace(b64encode(secret.encode()).decode(), "…")
    return text


NOT_TLS_THERE = frozenset({"WRONG_VERSION_NUMBER", "UNSUPPORTED_PROTOCOL", "NO_PROTOCOLS_AVAILABLE", "TLSV1_ALERT_PROTOCOL_VERSION"})


_BY_VERIFY_CODE = {10: EXPIRED, 18: SELF_SIGNED, 19: SELF_SIGNED, 62: OTHER_NAME, 64: OTHER_NAME}  # X509_V_ERR_… of OpenSSL


def _greeting_trouble(error: Exception, account: MailAccount, *, speaks_esmtp: bool) -> Reply:
    """One function from exception to reply; an SMTPException is an OSError too, so it comes first."""
    if isinstance(error, UnicodeError):
        return in_our_words(Stage.LOGIN, LETTERS, code=501)
    if isinstance(error, smtplib.SMTPAuthenticationError):
        return Reply(stage=Stage.LOGIN, code=error.smtp_code, text=decoded(error.smtp_error))
    if isinstance(error, smtplib.SMTPNotSupportedError) and not speaks_esmtp:
        return in_our_words(Stage.CONNECT, NO_GREETING)
    if isinstance(error, smtplib.SMTPNotSupportedError):
        if "AUTH" in str(error).upper():
            return Reply(stage=Stage.LOGIN, code=502, text=str(error))
        return in_our_words(Stage.TLS, NO_STARTTLS, host=account.host, port=str(account.port))
    if isinstance(error, smtplib.SMTPResponseException):
        return Reply(stage=Stage.CONNECT, code=error.smtp_code, text=decoded(error.smtp_error))
    if isinstance(error, ssl.SSLCertVerificationError):
        template = _BY_VERIFY_CODE.get(error.verify_code, NOT_TRUSTED)
        return in_our_words(Stage.TLS, template, host=account.host, detail=error.verify_message or in_words(error))
    if isinstance(error, ssl.SSLError) and error.reason in NOT_TLS_THERE:
        return in_our_words(Stage.TLS, NOT_TLS, host=account.host, port=str(account.port))
    if isinstance(error, socket.gaierror):
        return in_our_words(Stage.CONNECT, NO_SUCH_SERVER, host=account.host)
    if isinstance(error, ConnectionRefusedError):
        return in_our_words(Stage.CONNECT, NOTHING_THERE, host=account.host, port=str(account.port))
    if isinstance(error, TimeoutError):
        return in_our_words(Stage.CONNECT, NO_ANSWER, host=account.host, port=str(account.port))
    return no_reply(Stage.CONNECT, error)


def is_loopback(host: str) -> bool:
    if host.lower() == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def _our_name() -> str:
    """What EHLO says; looking the full name up in DNS, as smtplib does, can hang for seconds."""
    name = socket.gethostname()
    return name if "." in name else "[127.0.0.1]"


def decoded(text: bytes | str) -> str:
    words = text.decode("utf-8", "replace") if isinstance(text, bytes) else text
    return words.replace("\x00", "")  # PostgreSQL keeps no NUL


BROKEN = (smtplib.SMTPServerDisconnected, ConnectionResetError, ConnectionAbortedError, BrokenPipeError)


def no_reply(stage: Stage, error: BaseException) -> Reply:
    """Why nothing came back; what smtplib and the system say in English of a slow or broken line is said in our words."""
    if isinstance(error, TimeoutError) or isinstance(error.__context__, TimeoutError):  # smtplib calls it a lost connection
        return in_our_words(stage, TOO_SLOW)
    if isinstance(error, BROKEN):
        return in_our_words(stage, HUNG_UP)
    return Reply(stage=stage, text=in_words(error))


def in_words(error: BaseException) -> str:
    if isinstance(error, ssl.SSLCertVerificationError):
        return error.verify_message
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    return str(error) or type(error).__name__
