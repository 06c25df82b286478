"""Rehearsals: the whole path but the wire; then just that leaves, or says why not."""

from __future__ import annotations

import csv
import io
import zipfile
from pathlib import Path

import pytest
from sqlalchemy import func, select

from core import eml
from core.app import App
from core.database.schema import audit_events, messages
from core.dispatch import holding, rehearsal_files, rehearsed, rehearsing, rehearsing_to, sending
from core.errors import AddressInvalid, RehearsalUnknown, TooManyToMe, TrialToCustomer
from core.model import DispatchStatus, Language
from tests import desk
from tests.mail.fault_server import FaultServer

S = DispatchStatus


def several(app: App, port: int, count: int) -> list[int]:
    ids = [desk.bring(app, desk.customer_invoice(place)).invoice_id or 0 for place in range(1, count + 1)]
    for place in range(1, count + 1):
        desk.tick(app, place, f"ok+{place}@x.test")
    desk.set_account(app, port)
    return ids


def queued_mails(app: App) -> int:
    with app.desk.database.read() as connection:
        return connection.scalar(select(func.count()).select_from(messages)) or 0


def test_a_rehearsal_makes_the_files_and_nothing_else(app: App, smtp: FaultServer, tmp_path: Path) -> None:
    first, second, third = several(app, smtp.port, 3)
    desk.tick(app, 2)
    made, files = rehearsing.into_folder(app.desk, [first, second, third], tmp_path / "out" / "monday")
    folder = tmp_path / "out" / "monday"
    assert [mail.number for mail in made.mails] == ["2026-0001", "2026-0003"]
    assert "Address missing" in str(made.refused[second])
    assert {path.relative_to(folder).as_posix() for path in files if path.parent == folder} == {"2026-0001.eml", "2026-0003.eml", "index.csv"}
    assert all(path.is_file() for path in files)
    mail = eml.opened((folder / "2026-0001.eml").read_bytes())
    inside = {path.name: path.read_bytes() for path in (folder / "2026-0001").iterdir()}
    assert inside == {part.file_name: part.content for part in mail.attachments}
    assert len(inside) == 2
    assert (smtp.record.connections, queued_mails(app)) == (0, 0)
    assert [desk.status_of(app, each) for each in (first, second, third)] == [S.TO_SEND] * 3


def test_the_index_tells_each_mail_in_the_desk_s_language(app: App, smtp: FaultServer, tmp_path: Path) -> None:
    [first] = several(app, smtp.port, 1)
    rehearsing.into_folder(app.desk, [first], tmp_path / "out")
    [heads, row] = csv.reader(io.StringIO((tmp_path / "out" / "index.csv").read_text(encoding="utf-8-sig")))
    told = dict(zip(heads, row, strict=True))
    assert told["Number"] == "2026-0001"
    assert told["Customer"] == "Customer 1"
    assert told["Recipients"] == "ok+1@x.test"
    assert told["Size"] == str((tmp_path / "out" / "2026-0001.eml").stat().st_size)
    assert told["File"] == "2026-0001.eml"
    assert told["Subject"]


def test_two_rehearsals_in_one_folder_are_not_mixed(app: App, smtp: FaultServer, tmp_path: Path) -> None:
    first, second = several(app, smtp.port, 2)
    rehearsing.into_folder(app.desk, [first], tmp_path / "out")
    made, files = rehearsing.into_folder(app.desk, [second], tmp_path / "out")
    assert {path.name for path in (tmp_path / "out").glob("*.eml")} == {"2026-0001.eml"}
    assert files[0] == tmp_path / "out" / f"rehearsal-{made.id}" / "2026-0002.eml"
    assert rehearsed.find(app.desk, made.id).destination == str((tmp_path / "out" / f"rehearsal-{made.id}").resolve())


