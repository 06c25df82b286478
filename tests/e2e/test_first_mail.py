"""From the file to the mailbox in Chromium: import, tick, white row, confirm with an edited text, green row; then several at once."""

from __future__ import annotations

import re
from email import message_from_bytes
from email.policy import default
from pathlib import Path

from playwright.sync_api import Page, expect

from core import catcher
from core.model import XmlFormat
from core.rendering import ubl
from tests import builders, desk
from tests.e2e import screen
from tests.e2e.conftest import House

WHITE = (255, 255, 255)


def files(folder: Path, count: int) -> list[str]:
    """Invoices of one customer, as a billing program leaves them in a folder."""
    made = []
    for place in range(1, count + 1):
        invoice = builders.invoice(number=f"2026-{place:04d}")
        written = ubl.write(invoice, wanted=XmlFormat.BIS3, pdf=None, pdf_name="")
        path = folder / f"2026-{place:04d}.xml"
        path.write_bytes(written.content)
        made.append(str(path))
    return made


def test_from_import_to_green(page: Page, house: House) -> None:
    bring_in(page, house)
    set_account(page, house)
    tick_customer(page, house)
    send_one(page, house)
    send_the_rest(page, house)


def bring_in(page: Page, house: House) -> None:
    broken = house.folder / "broken.xml"
    broken.write_text("<Invoice", encoding="utf-8")
    screen.open_page(page, f"{house.url}/import", "Importation")
    page.locator("input[type=file]").set_input_files([*files(house.folder, 4), str(broken)])
    expect(page.get_by_role("button", name="Remove broken.xml")).to_be_visible()
    screen.settled(page)
    page.get_by_role("button", name="Importer les 4 factures").click()
    expect(page.get_by_text("Importés : 4, inchangés : 0, refusés : 1")).to_be_visible()
    expect(screen.cell(page, 0, 0)).to_have_text("✗ Refusée")
    expect(screen.cell(page, 5, 0)).to_contain_text("broken.xml")
    expect(screen.cell(page, 0, 4)).to_have_text("✓ Nouvelle")
    page.screenshot(path=house.shots / "1-import.png")


def set_account(page: Page, house: House) -> None:
    screen.open_page(page, f"{house.url}/companies", "Sociétés facturantes")
    page.get_by_label("Serveur").fill("127.0.0.1")
    page.get_by_label("Port", exact=True).fill(str(house.catcher_port))
    page.get_by_label("Protection").click()
    page.get_by_role("option", name="Aucune").click()
    page.get_by_label("Expéditeur").fill("Atelier Dubois <factures@dubois.example>")
    page.get_by_role("button", name="Enregistrer").first.click()
    expect(page.get_by_text("est enregistrée")).to_be_visible()
    page.get_by_role("button", name="Tester la connexion").click()
    expect(page.get_by_text("Le serveur répond")).to_be_visible()
    page.screenshot(path=house.shots / "2-company.png")


def tick_customer(page: Page, house: House) -> None:
    screen.open_page(page, f"{house.url}/customers", "Clients")
    screen.press_cell(page, 200, 0)
    expect(page.locator(".st-key-panel").get_by_text("Bakkerij Peeters BV")).to_be_visible()
    page.get_by_text("Veut ses factures par e-mail").click()
    page.get_by_label("À", exact=True).fill("compta@peeters.example, patron@peeters.example")
    page.locator(".st-key-panel").get_by_label("Langue", exact=True).click(delay=100)
    page.get_by_role("option", name="Français").click()
    page.get_by_role("button", name="Enregistrer").click()
    expect(page.get_by_text("Rien n’a été envoyé")).to_be_visible()
    page.screenshot(path=house.shots / "3-customer.png")


