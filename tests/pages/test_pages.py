"""Pages as Streamlit runs them: they show what is true, in the reader's language, and act only through the use cases."""

from __future__ import annotations

import ast
import base64
import re
from pathlib import Path

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from core import eml
from core.app import App
from core.dispatch import sending
from core.model import DispatchStatus
from pages.parts import mail_preview
from tests import builders, desk
from tests.mail.fault_server import FaultServer, free_port
from tests.pages.screen import ROOT, page, preview, words

PAGES = sorted(path for path in (ROOT / "pages").rglob("*.py") if path.parent.name in ("ledgers", "sending", "records"))


@pytest.mark.parametrize("language", ["fr", "nl", "en"])
@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.stem)
def test_each_page_says_what_to_do_when_there_is_nothing(dashboard: App, path: Path, language: str) -> None:
    test = page(str(path.relative_to(ROOT)), language)
    assert words(test).strip()
    assert not [error.value for error in test.error if "python -m core worker" not in error.value]


def test_a_desk_that_does_not_open_says_why(dashboard: App, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for database, sentence in (
        (f"sqlite:///{tmp_path / 'none.db'}", "There is no database yet. Run “python -m core init” first."),
        (f"postgresql://127.0.0.1:{free_port()}/none", "The desk does not open"),
    ):
        monkeypatch.setenv("FACTURIER_DATABASE_URL", database)
        st.cache_resource.clear()
        test = AppTest.from_file(str(ROOT / "dashboard.py"), default_timeout=30).run()
        assert not test.exception
        assert sentence in test.error[0].value
    monkeypatch.setenv("FACTURIER_DATABASE_URL", dashboard.desk.settings.database_url)
    test.button[0].click().run()
    assert test.subheader[0].value == "E-mail ledger"


def test_what_is_on_paper_says_so_on_the_confirm_screen(dashboard: App) -> None:
    invoice_id = desk.bring(dashboard, builders.invoice()).invoice_id
    test = page("pages/sending/confirm.py", invoice=str(invoice_id))
    assert "does not want invoices by e-mail" in words(test)


def test_the_e_mail_ledger_shows_what_waits(dashboard: App) -> None:
    desk.ready(dashboard, 25)
    test = page("pages/ledgers/email.py", "fr")
    assert test.subheader[0].value == "Facturier email"
    shown = test.dataframe[0].value
    assert shown.iloc[0].tolist()[:2] == ["○ À envoyer", "2026-0001"]
    assert "Documents : 1" in words(test)


def test_a_tick_is_an_id_and_stays_when_the_filter_hides_it(dashboard: App) -> None:
    invoice_id = desk.ready(dashboard, 25)
    test = page("pages/ledgers/email.py")
    test.session_state["ticked/email"] = frozenset({invoice_id})
    test.text_input(key="search/email").set_value("no such customer").run()
    assert test.session_state["ticked/email"] == {invoice_id}
    assert "1 of them hidden by the filter" in words(test)


def test_several_ready_ones_are_queued_with_one_click(dashboard: App) -> None:
    ids = [desk.bring(dashboard, desk.customer_invoice(place)).invoice_id or 0 for place in range(3)]
    for place in range(3):
        desk.tick(dashboard, place, f"ok+{place}@x.test")
    desk.set_account(dashboard, 25)
    test = page("pages/ledgers/email.py")
    test.button(key="all/email").click().run()
    assert test.session_state["ticked/email"] == set(ids)
    test.button(key="send/email").click().run()
    assert not test.exception
    assert {desk.status_of(dashboard, invoice_id) for invoice_id in ids} == {DispatchStatus.QUEUED}


def test_what_is_blocked_is_shown_first_and_the_rest_is_offered(dashboard: App) -> None:
    ids = [desk.bring(dashboard, desk.customer_invoice(place)).invoice_id or 0 for place in range(3)]
    for place in range(3):
        desk.tick(dashboard, place, *([f"ok+{place}@x.test"] if place else []))
    desk.set_account(dashboard, 25)
    test = page("pages/ledgers/email.py")
    test.button(key="all/email").click().run()
    test.button(key="send/email").click().run()
    assert "2 ready · 0 to check · 1 blocked" in words(test)
    assert "Address missing: Customer 0" in words(test)
    assert {desk.status_of(dashboard, invoice_id) for invoice_id in ids} == {DispatchStatus.TO_SEND}
    test.button(key="sheet-send/email").click().run()
    assert [desk.status_of(dashboard, invoice_id) for invoice_id in ids] == [DispatchStatus.TO_SEND, DispatchStatus.QUEUED, DispatchStatus.QUEUED]


def test_the_confirm_screen_sends_the_edited_text(dashboard: App, smtp: FaultServer) -> None:
    invoice_id = desk.ready(dashboard, smtp.port)
    test = page("pages/sending/confirm.py", invoice=str(invoice_id))
    assert test.text_input(key=f"subject/{invoice_id}").value == "Factuur 2026-0001 van Atelier Dubois SRL"
    test.text_area(key=f"body/{invoice_id}").set_value("Zoals afgesproken.").run()
    assert desk.deliveries(dashboard) == {}  # looking and editing send nothing
    test.button(key=f"send/{invoice_id}").click().run()
    desk.drain(dashboard)
    [taken] = smtp.record.taken
    assert b"Zoals afgesproken." in taken.content


def test_the_code_for_paying_is_a_mark_to_the_editor_and_a_picture_in_preview_and_mail(dashboard: App, smtp: FaultServer) -> None:
    invoice_id = desk.ready(dashboard, smtp.port)
    desk.set_company(dashboard, text__nl__invoice__body="Beste,\n\n{{ payment_qr }}\n\nGroeten,")
    test = page("pages/sending/confirm.py", invoice=str(invoice_id))
    field = test.text_area(key=f"body/{invoice_id}")
    assert field.value == "Beste,\n\n[QR]\n\nGroeten,"
    assert "is where the QR code for paying stands" in words(test)
    field.set_value("[QR]\n\nZoals beloofd.").run()
    [picture] = set(re.findall(r"data:image/png;base64,([A-Za-z0-9+/=]+)", preview(test)))
    test.button(key=f"send/{invoice_id}").click().run()
    desk.drain(dashboard)
    opened = eml.opened(smtp.record.taken[0].content)
    assert [part.content for part in opened.pictures] == [base64.b64decode(picture)]
    assert "Zoals beloofd." in opened.plain
    assert "[QR]" not in opened.plain + opened.html
    test = page("pages/sending/confirm.py", invoice=str(invoice_id))  # as it left
    assert picture in preview(test)


def test_a_mark_without_a_code_is_said_to_be_left_out(dashboard: App) -> None:
    invoice_id = desk.ready(dashboard, 25, currency="USD")
    test = page("pages/sending/confirm.py", invoice=str(invoice_id))
    test.text_area(key=f"body/{invoice_id}").set_value("Beste,\n[QR]\nGroeten,").run()
    assert "is left out of the mail" in words(test)
    assert "QR" not in preview(test)


def test_the_confirm_screen_notices_what_somebody_else_changed(dashboard: App, smtp: FaultServer) -> None:
    invoice_id = desk.ready(dashboard, smtp.port)
    test = page("pages/sending/confirm.py", invoice=str(invoice_id))
    desk.tick(dashboard, 1, "ok+other@x.test")
    test.button(key=f"send/{invoice_id}").click().run()
    assert desk.deliveries(dashboard) == {}
    assert "This changed meanwhile: The customer card" in words(test)


def test_the_outbox_says_loudly_that_no_worker_runs(dashboard: App) -> None:
    sending.queue(dashboard.desk, [desk.ready(dashboard, 25)])
    assert any("No worker is running" in error.value for error in page("pages/sending/outbox.py").error)


def test_pages_hold_no_logic_and_nothing_lies_directly_in_pages() -> None:
    assert list((ROOT / "pages").glob("*.py")) == []
    for path in PAGES:
        text = path.read_text(encoding="utf-8")
        assert text.count("\n") <= 100, path
        imported = {name.name for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Import) for name in node.names}
        assert not imported & {"sqlalchemy", "smtplib", "yagmail"}, path


