"""Only sending sends (M7): whatever else is done at the desk, with a worker at work, the mail server sees no connection."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import func, select

from core.app import App
from core.database.schema import deliveries
from core.dispatch import checking, companies, customers, documents, importing, sending, settling, working
from core.dispatch.importing import ImportOutcome, Options
from core.dispatch.values import Value
from core.model import DispatchStatus, XmlFormat
from core.rendering import ubl
from tests import builders, desk
from tests.mail.fault_server import FaultServer


@pytest.fixture
def invoice_id(app: App, smtp: FaultServer) -> int:
    """An invoice that could leave this very moment."""
    return desk.ready(app, smtp.port)


def imports(app: App, _invoice_id: int) -> None:
    for place in range(1, 4):
        desk.bring(app, desk.customer_invoice(place, notes=("a new version of the first",)))


def imports_a_folder(app: App, _invoice_id: int) -> None:
    path = Path("drop.xml")
    path.write_bytes(ubl.write(desk.customer_invoice(1, number="2026-0777"), wanted=XmlFormat.BIS3, pdf=None, pdf_name="").content)
    [result] = importing.import_paths(app.desk, [path], Options(replace=True))
    assert result.outcome is ImportOutcome.NEW


def saves_the_customer(app: App, _invoice_id: int) -> None:
    desk.tick(app, 1, "ok+1@x.test", "ok+2@x.test", language="nl")
    customers.change(app.desk, desk.customer_key(1), [Value("wants_email", "false")])
    customers.change(app.desk, desk.customer_key(1), [Value("wants_email", "true")])


def saves_the_company(app: App, _invoice_id: int) -> None:
    desk.set_company(app, signature__fr="Marie", colour="#1a6b5a", text__fr__invoice__subject="Facture {{ number }}")
    companies.change(app.desk, desk.COMPANY, [Value("account.paused", "false")])


def checks(app: App, invoice_id: int) -> None:
    assert checking.preflight(app.desk, [invoice_id])[0].level.value == "ready"


def previews(app: App, invoice_id: int) -> None:
    shown = sending.preview(app.desk, invoice_id)
    assert shown.mail.attachments
    assert sending.preview(app.desk, invoice_id, edited=shown.words).words == shown.words


def renders(app: App, invoice_id: int) -> None:
    shown = sending.preview(app.desk, invoice_id)
    seal = documents.seal(app.desk, shown.dossier, shown.account, shown.mail, message_id="<render@x.test>", now=app.desk.now())
    assert app.desk.archive.get(seal.sha256)


def marks_and_unmarks(app: App, invoice_id: int) -> None:
    assert settling.mark_elsewhere(app.desk, [invoice_id], reason="by the old program") == {}
    assert settling.unmark_elsewhere(app.desk, [invoice_id], reason="a mistake") == {}


@pytest.mark.parametrize(
    "act",
    [imports, imports_a_folder, saves_the_customer, saves_the_company, checks, previews, renders, marks_and_unmarks],
    ids=lambda act: act.__name__,
)
def test_it_sends_nothing(app: App, smtp: FaultServer, invoice_id: int, act: Callable[[App, int], None]) -> None:
    act(app, invoice_id)
    worked = working.Worker(desk=app.desk, name="test").step()
    assert worked == 0
    assert smtp.record.connections == 0
    assert desk.status_of(app, invoice_id) is DispatchStatus.TO_SEND
    with app.desk.database.read() as connection:
        assert connection.scalar(select(func.count()).select_from(deliveries)) == 0


def test_queueing_alone_sends_nothing_either(app: App, smtp: FaultServer, invoice_id: int) -> None:
    sending.queue(app.desk, [invoice_id])
    assert smtp.record.connections == 0
    assert desk.status_of(app, invoice_id) is DispatchStatus.QUEUED


def test_a_new_customer_is_never_ticked_by_an_import(app: App, smtp: FaultServer) -> None:
    """An address in the file is a suggestion: nobody becomes a recipient without a person."""
    desk.bring(app, builders.invoice(buyer=builders.private_person()))
    [customer] = customers.list_customers(app.desk)
    assert (customer.wants_email, customer.recipients) == (False, ())
    assert customer.suggested_email == "jeanne@martin.example"
    assert app.pending() == []
