"""What DNS says of a domain: whether anybody takes mail for it, and whether ours may send in its name.

Where DNS does not answer (no server, SERVFAIL, a time-out) nothing is said: silence is no finding.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

import dns.exception
import dns.name
import dns.rdata
import dns.rdatatype
import dns.resolver

from core.errors import Sentence
from core.i18n import N_

SPECIAL: Final = frozenset({"example", "test", "invalid", "localhost", "local", "onion", "alt", "internal"})  # RFC 2606, RFC 6761
SPECIAL_SECOND: Final = frozenset({"example.com", "example.net", "example.org"})
LOOK_UPS: Final = 10  # RFC 7208 4.6.4
TTL_TRIES: Final = 2

SPF_MISSING = N_("{domain} does not say which servers send its mail (SPF), so mails may land among the unwanted ones. Publish this line in DNS:")
SPF_MISSING_ASK = N_(
    "{domain} does not say which servers send its mail (SPF), so mails may land among the unwanted ones. "
    "Ask whoever runs {host} which line to publish."
)
SPF_SEVERAL = N_("{domain} has {count} SPF lines; with more than one, none counts (RFC 7208). Make one of them.")
SPF_WITHOUT = N_("The SPF line of {domain} does not name the servers of {provider}. Publish this line instead:")
DKIM_MISSING = N_(
    "Mails of {domain} carry no signature that can be checked (DKIM). Switch it on at {provider}, which shows the lines to publish for: {selectors}"
)
DMARC_MISSING = N_("{domain} does not say what to do with mails that only pretend to be its own (DMARC). Publish this line in DNS:")
MX_MISSING = N_("Nobody takes mail for {domain}: answers and notices about your mails are lost. Look at the sender address, or publish an MX line.")


class Answer(StrEnum):
    YES = "yes"
    NO = "no"
    SILENT = "silent"


@dataclass(frozen=True)
class Found:
    """Records of one name and type: some, certainly none, or nobody knows."""

    answer: Answer
    records: tuple[dns.rdata.Rdata, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Sender:
    """Whose name mails carry, and through which provider they leave; `spf` and `dkim` are empty for a provider that we do not know."""

    domain: str
    host: str
    provider: str = ""
    spf: str = ""
    dkim: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Finding:
    """What is not as it should be, and the line of DNS that mends it, if it can be told."""

    sentence: Sentence
    line: str = ""


class Resolver:
    """Asks one server, or those that this machine is set to."""

    def __init__(self, server: str = "", *, timeout_s: float) -> None:
        self._timeout_s = timeout_s
        try:
            self._resolver: dns.resolver.Resolver | None = dns.resolver.Resolver(configure=not server)
        except dns.exception.DNSException:  # the machine knows no server
            self._resolver = None
            return
        if server:
            host, _, port = server.rpartition(":") if server.count(":") == 1 or "]" in server else (server, "", "53")
            self._resolver.nameservers = [host.strip("[]")]
            self._resolver.port = int(port)
        self._resolver.timeout = timeout_s / TTL_TRIES
        self._resolver.lifetime = timeout_s

    def ask(self, name: str, kind: str) -> Found:
        if self._resolver is None:
            return Found(Answer.SILENT)
        try:
            answer = self._resolver.resolve(dns.name.from_text(name.rstrip(".") + "."), kind, search=False)
        except (dns.resolver.NXDOMAIN, dns.resolver.NoAnswer):
            return Found(Answer.NO)
        except (dns.exception.DNSException, OSError, UnicodeError, ValueError):
            return Found(Answer.SILENT)
        return Found(Answer.YES, tuple(answer))

    def texts(self, name: str, begins: str) -> Found | tuple[str, ...]:
        """The TXT records that begin like that; a Found where there are none, or nobody knows."""
        found = self.ask(name, "TXT")
        if found.answer is not Answer.YES:
            return found
        texts = (b"".join(getattr(record, "strings", ())).decode("utf-8", "replace") for record in found.records)
        return tuple(text for text in texts if text.lower().split(" ")[0].split(";")[0].strip() == begins) or Found(Answer.NO)


def is_askable(domain: str) -> bool:
    """Names that belong to nobody are not asked for."""
    labels = domain.lower().rstrip(".").split(".")
    return len(labels) > 1 and labels[-1] not in SPECIAL and ".".join(labels[-2:]) not in SPECIAL_SECOND


def takes_mail(resolver: Resolver, domain: str) -> Answer:
    """An MX that is not the null one (RFC 7505), else an address of the domain itself (RFC 5321 5.1)."""
    mx = resolver.ask(domain, "MX")
    if mx.answer is Answer.YES:
        is_null = len(mx.records) == 1 and getattr(mx.records[0], "exchange", None) == dns.name.root
        return Answer.NO if is_null else Answer.YES
    if mx.answer is Answer.SILENT:
        return Answer.SILENT
    own = [resolver.ask(domain, kind).answer for kind in ("A", "AAAA")]
    return next((answer for answer in (Answer.YES, Answer.SILENT) if answer in own), Answer.NO)


def about_sender(resolver: Resolver, sender: Sender) -> list[Finding]:
    """What makes mails in this name doubtful to others; what DNS does not answer is left out."""
    checks: tuple[Callable[[Resolver, Sender], Finding | None], ...] = (_mx, _spf, _dkim, _dmarc)
    return [finding for check in checks if (finding := check(resolver, sender)) is not None]


def _mx(resolver: Resolver, sender: Sender) -> Finding | None:
    if takes_mail(resolver, sender.domain) is not Answer.NO:
        return None
    return Finding(sentence=Sentence(MX_MISSING, {"domain": sender.domain}))


# SPF -------------------------------------------------------------------------------------------------------------


def _spf(resolver: Resolver, sender: Sender) -> Finding | None:
    lines = resolver.texts(sender.domain, "v=spf1")
    values = {"domain": sender.domain, "host": sender.host, "provider": sender.provider}
    if isinstance(lines, Found):
        if lines.answer is Answer.SILENT:
            return None
        if not sender.spf:
            return Finding(sentence=Sentence(SPF_MISSING_ASK, values))
        return Finding(sentence=Sentence(SPF_MISSING, values), line=f'{sender.domain}. TXT "v=spf1 include:{sender.spf} ~all"')
    if len(lines) > 1:
        return Finding(sentence=Sentence(SPF_SEVERAL, values | {"count": str(len(lines))}))
    if sender.spf and _includes(resolver, lines[0], sender.spf, [LOOK_UPS]) is Answer.NO:
        return Finding(sentence=Sentence(SPF_WITHOUT, values), line=f'{sender.domain}. TXT "{_with(lines[0], sender.spf)}"')
    return None


def _includes(resolver: Resolver, line: str, wanted: str, left: list[int]) -> Answer:
    """Whether the line names it, itself or through another one."""
    names = [term.lstrip("+").partition(":")[2] for term in line.lower().split() if term.lstrip("+").startswith("include:")]
    names += [term.partition("=")[2] for term in line.lower().split() if term.startswith("redirect=")]
    if wanted in (name.rstrip(".") for name in names):
        return Answer.YES
    worst: Answer = Answer.NO
    for name in names:
        left[0] -= 1
        lines = resolver.texts(name, "v=spf1") if left[0] >= 0 and "%" not in name else Found(Answer.SILENT)
        answer = lines.answer if isinstance(lines, Found) else _includes(resolver, lines[0], wanted, left)
        if answer is Answer.YES:
            return answer
        worst = Answer.SILENT if answer is Answer.SILENT else worst
    return worst


def _with(line: str, include: str) -> str:
    """The same line, with this include before what ends it."""
    terms = line.split()
    ends = (place for place, term in enumerate(terms) if term.lower().lstrip("+-~?") == "all" or term.lower().startswith("redirect="))
    place = next(ends, len(terms))
    return " ".join([*terms[:place], f"include:{include}", *terms[place:]])


# DKIM and DMARC --------------------------------------------------------------------------------------------------


def _dkim(resolver: Resolver, sender: Sender) -> Finding | None:
    """Selectors cannot be listed: only those of providers that we know are asked for, and one of them is enough."""
    names = [f"{selector}._domainkey.{sender.domain}" for selector in sender.dkim]
    answers = [resolver.ask(name, "TXT").answer for name in names]
    if not names or any(answer is not Answer.NO for answer in answers):
        return None
    return Finding(sentence=Sentence(DKIM_MISSING, {"domain": sender.domain, "provider": sender.provider, "selectors": ", ".join(names)}))


def _dmarc(resolver: Resolver, sender: Sender) -> Finding | None:
    """Of the domain itself, or of one above it."""
    labels = sender.domain.split(".")
    for place in range(len(labels) - 1):
        lines = resolver.texts("_dmarc." + ".".join(labels[place:]), "v=dmarc1")
        if not isinstance(lines, Found) or lines.answer is Answer.SILENT:
            return None
    return Finding(sentence=Sentence(DMARC_MISSING, {"domain": sender.domain}), line=f'_dmarc.{sender.domain}. TXT "v=DMARC1; p=none"')
