"""Make the demo with the use cases of every day. Each step can be taken twice, so that a demo that was broken off can be finished."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from datetime import date
from typing import Final

from core import reasons
from core.catcher import server
from core.database import outbox_views
from core.demo import assets, helper, table
from core.demo.cards import Cards, Client, Firm
from core.demo.documents import Document, documents
from core.demo.telling import Telling
from core.dispatch import companies, crew, customers, history, importing, sending, settling
from core.dispatch.desk import Desk
from core.dispatch.imported import Imported, Options
from core.dispatch.values import Value
from core.mailbox import Mailbox
from core.model import DispatchStatus, Language, RecipientRole, XmlFormat
from core.records import Customer
from core.rendering import ubl
from core.sources.identifiers import party_key

TABLES_ONLY: Final = ("dijle",)  # whose billing program exports tables; the other one writes XML, and a table of its history
TABLE_NAMES: Final = {Language.FR: "factures", Language.NL: "facturen"}
SWITCH_S: Final = 0.002
SENT_BEFORE, _, _, SENT_BY_POST = reasons.ELSEWHERE
FULL_MAILBOX: Final = reasons.CAME_BACK[2]
CARD: Final = ("wants_email", "language", "to", "cc", "peppol_elsewhere")
LONGEST_S: Final = 90  # for sending; longer than the lease of a demo that was broken off


@dataclass(frozen=True)
class Kept:
    """A document with the invoice that its import made."""

    document: Document
    invoice_id: int

    @property
    def client(self) -> Client:
        return self.document.client

    @property
    def customer_key(self) -> str:
        return party_key(self.document.invoice.buyer)


def make(desk: Desk, shown: Cards, today: date, tell: Telling) -> None:
    """Everything is brought in first: an import and a worker would wait for each other's turn to write."""
    made = documents(shown, today)
    kept = _bring(desk, shown, made, tell.begin("documents", len(made)).step)
    _set_customers(desk, kept)
    _mark_elsewhere(desk, [each for each in kept if each.document.months_ago == 2], SENT_BEFORE)
    _mark_elsewhere(desk, [each for each in kept if each.document.months_ago == 1 and each.client.to is None], SENT_BY_POST)
    last = [each for each in kept if each.document.months_ago == 1 and each.client.to]
    with ExitStack() as open_until_the_end, _quick_turns():
        with helper.helping(desk):  # begun before the mail catcher's thread: a fork does not go well with threads
            port = open_until_the_end.enter_context(_catcher(desk))
            for firm in shown.companies.values():
                _set_company(desk, shown, firm, port)
            _queue(desk, [each for each in last if not each.client.is_silent])
            _drain(desk, tell)
        _leave_one_uncertain(desk, [each for each in last if each.client.is_silent])
        _bring_one_back(desk, last)
        _hold_one(desk, kept)
    if port != desk.settings.catcher_port:
        for firm in shown.companies.values():
            companies.change(desk, firm.key, _values({"smtp.port": str(desk.settings.catcher_port)}))


@contextmanager
def _quick_turns() -> Iterator[None]:
    """The mail catcher's thread gets its turn soon: the other process waits for it."""
    former = sys.getswitchinterval()
    sys.setswitchinterval(SWITCH_S)
    try:
        yield
    finally:
        sys.setswitchinterval(former)


# Bringing in ----------------------------------------------------------------------------------------------------


def _bring(desk: Desk, shown: Cards, made: Sequence[Document], step: Callable[[Imported], None]) -> list[Kept]:
    """As billing programs write them: a file for each invoice, or a table for a month. A firm's first file brings its whole card."""
    files = [next(document for document in made if document.client.company == key) for key in TABLES_ONLY]
    files += [document for document in made if not _in_table(document)]
    kept = _kept(files, importing.import_many(desk, [_xml(document) for document in files], report=step))
    done = {document.invoice.number for document in files}
    for key, firm in shown.companies.items():
        for months_ago in sorted({document.months_ago for document in made}, reverse=True):
            rows = [each for each in made if (each.client.company, each.months_ago) == (key, months_ago) and each.invoice.number not in done]
            if rows and _in_table(rows[0]):
                name = f"{TABLE_NAMES[firm.language]}-{rows[0].invoice.issue_date:%Y-%m}.csv"
                content = table.written(rows, firm.language)
                kept += _kept(rows, importing.import_many(desk, [(name, content)], Options(table_company=firm.key), report=step))
    return kept


def _in_table(document: Document) -> bool:
    return document.client.company in TABLES_ONLY or document.months_ago == 2


def _kept(documents: Sequence[Document], results: Sequence[Imported]) -> list[Kept]:
    for document, imported in zip(documents, results, strict=True):
        if imported.invoice_id is None:
            raise ValueError(f"the demo's own invoice {document.invoice.number} was refused: {imported.reason}")
    return [Kept(document, imported.invoice_id or 0) for document, imported in zip(documents, results, strict=True)]