def test_numbers_that_share_a_safe_name_get_files_of_their_own(app: App, smtp: FaultServer, tmp_path: Path) -> None:
    ids = []
    for place, number in enumerate(("A/1", "A-1", "a-1", "A-1.eml", "../../etc"), start=1):
        ids.append(desk.bring(app, desk.customer_invoice(place, number=number)).invoice_id or 0)
        desk.tick(app, place, f"ok+{place}@x.test")
    desk.set_account(app, smtp.port)
    made, files = rehearsing.into_folder(app.desk, ids, tmp_path / "out")
    mails = [path for path in files if path.suffix == ".eml" and path.parent == tmp_path / "out"]
    assert len(made.mails) == len({path.name.lower() for path in mails}) == 5
    assert {path.read_bytes() for path in mails} == {app.desk.archive.get(mail.seal.sha256) for mail in made.mails}
    assert all(path.resolve().is_relative_to((tmp_path / "out").resolve()) for path in files)


def test_what_was_rehearsed_leaves_byte_for_byte(app: App, smtp: FaultServer, tmp_path: Path) -> None:
    ids = several(app, smtp.port, 2)
    made, files = rehearsing.into_folder(app.desk, ids, tmp_path / "out")
    queued = rehearsed.send(app.desk, made.id)
    assert sorted(queued.invoice_ids) == ids
    desk.drain(app)
    assert [desk.status_of(app, each) for each in ids] == [S.SENT] * 2
    assert sorted(mail.content for mail in smtp.record.taken) == sorted(path.read_bytes() for path in files if path.suffix == ".eml")


def test_what_left_meanwhile_is_refused(app: App, smtp: FaultServer) -> None:
    first, second = several(app, smtp.port, 2)
    made = rehearsing.rehearse(app.desk, [first, second], destination="zip")
    desk.send(app, [first])
    assert rehearsed.find(app.desk, made.id).free == [second]
    queued = rehearsed.send(app.desk, made.id)
    assert queued.invoice_ids == (second,)
    assert "already sent" in str(queued.refused[first])
    desk.drain(app)
    assert rehearsed.send(app.desk, made.id).invoice_ids == ()
    assert len(smtp.record.taken) == 2


def test_one_that_failed_after_it_left_as_rehearsed_cannot_go_as_it_was_rehearsed(app: App, smtp: FaultServer) -> None:
    first = desk.ready(app, smtp.port, "refuse+1@x.test")
    made = rehearsing.rehearse(app.desk, [first], destination="zip")
    rehearsed.send(app.desk, made.id)
    desk.drain(app)
    assert desk.status_of(app, first) is S.FAILED
    queued = rehearsed.send(app.desk, made.id)
    assert queued.invoice_ids == ()
    assert "since it was rehearsed" in str(queued.refused[first])


def test_a_cancelled_one_can_go_as_it_was_rehearsed(app: App, smtp: FaultServer) -> None:
    first = desk.ready(app, smtp.port)
    made = rehearsing.rehearse(app.desk, [first], destination="zip")
    holding.cancel(app.desk, rehearsed.send(app.desk, made.id, countdown_s=600).batch_id)
    assert rehearsed.send(app.desk, made.id).invoice_ids == (first,)
    desk.drain(app)
    assert [mail.content for mail in smtp.record.taken] == [app.desk.archive.get(made.mails[0].seal.sha256)]


def test_what_moved_since_is_refused_and_says_what(app: App, smtp: FaultServer) -> None:
    first, second = several(app, smtp.port, 2)
    made = rehearsing.rehearse(app.desk, [first, second], destination="zip")
    desk.tick(app, 1, "new@x.test")
    queued = rehearsed.send(app.desk, made.id)
    assert queued.invoice_ids == (second,)
    why = str(queued.refused[first])
    assert "customer card" in why
    assert "address ok+1@x.test → new@x.test" in why
    assert "by marie" in why


def test_another_sender_since_is_refused(app: App, smtp: FaultServer) -> None:
    first = desk.ready(app, smtp.port)
    made = rehearsing.rehearse(app.desk, [first], destination="zip")
    desk.set_company(app, mail__from="Atelier <other@dubois.example>")
    assert "sender" in str(rehearsed.send(app.desk, made.id).refused[first])
    desk.set_company(app, mail__from="Atelier <factures@dubois.example>", mail__reply_to="boss@dubois.example")
    assert "sender" in str(rehearsed.send(app.desk, made.id).refused[first])