def send_one(page: Page, house: House) -> None:
    screen.open_page(page, f"{house.url}/", "Facturier email")
    expect(screen.cell(page, 1, 0)).to_have_text("○ À envoyer")
    assert screen.row_colour(page, 0) == WHITE
    number = screen.cell(page, 2, 0).inner_text()
    screen.tick(page, 0)
    page.screenshot(path=house.shots / "4-white.png")
    page.get_by_role("button", name="@ Envoi par email").click()
    body = page.get_by_label("Texte", exact=True)
    expect(body).to_have_value(desk_text(number))
    body.fill(f"Bonjour,\n\nVoici la facture {number}, comme convenu au téléphone ce matin.\n\nBien à vous,")
    page.get_by_label("Objet").fill(f"Facture {number} — comme convenu")
    page.get_by_label("Objet").blur()
    frame = page.frame_locator("iframe[title='L’e-mail tel que le client le lit']")
    expect(frame.get_by_text("comme convenu au téléphone")).to_be_visible()
    page.screenshot(path=house.shots / "5-confirm.png")
    page.get_by_role("tab", name="XML").click()
    expect(page.get_by_text("e-fff:ver3.0").first).to_be_visible()
    page.get_by_role("tab", name="Document").click()
    page.wait_for_timeout(1500)
    page.screenshot(path=house.shots / "6-confirm-pdf.png")
    page.get_by_role("button", name="Envoyer à compta@peeters.example").click()
    expect(page.get_by_role("heading", name="Facturier email", exact=True)).to_be_visible()
    expect(page.get_by_text("Départ dans")).to_be_visible()
    page.screenshot(path=house.shots / "7-countdown.png")
    page.reload()  # what leaves is in the database, not in the page
    page.wait_for_timeout(500)
    screen.open_page(page, f"{house.url}/outbox", "Boîte d’envoi")
    expect(page.get_by_text("Factures : 1 sur 1")).to_be_visible(timeout=20_000)
    page.screenshot(path=house.shots / "8-outbox.png")
    look_at_the_mail(page, house, number)
    screen.open_page(page, f"{house.url}/", "Facturier email")
    expect(screen.cell(page, 1, 0)).to_contain_text("✓ Envoyée")
    red, green, blue = screen.row_colour(page, 0)
    assert green > red
    assert green > blue
    page.screenshot(path=house.shots / "9-green.png")


def desk_text(number: str) -> re.Pattern[str]:
    return re.compile(rf"notre facture {re.escape(number)} du 24/11/2026")


def look_at_the_mail(page: Page, house: House, number: str) -> None:
    folder = house.app.desk.settings.catcher_folder
    [caught] = catcher.caught(folder, 10)
    mail = message_from_bytes(catcher.open_mail(folder, caught.id).raw, policy=default)
    assert mail["Subject"] == f"Facture {number} — comme convenu"
    assert set(caught.envelope_to) == {"compta@peeters.example", "patron@peeters.example"}
    text = mail.get_body(("plain",))
    assert text is not None
    assert "comme convenu au téléphone ce matin" in text.get_content()
    assert [part.get_filename() for part in mail.iter_attachments()] == [f"{number}.pdf", f"efff_{desk.COMPANY}_{number}.xml"]
    screen.open_page(page, f"{house.url}/catcher", "Boîte de capture")
    frame = page.frame_locator("iframe[title='L’e-mail tel que le client le lit']")
    expect(frame.get_by_text("comme convenu au téléphone")).to_be_visible()
    expect(page.get_by_role("tab", name=f"{number}.pdf")).to_be_visible()
    page.screenshot(path=house.shots / "10-catcher.png")


def send_the_rest(page: Page, house: House) -> None:
    page.get_by_role("button", name="Cocher tout à envoyer").click()
    expect(page.get_by_text("Cochées : 3")).to_be_visible()
    page.screenshot(path=house.shots / "11-several.png")
    page.get_by_role("button", name="@ Envoi par email (3)").click()
    expect(page.get_by_text("Départ dans")).to_be_visible()
    page.get_by_role("button", name="Envoyer maintenant").click()
    expect(page.get_by_text("Parties : 3.")).to_be_visible(timeout=30_000)
    assert catcher.count(house.app.desk.settings.catcher_folder) == 4
    for row in range(4):  # the rows turned green under one's eyes
        expect(screen.cell(page, 1, row)).to_contain_text("✓ Envoyée")
    page.screenshot(path=house.shots / "12-all-green.png")