def test_yagmail_s_send_is_never_called() -> None:
    for path in [*(ROOT / "core").rglob("*.py"), *(ROOT / "pages").rglob("*.py")]:
        text = path.read_text(encoding="utf-8")
        if "yagmail" in text and "bench" not in path.parts:  # where it is measured as people use it
            tree = ast.parse(text)
            calls = {node.func.attr for node in ast.walk(tree) if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)}
            assert not calls & {"send_unsent", "sendmail", "send_message"}, path
            named = [ast.unparse(node.func) for node in ast.walk(tree) if isinstance(node, ast.Call)]
            assert "client.send" not in named, path


@pytest.mark.parametrize(
    "hostile",
    [
        "<script>alert(1)</script>",
        "<img src=x onerror=alert(1)>",
        "<a href='https://evil.example'>klik</a>",
        "<form action='https://evil.example'><input></form>",
        "<base href='https://evil.example'>",
        "<meta http-equiv='refresh' content='0;url=https://evil.example'>",
        "<iframe src='https://evil.example'></iframe>",
        "<svg><a xlink:href='javascript:alert(1)'>x</a></svg>",
    ],
)
def test_a_hostile_mail_cannot_run_or_lead_away(hostile: str) -> None:
    shown = mail_preview.harmless(f"<html><body><p>words</p>{hostile}</body></html>").removeprefix(mail_preview.POLICY)
    assert "words" in shown
    for danger in ("<script", "onerror", "evil.example", "javascript:", "<form", "<base", "<iframe", "http-equiv"):
        assert danger not in shown