def test_rehearsed_twice_the_newest_counts(app: App, smtp: FaultServer) -> None:
    first = desk.ready(app, smtp.port)
    old, new = (rehearsing.rehearse(app.desk, [first], destination="zip") for _ in range(2))
    assert f"rehearsal {new.id}" in str(rehearsed.send(app.desk, old.id).refused[first])
    assert rehearsed.send(app.desk, new.id).invoice_ids == (first,)
    with pytest.raises(RehearsalUnknown):
        rehearsed.find(app.desk, 99)


def test_to_me_goes_to_me_alone_with_the_bytes_that_will_leave(app: App, smtp: FaultServer) -> None:
    ids = several(app, smtp.port, 2)
    shown = rehearsing_to.to_me(app.desk, ids, "Marie <marie@dubois.example>")
    assert shown.troubles == {}
    assert [mail.recipients for mail in smtp.record.taken] == [("marie@dubois.example",)] * 2
    mine = [mail.content for mail in smtp.record.taken]
    assert (queued_mails(app), desk.status_of(app, ids[0])) == (0, S.TO_SEND)
    rehearsed.send(app.desk, shown.rehearsal.id)
    desk.drain(app)
    assert sorted(mail.content for mail in smtp.record.taken[2:]) == sorted(mine)


def test_to_me_never_goes_to_a_customer_nor_in_heaps(app: App, smtp: FaultServer, monkeypatch: pytest.MonkeyPatch) -> None:
    ids = several(app, smtp.port, 2)
    with pytest.raises(TrialToCustomer):
        rehearsing_to.to_me(app.desk, ids, "OK+2@x.test")
    with pytest.raises(AddressInvalid):
        rehearsing_to.to_me(app.desk, ids, "me")
    monkeypatch.setattr(rehearsing_to, "AT_ONCE", 1)
    with pytest.raises(TooManyToMe):
        rehearsing_to.to_me(app.desk, ids, "marie@dubois.example")
    assert smtp.record.connections == 0
    assert rehearsed.lately(app.desk) == []


def test_to_me_tells_what_the_server_says(app: App, smtp: FaultServer) -> None:
    first, second = several(app, smtp.port, 2)
    shown = rehearsing_to.to_me(app.desk, [first, second], "refuse+me@dubois.example")
    assert sorted(shown.troubles) == [first, second]
    assert "refuses the address" in str(shown.troubles[first])


def test_as_one_file_and_written_down(app: App, smtp: FaultServer) -> None:
    first = desk.ready(app, smtp.port)
    made = rehearsing.rehearse(app.desk, [first], destination="zip")
    packed = zipfile.ZipFile(io.BytesIO(rehearsal_files.zipped(app.desk, made.mails, Language.FR)))
    assert packed.testzip() is None
    assert {name for name in packed.namelist() if "/" not in name} == {"2026-0001.eml", "index.csv"}
    assert "Numéro;Client" in packed.read("index.csv").decode("utf-8-sig")
    again = rehearsal_files.zipped(app.desk, rehearsed.files(rehearsed.find(app.desk, made.id), app.desk), Language.FR)
    assert zipfile.ZipFile(io.BytesIO(again)).read("2026-0001.eml") == packed.read("2026-0001.eml")
    with app.desk.database.read() as connection:
        row = connection.execute(select(audit_events).where(audit_events.c.what == "rehearsed")).one()
    assert (row.who, row.subject) == ("marie", f"rehearsal {made.id}: 1: 2026-0001")


def test_the_time_of_a_later_sending_is_the_batch_s(app: App, smtp: FaultServer) -> None:
    first = desk.ready(app, smtp.port)
    made = rehearsing.rehearse(app.desk, [first], destination="zip")
    queued = rehearsed.send(app.desk, made.id, countdown_s=600)
    desk.one_pass(app.desk)
    assert smtp.record.taken == []
    holding.leave_now(app.desk, queued.batch_id)
    desk.drain(app)
    assert len(smtp.record.taken) == 1
    assert sending.queue(app.desk, [first]).invoice_ids == ()
