"""What a mail server's answer means: one function from the reply to what happens next."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from core.errors import Sentence
from core.i18n import N_


class Stage(StrEnum):
    """The last thing we said before the answer (RFC 5321 3.3)."""

    CONNECT = "connect"
    TLS = "tls"
    LOGIN = "login"
    MAIL = "mail"
    RCPT = "rcpt"
    DATA = "data"
    BODY = "body"
    DOT = "dot"


@dataclass(frozen=True, kw_only=True)
class Reply:
    """A server's reply, or its absence: `code` is empty when the line broke or nothing came in time."""

    stage: Stage
    code: int | None = None
    text: str = ""

    @property
    def positive(self) -> bool:
        return self.code is not None and 200 <= self.code < 400

    @property
    def transient(self) -> bool:
        return self.code is not None and 400 <= self.code < 500

    @property
    def permanent(self) -> bool:
        return self.code is not None and self.code >= 500


class Effect(StrEnum):
    SENT = "sent"
    LATER = "later"  # this message again, after a while
    FAILED = "failed"
    UNCERTAIN = "uncertain"
    WAIT = "wait"  # the whole account, again after a while
    PAUSE = "pause"  # the whole account, until a person mends it


TOO_BIG = 552


def judge(reply: Reply) -> Effect:
    """What follows from a reply. Without the final dot nothing can have left; after it, only a reply can say."""
    if reply.stage is Stage.TLS:
        return Effect.PAUSE
    if reply.stage in (Stage.CONNECT, Stage.LOGIN):
        return Effect.PAUSE if reply.stage is Stage.LOGIN and reply.permanent else Effect.WAIT
    if reply.code is None:
        return Effect.UNCERTAIN if reply.stage is Stage.DOT else Effect.LATER
    if reply.transient:
        return Effect.LATER
    if reply.permanent:
        sender_refused = reply.stage is Stage.MAIL and reply.code != TOO_BIG
        return Effect.PAUSE if sender_refused else Effect.FAILED
    return Effect.SENT if reply.stage is Stage.DOT else Effect.LATER  # 2yz and 3yz where none was due: out of step


_BY_EFFECT = {
    Effect.SENT: N_("The server took the mail: {reply}"),
    Effect.LATER: N_("The server asks to come back later: {reply} Facturier tries again by itself."),
    Effect.UNCERTAIN: N_(
        "The line broke after the mail was handed over and before the server answered. Nobody can be sure whether it left. "
        "Ask the customer or look in the server's log, then settle it as sent or send it again."
    ),
    Effect.WAIT: N_("The mail server cannot be reached: {reply} Facturier tries again by itself."),
}
_FAILED = {
    Stage.RCPT: N_("The server refuses the address {recipient}: {reply} Correct it on the customer card, then send again."),
    Stage.MAIL: N_("The mail is too big for the server: {reply} Make the attachments smaller, then send again."),
}
_FAILED_OTHERWISE = N_("The server refuses this mail: {reply}")
_TOO_BIG = N_("The mail is too big for the server: {reply} Make the attachments smaller, then send again.")
_LINE_LOST = N_("The line to the mail server broke before the mail was complete, so nothing left. Facturier tries again by itself.")
_LOGIN = N_("The mail server refuses the login: {reply} Correct user and password of the company, then the queued mails leave.")
_TLS = N_("There is no safe connection to the mail server: {reply} Nothing is sent over an unsafe one.")
_SENDER = N_("The mail server refuses the sender: {reply} Correct the sender address of the company, then the queued mails leave.")
GAVE_UP = N_("The mail was tried again and again for {hours} hours; the last answer was: {reply}")


def explain(reply: Reply, effect: Effect, recipient: str = "") -> Sentence:
    """The same in plain words."""
    return Sentence(_template(reply, effect), {"reply": spoken(reply), "recipient": recipient})


def _template(reply: Reply, effect: Effect) -> str:
    if effect is Effect.PAUSE:
        return {Stage.LOGIN: _LOGIN, Stage.TLS: _TLS}.get(reply.stage, _SENDER)
    if effect is Effect.FAILED:
        return _TOO_BIG if reply.code == TOO_BIG else _FAILED.get(reply.stage, _FAILED_OTHERWISE)
    if effect is Effect.LATER and reply.code is None:
        return _LINE_LOST
    return _BY_EFFECT[effect]


def spoken(reply: Reply) -> str:
    """`550 no such user.`: the server's own words, on one line."""
    text = " ".join(reply.text.split())
    if text and text[-1] not in ".!?":
        text += "."
    return f"{reply.code} {text}".strip() if reply.code is not None else text
