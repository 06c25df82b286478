"""A keyword at the cursor in Chromium: insert it, take it back, see the real number, save, and find it again."""

from __future__ import annotations

from dataclasses import replace

import pytest
from playwright.sync_api import FrameLocator, Page, expect

from core.dispatch import companies
from core.model import DocumentType, Language
from tests import builders, desk
from tests.e2e import screen
from tests.e2e.conftest import House

NUMBER = "2026-0042"
KIND = (Language.FR, DocumentType.INVOICE)


@pytest.fixture
def open_texts(page: Page, house: House) -> None:
    desk.bring(house.app, replace(builders.invoice(), number=NUMBER))
    desk.set_company(house.app, signature__fr="Marie Dubois\nAtelier Dubois", text__fr__invoice__body="Bonjour,", language="fr")
    screen.open_page(page, f"{house.url}/companies?company={desk.COMPANY}&part=texts", "Sociétés facturantes")
    expect(page.get_by_label("Texte", exact=True)).to_have_value("Bonjour,")


def preview(page: Page) -> FrameLocator:
    return page.frame_locator("iframe[title='L’e-mail tel que le client le lit']")


def insert(page: Page, keyword: str) -> None:
    page.get_by_label("Mot clé").select_option(keyword)
    page.get_by_role("button", name="Insérer à l’endroit du curseur").click()


def caret(page: Page, label: str, place: int, end: int | None = None) -> None:
    field = page.get_by_label(label, exact=True)
    field.focus()
    field.evaluate("(field, [place, end]) => field.setSelectionRange(place, end)", [place, place if end is None else end])


def body(house: House) -> str:
    return companies.find(house.app.desk, desk.COMPANY).texts[KIND].body


@pytest.mark.usefixtures("open_texts")
def test_a_keyword_goes_where_the_cursor_stands(page: Page, house: House) -> None:
    text, subject = page.get_by_label("Texte", exact=True), page.get_by_label("Objet", exact=True)
    text.fill("")
    text.press_sequentially("Voici notre facture du mois.")
    insert(page, "iban")
    page.keyboard.press("Control+z")  # the keyword alone, not what was typed before it
    expect(text).to_have_value("Voici notre facture du mois.")
    caret(page, "Texte", len("Voici notre facture "))
    insert(page, "number")
    expect(text).to_have_value("Voici notre facture {{ number }}du mois.")
    expect(text).to_be_focused()
    page.keyboard.type(" ")  # the caret stands right after it
    expect(text).to_have_value("Voici notre facture {{ number }} du mois.")
    expect(preview(page).get_by_text(f"Voici notre facture {NUMBER} du mois.")).to_be_visible()
    expect(preview(page).get_by_text("Marie Dubois")).to_be_visible()
    page.screenshot(path=house.shots / "keyword-1.png")
    undo_and_redo(page)
    caret(page, "Texte", 0, len("Voici"))
    insert(page, "buyer")  # replaces what is selected
    expect(text).to_have_value("{{ buyer }} notre facture {{ number }} du mois.")
    subject.fill("Facture ")
    insert(page, "number")
    expect(subject).to_have_value("Facture {{ number }}")
    expect(page.get_by_text(f"Facture {NUMBER}", exact=True)).to_be_visible()
    expect(page.get_by_text("Pas encore enregistré")).to_be_visible()
    page.get_by_test_id("stTabPanel").get_by_role("button", name="Enregistrer").locator("visible=true").click()
    expect(page.get_by_text("Le texte est enregistré.")).to_be_visible()
    page.reload()
    expect(page.get_by_label("Texte", exact=True)).to_have_value("{{ buyer }} notre facture {{ number }} du mois.", timeout=20_000)
    expect(page.get_by_label("Objet", exact=True)).to_have_value("Facture {{ number }}")
    assert body(house) == "{{ buyer }} notre facture {{ number }} du mois."


