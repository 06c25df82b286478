"""The official rules are asked once per version and document, before anything leaves, and the pre-flight reads the answers."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from decimal import Decimal

import pytest

from core.app import App
from core.database import checks
from core.database.schema_documents import document_checks
from core.dispatch import checking, documents, importing, rule_checks
from core.dispatch.rule_checks import Checker
from core.errors import TotalsDiffer
from core.model import Invoice, Language, XmlFormat
from core.preflight import Level
from core.rendering import totals, ubl
from core.rendering.pdf import render
from tests import desk
from tests.mail.fault_server import FaultServer


def work(app: App) -> int:
    """Ask until there is nothing left to ask, as a worker does between mails."""
    checker, asked = Checker(desk=app.desk), 0
    while step := checker.step():
        asked += step
    return asked


def answers(app: App, invoice_id: int) -> dict[str, list[str]]:
    with app.desk.database.read() as connection:
        found = checks.found(connection, [invoice_id]).get(invoice_id, {})
    return {document: [violation.rule for violation in violations] for document, violations in found.items()}


def off_by_a_cent(invoice: Invoice) -> Invoice:
    """As a careless billing program adds up: the line total is one cent too much, and all that follows."""
    more = {name: getattr(invoice.totals, name) + Decimal("0.01") for name in ("line_total", "total_without_vat", "total_with_vat", "amount_due")}
    return replace(invoice, totals=replace(invoice.totals, **more))


def test_a_sound_invoice_is_asked_about_once(app: App, smtp: FaultServer) -> None:
    invoice_id = desk.ready(app, smtp.port, pdf=None)
    assert work(app) == 1
    assert answers(app, invoice_id) == {"efff3": []}
    assert work(app) == 0


def test_a_rule_that_the_source_breaks_warns_with_its_name(app: App, smtp: FaultServer) -> None:
    imported = desk.bring(app, off_by_a_cent(desk.customer_invoice(1)), pdf=None)
    desk.set_account(app, smtp.port)
    desk.tick(app, 1, "ok+1@x.test", xml="bis3")
    assert imported.invoice_id is not None
    work(app)
    [verdict] = checking.preflight(app.desk, [imported.invoice_id])
    assert verdict.level is Level.WARNING
    assert any("breaks rule BR-CO-10: The amounts of the lines do not add up" in str(reason.sentence) for reason in verdict.reasons)
    desk.send(app, [imported.invoice_id])
    assert desk.status_of(app, imported.invoice_id).value == "sent"  # what is wrong in the source does not stop it


def test_another_format_or_version_is_asked_about_anew(app: App, smtp: FaultServer) -> None:
    invoice_id = desk.ready(app, smtp.port, pdf=None)
    work(app)
    desk.tick(app, 1, "ok+1@x.test", xml="bis3")
    assert work(app) == 1
    assert answers(app, invoice_id) == {"efff3": [], "bis3": []}
    corrected = replace(desk.customer_invoice(1), notes=("Corrected",))
    desk.bring(app, corrected, pdf=None)
    assert work(app) == 1
    assert answers(app, invoice_id) == {"bis3": []}
    desk.tick(app, 1, "ok+1@x.test", xml="none")
    assert work(app) == 1  # whether the PDF can be made is asked whatever the XML
    assert work(app) == 0


def test_what_the_worker_has_not_come_to_is_asked_before_the_mail_leaves(app: App, smtp: FaultServer) -> None:
    invoice_id = desk.ready(app, smtp.port)
    desk.send(app, [invoice_id])
    assert desk.status_of(app, invoice_id).value == "sent"
    assert set(answers(app, invoice_id)) == {"efff3", "pdf"}


def test_nothing_is_asked_about_what_has_left(app: App, smtp: FaultServer) -> None:
    invoice_id = desk.ready(app, smtp.port, pdf=None)
    desk.send(app, [invoice_id])
    with app.desk.database.write() as connection:
        connection.execute(document_checks.delete())
    assert work(app) == 0


def test_an_invoice_whose_xml_cannot_be_made_stops_itself_only(app: App, smtp: FaultServer, monkeypatch: pytest.MonkeyPatch) -> None:
    first = desk.ready(app, smtp.port, pdf=None)
    second = desk.bring(app, desk.customer_invoice(2), pdf=None).invoice_id
    desk.tick(app, 2, "ok+2@x.test")
    whole = ubl.draft

    def broken(invoice: Invoice, *, wanted: XmlFormat) -> ubl.Draft:
        if invoice.number.endswith("0001"):
            raise RuntimeError("boom")
        return whole(invoice, wanted=wanted)

    monkeypatch.setattr(ubl, "draft", broken)
    assert work(app) == 2
    assert second is not None
    verdicts = checking.preflight(app.desk, [first, second])
    assert [verdict.level for verdict in verdicts] == [Level.BLOCKED, Level.READY]
    assert "boom" in str(verdicts[0].blocked_by[0].sentence)
    monkeypatch.undo()
    assert work(app) == 1  # asked again: it may be possible another time
    assert [verdict.level for verdict in checking.preflight(app.desk, [first, second])] == [Level.READY, Level.READY]


def test_the_same_pdf_on_two_invoices_warns_on_both(app: App, smtp: FaultServer) -> None:
    first = desk.ready(app, smtp.port, pdf=desk.PDF)
    second = desk.bring(app, desk.customer_invoice(2), pdf=desk.PDF).invoice_id
    desk.tick(app, 2, "ok+2@x.test")
    assert second is not None
    said = [[str(reason.sentence) for reason in verdict.reasons] for verdict in checking.preflight(app.desk, [first, second])]
    assert said[0] == ["The same PDF hangs on another invoice, too: 2026-0002."]
    assert said[1] == ["The same PDF hangs on another invoice, too: 2026-0001."]
    desk.set_company(app, pdf="rendered")
    assert all(verdict.level is Level.READY for verdict in checking.preflight(app.desk, [first, second]))


def test_a_foreign_pdf_warns_in_words(app: App, smtp: FaultServer) -> None:
    other = render(desk.customer_invoice(9), language=Language.FR)
    invoice_id = desk.ready(app, smtp.port, pdf=other)
    work(app)
    [verdict] = checking.preflight(app.desk, [invoice_id])
    assert verdict.level is Level.WARNING
    assert [str(reason.sentence) for reason in verdict.reasons] == [
        "The number 2026-0001 does not stand in the PDF; is it another invoice's?",
        "The PDF does not name Customer 1; is it another customer's?",
    ]


def test_a_company_may_have_its_pdfs_rendered_by_us(app: App, smtp: FaultServer) -> None:
    invoice_id = desk.ready(app, smtp.port, pdf=desk.PDF)
    what = documents.dossier(app.desk, invoice_id)
    assert documents.attachments(app.desk, what)[0][0].content == desk.PDF
    desk.set_company(app, pdf="rendered")
    what = documents.dossier(app.desk, invoice_id)
    assert documents.attachments(app.desk, what)[0][0].content.startswith(b"%PDF-1.7")
    work(app)
    assert set(answers(app, invoice_id)) == {"efff3"}


def test_totals_that_differ_from_the_ledger_stop_the_document(app: App, smtp: FaultServer) -> None:
    invoice_id = desk.ready(app, smtp.port, pdf=None)
    what = documents.dossier(app.desk, invoice_id)
    wrong = replace(what, booked=replace(what.booked, amount_due=what.booked.amount_due + 1))
    with pytest.raises(TotalsDiffer) as refusal:
        documents.attachments(app.desk, wrong)
    assert "2026-0001" in str(refusal.value)


@pytest.mark.parametrize("wanted", list(XmlFormat))
def test_every_format_leaves_with_the_totals_of_the_ledger(app: App, smtp: FaultServer, wanted: XmlFormat) -> None:
    invoice_id = desk.ready(app, smtp.port, pdf=None)
    desk.tick(app, 1, "ok+1@x.test", xml=wanted.value)
    what = documents.dossier(app.desk, invoice_id)
    parts, _ = documents.attachments(app.desk, what)
    xml = [part for part in parts if part.mime_type == "application/xml"]
    assert len(xml) == (wanted not in (XmlFormat.NONE, XmlFormat.FACTURX))
    for part in xml:
        totals.check(part.content, what.booked, number="")
    assert rule_checks.reasons(app.desk, what) == ()


def test_factur_x_beside_a_supplied_pdf_is_a_bis3(app: App, smtp: FaultServer) -> None:
    invoice_id = desk.ready(app, smtp.port, pdf=desk.PDF)
    desk.tick(app, 1, "ok+1@x.test", xml="facturx")
    parts, notes = documents.attachments(app.desk, documents.dossier(app.desk, invoice_id))
    assert [part.mime_type for part in parts] == ["application/pdf", "application/xml"]
    assert parts[0].content == desk.PDF
    assert b"urn:fdc:peppol.eu:2017:poacc:billing:3.0" in parts[1].content
    assert "stays as it came" in str(notes[0])


def test_paper_is_not_asked_about_until_it_goes_by_mail(app: App, smtp: FaultServer) -> None:
    ids = [desk.bring(app, desk.customer_invoice(place), pdf=None).invoice_id for place in range(1, 30)]
    assert work(app) == 0
    desk.tick(app, 7, "ok+7@x.test")
    assert work(app) == 1
    assert answers(app, ids[6] or 0) == {"efff3": []}


def test_letters_that_the_pdf_cannot_show_are_named(app: App, smtp: FaultServer) -> None:
    invoice_id = desk.ready(app, smtp.port, pdf=None, notes=("Žluťoučký κόσμος Москва 日本 ไทย 🎉",))
    work(app)
    [verdict] = checking.preflight(app.desk, [invoice_id])
    assert [str(reason.sentence) for reason in verdict.reasons] == ["The PDF cannot show these characters and prints “?” instead: ไทย🎉"]


def test_two_workers_may_ask_the_same_at_once(app: App, smtp: FaultServer) -> None:
    for place in range(1, 16):
        desk.bring(app, desk.customer_invoice(place), pdf=None)
        desk.tick(app, place, f"ok+{place}@x.test")
    with ThreadPoolExecutor(4) as pool:
        asked = list(pool.map(lambda _: work(app), range(4)))
    assert sum(asked) >= 15
    with app.desk.database.read() as connection:
        assert checks.due(connection, rules=rule_checks.RULES, after=0, limit=1) == []


def test_an_original_that_breaks_its_schema_warns_and_leaves_as_it_came(app: App, smtp: FaultServer) -> None:
    content = ubl.write(desk.customer_invoice(1), wanted=XmlFormat.BIS3, pdf=None, pdf_name="").content
    out_of_order = content.replace(b"<cbc:IssueDate>2026-11-24</cbc:IssueDate>", b"", 1).replace(
        b"<cbc:DocumentCurrencyCode>", b"<cbc:IssueDate>2026-11-24</cbc:IssueDate><cbc:DocumentCurrencyCode>", 1
    )
    invoice_id = importing.import_bytes(app.desk, "a.xml", out_of_order).invoice_id
    desk.set_account(app, smtp.port)
    desk.tick(app, 1, "ok+1@x.test", xml="original")
    assert invoice_id is not None
    work(app)
    [verdict] = checking.preflight(app.desk, [invoice_id])
    assert verdict.level is Level.WARNING
    assert "breaks rule XML schema" in str(verdict.reasons[0].sentence)
    assert documents.attachments(app.desk, documents.dossier(app.desk, invoice_id))[0][1].content == out_of_order
    desk.tick(app, 1, "ok+1@x.test", xml="bis3")
    work(app)
    assert checking.preflight(app.desk, [invoice_id])[0].level is Level.READY
