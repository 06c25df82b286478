"""The outbox under a pointer: a card that is settled keeps its place, and a second click of a double click meets nothing else."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from core.model import DispatchStatus
from tests import desk
from tests.e2e import screen
from tests.e2e.conftest import House
from tests.mail.fault_server import FaultServer


@pytest.fixture
def countdown_s() -> int:
    return 60


def test_a_double_click_acts_on_one_mail_alone(page: Page, house: House, smtp: FaultServer) -> None:
    ids = [desk.bring(house.app, desk.customer_invoice(place)).invoice_id or 0 for place in range(3)]
    for place in range(3):
        desk.tick(house.app, place, f"refuse+{place}@x.test")
    desk.set_account(house.app, smtp.port)
    desk.send(house.app, ids)
    screen.open_page(page, f"{house.url}/outbox", "Boîte d’envoi")
    cards = page.locator("[class*=st-key-card-]")
    expect(cards).to_have_count(3)
    before = places(page)
    first = cards.first
    save = first.get_by_role("button", name="Enregistrer et renvoyer")
    expect(save).to_be_disabled()
    first.get_by_role("textbox").fill("ok+right@x.test")
    expect(save).to_be_enabled()
    box = save.bounding_box()
    assert box is not None
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.click(x, y)
    expect(first.get_by_text("Repart")).to_be_visible()
    page.mouse.click(x, y)
    screen.settled(page)
    page.screenshot(path=house.shots / "outbox-1-settled.png")
    after = places(page)
    assert len(after) == 3
    assert max(abs(one - other) for one, other in zip(before, after, strict=True)) <= 2  # px
    assert sorted(desk.status_of(house.app, each).value for each in ids) == ["failed", "failed", "queued"]
    first.get_by_role("button", name="Annuler").click()
    expect(first.get_by_role("textbox")).to_be_visible()
    assert {desk.status_of(house.app, each) for each in ids} == {DispatchStatus.FAILED}


def places(page: Page) -> list[float]:
    """How far from the top of the page each card stands."""
    found: list[float] = page.evaluate(
        "() => Array.from(document.querySelectorAll('[class*=st-key-card-]'), (card) => card.getBoundingClientRect().top)"
    )
    return found
