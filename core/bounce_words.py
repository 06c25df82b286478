"""Why a mail came back, in plain words: the codes of RFC 3463 as a bookkeeper would say them, and what to do about it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from core.bounces import Failure
from core.errors import Sentence
from core.i18n import N_

CAME_BACK = N_("It came back: {why}. {remedy} Their server says: “{reply}”")
CAME_BACK_SILENTLY = N_("It came back: {why}. {remedy}")
CORRECT = N_("Ask the customer for the right address, correct it on the card, then send again.")
LATER = N_("Send it again in some days, or ask the customer for another address.")
ASK = N_("Ask the customer, then send again.")
SMALLER = N_("Make the attachments smaller, or ask the customer for another address, then send again.")
NO_REASON = N_("the notice names no reason")
THEY_SAY = N_("their server does not take it")


@dataclass(frozen=True)
class _Cause:
    why: str
    remedy: str


_NO_MAILBOX = _Cause(N_("there is no such mailbox"), CORRECT)
_NO_DOMAIN = _Cause(N_("there is no such domain, or it takes no mail"), CORRECT)
_NO_ADDRESS = _Cause(N_("their server does not understand the address"), CORRECT)
_MOVED = _Cause(N_("the mailbox has moved to another address"), CORRECT)
_OFF = _Cause(N_("the mailbox is switched off"), CORRECT)
_FULL = _Cause(N_("the mailbox is full"), LATER)
_TOO_BIG = _Cause(N_("the mail is too big for them"), SMALLER)
_NOT_WANTED = _Cause(N_("their server refuses it by its rules, perhaps as unwanted mail"), ASK)
_NOT_REACHED = _Cause(N_("their server could not be reached"), LATER)
_OTHER = _Cause(THEY_SAY, ASK)
_BY_DETAIL: Mapping[str, _Cause] = {
    "1.1": _NO_MAILBOX,
    "1.10": _NO_MAILBOX,
    "1.2": _NO_DOMAIN,
    "4.4": _NO_DOMAIN,
    "1.3": _NO_ADDRESS,
    "1.6": _MOVED,
    "2.1": _OFF,
    "2.2": _FULL,
    "2.3": _TOO_BIG,
    "3.4": _TOO_BIG,
}
_BY_SUBJECT: Mapping[str, _Cause] = {"7": _NOT_WANTED, "4": _NOT_REACHED}


def why(failure: Failure) -> Sentence:
    """A few words without a full stop, for the warning before the next sending."""
    cause = _cause(failure)
    return Sentence(NO_REASON if cause is _OTHER and not (failure.diagnostic or failure.status_code) else cause.why)


def came_back(failure: Failure) -> Sentence:
    """The whole of it, with the server's own words where it said any."""
    values: dict[str, str | Sentence] = {"why": why(failure), "remedy": Sentence(_cause(failure).remedy)}
    reply = failure.diagnostic or failure.status_code
    return Sentence(CAME_BACK, values | {"reply": reply}) if reply else Sentence(CAME_BACK_SILENTLY, values)


def _cause(failure: Failure) -> _Cause:
    subject_and_detail = failure.status_code.partition(".")[2]
    subject = subject_and_detail.partition(".")[0]
    return _BY_DETAIL.get(subject_and_detail) or _BY_SUBJECT.get(subject) or _OTHER