def _xml(document: Document) -> tuple[str, bytes]:
    written = ubl.write(document.invoice, wanted=XmlFormat.BIS3, pdf=None, pdf_name="")
    return f"{document.invoice.number}.xml", written.content


# Cards ----------------------------------------------------------------------------------------------------------


def _set_customers(desk: Desk, kept: Sequence[Kept]) -> None:
    """All in a few transactions."""
    wanted = {each.customer_key: each.client for each in kept}
    cards = [_card(card, wanted[card.key]) for card in customers.list_customers(desk) if card.key in wanted]
    customers.restore(desk, cards, CARD)


def _card(card: Customer, client: Client) -> Customer:
    to = [(RecipientRole.TO, Mailbox(addr_spec=address)) for address in client.to or ()]
    cc = [(RecipientRole.CC, Mailbox(addr_spec=address)) for address in client.cc]
    return replace(
        card,
        language=client.language,
        wants_email=client.to is not None,
        recipients=(*to, *cc),
        peppol_elsewhere=client.peppol_elsewhere,
        xml_format=_format(client, card),
    )


def _format(client: Client, card: Customer) -> XmlFormat:
    """e-FFF is Belgian: abroad the XML is better within the PDF."""
    if client.peppol_elsewhere:
        return XmlFormat.NONE
    return XmlFormat.FACTURX if client.foreign_vat else card.xml_format


def _set_company(desk: Desk, shown: Cards, firm: Firm, port: int) -> None:
    settings = {
        "language": firm.language.value,
        "colour": firm.colour,
        "smtp.host": desk.settings.catcher_host,
        "smtp.port": str(port),
        "smtp.security": "none",
        "mail.from": firm.sender,
        "mail.reply_to": firm.reply_to,
    }
    files = [Value("logo", assets.logo(firm), "logo.png")]
    for language in Language:
        settings[f"signature.{language}"] = firm.signature[language]
        terms = shown.terms[language]
        files.append(Value(f"terms.{language}", assets.terms_pdf(firm, terms), terms.file))
    companies.change(desk, firm.key, [*_values(settings), *files])


def _values(settings: Mapping[str, str]) -> list[Value]:
    return [Value(name, text) for name, text in settings.items()]


# Sending --------------------------------------------------------------------------------------------------------


@contextmanager
def _catcher(desk: Desk) -> Iterator[int]:
    """At its own port, so that even a demo broken off half-way points to it; at any other while that one is taken."""
    settings = desk.settings
    try:
        started = server.running(settings.catcher_host, settings.catcher_port, settings.catcher_folder)
        port = started.__enter__()
    except server.PortTaken:
        started = server.running(settings.catcher_host, 0, settings.catcher_folder)
        port = started.__enter__()
    try:
        yield port
    finally:
        started.__exit__(None, None, None)


def _queue(desk: Desk, kept: Sequence[Kept]) -> None:
    sending.queue(desk, [each.invoice_id for each in kept])


def _drain(desk: Desk, tell: Telling | None = None) -> None:
    with desk.database.read() as connection:
        waiting = outbox_views.open_count(connection)
    reached = tell.begin("mails to the mail catcher", waiting).reached if tell and waiting else None

    def done() -> bool:
        if reached:
            with desk.database.read() as connection:
                reached(waiting - outbox_views.open_count(connection))
        return crew.nothing_workable(desk)

    crew.drain(desk, name="demo", until=done, timeout_s=LONGEST_S)


def _mark_elsewhere(desk: Desk, kept: Sequence[Kept], reason: str) -> None:
    settling.mark_elsewhere(desk, [each.invoice_id for each in kept], reason=reason)


# What went wrong ------------------------------------------------------------------------------------------------


def _leave_one_uncertain(desk: Desk, kept: Sequence[Kept]) -> None:
    """Last of all, because its account then waits a moment; a person says that it need not."""
    _queue(desk, kept)
    _drain(desk)
    for key, *_ in settling.paused_accounts(desk):
        settling.resume(desk, companies.find(desk, key).id)


def _bring_one_back(desk: Desk, kept: Sequence[Kept]) -> None:
    """The notice of non-delivery that a person got the day after."""
    for each in kept:
        if each.client.bounces and history.standing(desk, each.invoice_id).status is DispatchStatus.SENT:
            [delivery] = history.copies(desk, each.invoice_id)[0].deliveries
            settling.came_back(desk, delivery.id, reason=FULL_MAILBOX)


def _hold_one(desk: Desk, kept: Sequence[Kept]) -> None:
    """Somebody adds an address after the click: that invoice waits for a person."""
    held = next(each for each in kept if each.document.months_ago == 0 and each.client.moved)
    _queue(desk, [held])
    customers.change(desk, held.customer_key, _values({"cc": held.client.moved or ""}))
    _drain(desk)
