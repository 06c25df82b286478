"""Another language in Chromium, which names an option by its label: what is chosen stays chosen, under its new name."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from core.bench import filling
from tests.e2e import screen
from tests.e2e.conftest import House


@pytest.mark.parametrize(("path", "title"), [("ledger", "Facturier"), ("archive", "Archives")])
def test_a_chosen_period_stays_in_another_language(page: Page, house: House, path: str, title: str) -> None:
    filling.fill(house.app, 300)
    screen.open_page(page, f"{house.url}/{path}", title)
    screen.choose(page, page.locator(".stMainBlockContainer"), "Période", "Le mois passé")
    for language, label, words in (("NL", "Periode", "Vorige maand"), ("EN", "Period", "Last month"), ("FR", "Période", "Le mois passé")):
        page.locator(".st-key-language-choice").get_by_text(language, exact=True).click()
        expect(page.get_by_label(label, exact=True).locator("visible=true")).to_have_value(words)
        screen.settled(page)
        expect(page.get_by_test_id("stAlertContentError")).to_have_count(0)
    screen.choose(page, page.locator(".stMainBlockContainer"), "Période", "Cette année")
    page.locator(".st-key-language-choice").get_by_text("NL", exact=True).click()
    expect(page.get_by_label("Periode", exact=True).locator("visible=true")).to_have_value("Dit jaar")
