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
from core.dispatch import verifying
from core.model import DeliveryStatus
from tests import desk, kill
from tests.mail.fault_server import Behaviour, FaultServer
from tests.mail.waiting import until

MAILS = 24
SLOW_S = 0.06  # for each answer of the server


def test_one_that_is_asked_to_stop_ends_its_mail_and_leaves_the_rest_to_others(app: App, desk_folder: Path) -> None:
    with FaultServer(Behaviour(delay_s=SLOW_S)) as server:
        several(app, server.port)
        first = kill.start(app, desk_folder, "worker")
        senders = [kill.start(app, desk_folder, "send", "--pending", "--wait", "--timeout", "60") for _ in range(2)]
        try:
            until(lambda: lines_of(app, first) > 0 and len(server.record.taken) >= 3, (desk_folder / "workers.log").read_text)
            first.send_signal(signal.SIGTERM)
            assert first.wait(timeout=20) == 0
            assert standing(app)[DeliveryStatus.UNCERTAIN] == 0
            assert lines_of(app, first) == 0, "its places are free at once"
            codes = sorted(sender.wait(timeout=60) for sender in senders)
            assert codes in ([0, 1], [0, 0]), "whoever came second is told that they are queued already, or finds nothing to send"
        finally:
            for process in (first, *senders):
                process.kill()
                process.wait()
        taken = Counter(recipient for mail in server.record.taken for recipient in mail.recipients)
    assert standing(app) == Counter({DeliveryStatus.SENT: MAILS})
    assert taken == Counter({f"ok+{place}@x.test": 1 for place in range(MAILS)})
    assert not verifying.verify(app.desk).findings
    desk.assert_statuses_follow(app)


def several(app: App, port: int) -> None:
    for place in range(MAILS):
        desk.bring(app, desk.customer_invoice(place))
        desk.tick(app, place, f"ok+{place}@x.test")
    desk.set_account(app, port)


def standing(app: App) -> Counter[DeliveryStatus]:
    with app.desk.database.read() as connection:
        return Counter(outbox_views.counts(connection))


def lines_of(app: App, process: subprocess.Popen[bytes]) -> int:
    with app.desk.database.read() as connection:
        return sum(f"/{process.pid}/" in holder for holder in connection.scalars(select(account_lines.c.holder)))
