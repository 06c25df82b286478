"""Several processes at one queue: workers that are asked to stop, and commands that send and wait beside them."""

from __future__ import annotations

import signal
import subprocess
from collections import Counter
from pathlib import Path

from sqlalchemy import select

from core.app import App
from core.database import outbox_views
from core.database.schema_delivery import account_lines
from core.dispatch import sending, verifying
from core.model import DeliveryStatus
from tests import desk, kill
from tests.mail.fault_server import Behaviour, FaultServer
from tests.mail.waiting import until

MAILS = 40
SLOW_S = 0.05  # for each answer of the server


def test_one_that_is_asked_to_stop_ends_its_mail_and_leaves_the_rest_to_others(app: App, desk_folder: Path) -> None:
    with FaultServer(Behaviour(delay_s=SLOW_S)) as server:
        ids = several(app, server.port)
        sending.queue(app.desk, ids[: MAILS // 2])
        log = (desk_folder / "workers.log").read_text
        processes = [first := kill.start(app, desk_folder, "worker")]
        try:
            until(lambda: lines_of(app, first) > 0, log)  # nobody else works yet
            senders = [kill.start(app, desk_folder, "send", "--pending", "--wait", "--timeout", "60") for _ in range(2)]
            processes += senders
            until(lambda: len(server.record.taken) >= MAILS // 5, log)
            first.send_signal(signal.SIGTERM)
            assert first.wait(timeout=20) == 0
            assert standing(app)[DeliveryStatus.UNCERTAIN] == 0
            assert lines_of(app, first) == 0, "its places are free at once"
            codes = sorted(sender.wait(timeout=60) for sender in senders)
            assert codes in ([0, 1], [0, 0]), "whoever came second is told that they are queued already, or finds nothing to send"
            processes.append(kill.start(app, desk_folder, "worker"))
            until(lambda: standing(app) == Counter({DeliveryStatus.SENT: MAILS}), log)
        finally:
            for process in processes:
                process.kill()
                process.wait()
        taken = Counter(recipient for mail in server.record.taken for recipient in mail.recipients)
    assert taken == Counter({f"ok+{place}@x.test": 1 for place in range(MAILS)})
    assert not verifying.verify(app.desk).findings
    desk.assert_statuses_follow(app)


def several(app: App, port: int) -> list[int]:
    ids = [desk.bring(app, desk.customer_invoice(place)).invoice_id or 0 for place in range(MAILS)]
    for place in range(MAILS):
        desk.tick(app, place, f"ok+{place}@x.test")
    desk.set_account(app, port)
    return ids


def standing(app: App) -> Counter[DeliveryStatus]:
    with app.desk.database.read() as connection:
        return Counter(outbox_views.counts(connection))


def lines_of(app: App, process: subprocess.Popen[bytes]) -> int:
    with app.desk.database.read() as connection:
        return sum(f"/{process.pid}/" in holder for holder in connection.scalars(select(account_lines.c.holder)))
