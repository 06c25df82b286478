"""The code for paying on its way: in the field, in the preview and in the mail that the server took it is the same."""

from __future__ import annotations

from dataclasses import replace
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from io import BytesIO
from pathlib import Path

import pytest
import zxingcpp
from PIL import Image

from core import catcher
from core.app import App
from core.catcher import server
from core.dispatch import companies, documents, history, sending, texts
from core.dispatch.values import Value
from core.errors import TextInvalid
from core.model import Language, XmlFormat
from core.records import AccompanyingText
from core.rendering import epc
from core.rendering.payment_qr import MARK
from tests import desk
from tests.mail.fault_server import FaultServer

BODY = "Beste {{ buyer }},\n\nBetaal hier:\n{{ payment_qr }}\n\nGroeten,"


def ready(app: App, port: int) -> int:
    invoice_id = desk.ready(app, port)
    desk.set_company(app, text__nl__invoice__body=BODY, signature__nl="Marie")
    desk.tick(app, 1, "ok+1@x.test", language="nl")
    return invoice_id


def payload(app: App, invoice_id: int) -> str | None:
    return epc.payload(documents.dossier(app.desk, invoice_id).invoice)


def read(content: bytes) -> EmailMessage:
    return message_from_bytes(content, policy=default)


def codes(mail: EmailMessage) -> list[str]:
    pictures = [Image.open(BytesIO(part.get_content())) for part in mail.walk() if part.get_content_type() == "image/png"]
    return [code.text for picture in pictures for code in zxingcpp.read_barcodes(picture)]


def said(mail: EmailMessage, kind: str) -> str:
    part = mail.get_body((kind,))
    assert part is not None
    return str(part.get_content()).replace("\r\n", "\n")


def test_a_bulk_mail_carries_the_code_and_its_attachments_in_their_order(app: App, smtp: FaultServer) -> None:
    invoice_id = ready(app, smtp.port)
    shown = sending.preview(app.desk, invoice_id)
    desk.send(app, [invoice_id])
    [taken] = smtp.record.taken
    mail = read(taken.content)
    assert codes(mail) == [payload(app, invoice_id)]
    assert [part.get_filename() for part in mail.iter_attachments()] == [part.file_name for part in shown.mail.attachments]
    assert (said(mail, "html"), said(mail, "plain")) == (shown.mail.text.html, shown.mail.text.plain)
    assert "Te betalen:" in said(mail, "plain")


def test_what_a_person_edits_keeps_the_code_where_they_put_it(app: App, smtp: FaultServer) -> None:
    invoice_id = ready(app, smtp.port)
    first = sending.preview(app.desk, invoice_id)
    assert first.words.body == f"Beste Customer 1,\n\nBetaal hier:\n{MARK}\n\nGroeten,"
    edited = replace(first.words, body=f"{MARK}\n\nZoals beloofd.")
    shown = sending.preview(app.desk, invoice_id, edited=edited)
    sending.queue_confirmed(app.desk, invoice_id, edited, first.dossier.versions)
    desk.drain(app)
    [taken] = smtp.record.taken
    mail = read(taken.content)
    assert codes(mail) == [payload(app, invoice_id)]
    assert said(mail, "html") == shown.mail.text.html
    assert said(mail, "plain").startswith("Te betalen:")
    assert MARK not in said(mail, "plain") + said(mail, "html")


def test_whoever_takes_the_code_out_sends_none(app: App, smtp: FaultServer) -> None:
    invoice_id = ready(app, smtp.port)
    first = sending.preview(app.desk, invoice_id)
    sending.queue_confirmed(app.desk, invoice_id, replace(first.words, body="Dag"), first.dossier.versions)
    desk.drain(app)
    mail = read(smtp.record.taken[0].content)
    assert codes(mail) == []
    assert "multipart/related" not in [part.get_content_type() for part in mail.walk()]


def test_the_catcher_and_the_archive_show_the_picture_and_do_not_list_it(app: App, tmp_path: Path) -> None:
    folder = tmp_path / "caught"
    with server.running("127.0.0.1", 0, folder) as port:
        invoice_id = ready(app, port)
        desk.send(app, [invoice_id])
    [caught] = catcher.caught(folder, 10)
    sealed = history.copies(app.desk, invoice_id)[0].sealed_sha256
    for opened in (catcher.open_mail(folder, caught.id), history.sealed_mail(app.desk, sealed or "")):
        assert [part.mime_type for part in opened.attachments] == ["application/pdf", "application/xml"]
        [picture] = opened.pictures
        assert f"cid:{picture.content_id}" in opened.html
        assert [code.text for code in zxingcpp.read_barcodes(Image.open(BytesIO(picture.content)))] == [payload(app, invoice_id)]


def test_the_company_page_tries_it_on_a_real_invoice(app: App) -> None:
    invoice_id = ready(app, 25)
    tried = texts.tried(app.desk, invoice_id, AccompanyingText(subject="x", body=BODY), "Marie", Language.NL)
    assert tried.pictures == sending.preview(app.desk, invoice_id).mail.text.pictures
    with pytest.raises(TextInvalid, match="a subject has none"):
        companies.change(app.desk, desk.COMPANY, [Value("text.nl.invoice.subject", "{{ payment_qr }}")])


@pytest.mark.parametrize("choice", ["supplied", "rendered"])
@pytest.mark.parametrize("wanted", XmlFormat)
def test_the_text_names_the_xml_that_hangs_on_the_mail(app: App, wanted: XmlFormat, choice: str) -> None:
    invoice_id = desk.ready(app, 25)
    desk.set_company(app, pdf=choice)
    desk.tick(app, 1, "ok+1@x.test", xml=wanted.value)
    what = documents.dossier(app.desk, invoice_id)
    hanging = [part.file_name for part in documents.mail(app.desk, what).attachments if part.mime_type == "application/xml"]
    named = documents.xml_file_name(what)
    assert hanging == ([named] if named else [])
    assert bool(named) is not (wanted is XmlFormat.NONE or (wanted is XmlFormat.FACTURX and choice == "rendered"))
