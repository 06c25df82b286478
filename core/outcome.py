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


TOO_BIG = 552
OUT_OF_STEP = 503
NO_ANSWERS_TO_THE_DOT = (220, 221)  # a greeting and a farewell


@dataclass(frozen=True, kw_only=True)
class Reply:
    """A server's reply, or its absence: `code` is empty when the line broke or nothing came in time."""

    stage: Stage
    code: int | None = None
    text: str = ""
    said: Sentence | None = None  # the same, where the words are ours and not the server's

    @property
    def positive(self) -> bool:
        return self.code is not None and 200 <= self.code < 300

    @property
    def transient(self) -> bool:
        return self.code is not None and 400 <= self.code < 500

    @property
    def permanent(self) -> bool:
        return self.code is not None and 500 <= self.code < 600

    @property
    def too_big(self) -> bool:
        """552, or the enhanced code that other servers use for it (RFC 3463 X.3.4)."""
        return self.code == TOO_BIG or (self.permanent and "5.3.4" in self.text)

    @property
    def out_of_step(self) -> bool:
        """The server answers something else than what we said (503), or nothing that is a reply at all."""
        return self.code == OUT_OF_STEP or not (self.positive or self.transient or self.permanent)


class Effect(StrEnum):
    SENT = "sent"
    LATER = "later"  # this message again, after a while
    FAILED = "failed"
    UNCERTAIN = "uncertain"
    WAIT = "wait"  # the whole account, again after a while
    PAUSE = "pause"  # the whole account, until a person mends it


def judge(reply: Reply) -> Effect:
    """What follows from a reply. Without the final dot nothing can have left; after it, only a clear reply can say."""
    if reply.stage is Stage.TLS:
        return Effect.PAUSE
    if reply.stage in (Stage.CONNECT, Stage.LOGIN):
        return Effect.PAUSE if reply.stage is Stage.LOGIN and reply.permanent else Effect.WAIT
    if reply.stage is Stage.DOT:
        return _after_the_dot(reply)
    if reply.permanent and not reply.out_of_step:
        sender_refused = reply.stage is Stage.MAIL and not reply.too_big
        return Effect.PAUSE if sender_refused else Effect.FAILED
    return Effect.LATER


def _after_the_dot(reply: Reply) -> Effect:
    if reply.positive and reply.code not in NO_ANSWERS_TO_THE_DOT:
        return Effect.SENT
    if reply.transient:
        return Effect.LATER
    return Effect.FAILED if reply.permanent else Effect.UNCERTAIN


def breaks_the_line(reply: Reply) -> bool:
    """Whether the next mail would meet the same: no answer, or nonsense, is no property of one mail."""
    return reply.code is None or judge(reply) is Effect.UNCERTAIN


_BY_EFFECT = {
    Effect.SENT: N_("The server took the mail: {reply}"),
    Effect.LATER: N_("The server asks to come back later: {reply} Facturier tries again by itself."),
    Effect.UNCERTAIN: N_(
        "The line broke after the mail was handed over and before the server answered. Nobody can be sure whether it left. "
        "Ask the customer or look in the server's log, then settle it as sent or send it again."
    ),
    Effect.WAIT: N_("The mail server cannot be reached: {reply} Facturier tries again by itself."),
}
ADDRESS_REFUSED = N_("The server refuses the address {recipient}: {reply} Correct it on the customer card, then send again.")
_FAILED = {Stage.RCPT: ADDRESS_REFUSED}
_FAILED_OTHERWISE = N_("The server refuses this mail: {reply}")
_TOO_BIG = N_("The mail is too big for the server: {reply} Make the attachments smaller, then send again.")
_LINE_LOST = N_("The line to the mail server broke before the mail was complete, so nothing left. Facturier tries again by itself.")
_UNSTEADY = N_("The mail server does not answer as it should. Its account waits for a moment: {reply} Facturier tries again by itself.")
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
        return _TOO_BIG if reply.too_big else _FAILED.get(reply.stage, _FAILED_OTHERWISE)
    if effect is Effect.LATER and reply.code is None:
        return _LINE_LOST
    if effect is Effect.WAIT and reply.stage not in (Stage.CONNECT, Stage.LOGIN):
        return _UNSTEADY
    return _BY_EFFECT[effect]


def in_our_words(stage: Stage, template: str, *, code: int | None = None, **values: str) -> Reply:
    """What no server said: the absence of an answer, or what we know without asking."""
    said = Sentence(template, values)
    return Reply(stage=stage, code=code, text=str(said), said=said)


def spoken(reply: Reply) -> str | Sentence:
    """`550 no such user.`: the server's own words, on one line; or ours."""
    if reply.said is not None:
        return reply.said
    text = " ".join(reply.text.split())
    if text and text[-1] not in ".!?":
        text += "."
    return f"{reply.code} {text}".strip() if reply.code is not None else text
