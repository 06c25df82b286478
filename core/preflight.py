"""The check before sending: ready, warning or blocked, each reason a plain sentence."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property

from core.errors import Sentence
from core.i18n import N_
from core.mailbox import is_valid
from core.model import SENDABLE, DispatchStatus, DocumentType, Language, RecipientRole
from core.reasons import said
from core.records import IMPOSSIBLE, IT_IS_HELD, NOT_GONE_THROUGH, SCHEMA, SUPPLIED, Company, Customer, InvoiceRow, MailAccount, Violation

OURS = frozenset({SCHEMA, IMPOSSIBLE})
PLAIN = frozenset({SUPPLIED, NOT_GONE_THROUGH})
_NAMED = 5


class Level(StrEnum):
    READY = "ready"
    WARNING = "warning"
    BLOCKED = "blocked"


class Remedy(StrEnum):
    """Where the reason is mended; pages turn it into a link."""

    NONE = "none"
    CUSTOMER = "customer"
    COMPANY = "company"
    OUTBOX = "outbox"
    RELEASE = "release"


@dataclass(frozen=True, kw_only=True)
class Reason:
    level: Level
    sentence: Sentence
    remedy: Remedy = Remedy.NONE


@dataclass(frozen=True, kw_only=True)
class Verdict:
    invoice_id: int
    number: str
    reasons: tuple[Reason, ...]

    @cached_property
    def level(self) -> Level:
        levels = {reason.level for reason in self.reasons}
        return next((level for level in (Level.BLOCKED, Level.WARNING) if level in levels), Level.READY)

    @property
    def blocked_by(self) -> tuple[Reason, ...]:
        return tuple(reason for reason in self.reasons if reason.level is Level.BLOCKED)


ADDRESS_MISSING = N_("Address missing: {customer} wants invoices by e-mail, but the card has no address.")
ADDRESS_INVALID = N_("The address “{address}” on the card of {customer} is not an e-mail address.")
WANTS_PAPER = N_("{customer} does not want invoices by e-mail; this one is in the paper ledger.")
ACCOUNT_MISSING = N_("{company} has no mail account yet (server, port and sender).")
ACCOUNT_PAUSED = N_("The mail account of {company} is paused. {because}")
TEXT_MISSING = N_("{company} has no accompanying text for this document in {language}.")
TEXT_WRONG = N_("The accompanying text of {company} in {language}: {why}")
TERMS_MISSING = N_("The terms of sale of {company} in {language} cannot be read any more. Please choose the file again.")
TERMS_TOO_BIG = N_("The terms of sale of {company} in {language} are {size} MB; at most {limit} MB can be attached.")
RULE_BROKEN = N_("As the billing program made it, the invoice breaks rule {rule}: {what}")
PDF_SHARED = N_("The same PDF hangs on another invoice, too: {numbers}.")
PDF_SHARED_BY_MANY = N_("The same PDF hangs on {count} other invoices, too: {numbers}.")
STANDING = {
    DispatchStatus.QUEUED: N_("It is already in the queue."),
    DispatchStatus.SENDING: N_("It is being sent right now."),
    DispatchStatus.SENT: N_("It was already sent{former}."),
    DispatchStatus.UNCERTAIN: N_("Its last sending is uncertain{former}; settle that first."),
    DispatchStatus.ELSEWHERE: N_("It is marked as sent elsewhere."),
    DispatchStatus.TO_PRINT: WANTS_PAPER,
    DispatchStatus.PRINTED: N_("It was already printed."),
    DispatchStatus.POSTED: N_("It was already posted."),
}


@dataclass(frozen=True, kw_only=True)
class CompanyState:
    """What is true for every invoice of a company, looked at once: `texts` and `terms` hold the problems, by language."""

    company: Company
    account: MailAccount
    texts: Mapping[tuple[Language, DocumentType], Sentence]
    terms: Mapping[Language, Sentence]


def look(
    invoice: InvoiceRow,
    customer: Customer,
    state: CompanyState,
    *,
    former: str | Sentence = "",
    source_warnings: tuple[Sentence, ...] = (),
    violations: tuple[Violation, ...] = (),
    same_pdf: tuple[str, ...] = (),
    doubtful: Mapping[str, Sentence] | None = None,
    again: bool = False,
) -> Verdict:
    """All reasons for one invoice. What is wrong in the source warns, what is wrong in ours blocks (DESIGN §5).

    `violations`: what the rules said of its documents. `same_pdf`: numbers of other invoices that carry its PDF.
    `doubtful`: what to say of the customer's addresses, in small letters, whose mails came back or whose domain takes none.
    `again`: it was sent, and shall go once more.
    """
    reasons: list[Reason] = []
    if invoice.status not in SENDABLE and not (again and invoice.status is DispatchStatus.SENT):
        values: dict[str, str | Sentence] = {"former": former, "customer": customer.name}
        reasons.append(Reason(level=Level.BLOCKED, sentence=Sentence(STANDING[invoice.status], values), remedy=_where(invoice.status)))
    elif invoice.held_because is not None:
        reasons.append(Reason(level=Level.BLOCKED, sentence=Sentence(IT_IS_HELD, {"reason": said(invoice.held_because)}), remedy=Remedy.RELEASE))
    else:
        reasons += _about_customer(customer) + _about_company(invoice, customer, state) + _doubts(customer, doubtful or {})
    reasons += [Reason(level=Level.WARNING, sentence=warning) for warning in source_warnings]
    reasons += [about_rule(violation) for violation in violations]
    if same_pdf:
        reasons.append(Reason(level=Level.WARNING, sentence=_shared(same_pdf)))
    return Verdict(invoice_id=invoice.id, number=invoice.number, reasons=tuple(reasons))


def _shared(numbers: tuple[str, ...]) -> Sentence:
    template = PDF_SHARED if len(numbers) == 1 else PDF_SHARED_BY_MANY  # the count tells when not all are named
    return Sentence(template, {"numbers": ", ".join(numbers[:_NAMED]), "count": str(len(numbers))})


def about_rule(violation: Violation) -> Reason:
    """A broken schema or a document that cannot be made is ours and stops; any other rule was broken by the source."""
    if violation.rule in OURS:
        return Reason(level=Level.BLOCKED, sentence=violation.sentence)
    if violation.rule in PLAIN:
        return Reason(level=Level.WARNING, sentence=violation.sentence)
    return Reason(level=Level.WARNING, sentence=Sentence(RULE_BROKEN, {"rule": violation.rule, "what": violation.sentence}))


def _where(status: DispatchStatus) -> Remedy:
    if status is DispatchStatus.TO_PRINT:
        return Remedy.CUSTOMER
    return Remedy.OUTBOX if status is DispatchStatus.UNCERTAIN else Remedy.NONE


def _about_customer(customer: Customer) -> list[Reason]:
    def blocked(template: str, **values: str) -> Reason:
        return Reason(level=Level.BLOCKED, sentence=Sentence(template, {"customer": customer.name} | values), remedy=Remedy.CUSTOMER)

    reasons = []
    if not customer.wants_email:
        reasons.append(blocked(WANTS_PAPER))
    if not customer.mailboxes(RecipientRole.TO):
        reasons.append(blocked(ADDRESS_MISSING))
    for _, mailbox in customer.recipients:
        if not is_valid(mailbox.addr_spec):
            reasons.append(blocked(ADDRESS_INVALID, address=mailbox.addr_spec))
    return reasons


def _doubts(customer: Customer, doubtful: Mapping[str, Sentence]) -> list[Reason]:
    addresses = dict.fromkeys(mailbox.addr_spec.lower() for _, mailbox in customer.recipients)
    sentences = (doubtful[address] for address in addresses if address in doubtful)
    return [Reason(level=Level.WARNING, sentence=sentence, remedy=Remedy.CUSTOMER) for sentence in sentences]


def _about_company(invoice: InvoiceRow, customer: Customer, state: CompanyState) -> list[Reason]:
    def blocked(sentence: Sentence) -> Reason:
        return Reason(level=Level.BLOCKED, sentence=sentence, remedy=Remedy.COMPANY)

    reasons = []
    name = {"company": state.company.name}
    if not state.account.is_set:
        reasons.append(blocked(Sentence(ACCOUNT_MISSING, name)))
    elif state.account.paused_because is not None and state.account.paused_until is None:
        reasons.append(blocked(Sentence(ACCOUNT_PAUSED, {**name, "because": state.account.paused_because})))
    text = state.texts.get((customer.language, invoice.type_code))
    reasons += [blocked(problem) for problem in (text, state.terms.get(customer.language)) if problem]
    return reasons