def test_only_pictures_of_the_mail_itself_are_shown() -> None:
    own = eml.Part(file_name="a.png", mime_type="image/png", content=b"png", content_id="a@x")
    drawn = eml.Part(file_name="b.svg", mime_type="image/svg+xml", content=b"<svg/>", content_id="b@x")
    shown = mail_preview.harmless('<img src="cid:a@x"><img src="cid:b@x"><img src="https://evil.example/p.png">', [own, drawn])
    assert 'src="data:image/png;base64,cG5n"' in shown
    assert "data:image/svg" not in shown
    assert "img-src data:;" in mail_preview.POLICY  # what comes from outside is not loaded


def test_names_from_outside_stay_words(dashboard: App) -> None:
    hostile = "![x](https://evil.example/x.png) [klik](https://evil.example) $a$ :smile: <b>B</b>"
    imported = desk.bring(dashboard, builders.invoice(buyer=builders.party(name=hostile)))
    assert imported.invoice_id
    test = page("pages/sending/confirm.py", invoice=str(imported.invoice_id))
    shown = words(test)
    assert "evil.example" in shown
    assert hostile not in shown
    assert not re.search(r"(?<!\\)[\[\]$<>!]", shown.split("→ ", 1)[1].split("** ·", 1)[0])


def test_the_check_sends_what_is_ticked_now(dashboard: App) -> None:
    ids = [desk.bring(dashboard, desk.customer_invoice(place)).invoice_id or 0 for place in range(3)]
    for place in range(3):
        desk.tick(dashboard, place, *([f"ok+{place}@x.test"] if place else []))
    desk.set_account(dashboard, 25)
    test = page("pages/ledgers/email.py")
    test.session_state["ticked/email"] = frozenset({ids[0], ids[1]})
    test.run()
    test.button(key="send/email").click().run()
    assert "1 ready · 0 to check · 1 blocked" in words(test)
    test.session_state["ticked/email"] = frozenset({ids[0], ids[2]})  # the person thinks again
    test.run()
    desk.tick(dashboard, 0, "ok+0@x.test")  # and somebody mends the blocked one
    test.button(key="sheet-send/email").click().run()
    assert [desk.status_of(dashboard, each) for each in ids] == [DispatchStatus.TO_SEND if each == ids[1] else DispatchStatus.QUEUED for each in ids]


def test_an_invoice_that_does_not_exist_is_said_plainly(dashboard: App) -> None:
    desk.ready(dashboard, 25)
    test = page("pages/sending/confirm.py", invoice="999999")
    assert any("No invoice has the number 999999" in error.value for error in test.error)
