"""The archive: a mail is found by what people know of it, opened as it left, and verified on the page."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select
from streamlit.testing.v1 import AppTest

from core.app import App
from core.database.schema import messages
from core.dispatch import archive_view
from core.dispatch.periods import Period
from tests import desk
from tests.mail.fault_server import FaultServer
from tests.pages.screen import page, preview, words

PAGE = "pages/sending/archive.py"


@pytest.fixture
def sent(dashboard: App, smtp: FaultServer) -> App:
    ids = [desk.bring(dashboard, desk.customer_invoice(place)).invoice_id or 0 for place in range(3)]
    desk.set_account(dashboard, smtp.port)
    for place in range(3):
        desk.tick(dashboard, place, f"ok+{place}@x.test")
    desk.send(dashboard, ids)
    return dashboard


def numbers(test: AppTest) -> list[str]:
    return [str(row[1]) for row in test.dataframe[0].value.to_numpy().tolist()]


def keyed(elements: Any, start: str) -> Any:
    [found] = [each for each in elements if str(each.key).startswith(start)]
    return found


def of(app: App, number: str) -> Any:
    return next(mail for mail in archive_view.find(app.desk) if mail.row.number == number)


def test_an_empty_archive_says_so(dashboard: App) -> None:
    assert "No mail was sealed yet" in words(page(PAGE))


def test_the_newest_mail_stands_first_with_what_became_of_it(sent: App) -> None:
    test = page(PAGE)
    assert numbers(test) == ["2026-0002", "2026-0001", "2026-0000"]
    first = test.dataframe[0].value.to_numpy().tolist()[0]
    assert first[0] == "✓ Sent" and first[3] == "ok+2@x.test"


@pytest.mark.parametrize("search", ["2026-0001", "Customer 1", "ok+1@x.test", "OK+1@X.test"])
def test_a_mail_is_found_by_what_people_know_of_it(sent: App, search: str) -> None:
    test = page(PAGE)
    test.text_input(key="archive/search").set_value(search).run()
    assert numbers(test) == ["2026-0001"]


@pytest.mark.parametrize("brackets", [True, False])
def test_it_is_found_by_its_message_id(sent: App, brackets: bool) -> None:
    message_id = of(sent, "2026-0001").row.message_id
    test = page(PAGE)
    test.text_input(key="archive/search").set_value(message_id if brackets else message_id.strip("<>")).run()
    assert numbers(test) == ["2026-0001"]


def test_what_nobody_was_sent_is_not_found_and_everything_comes_back(sent: App) -> None:
    test = page(PAGE)
    test.text_input(key="archive/search").set_value("nobody@nowhere.test").run()
    assert "No mail fits" in words(test)
    test.button(key="archive-clear").click().run()
    assert len(numbers(test)) == 3
    assert test.text_input(key="archive/search").value == ""


def test_a_period_and_a_company_narrow_it(sent: App) -> None:
    test = page(PAGE)
    keyed(test.selectbox, "archive/period/").set_value("this_month").run()
    assert len(numbers(test)) == 3
    keyed(test.selectbox, "archive/period/").set_value("last_year").run()
    assert "No mail fits" in words(test)


def test_more_than_a_page_is_turned(sent: App, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archive_view, "SHOWN", 2)
    monkeypatch.setattr("pages.parts.archive_list.SHOWN", 2)
    test = page(PAGE)
    assert numbers(test) == ["2026-0002", "2026-0001"]
    test.button(key="archive-older").click().run()
    assert numbers(test) == ["2026-0000"]
    assert test.button(key="archive-older").disabled
    test.button(key="archive-newer").click().run()
    assert numbers(test) == ["2026-0002", "2026-0001"]


def test_the_address_opens_a_mail_as_it_left(sent: App) -> None:
    mail = of(sent, "2026-0001")
    test = page(PAGE, message=str(mail.id))
    shown = words(test)
    assert "**2026-0001** · Customer 1" in shown
    assert "Queued by marie" in shown and "sender factures@dubois.example" in shown
    assert "“250" in shown  # what the server answered, in its marks
    assert "2026-0001" in preview(test)
    assert "Proof of sending (PDF)" in [each.proto.label for each in test.get("download_button")]
    test.button(key="archive-close").click().run()
    assert "Queued by marie" not in words(test)


def test_a_mail_that_is_not_there_is_told(sent: App) -> None:
    assert "There is no such mail in the archive" in words(page(PAGE, message="999"))


def test_verify_says_that_nothing_was_changed_and_what_was(sent: App) -> None:
    test = page(PAGE)
    test.session_state["verify/0"] = True
    test.run()
    test.button(key="verify-now").click().run()
    assert any("Nothing was changed." in each.value for each in test.success)
    with sent.desk.database.read() as connection:
        digest = str(connection.scalar(select(messages.c.sealed_sha256)))
    (Path(sent.desk.settings.archive_url.removeprefix("file://")) / digest[:2] / digest).write_bytes(b"another mail")
    test.session_state["verify/1"] = True
    test.run()
    test.button(key="verify-now").click().run()
    assert any("Not as they were written: 1." in each.value for each in test.error)
    assert "was changed in the archive" in str(test.dataframe[0].value.to_numpy().tolist())
    test.button(key="verified-close").click().run()
    assert not test.error


def test_a_chosen_period_stays_in_another_language(sent: App) -> None:
    test = page(PAGE)
    keyed(test.selectbox, "archive/period/").set_value(Period.THIS_MONTH).run()
    for language, label in (("fr", "Ce mois-ci"), ("nl", "Deze maand"), ("en", "This month")):
        test.segmented_control(key="language-choice").set_value(language).run()
        assert not test.exception
        box = keyed(test.selectbox, "archive/period/")
        assert (box.value, box.format_func(box.value)) == (Period.THIS_MONTH, label)
        assert numbers(test) == ["2026-0002", "2026-0001", "2026-0000"]
