"""The three ledgers as frames: exact amounts, whole rows, split by the customer's tick."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pandas as pd
import pytest

from core import frames, selection, styling
from core.app import App
from core.database.ledger_rows import Filter, Sort
from core.dispatch import looking
from core.dispatch.looking import PAGE_SIZE
from core.model import PENDING, DispatchStatus, Language, Ledger
from tests import builders, desk


@pytest.fixture
def filled(app: App) -> App:
    for place in range(3):
        desk.bring(app, desk.customer_invoice(place))
    desk.bring(app, builders.credit_note(number="C-1"))
    desk.tick(app, 0, "a@x.be", "b@x.be")
    desk.tick(app, 1)
    return app


def test_split_follows_the_tick(filled: App) -> None:
    ledgers = filled.ledgers()
    assert list(ledgers.all.columns) == list(frames.COLUMNS)
    assert set(ledgers.email[frames.NUMBER]) == {"2026-0000", "2026-0001"}
    assert set(ledgers.paper[frames.NUMBER]) == {"2026-0002", "C-1"}
    assert len(ledgers.all) == len(ledgers.email) + len(ledgers.paper)


def test_amounts_are_exact_decimals(filled: App) -> None:
    frame = filled.ledgers().all
    assert set(frame[frames.TOTAL]) == {Decimal("242.00")}
    assert frame[frames.TOTAL].sum() == Decimal("968.00")
    assert "decimal" in str(frame[frames.TOTAL].dtype)


def test_an_empty_database_gives_empty_frames(app: App) -> None:
    assert filled_columns(app.ledgers().all) == list(frames.COLUMNS)
    assert app.ledgers().email.empty


def filled_columns(frame: pd.DataFrame) -> list[str]:
    return list(frame.columns)


def test_the_frame_is_not_changed_by_styling(filled: App) -> None:
    page = looking.ledger_page(filled.desk, Filter(), None, Sort(), page=0)
    before = page.frame.copy(deep=True)
    reader = styling.Reader(language=Language.FR, zone=looking.zone(filled.desk), today=date(2026, 11, 24))
    html = styling.table(page.frame, reader, styling.columns(None), page.because).to_html()
    assert "À envoyer" in html
    assert "242,00" in html
    pd.testing.assert_frame_equal(page.frame, before)


def test_search_filter_and_tally(filled: App) -> None:
    desk_ = filled.desk
    desk.set_account(filled, 2525)
    desk.tick(filled, 1, "c@x.be")
    page = looking.ledger_page(desk_, Filter(ledger=Ledger.EMAIL), "to_send", Sort("number", descending=False), page=0)
    assert list(page.frame[frames.NUMBER]) == ["2026-0000", "2026-0001"]
    assert page.groups["to_send"] == 2
    assert page.tally.sums == {"EUR": Decimal("484.00")}
    found = looking.ledger_page(desk_, Filter(search="customer 0002"), None, Sort(), page=0)
    assert list(found.frame[frames.NUMBER]) == ["2026-0002"]
    assert looking.ledger_page(desk_, Filter(search="100%_"), None, Sort(), page=0).frame.empty
    credit = looking.ledger_page(desk_, Filter(search="C-1"), None, Sort(), page=0)
    assert credit.tally.sums == {"EUR": Decimal("-242.00")}  # a credit note takes away


def test_what_the_filter_hides_is_counted(filled: App) -> None:
    ids = [int(each) for each in filled.ledgers().all[frames.ID]]
    tally, hidden = looking.selected_tally(filled.desk, ids, Filter(ledger=Ledger.EMAIL), None)
    assert (tally.count, hidden) == (4, 2)


def test_every_status_has_its_look() -> None:
    assert set(styling.LOOKS) == set(DispatchStatus)
    for status, look in styling.LOOKS.items():
        assert look.icon, status
        assert (look.css() == "") == (status in PENDING), status
        assert look.css() != look.css(dark=True) or status in PENDING
    assert styling.LOOKS[DispatchStatus.SENT].paint is styling.GREEN


def test_ticks_are_ids_and_survive_other_pages() -> None:
    ticks = selection.ticked(frozenset({1, 99}), [1, 2, 3], [1, 2, 700])
    assert ticks == {2, 3, 99}
    assert selection.positions(ticks, [3, 5, 2]) == [0, 2]
    assert PAGE_SIZE == 200


def test_companies_have_short_codes_of_their_own() -> None:
    names = {"1": "Fiduciaire Mosane SRL", "2": "Boekhoudkantoor Dijle BV", "3": "Fiduciaire Meuse SA", "4": "Dubois", "5": "Dubois"}
    assert styling.codes(names) == {"1": "FM", "2": "BD", "3": "FIDU", "4": "DUB", "5": "DUBO"}
    assert len(set(styling.codes({str(place): "A" for place in range(9)}).values())) == 9
