"""The company page: each form saves or says at its own place what is no good, and nothing typed is lost."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from io import BytesIO
from typing import Any

import pytest
from pypdf import PdfReader
from streamlit.testing.v1 import AppTest

from core import i18n
from core.app import App
from core.dispatch import bouncing, companies, documents
from core.model import DispatchStatus, DocumentType, Language
from core.records import AccompanyingText, Company, Login, PdfChoice, Security
from pages.parts import mail_editor
from tests import builders, desk
from tests.mail.fault_server import FaultServer, free_port
from tests.pages.screen import page, preview, words
from tests.papers import pdf

PATH = "pages/records/companies.py"
KEY = f"{desk.COMPANY}/fr/invoice"
KIND = (Language.FR, DocumentType.INVOICE)


def opened(part: str, language: str = "en", **query: str) -> AppTest:
    test = page(PATH, language)
    test.query_params["part"] = part
    for name, value in query.items():
        test.query_params[name] = value
    test.run()
    assert not test.exception
    return test


def company(app: App) -> Company:
    return companies.find(app.desk, desk.COMPANY)


def field(test: AppTest, label: str) -> Any:
    [found] = [each for each in [*test.text_input, *test.text_area, *test.selectbox, *test.date_input] if each.label == label]
    return found


def press(test: AppTest, label: str, place: int = 0) -> AppTest:
    test = [button for button in test.button if button.label == label][place].click().run()
    assert not test.exception
    return test


def write(test: AppTest, subject: str, body: str) -> AppTest:
    """What the editor in the browser hands over."""
    mail_editor_key = f"draft/{KEY}"
    test.session_state[mail_editor_key] = mail_editor.Draft(words=AccompanyingText(subject=subject, body=body))
    return test.run()


# Which company, which part ---------------------------------------------------------------------------------------


def test_the_address_opens_a_company_and_a_part(dashboard: App) -> None:
    desk.bring(dashboard, builders.invoice())
    other = builders.seller(name="Zeta SRL", vat_id="BE0403019261", legal_id=None, endpoint=None)
    desk.bring(dashboard, builders.invoice(seller=other))
    test = opened("identity", company="BE0403019261")
    assert test.selectbox(key="company-choice").value == "BE0403019261"
    assert field(test, "Name").value == "Zeta SRL"
    test.selectbox(key="company-choice").select(desk.COMPANY).run()
    assert test.query_params["company"] == desk.COMPANY
    assert field(test, "Name").value == "Atelier Dubois SRL"
    assert opened("nonsense", company="nobody").selectbox(key="company-choice").value == desk.COMPANY


@pytest.mark.parametrize("language", ["fr", "nl", "en"])
@pytest.mark.parametrize("part", ["account", "texts", "terms", "pdf", "identity"])
def test_each_part_opens_in_each_language(dashboard: App, part: str, language: str) -> None:
    desk.ready(dashboard, 25)
    test = opened(part, language)
    assert not test.error
    assert not test.warning


# Mail account ----------------------------------------------------------------------------------------------------


def test_a_provider_fills_in_the_server(dashboard: App) -> None:
    desk.bring(dashboard, builders.invoice())
    test = opened("account")
    field(test, "Provider").select("ovh").run()
    assert (field(test, "Server").value, field(test, "Port").value) == ("ssl0.ovh.net", "465")
    field(test, "Sender").set_value("factures@dubois.example")
    press(test, "Save")
    account = dashboard.desk.account(company(dashboard).id)
    assert (account.host, account.port, account.security) == ("ssl0.ovh.net", 465, Security.TLS)
    assert field(opened("account"), "Provider").value == "ovh"


def test_a_bad_value_is_named_as_on_the_form_and_the_rest_stays(dashboard: App) -> None:
    desk.bring(dashboard, builders.invoice())
    test = opened("account")
    field(test, "Server").set_value("smtp.example.be")
    field(test, "Sender").set_value("nobody")
    press(test, "Save")
    [error] = test.error
    assert "“nobody” is no good value for Sender" in error.value
    assert (field(test, "Server").value, field(test, "Sender").value) == ("smtp.example.be", "nobody")
    assert field(test, "Name").value == "Atelier Dubois SRL"  # the other forms are still there
    assert dashboard.desk.account(company(dashboard).id).host == ""


def test_a_test_goes_to_me(dashboard: App, smtp: FaultServer) -> None:
    invoice_id = desk.ready(dashboard, smtp.port)
    test = opened("account")
    assert field(test, "Send a test to").value == "factures@dubois.example"
    field(test, "Send a test to").set_value("marie@dubois.example").run()
    press(test, "Send a test to me")
    assert "2026-0001 itself was not sent" in test.success[0].value
    assert [mail.recipients for mail in smtp.record.taken] == [("marie@dubois.example",)]
    assert desk.status_of(dashboard, invoice_id) is DispatchStatus.TO_SEND
    field(test, "Send a test to").set_value("ok+1@x.test").run()
    press(test, "Send a test to me")
    assert "stands on the card of the customer Customer 1" in test.error[0].value
    assert field(test, "Server").value == "127.0.0.1"
    press(test, "Test the connection")
    assert "accepts the login" in test.success[0].value
    assert len(smtp.record.taken) == 1


# Texts -----------------------------------------------------------------------------------------------------------


@pytest.fixture
def texts(dashboard: App) -> App:
    desk.bring(dashboard, builders.invoice())
    desk.set_company(dashboard, signature__fr="Marie Dubois", language="fr")
    return dashboard


def test_the_text_is_shown_with_a_real_invoice_and_saved(texts: App) -> None:
    test = opened("texts")
    assert "Facture 2026-0042 de Atelier Dubois SRL" in words(test).replace("\\", "")
    write(test, "Facture n° {{ number }}", "Bonjour {{ buyer }}")
    assert "Facture n° 2026-0042" in words(test).replace("\\", "")
    assert "Bonjour Bakkerij Peeters BV" in preview(test)
    assert company(texts).texts[KIND].subject != "Facture n° {{ number }}"
    test.button(key=f"save-text/{KEY}").click().run()
    assert company(texts).texts[KIND] == AccompanyingText(subject="Facture n° {{ number }}", body="Bonjour {{ buyer }}")
    assert not test.error


def test_an_unknown_keyword_is_refused_with_the_nearest_and_the_text_stays(texts: App) -> None:
    test = opened("texts")
    before = company(texts).texts
    write(test, "Facture", "À payer : {{ montant_total }}")
    assert "total_with_vat" in test.warning[0].value.replace("\\", "")  # in the preview's place
    test.button(key=f"save-text/{KEY}").click().run()
    assert "“montant_total”, which does not exist. The nearest is “total_with_vat”" in test.error[0].value.replace("\\", "")
    assert company(texts).texts == before
    assert test.session_state[f"draft/{KEY}"].words.body == "À payer : {{ montant_total }}"


def test_a_draft_survives_a_look_at_another_text(texts: App) -> None:
    test = opened("texts")
    write(test, "Facture", "Pas fini")
    test.text_area(key=f"signature-field/{desk.COMPANY}/fr").set_value("Paul Dubois").run()
    test.segmented_control(key=f"text-language/{desk.COMPANY}").set_value(Language.NL).run()
    assert "Factuur 2026-0042" in words(test).replace("\\", "")
    assert "Not saved yet either: Français – Invoice" in words(test)
    test.segmented_control(key=f"text-language/{desk.COMPANY}").set_value(Language.FR).run()
    assert "Pas fini" in preview(test)
    assert test.text_area(key=f"signature-field/{desk.COMPANY}/fr").value == "Paul Dubois"
    test.button(key=f"save-text/{KEY}").click().run()
    assert company(texts).texts[KIND].body == "Pas fini"
    assert company(texts).signatures[Language.FR] == "Paul Dubois"


def test_a_pasted_signature_is_taken_out_on_request(texts: App) -> None:
    test = opened("texts")
    write(test, "Facture", "Bonjour,\n\nMARIE  DUBOIS\n")
    assert "read it twice" in test.warning[0].value
    press(test, "Take it out of the text")
    assert not test.warning
    assert test.session_state[f"draft/{KEY}"].words.body == "Bonjour,"


def test_without_a_credit_note_the_keywords_stand_as_they_are(texts: App) -> None:
    test = opened("texts")
    test.segmented_control(key=f"text-kind/{desk.COMPANY}").set_value("credit_note").run()
    assert "There is no credit note of this company yet" in test.info[0].value
    assert "Note de crédit {{ number }}" in words(test).replace("\\", "")


def test_the_code_for_paying_is_seen_beside_the_text(texts: App) -> None:
    test = opened("texts")
    write(test, "Facture {{ number }}", "Bonjour,\n\n{{ payment_qr }}")
    assert "data:image/png;base64," in preview(test)
    assert "cid:" not in preview(test)
    write(test, "Facture {{ payment_qr }}", "Bonjour")
    assert "a subject has none" in test.warning[0].value
    test.button(key=f"save-text/{KEY}").click().run()
    assert "a subject has none" in test.error[0].value


# The PDF ---------------------------------------------------------------------------------------------------------


def mention(test: AppTest, label: str) -> Any:
    [found] = [each for each in test.text_input if each.label == label]
    return found


def printed(app: App, invoice_id: int) -> str:
    document = documents.attachments(app.desk, documents.dossier(app.desk, invoice_id))[0][0]
    return " ".join("\n".join(sheet.extract_text() for sheet in PdfReader(BytesIO(document.content)).pages).split())


def test_the_choice_of_the_pdf_and_own_legal_mentions_are_saved_and_printed(dashboard: App) -> None:
    line = builders.line(vat_category="AE", vat_rate=Decimal(0))
    invoice_id = desk.bring(dashboard, builders.invoice(lines=(line,))).invoice_id or 0
    language = documents.dossier(dashboard.desk, invoice_id).language
    test = opened("pdf")
    assert test.radio[0].value is PdfChoice.SUPPLIED
    assert test.button(key=f"save-pdf/{desk.COMPANY}").disabled
    test.radio[0].set_value(PdfChoice.RENDERED).run()
    test.segmented_control(key=f"mention-language/{desk.COMPANY}").set_value(language).run()
    standard = i18n.translate(language, "Reverse charge")
    assert mention(test, "Reverse charge (AE)").placeholder == standard
    mention(test, "Reverse charge (AE)").set_value("  Nos propres   mots ").run()
    test.segmented_control(key=f"mention-language/{desk.COMPANY}").set_value(Language.EN).run()
    mention(test, "Exempt (E)").set_value("Ours in English").run()
    assert company(dashboard).mentions == {}
    test.button(key=f"save-pdf/{desk.COMPANY}").click().run()
    assert not test.error
    saved = company(dashboard)
    assert saved.renders_pdf
    assert saved.mentions == {(language, "AE"): "Nos propres mots", (Language.EN, "E"): "Ours in English"}
    assert "Nos propres mots" in printed(dashboard, invoice_id)
    test.segmented_control(key=f"mention-language/{desk.COMPANY}").set_value(language).run()
    assert mention(test, "Reverse charge (AE)").value == "Nos propres mots"
    mention(test, "Reverse charge (AE)").set_value("").run()
    test.button(key=f"save-pdf/{desk.COMPANY}").click().run()
    assert company(dashboard).mentions == {(Language.EN, "E"): "Ours in English"}
    assert standard in printed(dashboard, invoice_id)
    assert "Nos propres mots" not in printed(dashboard, invoice_id)


# Identity and terms ----------------------------------------------------------------------------------------------


def test_the_identity_is_saved_and_an_odd_iban_only_warns(dashboard: App) -> None:
    desk.bring(dashboard, builders.invoice())
    test = opened("identity")
    field(test, "Name").set_value("Atelier Dubois & Fils SRL")
    field(test, "IBAN").set_value("BE71 0961 2345 6768")
    field(test, "With Facturier since").set_value(date(2026, 12, 1))
    press(test, "Save", -1)
    saved = company(dashboard)
    assert (saved.name, saved.iban, saved.go_live) == ("Atelier Dubois & Fils SRL", "BE71096123456768", date(2026, 12, 1))
    assert "not a correct IBAN" in test.warning[0].value
    field(test, "With Facturier since").set_value(None)
    field(test, "Country (two letters)").set_value("Belgium")
    press(test, "Save", -1)
    assert "is no good value for Country (two letters)" in test.error[0].value
    field(test, "Country (two letters)").set_value("BE")
    press(test, "Save", -1)
    assert company(dashboard).go_live is None


def test_terms_are_refused_at_their_place_then_kept_looked_at_and_removed(dashboard: App) -> None:
    desk.bring(dashboard, builders.invoice())
    test = opened("terms")
    places = list(Language)
    test.file_uploader[places.index(Language.NL)].upload("verkoop.pdf", pdf(password="geheim"), "application/pdf").run()
    assert "encrypted" in test.error[0].value
    assert not [button for button in test.button if button.label == "Attach this file"]
    test.file_uploader[places.index(Language.NL)].upload("verkoop.pdf", pdf(2), "application/pdf").run()
    assert "2 pages" in words(test)
    assert company(dashboard).terms == {}
    press(test, "Attach this file")
    assert company(dashboard).terms[Language.NL].name == "verkoop.pdf"
    press(test, "Look at it")
    press(test, "Close")
    press(test, "Remove")
    assert company(dashboard).terms == {}


# What comes back -------------------------------------------------------------------------------------------------


def test_the_mailbox_is_saved_tried_and_its_trouble_is_said(dashboard: App) -> None:
    desk.bring(dashboard, desk.customer_invoice(1))
    test = opened("account")
    field(test, "IMAP host").set_value("127.0.0.1")
    field(test, "IMAP port").set_value(str(free_port()))
    field(test, "IMAP encryption").set_value(Security.NONE)
    field(test, "Mailbox user").set_value("factures@dubois.example")
    field(test, "Mailbox password").set_value("geheim4711")
    press(test, "Save", 1)
    kept = bouncing.mailbox(dashboard.desk, company(dashboard).id)
    assert (kept.host, kept.security, kept.folder) == ("127.0.0.1", Security.NONE, "INBOX")
    assert (kept.user, kept.password) == ("factures@dubois.example", "geheim4711")
    assert "Not read yet." in words(test) and "4711" not in words(test)
    for button in ("Test the mailbox", "Read it now"):
        press(test, button)
        assert [error.value for error in test.error] == [f"Nothing answers at 127.0.0.1, port {kept.port}."]
    press(test, "Save", 1)
    assert bouncing.mailbox(dashboard.desk, company(dashboard).id).password == "geheim4711"


def test_the_mailbox_of_one_who_signs_in_is_proposed_and_saved(dashboard: App) -> None:
    desk.bring(dashboard, builders.invoice())
    desk.set_company(dashboard, smtp__login="oauth2", smtp__user="factures@dubois.example", oauth__provider="microsoft", oauth__client_id="x")
    test = opened("account")
    assert field(test, "IMAP host").value == "outlook.office365.com"
    assert field(test, "Mailbox login").value is Login.OAUTH2
    press(test, "Save", 1)
    kept = bouncing.mailbox(dashboard.desk, company(dashboard).id)
    assert (kept.host, kept.port, kept.login, kept.who) == ("outlook.office365.com", 993, Login.OAUTH2, "factures@dubois.example")
    press(test, "Test the mailbox")
    assert "Nobody is signed in for this account" in words(test)
    field(test, "Mailbox login").select(Login.PASSWORD)
    press(test, "Save", 1)
    assert bouncing.mailbox(dashboard.desk, company(dashboard).id).login is Login.PASSWORD


def test_a_bad_port_of_the_mailbox_is_named_as_on_the_form(dashboard: App) -> None:
    desk.bring(dashboard, desk.customer_invoice(1))
    test = opened("account")
    field(test, "IMAP host").set_value("imap.example.be")
    field(test, "IMAP port").set_value("many")
    press(test, "Save", 1)
    assert "IMAP port" in test.error[0].value
    assert field(test, "IMAP host").value == "imap.example.be"
    assert bouncing.mailbox(dashboard.desk, company(dashboard).id).host == ""
