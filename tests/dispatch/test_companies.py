"""The card of a company: a trial mail that reaches nobody else, texts tried on real invoices, terms and logo looked at by their bytes."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from email import message_from_bytes
from email.policy import default
from io import BytesIO

import pytest
from PIL import Image
from sqlalchemy import func, select

from core.app import App
from core.database.schema import audit_events, deliveries, messages
from core.dispatch import companies, company_files, documents, sending, texts, trying
from core.dispatch.trying import Tried
from core.dispatch.values import Value
from core.errors import AccountUnset, AddressInvalid, KeywordUnknown, Sentence, SettingInvalid, TermsInvalid, TrialToCustomer
from core.model import DispatchStatus, DocumentType, Language
from core.records import AccompanyingText, Company
from tests import builders, desk
from tests.mail.fault_server import Behaviour, FaultServer, free_port
from tests.papers import pdf

ME = "marie@dubois.example"


def company(app: App) -> Company:
    return companies.find(app.desk, desk.COMPANY)


def counted(app: App, table: object) -> int:
    with app.desk.database.read() as connection:
        return connection.scalar(select(func.count()).select_from(table)) or 0  # type: ignore[arg-type]


# The trial mail --------------------------------------------------------------------------------------------------


def test_a_test_shows_the_newest_invoice_and_reaches_one_address_only(app: App, smtp: FaultServer) -> None:
    old = desk.ready(app, smtp.port, "ok+to@x.test")
    desk.tick(app, 1, "ok+to@x.test", cc="ok+cc@x.test", bcc="ok+bcc@x.test", language="fr")
    newest = desk.bring(app, desk.customer_invoice(2, issue_date=date(2026, 12, 1))).invoice_id or 0
    desk.tick(app, 2, "ok+two@x.test", cc="ok+twocc@x.test", language="fr")
    desk.set_company(app, mail__archive="ok+archive@x.test", mail__reply_to=ME, signature__fr="Marie")
    tried = trying.send_to(app.desk, company(app), ME)
    assert tried == Tried(address=ME, subject="Essai\xa0: Facture 2026-0002 de Atelier Dubois SRL", number="2026-0002")
    [taken] = smtp.record.taken
    assert taken.recipients == (ME,)
    assert [command for command in smtp.record.commands if command.upper().startswith("RCPT")] == [f"rcpt TO:<{ME}>"]
    mail = message_from_bytes(taken.content, policy=default)
    assert (mail["To"], mail["Cc"], mail["Bcc"], mail["Reply-To"]) == (ME, None, None, ME)
    assert b"x.test" not in taken.content.partition(b"\r\n\r\n")[0]
    text = mail.get_body(("plain",))
    assert text is not None and text.get_content().rstrip().endswith("Marie")
    as_it_would_leave = [part.file_name for part in documents.mail(app.desk, documents.dossier(app.desk, newest)).attachments]
    assert [part.get_filename() for part in mail.iter_attachments()] == as_it_would_leave
    assert [desk.status_of(app, each) for each in (old, newest)] == [DispatchStatus.TO_SEND] * 2


def test_a_test_is_recorded_as_a_test_and_as_nothing_else(app: App, smtp: FaultServer) -> None:
    invoice_id = desk.ready(app, smtp.port)
    trying.send_to(app.desk, company(app), ME)
    assert (counted(app, deliveries), counted(app, messages)) == (0, 0)
    with app.desk.database.read() as connection:
        [event] = connection.execute(select(audit_events).where(audit_events.c.what == "test mail")).all()
    assert (event.who, event.subject, event.why) == ("marie", desk.COMPANY, f"{ME} 2026-0001")
    desk.send(app, [invoice_id])  # the real one still leaves, once, to the customer alone
    assert [mail.recipients for mail in smtp.record.taken] == [(ME,), ("ok+1@x.test",)]
    assert not str(smtp.record.taken[1].parsed()["Subject"]).startswith("Test")
    desk.assert_statuses_follow(app)


def test_a_test_never_goes_to_a_customer(app: App, smtp: FaultServer) -> None:
    desk.ready(app, smtp.port, "Compta <ok+1@x.test>")
    with pytest.raises(TrialToCustomer) as refused:
        trying.send_to(app.desk, company(app), "OK+1@x.test")
    assert refused.value.sentence.values["customer"] == "Customer 1"
    with pytest.raises(AddressInvalid):
        trying.send_to(app.desk, company(app), "marie")
    with pytest.raises(AddressInvalid):
        trying.send_to(app.desk, company(app), f"{ME}, ok+1@x.test")
    assert smtp.record.connections == 0


@pytest.mark.parametrize(
    ("behaviour", "address", "template"),
    [
        (Behaviour(), "refuse@x.test", trying.RECIPIENT),
        (Behaviour(), "defer@x.test", trying.RECIPIENT),
        (Behaviour(), "nodata@x.test", trying.REFUSED),
        (Behaviour(), "reject@x.test", trying.REFUSED),
        (Behaviour(), "toobig@x.test", trying.TOO_BIG),
        (Behaviour(size_limit=100), ME, trying.TOO_BIG),
        (Behaviour(), "droprcpt@x.test", trying.LINE_LOST),
        (Behaviour(), "dropafter@x.test", trying.UNCERTAIN),
        (Behaviour(refuse_sender="550 5.7.1 not you"), ME, trying.SENDER),
        (Behaviour(greeting="554 closed"), ME, trying.REFUSED),
    ],
    ids=lambda value: value if isinstance(value, str) and "@" in value else None,
)
def test_what_a_server_refuses_is_said_and_not_tried_again(app: App, behaviour: Behaviour, address: str, template: str) -> None:
    with FaultServer(behaviour) as smtp:
        invoice_id = desk.ready(app, smtp.port)
        told = trying.send_to(app.desk, company(app), address)
        assert isinstance(told, Sentence)
        assert told.template == template
        assert "tries again" not in str(told)
        desk.one_pass(app.desk)
        assert len(smtp.record.taken) == (1 if template == trying.UNCERTAIN else 0)
        assert desk.status_of(app, invoice_id) is DispatchStatus.TO_SEND


def test_the_connection_is_tried_without_sending(app: App) -> None:
    with FaultServer(Behaviour(login=("marie", "secret"))) as smtp:
        desk.ready(app, smtp.port)
        desk.set_company(app, smtp__user="marie", smtp__password="secret")
        assert trying.connection(app.desk, company(app)) is None
        desk.set_company(app, smtp__password="wrong")
        told = trying.connection(app.desk, company(app))
        assert told is not None and told.template == trying.LOGIN
        assert "535" in str(told)
        assert smtp.record.taken == []
    desk.set_company(app, smtp__port=str(free_port()))
    told = trying.connection(app.desk, company(app))
    assert told is not None and told.template == trying.NO_ANSWER


def test_an_account_that_is_not_set_says_so(app: App) -> None:
    desk.bring(app, builders.invoice())
    for act in (lambda: trying.connection(app.desk, company(app)), lambda: trying.send_to(app.desk, company(app), ME)):
        with pytest.raises(AccountUnset):
            act()


# Texts -----------------------------------------------------------------------------------------------------------


def test_a_text_is_tried_on_the_newest_document_of_its_kind_in_its_language(app: App) -> None:
    for place, (day, language) in enumerate([(1, "nl"), (2, "fr"), (3, "nl"), (4, "fr")], 1):
        desk.bring(app, desk.customer_invoice(place, issue_date=date(2026, 11, day)))
        desk.tick(app, place, language=language, wants_email="false")
    desk.bring(app, replace(builders.credit_note(), number="C1"))
    found = texts.samples(app.desk, company(app), Language.NL, DocumentType.INVOICE)
    assert [each.number for each in found] == ["2026-0003", "2026-0001", "2026-0004", "2026-0002"]
    assert [each.number for each in texts.samples(app.desk, company(app), Language.EN, DocumentType.CREDIT_NOTE)] == ["C1"]
    draft = AccompanyingText(subject="Factuur {{ number }}", body="Beste {{ buyer }},{% if xml_file %}\n{{ xml_file }}{% endif %}")
    made = texts.tried(app.desk, found[0].invoice_id, draft, "Marie", Language.NL)
    assert made.subject == "Factuur 2026-0003"
    name = next(
        part.file_name
        for part in sending.preview(app.desk, found[0].invoice_id).mail.attachments
        if part.mime_type == "application/xml"  # the same name as in the real mail
    )
    assert made.plain == f"Beste Customer 3,\n{name}\n\nMarie\n"
    with pytest.raises(KeywordUnknown):
        texts.tried(app.desk, found[0].invoice_id, replace(draft, body="{{ klant }}"), "", Language.NL)


def test_without_a_document_the_keywords_stand_as_they_are(app: App) -> None:
    desk.bring(app, builders.invoice())
    assert texts.samples(app.desk, company(app), Language.FR, DocumentType.CREDIT_NOTE) == []
    draft = AccompanyingText(subject="NC {{ number }}", body="Bonjour")
    assert texts.tried(app.desk, None, draft, "", Language.FR).subject == "NC {{ number }}"
    with pytest.raises(KeywordUnknown):
        texts.tried(app.desk, None, replace(draft, body="{{ numero }}"), "", Language.FR)


# Terms, logo, bank -----------------------------------------------------------------------------------------------


def test_terms_are_kept_replaced_and_removed(app: App) -> None:
    desk.bring(app, builders.invoice())
    companies.change(app.desk, desk.COMPANY, [Value("terms.nl", pdf(2), "voorwaarden.pdf")])
    companies.change(app.desk, desk.COMPANY, [Value("terms.nl", pdf(3), "nieuwe.pdf")])
    kept = company(app).terms[Language.NL]
    assert (kept.name, kept.size) == ("nieuwe.pdf", len(pdf(3)))
    assert company_files.pdf_pages(company_files.terms(app.desk, company(app), Language.NL)) == 3
    companies.change(app.desk, desk.COMPANY, [Value("terms.nl", "")])
    assert company_files.terms(app.desk, company(app), Language.NL) == b""


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"PK\x03\x04 a spreadsheet", company_files.NOT_A_PDF),
        (pdf(password="geheim"), company_files.ENCRYPTED),
        (b"%PDF-1.4 cut off", company_files.DAMAGED),
        (pdf(0), company_files.NO_PAGES),
        (pdf() + b"\0" * 6_000_000, company_files.TERMS_LARGE),
    ],
    ids=["not a pdf", "encrypted", "damaged", "empty", "large"],
)
def test_terms_that_customers_could_not_read_are_refused_and_the_kept_ones_stay(app: App, content: bytes, why: str) -> None:
    desk.bring(app, builders.invoice())
    companies.change(app.desk, desk.COMPANY, [Value("terms.fr", pdf(), "cg.pdf")])
    before = company(app)
    with pytest.raises(TermsInvalid) as refused:
        companies.change(app.desk, desk.COMPANY, [Value("terms.fr", content, "x.pdf")])
    told = refused.value.sentence.values["why"]
    assert isinstance(told, Sentence) and told.template == why
    assert company(app) == before


def test_a_cmyk_logo_is_kept_upright_in_rgb(app: App) -> None:
    desk.bring(app, builders.invoice())
    picture, content = Image.new("CMYK", (300, 100), (0, 255, 255, 0)), BytesIO()
    exif = Image.Exif()
    exif[0x0112] = 6  # turned by the camera
    picture.save(content, "JPEG", exif=exif)
    companies.change(app.desk, desk.COMPANY, [Value("logo", content.getvalue(), "logo.jpg")])
    with Image.open(BytesIO(company_files.logo(app.desk, company(app)))) as kept:
        assert (kept.format, kept.mode, kept.size) == ("PNG", "RGB", (100, 300))
        pixel = kept.getpixel((50, 150))
    assert isinstance(pixel, tuple) and pixel[0] > 200 and pixel[1] < 60
    with pytest.raises(SettingInvalid):
        companies.change(app.desk, desk.COMPANY, [Value("logo", content.getvalue()[:100], "cut.jpg")])
    with pytest.raises(SettingInvalid):
        companies.change(app.desk, desk.COMPANY, [Value("logo", b"\x89PNG\r\n\x1a\n" + b"x" * 50, "broken.png")])
    companies.change(app.desk, desk.COMPANY, [Value("logo", "")])
    assert company_files.logo(app.desk, company(app)) == b""


def test_an_odd_iban_is_kept_and_doubted(app: App) -> None:
    desk.bring(app, builders.invoice())
    desk.set_company(app, iban="be71 0961 2345 6769", bic="gkcc bebb")
    assert (company(app).iban, company(app).bic, companies.doubts(company(app))) == (builders.IBAN, "GKCCBEBB", [])
    desk.set_company(app, iban="BE71 0961 2345 6768", bic="XX")
    assert company(app).iban == "BE71096123456768"
    assert [doubt.values["value"] for doubt in companies.doubts(company(app))] == ["BE71096123456768", "XX"]
