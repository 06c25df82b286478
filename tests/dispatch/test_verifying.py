"""`verify`: untouched data has no finding, and whatever is changed behind the program's back is found, on both databases."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from typing import Any, NoReturn

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, delete, func, insert, select, update

from core.app import App
from core.database import audit, audit_heads
from core.database.audit_heads import ROSTER
from core.database.schema import audit_events, deliveries, invoices, messages
from core.database.schema_delivery import audit_heads as heads
from core.database.session import Database
from core.delivery import Wire
from core.dispatch import companies, proving, sealing, sending, settling, verifying
from core.dispatch.chain_walk import SENTENCES, Finding, Kind
from core.dispatch.settling import Settlement
from core.dispatch.values import Value
from core.dispatch.working import Worker
from core.errors import ReasonMissing
from core.model import DeliveryStatus, DispatchStatus
from tests import desk
from tests.mail.fault_server import FaultServer

E = audit_events.c


@pytest.fixture
def sent(app: App, smtp: FaultServer) -> App:
    """Three mails that the server took, and what the chain says of them."""
    ids = [desk.bring(app, desk.customer_invoice(place)).invoice_id or 0 for place in range(3)]
    desk.set_account(app, smtp.port)
    for place in range(3):
        desk.tick(app, place, f"ok+{place}@x.test", f"ok+copy{place}@x.test")
    write_down(app)
    desk.send(app, ids)
    write_down(app)
    return app


def write_down(app: App) -> None:
    """What a worker writes for each mail, for those of which it stands nowhere yet."""
    with app.desk.database.write() as connection:
        said = {each[0] for why in connection.scalars(select(E.why)) if (each := audit.evidence(why))}
        columns = (messages.c.id, messages.c.message_id, messages.c.sealed_sha256, messages.c.company_id, invoices.c.number)
        for row in connection.execute(select(*columns).join(invoices, messages.c.invoice_id == invoices.c.id)).all():
            if row.message_id in said or not row.sealed_sha256:
                continue
            to = list(connection.scalars(select(deliveries.c.recipient).where(deliveries.c.message_id == row.id)))
            mail = audit.SettledMail(
                number=row.number,
                recipients=to,
                status=DeliveryStatus.SENT,
                message_id=row.message_id,
                sealed_sha256=row.sealed_sha256,
                reply="250 2.0.0 queued\nas 17",
            )
            audit.sent(connection, [mail], company_id=row.company_id, who="worker 1", now=app.desk.now())


def found(app: App, **options: Any) -> list[Finding]:
    return list(verifying.verify(app.desk, **options).findings)


def kinds(app: App, **options: Any) -> list[Kind]:
    return [finding.kind for finding in found(app, **options)]


def chain(connection: Connection) -> list[Any]:
    return list(connection.execute(select(audit_events).where(E.company_id.is_not(None)).order_by(E.id)))


def behind(app: App, act: Callable[[Connection], object]) -> None:
    """As somebody would with the database alone: without the key, and without going through the program."""
    other = Database(app.desk.database.url)
    with other.write() as connection:
        act(connection)
    other.close()


def change(place: int, **values: object) -> Callable[[Connection], object]:
    return lambda connection: connection.execute(update(audit_events).where(E.id == chain(connection)[place].id).values(**values))


def remove(place: int) -> Callable[[Connection], object]:
    return lambda connection: connection.execute(delete(audit_events).where(E.id == chain(connection)[place].id))


def test_untouched_data_has_no_finding(sent: App) -> None:
    report = verifying.verify(sent.desk)
    assert (list(report.findings), report.more, report.mails) == ([], 0, 3)
    with sent.desk.database.read() as connection:
        assert report.entries == connection.scalar(select(func.count()).select_from(audit_events))
    assert report.files == 6  # an XML and a PDF each
    assert sum(each.entries for each in report.chains) == report.entries


def test_what_became_uncertain_in_the_hands_of_a_dead_worker_is_in_the_chain(app: App, smtp: FaultServer, monkeypatch: pytest.MonkeyPatch) -> None:
    invoice_id = desk.ready(app, smtp.port, "ok+1@x.test", "ok+2@x.test")
    sending.queue(app.desk, [invoice_id])
    with monkeypatch.context() as patched:
        patched.setattr(Wire, "dot", killed)
        with pytest.raises(Killed):
            desk.one_pass(app.desk)
    now = app.desk.now()
    object.__setattr__(app.desk, "clock", lambda: now + timedelta(seconds=app.desk.settings.sending_lease_s + 1))
    with contextlib.closing(Worker(desk=app.desk, name="living")) as living:
        living.step()
    assert set(desk.deliveries(app).values()) == {DeliveryStatus.UNCERTAIN}
    mail = proving.of_invoice(app.desk, invoice_id)
    entry, place = proving.chain_entry(app.desk, mail) or (None, 0)
    assert entry is not None
    assert (entry.who, entry.what, entry.subject) == ("living", "uncertain", f"{mail.row.number} → ok+1@x.test, ok+2@x.test")
    assert entry.why == f"{mail.row.message_id} sha256:{mail.row.sealed_sha256} no answer: test stopped after the hand-over"
    assert place > 1
    assert found(app) == []
    behind(app, lambda connection: connection.execute(update(messages).values(sealed_sha256="0" * 64)))
    assert Kind.MAIL in kinds(app, quick=True)


class Killed(BaseException):
    """As kill -9 between the mark and the dot."""


def killed(_: Wire) -> NoReturn:
    raise Killed


def test_an_empty_desk_has_no_finding(app: App) -> None:
    assert found(app) == []


@pytest.mark.parametrize("field", ["who", "what", "subject", "why"])
@pytest.mark.parametrize("place", [0, 2, -1])
def test_a_changed_entry_is_found(sent: App, field: str, place: int) -> None:
    behind(sent, change(place, **{field: "somebody else"}))
    finding = found(sent, quick=True)[0]
    assert finding.kind is Kind.CHANGED
    with sent.desk.database.read() as connection:
        entry = chain(connection)[place]
    assert (finding.entry, finding.at) == (entry.id, entry.at)
    assert str(finding.sentence).startswith(f"Entry {entry.id} of ")


def test_a_changed_time_is_found(sent: App) -> None:
    behind(sent, change(1, at=sent.desk.now()))
    assert kinds(sent, quick=True) == [Kind.CHANGED]


@pytest.mark.parametrize(("place", "kind"), [(0, Kind.MISSING), (2, Kind.MISSING), (-1, Kind.CUT)])
def test_a_missing_entry_is_found(sent: App, place: int, kind: Kind) -> None:
    behind(sent, remove(place))
    assert kind in kinds(sent, quick=True)


def test_how_much_of_the_end_is_missing_is_said(sent: App) -> None:
    behind(sent, remove(-1))
    behind(sent, remove(-1))
    [finding] = [each for each in found(sent, quick=True) if each.kind is Kind.CUT]
    assert "2 entries are missing" in str(finding.sentence)


def test_a_chain_that_is_gone_is_found(sent: App) -> None:
    behind(sent, lambda connection: connection.execute(delete(audit_events)))
    assert "are missing" in str(found(sent, quick=True)[0].sentence)


def add_well_chained(connection: Connection) -> None:
    last = chain(connection)[-1]
    entry = {"company_id": last.company_id, "at": last.at, "who": "mallory", "what": "sent", "subject": "x", "why": ""}
    entry |= {"previous_sha256": last.sha256}
    connection.execute(insert(audit_events).values(**entry, sha256=audit.digest_of(entry)))


def test_an_entry_added_at_the_end_is_found_however_well_it_is_chained(sent: App) -> None:
    behind(sent, add_well_chained)
    [finding] = found(sent, quick=True)
    assert (finding.kind, finding.sentence.template) == (Kind.INSERTED, SENTENCES["added"])


def test_it_is_found_also_when_the_head_was_moved_along(sent: App) -> None:
    def act(connection: Connection) -> None:
        add_well_chained(connection)
        last = chain(connection)[-1]
        mine = heads.c.company_id == last.company_id
        connection.execute(update(heads).where(mine).values(entries=heads.c.entries + 1, sha256=last.sha256))

    behind(sent, act)
    assert [each.sentence.template for each in found(sent, quick=True)] == [SENTENCES["unsealed"]]
    companies.change(sent.desk, desk.COMPANY, [Value("name", "Atelier Dupont")])  # the program goes on, and does not seal over it
    assert SENTENCES["unsealed"] in [each.sentence.template for each in found(sent, quick=True)]


def test_an_entry_put_in_between_is_found(sent: App) -> None:
    def act(connection: Connection) -> None:
        whole = chain(connection)
        last = whole[-1]
        entry = {name: getattr(last, name) for name in ("company_id", "at", "who", "what", "subject", "why")} | {"subject": "put in"}
        entry |= {"previous_sha256": whole[-2].sha256}
        connection.execute(update(audit_events).where(E.id == last.id).values(id=last.id + 1))
        connection.execute(insert(audit_events).values(id=last.id, **entry, sha256=audit.digest_of(entry)))

    behind(sent, act)
    assert Kind.INSERTED in kinds(sent, quick=True)


def test_two_entries_that_changed_places_are_found(sent: App) -> None:
    def act(connection: Connection) -> None:
        one, other = chain(connection)[1:3]
        for old, new in ((one.id, -1), (other.id, one.id), (-1, other.id)):
            connection.execute(update(audit_events).where(E.id == old).values(id=new))

    behind(sent, act)
    assert Kind.MISSING in kinds(sent, quick=True)


def test_a_head_that_is_gone_is_found_and_stays_found(sent: App) -> None:
    behind(sent, lambda connection: connection.execute(delete(heads).where(heads.c.company_id > 0)))
    assert SENTENCES["head gone"] in [each.sentence.template for each in found(sent, quick=True)]
    companies.change(sent.desk, desk.COMPANY, [Value("name", "Atelier Dupont")])
    assert SENTENCES["unsealed"] in [each.sentence.template for each in found(sent, quick=True)]


@pytest.mark.parametrize("values", [{"entries": 1}, {"sha256": "0" * 64}, {"seal": "0" * 64}, {"seal": ""}])
def test_a_changed_head_is_found(sent: App, values: dict[str, object]) -> None:
    behind(sent, lambda connection: connection.execute(update(heads).where(heads.c.company_id > 0).values(**values)))
    assert Kind.HEAD in kinds(sent, quick=True)


def test_a_whole_chain_taken_away_with_its_head_is_found(sent: App) -> None:
    def act(connection: Connection) -> None:
        connection.execute(delete(audit_events).where(E.company_id.is_not(None)))
        connection.execute(delete(heads).where(heads.c.company_id > 0))

    behind(sent, act)
    assert Kind.HEAD in kinds(sent, quick=True)
    companies.change(sent.desk, desk.COMPANY, [Value("name", "Atelier Dupont")])  # begins the chain anew
    assert kinds(sent, quick=True)[0] is Kind.HEAD


def test_a_list_of_chains_that_is_gone_is_found(sent: App) -> None:
    behind(sent, lambda connection: connection.execute(delete(heads).where(heads.c.company_id == ROSTER)))
    assert kinds(sent, quick=True) == [Kind.HEAD]


def test_another_key_is_told_and_sealed_anew_with_a_reason(sent: App) -> None:
    sent.desk.database.audit_key = lambda: b"another"
    assert set(kinds(sent, quick=True)) == {Kind.HEAD}
    with pytest.raises(ReasonMissing):
        sealing.seal_chains(sent.desk, anew=True)
    assert sealing.seal_chains(sent.desk) == 0  # by itself it goes on over nothing
    assert sealing.seal_chains(sent.desk, anew=True, reason="The key was lost") > 0
    assert found(sent, quick=True) == []
    with sent.desk.database.read() as connection:
        assert audit.last_subject(connection, sealing.SEALED) is not None


def test_a_database_from_before_there_were_heads_is_sealed_once(sent: App) -> None:
    behind(sent, lambda connection: connection.execute(delete(heads)))
    companies.change(sent.desk, desk.COMPANY, [Value("name", "Atelier Dupont")])
    with sent.desk.database.read() as connection:
        made = audit_heads.head(connection, chain(connection)[0].company_id)
        assert made is not None
        assert (made.entries, made.seal) == (len(chain(connection)), "")
    assert sealing.seal_chains(sent.desk) > 0
    assert found(sent, quick=True) == []


# Mails and files -------------------------------------------------------------------------------------------------


def first_mail(connection: Connection) -> Any:
    return connection.execute(select(messages).order_by(messages.c.id)).first()


def stored(app: App) -> Path:
    with app.desk.database.read() as connection:
        digest = str(first_mail(connection).sealed_sha256)
    return Path(app.desk.settings.archive_url.removeprefix("file://")) / digest[:2] / digest


def test_a_flipped_byte_in_the_archive_is_found(sent: App) -> None:
    path = stored(sent)
    content = bytearray(path.read_bytes())
    content[100] ^= 1
    path.write_bytes(content)
    [finding] = found(sent)
    assert (finding.kind, finding.sentence.template) == (Kind.FILE, verifying.MAIL_CHANGED)
    assert found(sent, quick=True) == []


def test_a_deleted_file_is_found(sent: App) -> None:
    stored(sent).unlink()
    [finding] = found(sent)
    assert (finding.kind, finding.sentence.template) == (Kind.FILE, verifying.MAIL_GONE)


def test_a_missing_source_is_found(sent: App) -> None:
    from core.database.schema import invoice_versions

    with sent.desk.database.read() as connection:
        digest = str(connection.scalar(select(invoice_versions.c.xml_sha256)))
    (Path(sent.desk.settings.archive_url.removeprefix("file://")) / digest[:2] / digest).unlink()
    [finding] = found(sent)
    assert "source XML of invoice 2026-0000" in str(finding.sentence)


def test_another_mail_in_place_of_the_sealed_one_is_found(sent: App) -> None:
    other = sent.desk.archive.put(b"Subject: quite another mail\r\n\r\n")
    behind(sent, lambda connection: connection.execute(update(messages).where(messages.c.id == 1).values(sealed_sha256=other)))
    templates = [finding.sentence.template for finding in found(sent)]
    assert verifying.OTHER_MAIL in templates


def test_a_mail_that_is_gone_from_the_outbox_is_found(sent: App) -> None:
    behind(sent, lambda connection: connection.execute(update(messages).where(messages.c.id == 1).values(message_id="<other@x>")))
    assert verifying.NO_MAIL in [finding.sentence.template for finding in found(sent, quick=True)]


def test_a_delivery_called_sent_by_hand_of_a_database_is_found(sent: App, smtp: FaultServer) -> None:
    imported = desk.bring(sent, desk.customer_invoice(3))
    desk.tick(sent, 3, "refuse+3@x.test")
    desk.send(sent, [imported.invoice_id or 0])
    assert found(sent, quick=True) == []
    values = {"status": DeliveryStatus.SENT}
    behind(sent, lambda connection: connection.execute(update(deliveries).where(deliveries.c.recipient == "refuse+3@x.test").values(**values)))
    assert Kind.STATUS in kinds(sent, quick=True)


def test_what_a_person_settled_as_sent_is_none(sent: App) -> None:
    imported = desk.bring(sent, desk.customer_invoice(3))
    desk.tick(sent, 3, "dropafter+3@x.test")
    desk.send(sent, [imported.invoice_id or 0])
    with sent.desk.database.read() as connection:
        [delivery] = connection.scalars(select(deliveries.c.id).where(deliveries.c.status == DeliveryStatus.UNCERTAIN))
    settling.resolve(sent.desk, delivery, Settlement.SENT, reason="The customer confirms")
    assert found(sent, quick=True) == []
    behind(sent, lambda connection: connection.execute(update(deliveries).where(deliveries.c.id == delivery).values(recipient="ok+other@x.test")))
    assert [finding.sentence.template for finding in found(sent, quick=True)] == [verifying.NOT_AN_ENTRY]


def test_a_status_that_does_not_follow_is_found(sent: App) -> None:
    behind(sent, lambda connection: connection.execute(update(invoices).where(invoices.c.id == 1).values(status=DispatchStatus.TO_SEND)))
    [finding] = found(sent, quick=True)
    assert str(finding.sentence) == "Invoice 2026-0000 stands as “To send”, but its mails say “Sent”."


# Any single change -----------------------------------------------------------------------------------------------


FIELDS = ("company_id", "at", "who", "what", "subject", "why", "previous_sha256", "sha256")


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_any_single_change_of_any_field_of_any_entry_is_found(sent: App, data: st.DataObject) -> None:
    with sent.desk.database.read() as connection:
        every = list(connection.execute(select(audit_events).order_by(E.id)))
    entry = data.draw(st.sampled_from(every))
    field = data.draw(st.sampled_from(FIELDS))
    text = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=50)
    hexadecimal = st.text("0123456789abcdef", min_size=64, max_size=64)
    choices: dict[str, st.SearchStrategy[Any]] = {"at": st.datetimes(), "company_id": st.sampled_from([None, 1])}
    new = data.draw(choices.get(field, hexadecimal if field.endswith("sha256") else text))
    old = getattr(entry, field)
    if field == "at":
        new = new.replace(tzinfo=old.tzinfo)
    if new == old:
        return
    change_one = update(audit_events).where(E.id == entry.id)
    behind(sent, lambda connection: connection.execute(change_one.values({field: new})))
    try:
        assert found(sent, quick=True)
    finally:
        behind(sent, lambda connection: connection.execute(change_one.values({field: old})))


# Many at once ----------------------------------------------------------------------------------------------------


def test_many_writers_at_once_make_one_chain_from_its_first_entry_on(app: App) -> None:
    desk.bring(app, desk.customer_invoice(0))
    behind(app, lambda connection: (connection.execute(delete(audit_events)), connection.execute(delete(heads))))

    def write(place: int) -> None:
        for number in range(10):
            with app.desk.database.write() as connection:
                for company_id in (None, 1):
                    audit.append(connection, company_id=company_id, who=f"worker {place}", what="x", subject=str(number), now=app.desk.now())

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(write, range(4)))
    report = verifying.verify(app.desk, quick=True)
    assert (list(report.findings), report.entries) == ([], 80)
