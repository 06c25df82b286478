"""Ask DNS about the domains of senders and recipients, now and then, and remember the answers: a check before sending never waits for DNS."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Final

import structlog
from sqlalchemy import Connection, Row

from core.database import domain_rows, parties
from core.database.types import gathered, spread
from core.dispatch.desk import Desk
from core.dispatch.providers import PROVIDERS, provider_of
from core.domains import Answer, Finding, Resolver, Sender, about_sender, is_askable, takes_mail
from core.errors import AddressInvalid, Sentence
from core.i18n import N_
from core.mailbox import parse
from core.records import Company, Customer, MailAccount

log = structlog.get_logger()

AT_ONCE: Final = 300  # domains of one round
PORTION: Final = 32  # asked side by side; where none of them is answered, DNS is away
TIMEOUT_S: Final = 3.0
KEPT: Final = timedelta(days=7)
AGAIN: Final = timedelta(days=1)  # where DNS did not answer
NOBODY = N_("Nobody takes mail for {domain}, so {address} gets none. Look at the address before sending.")


@dataclass(frozen=True, kw_only=True)
class Known:
    """What is remembered of one domain; `senders` by provider."""

    takes_mail: Answer = Answer.SILENT
    senders: Mapping[str, tuple[Finding, ...]] = field(default_factory=dict)


# Asking ----------------------------------------------------------------------------------------------------------


def check_all(desk: Desk) -> int:
    """What was never asked, or too long ago. Returns how many domains were answered for."""
    senders = _senders(desk)
    with desk.database.read() as connection:
        wanted = {_domain(text) for text in domain_rows.wanted_mailboxes(connection)} | {each.domain for each in senders}
        askable = sorted(domain for domain in wanted if is_askable(domain))
        rows = domain_rows.load(connection, askable)
    due = [domain for domain in askable if domain not in rows] + [domain for domain in askable if _is_old(desk, rows.get(domain), senders)]
    answered = 0
    for start in range(0, min(len(due), AT_ONCE), PORTION):
        portion = due[start : start + PORTION]
        known = _asked(desk, portion, senders)
        if all(each.takes_mail is Answer.SILENT for each in known.values()) and len(known) > 1:
            log.info("DNS does not answer", domains=len(due))
            break
        with desk.database.write() as connection:
            for domain, each in known.items():
                domain_rows.keep(connection, domain, _packed(each), now=desk.now())
        answered += len(known)
    return answered


def check_sender(desk: Desk, company: Company) -> tuple[Finding, ...] | None:
    """Now, for a person who waits. Nothing where DNS does not answer, or the domain belongs to nobody."""
    sender = sender_of(desk.account(company.id))
    if sender is None or not is_askable(sender.domain):
        return None
    known = _asked(desk, [sender.domain], [sender])[sender.domain]
    if known.takes_mail is Answer.SILENT:
        return None
    with desk.database.write() as connection:
        former = _known(domain_rows.load(connection, [sender.domain]).get(sender.domain))
        both = Known(takes_mail=known.takes_mail, senders={**former.senders, **known.senders})
        domain_rows.keep(connection, sender.domain, _packed(both), now=desk.now())
    return known.senders[_key(sender)]


def _asked(desk: Desk, domains: Collection[str], senders: Iterable[Sender]) -> dict[str, Known]:
    resolver = Resolver(desk.settings.dns_server, timeout_s=TIMEOUT_S)
    own = {domain: [sender for sender in senders if sender.domain == domain] for domain in domains}

    def ask(domain: str) -> Known:
        takes = takes_mail(resolver, domain)
        found = {} if takes is Answer.SILENT else {_key(sender): tuple(about_sender(resolver, sender)) for sender in own[domain]}
        return Known(takes_mail=takes, senders=found)

    with ThreadPoolExecutor(max_workers=PORTION, thread_name_prefix="dns") as pool:
        return dict(zip(domains, pool.map(ask, domains), strict=True))


def _is_old(desk: Desk, row: Row[Any] | None, senders: Iterable[Sender]) -> bool:
    if row is None:
        return False
    known = _known(row)
    age: timedelta = abs(desk.now() - row.checked_at)
    if known.takes_mail is Answer.SILENT:
        return age > AGAIN
    return age > KEPT or any(sender.domain == row.domain and _key(sender) not in known.senders for sender in senders)


def _senders(desk: Desk) -> list[Sender]:
    with desk.database.read() as connection:
        accounts = [parties.to_account(parties.load_account_row(connection, identity), "") for identity in parties.load_companies(connection)]
    return [sender for account in accounts if (sender := sender_of(account)) is not None]


def sender_of(account: MailAccount) -> Sender | None:
    """In whose name the mails of an account leave: what the receiving side looks at is the domain that people see."""
    if not account.is_set or account.from_mailbox is None:
        return None
    provider = PROVIDERS[provider_of(account.host, account.user)]
    return Sender(
        domain=_domain(account.from_mailbox.addr_spec), host=account.host.lower(), provider=provider.name, spf=provider.spf, dkim=provider.dkim
    )


# Reading ---------------------------------------------------------------------------------------------------------


def about(desk: Desk, company: Company) -> tuple[Finding, ...] | None:
    """What was found of the sender's domain; nothing as long as nobody has asked, or was answered."""
    with desk.database.read() as connection:
        account = parties.to_account(parties.load_account_row(connection, company.id), "")
        sender = sender_of(account)
        row = domain_rows.load(connection, [sender.domain]).get(sender.domain) if sender else None
    return _known(row).senders.get(_key(sender)) if sender and row is not None else None


def notes(desk: Desk, companies: Iterable[Company]) -> list[Sentence]:
    """The same for the check before sending: once per company, whatever the number of its invoices."""
    return [finding.sentence for company in companies for finding in about(desk, company) or ()]


def nobody_there(connection: Connection, customers: Mapping[int, Customer]) -> dict[int, dict[str, Sentence]]:
    """What to say of addresses whose domain takes no mail, by customer; read from the table alone."""
    domains = {_domain(mailbox.addr_spec) for customer in customers.values() for _, mailbox in customer.recipients}
    nobody = {domain for domain, row in domain_rows.load(connection, domains).items() if _known(row).takes_mail is Answer.NO}
    found: dict[int, dict[str, Sentence]] = {}
    for identity, customer in customers.items() if nobody else ():
        for _, mailbox in customer.recipients:
            domain = _domain(mailbox.addr_spec)
            if domain in nobody:
                said = Sentence(NOBODY, {"domain": domain, "address": mailbox.addr_spec})
                found.setdefault(identity, {})[mailbox.addr_spec.lower()] = said
    return found


def _domain(mailbox: str) -> str:
    try:
        return parse(mailbox).addr_spec.rpartition("@")[2].lower()
    except AddressInvalid:
        return ""


def _key(sender: Sender) -> str:
    return sender.spf or sender.host


# The table -------------------------------------------------------------------------------------------------------


def _packed(known: Known) -> str:
    senders = {key: [[spread(finding.sentence), finding.line] for finding in findings] for key, findings in known.senders.items()}
    return json.dumps({"takes_mail": known.takes_mail.value, "senders": senders}, ensure_ascii=False)


def _known(row: Row[Any] | None) -> Known:
    if row is None:
        return Known()
    values = json.loads(row.findings)
    senders = {
        key: tuple(Finding(sentence=gathered(said), line=line) for said, line in findings) for key, findings in values.get("senders", {}).items()
    }
    return Known(takes_mail=Answer(values["takes_mail"]), senders=senders)
