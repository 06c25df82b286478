"""What a mail server's answer means: one function from the reply to what happens next."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum

from core.errors import Sentence, SignedOut
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
# RFC 3463 codes that speak of the sender's account, whatever they answer to. Gmail: 5.4.5; Microsoft 365: 5.1.90, 5.7.7xx, 5.1.8.
_QUOTA_CODES = ("5.4.5", "5.1.90", "5.7.705", "5.7.233", "4.7.28")
_QUOTA_WORDS = (
    "sending limit",
    "sending quota",
    "daily limit",
    "submissionquotaexceeded",
    "hourly limit",
    "message limit",
    "sender thread limit",
    "concurrent connections limit",
)
_BARRED_CODES = ("5.1.8", "5.7.708", "5.7.750", "5.7.60")
OUT_OF_STEP = 503
NO_ANSWERS_TO_THE_DOT = (220, 221)  # a greeting and a farewell


_ENHANCED = re.compile(r"(?<![\d.])[245]\.\d{1,3}\.\d{1,3}(?![\d.])")
_POLICY = re.compile(r"(?<![\d.])5\.7\.\d{1,3}(?![\d.])")


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
    def over_quota(self) -> bool:
        """The provider's limit for this account is reached: no property of the mail, nor of its recipient."""
        return (self.transient or self.permanent) and (self._has(_QUOTA_CODES) or any(words in self.text.lower() for words in _QUOTA_WORDS))

    @property
    def bars_the_account(self) -> bool:
        """The provider lets this account send nothing more until somebody has spoken with it."""
        return self.permanent and self._has(_BARRED_CODES)

    @property
    def by_policy(self) -> bool:
        """RFC 3463 X.7.Z: security or policy."""
        return self.permanent and bool(_POLICY.search(self.text))

    def _has(self, codes: tuple[str, ...]) -> bool:
        return any(found in codes for found in _ENHANCED.findall(self.text))

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
    if reply.stage is Stage.TLS or reply.bars_the_account:
        return Effect.PAUSE
    if reply.over_quota:
        return Effect.WAIT
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
    """Whether the next mail would meet the same: no answer, nonsense, or a limit of the account is no property of one mail."""
    return reply.code is None or judge(reply) in (Effect.UNCERTAIN, Effect.WAIT, Effect.PAUSE)


_BY_EFFECT = {
    Effect.SENT: N_("The server took the mail: {reply}"),
    Effect.LATER: N_("The server asks to come back later: {reply} Facturier tries again by itself."),
    Effect.UNCERTAIN: N_(
        "The line broke after the mail was handed over and before the server answered. Nobody can be sure whether it left. "
        "Ask the customer or look in the server's log, then choose in the outbox: “It was sent”, “It did not arrive” or “Send it again”. "
        "Until then nothing leaves again."
    ),
    Effect.WAIT: N_("The mail server cannot be reached: {reply} Facturier tries again by itself."),
}
FORMERLY = (  # kept with mails of before
    N_(
        "The line broke after the mail was handed over and before the server answered. Nobody can be sure whether it left. "
        "Ask the customer or look in the server's log, then settle it as sent or send it again."
    ),
    N_(
        "The program stopped after the mail was handed over and before the server answered. Nobody can be sure whether it left. "
        "Ask the customer or look in the server's log, then settle it as sent or send it again."
    ),
)
ADDRESS_REFUSED = N_("The server refuses the address {recipient}: {reply} Correct it on the customer card, then send again.")
_FAILED = {Stage.RCPT: ADDRESS_REFUSED}
_FAILED_OTHERWISE = N_("The server refuses this mail: {reply}")
_TOO_BIG = N_("The mail is too big for the server: {reply} Make the attachments smaller, then send again.")
_LINE_LOST = N_("The line to the mail server broke before the mail was complete, so nothing left. Facturier tries again by itself.")
_UNSTEADY = N_("The mail server does not answer as it should. Its account waits for a moment: {reply} Facturier tries again by itself.")
_LOGIN = N_("The mail server refuses the login: {reply} Correct user and password of the company, then the queued mails leave.")
_TLS = N_("There is no safe connection to the mail server: {reply} Nothing is sent over an unsafe one.")
_SENDER = N_("The mail server refuses the sender: {reply} Correct the sender address of the company, then the queued mails leave.")
_QUOTA = N_("The provider lets this account send no more for now: {reply} What is queued stays queued and leaves by itself later.")
_BARRED = N_("The provider has stopped this account: {reply} Ask the provider, then resume the account; the queued mails leave.")
_POLICY_SAYS = N_("The server does not let this mail through, by its rules: {reply} Ask whoever runs the recipient's mail, or send another way.")
SIGN_IN_AGAIN = N_(
    "{host} does not accept the sign-in of {user} any more: “{reply}” Sign in again at the company's mail account; then the queued mails leave."
)
GAVE_UP = N_("The mail was tried again and again for {hours} hours; the last answer was: {reply}")


def explain(reply: Reply, effect: Effect, recipient: str = "") -> Sentence:
    """The same in plain words; a sign-in says itself what to do."""
    if effect is Effect.PAUSE and reply.said is not None and reply.said.template in (SIGN_IN_AGAIN, SignedOut.template):
        return reply.said
    return Sentence(_template(reply, effect), {"reply": spoken(reply), "recipient": recipient})


def _template(reply: Reply, effect: Effect) -> str:
    if effect is Effect.PAUSE and reply.bars_the_account:
        return _BARRED
    if reply.over_quota:
        return _QUOTA
    if effect is Effect.PAUSE:
        return {Stage.LOGIN: _LOGIN, Stage.TLS: _TLS}.get(reply.stage, _SENDER)
    if effect is Effect.FAILED:
        return _TOO_BIG if reply.too_big else _FAILED.get(reply.stage, _POLICY_SAYS if reply.by_policy else _FAILED_OTHERWISE)
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
