"""The demo desk: two firms, twenty customers, sixty documents, made by the same use cases as real ones."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from zoneinfo import ZoneInfo

from core.app import App
from core.catcher import server
from core.demo import assets, cards
from core.demo.cards import Cards, Client, Firm
from core.demo.documents import Document, documents
from core.dispatch import companies, customers, importing, sending, working
from core.dispatch.desk import Desk
from core.dispatch.values import Value
from core.model import Language, XmlFormat
from core.rendering import ubl
from core.sources.identifiers import party_key

LONGEST_S: Final = 60  # for sending; it takes a second or two


@dataclass(frozen=True)
class _Kept:
    """A document with the invoice and the card that its import made."""

    document: Document
    invoice_id: int
    customer_key: str


def fill(app: App, *, now: datetime) -> None:
    """Make the demo, unless there are companies already. Last month's mails really go to the mail catcher of this machine."""
    desk = app.desk
    if companies.list_companies(desk):
        return
    shown = cards.load()
    made = documents(shown, now.astimezone(ZoneInfo(desk.settings.time_zone)).date())
    kept = [_bring(desk, document) for document in made]
    for customer_key, client in {each.customer_key: each.document.client for each in kept}.items():
        _set_customer(desk, customer_key, client)
    with _catcher(desk) as port:
        for firm in shown.companies.values():
            _set_company(desk, shown, firm, port)
        _send_last_month(desk, kept)
        _hold_one(desk, kept)
    if port != desk.settings.catcher_port:
        for firm in shown.companies.values():
            companies.change(desk, firm.key, _values({"smtp.port": str(desk.settings.catcher_port)}))


def _bring(desk: Desk, document: Document) -> _Kept:
    """Write the invoice as a billing program would, and import the file."""
    number = document.invoice.number
    written = ubl.write(document.invoice, wanted=XmlFormat.BIS3, pdf=None, pdf_name="")
    imported = importing.import_bytes(desk, f"{number}.xml", written.content)
    if imported.invoice is None or imported.invoice_id is None:
        raise ValueError(f"the demo's own invoice {number} was refused: {imported.reason}")
    return _Kept(document, imported.invoice_id, party_key(imported.invoice.buyer))


def _set_customer(desk: Desk, customer_key: str, client: Client) -> None:
    settings = {"language": client.language.value}
    if client.to is not None:
        settings |= {"wants_email": "true", "to": ", ".join(client.to), "cc": ", ".join(client.cc)}
    if client.peppol_elsewhere:
        settings["peppol_elsewhere"] = "true"
    customers.change(desk, customer_key, _values(settings))


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


def _send_last_month(desk: Desk, kept: Sequence[_Kept]) -> None:
    sending.queue(desk, [each.invoice_id for each in kept if not each.document.this_month and each.document.client.to])
    _drain(desk)


def _hold_one(desk: Desk, kept: Sequence[_Kept]) -> None:
    """Somebody adds an address after the click: that invoice waits for a person."""
    held = next(each for each in kept if each.document.this_month and each.document.client.moved)
    sending.queue(desk, [held.invoice_id])
    customers.change(desk, held.customer_key, _values({"cc": held.document.client.moved or ""}))
    _drain(desk)


def _drain(desk: Desk) -> None:
    working.drain(desk, name="demo", until=lambda: working.nothing_workable(desk), timeout_s=LONGEST_S)
