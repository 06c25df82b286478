"""Check before sending: gather what the pre-flight looks at, once per company, not once per invoice."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from sqlalchemy import Connection

from core.database import bounce_rows, checks, outbox_views, parties
from core.database import invoices as invoice_rows
from core.database.ledger_rows import Blocks
from core.dispatch import domain_checks
from core.dispatch.desk import Desk
from core.errors import FacturierError, Sentence
from core.i18n import N_, NAMES, on
from core.model import DeliveryStatus, DispatchStatus, DocumentType, Language
from core.preflight import TERMS_MISSING, TERMS_TOO_BIG, TEXT_MISSING, TEXT_WRONG, CompanyState, Verdict, look
from core.records import Company, Customer, InvoiceRow, Violation
from core.rendering import mail_text

CAME_BACK_ON = N_("{address} came back on {day}: {why}. Look at it before sending again.")
FORMER = N_(" ({day}: {recipients})")  # of the former sending


@dataclass(frozen=True, kw_only=True)
class Checked:
    """The verdicts, in the order asked for, and the very records they were passed on."""

    verdicts: Sequence[Verdict]
    rows: Mapping[int, InvoiceRow]
    customers: Mapping[int, Customer]
    states: Mapping[int, CompanyState]


def preflight(desk: Desk, invoice_ids: Sequence[int], *, again: bool = False) -> Sequence[Verdict]:
    """One verdict per invoice, in the order given; `again`: what was sent shall go once more. Reads only."""
    return checked(desk, invoice_ids, again=again).verdicts


def checked(desk: Desk, invoice_ids: Sequence[int], *, again: bool = False) -> Checked:
    """The pre-flight with what it looked at, for whoever queues exactly that."""
    with desk.database.read() as connection:
        rows = invoice_rows.rows(connection, invoice_ids)
        customers = parties.load_customers(connection, {row.customer_id for row in rows.values()})
        companies = parties.load_companies(connection, {row.company_id for row in rows.values()})
        warnings = invoice_rows.warnings(connection, invoice_ids)
        violations = checks.found(connection, invoice_ids)
        same_pdf = checks.others_with_pdf(connection, invoice_ids)
        zone = ZoneInfo(desk.settings.time_zone)
        came_back, nobody = _came_back(connection, customers, zone), domain_checks.nobody_there(connection, customers)
        former = {row.id: _former(connection, row, zone) for row in rows.values() if row.status in (DispatchStatus.SENT, DispatchStatus.UNCERTAIN)}
    states = {company.id: company_state(desk, company) for company in companies.values()}
    verdicts = [
        look(
            rows[invoice_id],
            customers[rows[invoice_id].customer_id],
            states[rows[invoice_id].company_id],
            former=former.get(invoice_id, ""),
            source_warnings=warnings.get(invoice_id, ()),
            violations=_concerning(violations.get(invoice_id, {}), customers[rows[invoice_id].customer_id], companies[rows[invoice_id].company_id]),
            same_pdf=same_pdf.get(invoice_id, ()) if not companies[rows[invoice_id].company_id].renders_pdf else (),
            doubtful=nobody.get(rows[invoice_id].customer_id, {}) | came_back.get(rows[invoice_id].customer_id, {}),
            again=again,
        )
        for invoice_id in invoice_ids
    ]
    return Checked(verdicts=verdicts, rows=rows, customers=customers, states=states)


def _came_back(connection: Connection, customer_ids: Iterable[int], zone: ZoneInfo) -> dict[int, dict[str, Sentence]]:
    """What to say of addresses whose mails came back, by customer."""
    return {
        customer_id: {
            address: Sentence(CAME_BACK_ON, {"address": address, "day": on(at.astimezone(zone).date()), "why": why})
            for address, (why, at) in flags.items()
        }
        for customer_id, flags in bounce_rows.flagged(connection, customer_ids).items()
    }


def _concerning(found: Mapping[str, tuple[Violation, ...]], customer: Customer, company: Company) -> tuple[Violation, ...]:
    """Of what was found, that about the documents which would leave now: the card may ask for another XML than before."""
    pdf = () if company.renders_pdf else found.get(checks.PDF, ())
    return (*found.get(customer.xml_format.value, ()), *pdf)


def _former(connection: Connection, row: InvoiceRow, zone: ZoneInfo) -> str | Sentence:
    """` (24/11/2026: a@x.be)`: the former sending, for the sentence that refuses a second one."""
    sent = [
        delivery
        for delivery in outbox_views.listing(connection, invoice_id=row.id)
        if delivery.status in (DeliveryStatus.SENT, DeliveryStatus.UNCERTAIN)
    ]
    if not sent:
        return ""
    recipients = ", ".join(delivery.recipient for delivery in sent)
    return Sentence(FORMER, {"day": on(sent[-1].changed_at.astimezone(zone).date()), "recipients": recipients})


def company_state(desk: Desk, company: Company) -> CompanyState:
    return CompanyState(
        company=company,
        account=desk.account(company.id),
        texts={
            (language, kind): problem
            for language in Language
            for kind in DocumentType
            if (problem := _text_problem(company, language, kind)) is not None
        },
        terms={language: problem for language in Language if (problem := _terms_problem(desk, company, language)) is not None},
    )


def blocks(desk: Desk, connection: Connection) -> Blocks:
    """What stops whole companies, cheap enough for every look at a ledger; the terms on disk are left to the pre-flight."""
    texts, without_account = set(), set()
    for company in parties.load_companies(connection).values():
        if not desk.account_is_set(connection, company.id):
            without_account.add(company.id)
        texts |= {
            (company.id, language, kind) for language in Language for kind in DocumentType if _text_problem(company, language, kind) is not None
        }
    return Blocks(companies=frozenset(without_account), texts=frozenset(texts))


def _text_problem(company: Company, language: Language, kind: DocumentType) -> Sentence | None:
    text = company.texts.get((language, kind))
    values: dict[str, str | Sentence] = {"company": company.name, "language": NAMES[language]}
    if text is None or not text.subject.strip() or not text.body.strip():
        return Sentence(TEXT_MISSING, values)
    try:
        mail_text.check_text(text)
    except FacturierError as error:
        return Sentence(TEXT_WRONG, values | {"why": error.sentence})
    return None


def _terms_problem(desk: Desk, company: Company, language: Language) -> Sentence | None:
    terms = company.terms.get(language)
    if terms is None:
        return None
    values = {"company": company.name, "language": NAMES[language]}
    limit = desk.settings.terms_limit
    if terms.size > limit:
        return Sentence(TERMS_TOO_BIG, values | {"size": f"{terms.size / 1048576:.1f}", "limit": f"{limit / 1048576:g}"})
    try:
        desk.archive.get(terms.sha256)
    except FacturierError:
        return Sentence(TERMS_MISSING, values)
    return None
