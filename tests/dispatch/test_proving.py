"""The proof of a sending: one page that says what left, to whom, what the server said, and the same bytes each time."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from io import BytesIO

import pypdf
import pytest
from sqlalchemy import select

from core.app import App
from core.database import audit
from core.database.schema import audit_events, messages
from core.dispatch import proving
from core.errors import MailUnknown
from core.model import DeliveryStatus, Language
from core.rendering.proof import Proof, Recipient, draw
from tests import desk
from tests.mail.fault_server import FaultServer


def read(pdf: bytes) -> str:
    """The words of the one page, on one line."""
    reader = pypdf.PdfReader(BytesIO(pdf))
    assert len(reader.pages) == 1
    return " ".join(reader.pages[0].extract_text().split())


def written_down(app: App) -> str:
    """An entry for the one mail, and its hash."""
    with app.desk.database.write() as connection:
        mail = connection.execute(select(messages)).one()
        if not connection.scalar(select(audit_events.c.id).where(audit_events.c.what == "sent")):
            settled = audit.SettledMail(
                number="2026-0001",
                recipients=["ok+1@x.test", "refuse+1@x.test"],
                status=DeliveryStatus.SENT,
                message_id=mail.message_id,
                sealed_sha256=mail.sealed_sha256,
                reply="250 2.0.0 queued",
            )
            audit.sent(connection, [settled], company_id=mail.company_id, who="worker 1", now=app.desk.now())
        return str(connection.scalar(select(audit_events.c.sha256).where(audit_events.c.what == "sent")))


def test_it_says_everything_in_each_language_and_is_the_same_each_time(app: App, smtp: FaultServer) -> None:
    invoice_id = desk.ready(app, smtp.port, "ok+1@x.test", "refuse+1@x.test")
    desk.send(app, [invoice_id])
    digest = written_down(app)
    mail = proving.of_invoice(app.desk, invoice_id)
    named = {Language.EN: "Proof of sending", Language.FR: "Preuve d’envoi", Language.NL: "Verzendbewijs"}
    for language, title in named.items():
        pdf = proving.pdf(app.desk, mail.id, language)
        assert pdf == proving.pdf(app.desk, mail.id, language)
        shown = read(pdf)
        for expected in (title, "2026-0001", "Customer 1", "ok+1@x.test", "refuse+1@x.test", "250", "550", mail.row.message_id, "marie"):
            assert expected in shown, (language, expected)
        assert mail.row.sealed_sha256 in shown and digest in shown
    assert "is not claimed" in read(proving.pdf(app.desk, mail.id, Language.EN))
    assert proving.file_name(mail, Language.EN) == "Proof of sending 2026-0001.pdf"


def test_what_did_not_leave_is_not_called_a_proof_of_sending(app: App, smtp: FaultServer) -> None:
    invoice_id = desk.ready(app, smtp.port, "dropafter+1@x.test")
    desk.send(app, [invoice_id])
    shown = read(proving.pdf(app.desk, proving.of_invoice(app.desk, invoice_id).id, Language.EN))
    assert "What became of a mail" in shown and "Uncertain" in shown
    assert "Proof of sending" not in shown


def test_an_invoice_without_a_sealed_mail_is_told(app: App, smtp: FaultServer) -> None:
    invoice_id = desk.ready(app, smtp.port)
    with pytest.raises(MailUnknown):
        proving.of_invoice(app.desk, invoice_id)


PROOF = Proof(
    language=Language.FR,
    at=datetime(2026, 11, 24, 10, tzinfo=UTC),
    title="Preuve d’envoi",
    issuer="Société Œuvre & Cie · BE0123456789",
    fields=[("Client", "Ελληνικά Łódź Київ 北京 שלום"), ("Total", "1 234,56 €"), ("Sujet", "x" * 300)],
    recipients_title="Destinataires",
    recipients=[Recipient(address="À : a@x.be", state="Envoyée", reply="250 ok")],
    seals_title="Sceaux",
    seals=[("SHA-256", "a" * 64)],
    sentences=["Une phrase." * 20],
    more="et {count} de plus",
)


def test_names_in_any_script_are_drawn() -> None:
    shown = read(draw(PROOF))
    for word in ("Œuvre", "Ελληνικά", "Łódź", "Київ", "北京", "€"):
        assert word in shown


def test_many_recipients_stay_on_one_page_and_the_rest_is_counted() -> None:
    many = [Recipient(address=f"À : a{place}@x.be", state="Envoyée", reply="250 2.0.0 ok") for place in range(60)]
    shown = read(draw(replace(PROOF, recipients=many)))
    assert "de plus" in shown and "Sceaux" in shown and "Une phrase." in shown
