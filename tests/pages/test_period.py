"""The period of a ledger: kept as its value, whatever it was called when it was chosen."""

from __future__ import annotations

import pytest

from core.app import App
from core.dispatch.periods import Period
from pages.parts import ledger_state
from tests import desk
from tests.pages.screen import page, words


@pytest.mark.parametrize("period", Period)
def test_a_kept_period_is_read_by_its_value(period: Period) -> None:
    assert ledger_state.period_of(period.value) is period


def test_what_is_no_period_hides_nothing() -> None:
    assert ledger_state.period_of("Le mois passé") is Period.ALL


def test_a_chosen_period_stays_in_another_language(dashboard: App) -> None:
    desk.bring(dashboard, desk.customer_invoice(0))
    test = page("pages/ledgers/all.py")
    test.selectbox(key="period/all/en").set_value(Period.LAST_YEAR).run()
    assert "Nothing here fits the filter" in words(test)
    for language, said in (("fr", "Rien ne correspond au filtre"), ("nl", "Niets voldoet aan deze filter"), ("en", "Nothing here fits")):
        test.segmented_control(key="language-choice").set_value(language).run()
        assert not test.exception
        assert test.selectbox(key=f"period/all/{language}").value is Period.LAST_YEAR
        assert said in words(test)