def undo_and_redo(page: Page) -> None:
    text = page.get_by_label("Texte", exact=True)
    page.keyboard.press("Control+z")
    page.keyboard.press("Control+z")
    expect(text).to_have_value("Voici notre facture du mois.")
    page.get_by_role("button", name="Rétablir").click()
    page.get_by_role("button", name="Rétablir").click()
    expect(text).to_have_value("Voici notre facture {{ number }} du mois.")
    page.get_by_role("button", name="Annuler la frappe").click()
    expect(text).to_have_value("Voici notre facture {{ number }}du mois.")
    page.get_by_role("button", name="Rétablir").click()
    expect(text).to_be_focused()


@pytest.mark.usefixtures("open_texts")
def test_no_letter_is_lost_while_the_page_works(page: Page) -> None:
    sentence = "Ci-joint la facture que vous attendez, avec nos remerciements. " * 3
    text = page.get_by_label("Texte", exact=True)
    text.fill("")
    text.press_sequentially(sentence, delay=25)  # several pauses of the preview fall in between
    expect(text).to_have_value(sentence)
    expect(preview(page).get_by_text("avec nos remerciements").first).to_be_visible()
    page.get_by_role("radio", name="Nederlands").click()
    expect(page.get_by_label("Objet", exact=True).last).to_have_value("Factuur {{ number }} van {{ seller }}")
    expect(text).to_have_count(1)
    expect(text).not_to_have_value(sentence)
    expect(page.get_by_text("Pas encore enregistrés non plus : Français – Facture")).to_be_visible()
    page.get_by_role("radio", name="Français").click()
    expect(page.get_by_label("Objet", exact=True).last).to_have_value("Facture {{ number }} de {{ seller }}")
    expect(text).to_have_count(1)
    expect(text).to_have_value(sentence)  # kept, though never saved
    page.get_by_role("button", name="Texte standard").click()
    expect(text).not_to_have_value(sentence)
    page.get_by_role("button", name="Annuler la frappe").click()
    expect(text).to_have_value(sentence)


@pytest.mark.usefixtures("open_texts")
def test_an_unknown_keyword_and_a_pasted_signature(page: Page, house: House) -> None:
    text = page.get_by_label("Texte", exact=True)
    text.fill("Total : {{ montant_total }}")
    expect(page.get_by_text("total_with_vat").locator("visible=true").last).to_be_visible()
    page.get_by_test_id("stTabPanel").get_by_role("button", name="Enregistrer").locator("visible=true").click()
    alert = page.get_by_test_id("stAlertContentError")
    expect(alert).to_contain_text("montant_total")
    expect(alert).to_contain_text("total_with_vat")
    page.screenshot(path=house.shots / "keyword-2-refused.png")
    expect(text).to_have_value("Total : {{ montant_total }}")
    assert body(house) == "Bonjour,"
    text.fill("Bonjour,\n\nVoici.\n\nmarie  dubois\nAtelier Dubois")
    expect(page.get_by_text("le client la lirait deux fois")).to_be_visible()
    page.screenshot(path=house.shots / "keyword-3-signature.png")
    page.get_by_role("button", name="La retirer du texte").click()
    expect(text).to_have_value("Bonjour,\n\nVoici.")
    expect(page.get_by_text("le client la lirait deux fois")).to_be_hidden()
    text.press("Control+z")
    expect(text).to_have_value("Bonjour,\n\nVoici.\n\nmarie  dubois\nAtelier Dubois")


@pytest.mark.usefixtures("open_texts")
def test_a_condition_takes_in_what_is_selected_and_the_code_is_seen(page: Page) -> None:
    text = page.get_by_label("Texte", exact=True)
    caret(page, "Texte", 0, len("Bonjour"))
    insert(page, "is_credit_note")
    expect(text).to_have_value("{% if is_credit_note %}Bonjour{% endif %},")
    page.keyboard.type(" bien")  # the caret stands within
    expect(text).to_have_value("{% if is_credit_note %}Bonjour bien{% endif %},")
    text.fill("Bonjour, ")
    insert(page, "payment_qr")
    expect(text).to_have_value("Bonjour, {{ payment_qr }}")
    picture = preview(page).get_by_role("img", name="À payer")
    expect(picture).to_be_visible()
    assert picture.evaluate("image => image.naturalWidth") > 160  # loaded, though nothing from outside may be
