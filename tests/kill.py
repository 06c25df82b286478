"""The kill test: workers die at random while mails with mixed faults go out; the server's ledger is the witness.

python -m tests.kill [MAILS] [WORKERS] [DATABASE_URL]
"""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from sqlalchemy import Row, select

from core.app import App, open_app
from core.archive import sha256
from core.database import migrate, outbox_views
from core.database.schema import invoices, messages
from core.dispatch import sending, verifying
from core.model import OPEN, DeliveryStatus
from tests import desk
from tests.conftest import settings_for
from tests.mail.fault_server import Behaviour, FaultServer

BAD = ("refuse", "dropbefore", "deferonce", "dropafter", "later", "dropnot", "reject", "droprcpt", "closing")
FAULTS = tuple(kind for bad in BAD for kind in ("ok", bad)) + ("ok", "ok")
ENVIRONMENT = {
    "FACTURIER_CLAIM_LEASE_S": "1.5",
    "FACTURIER_REPLY_WAIT_S": "1.5",
    "FACTURIER_SENDING_LEASE_S": "2.5",
    "FACTURIER_BACK_OFF_S": "0.02",
    "FACTURIER_POLL_S": "0.05",
    "FACTURIER_LINES": "2",
}


@dataclass(frozen=True)
class Outcome:
    """What the two ledgers say when all is over."""

    mails: int
    kills: int
    frozen: int
    taken_by_server: int
    twice: int
    falsely_sent: int
    falsely_failed: int
    wrong_content: int
    sent: int
    failed: int
    uncertain: int
    open: int
    found_by_verify: int  # in the chains, the archive, or between deliveries and statuses
    seconds: float


def run(folder: Path, *, mails: int, workers: int = 2, seed: int = 1, limit_s: float = 240, database_url: str = "") -> Outcome:
    """Queue the mails, let workers die until nothing is open, and compare."""
    chance = random.Random(seed)
    overrides = {"database_url": database_url} if database_url else {}
    app = open_app(settings_for(folder, **overrides), who="kill test", check=False)
    migrate.upgrade(app.desk.database)
    with FaultServer(Behaviour(delay_s=0.02)) as server:
        queued = _fill(app, server.port, mails)
        began = time.monotonic()
        kills, frozen = _work_and_kill(app, folder, workers=workers, chance=chance, until=began + limit_s)
        outcome = _compare(app, server, mails=queued, kills=kills, frozen=frozen, seconds=round(time.monotonic() - began, 1))
    desk.assert_statuses_follow(app)
    outcome = replace(outcome, found_by_verify=len(verifying.verify(app.desk).findings))
    app.desk.database.close()
    return outcome


def _fill(app: App, port: int, mails: int) -> int:
    ids = []
    for place in range(mails):
        imported = desk.bring(app, desk.customer_invoice(place))
        addresses = [f"{FAULTS[place % len(FAULTS)]}+{place}@x.test"]
        if place % 7 == 0:
            addresses.append(f"ok+{place}.second@x.test")
        desk.tick(app, place, *addresses)
        ids.append(imported.invoice_id or 0)
    desk.set_account(app, port)
    return len(sending.queue(app.desk, ids).invoice_ids)


def start(app: App, folder: Path, *command: str) -> subprocess.Popen[bytes]:
    """A process of its own on the same desk."""
    settings = app.desk.settings
    assert settings.secret_key
    environment = (
        os.environ
        | ENVIRONMENT
        | {
            "FACTURIER_DATABASE_URL": settings.database_url,
            "FACTURIER_ARCHIVE_URL": settings.archive_url,
            "FACTURIER_QUEUE_URL": settings.queue_url,
            "FACTURIER_SECRET_KEY": settings.secret_key.get_secret_value(),
            "PYTHONPATH": str(Path(__file__).parents[1]),
        }
    )
    log = (folder / "workers.log").open("ab")
    with log:
        return subprocess.Popen([sys.executable, "-m", "core", *command], env=environment, cwd=folder, stdout=log, stderr=log)


def _freeze(worker: subprocess.Popen[bytes]) -> None:
    """Stopped past both leases, then woken: it must find that its message is no longer its own."""
    worker.send_signal(signal.SIGSTOP)
    time.sleep(float(ENVIRONMENT["FACTURIER_SENDING_LEASE_S"]) + 0.5)
    worker.send_signal(signal.SIGCONT)


def _work_and_kill(app: App, folder: Path, *, workers: int, chance: random.Random, until: float) -> tuple[int, int]:
    kills = frozen = 0
    crew = [start(app, folder, "worker") for _ in range(workers)]
    try:
        while time.monotonic() < until and _open(app):
            time.sleep(chance.uniform(0.5, 1.5))
            if not _busy(app):
                continue  # a kill between tries proves nothing; let the back-off pass
            victim = chance.randrange(workers)
            if chance.random() < 0.25:
                _freeze(crew[victim])
                frozen += 1
                continue
            crew[victim].kill()
            crew[victim].wait()
            kills += 1
            crew[victim] = start(app, folder, "worker")
    finally:
        for worker in crew:
            worker.kill()
            worker.wait()
    return kills, frozen


def _open(app: App) -> int:
    with app.desk.database.read() as connection:
        return outbox_views.open_count(connection)


def _busy(app: App) -> bool:
    with app.desk.database.read() as connection:
        return connection.scalar(select(messages.c.id).where(messages.c.claim.is_not(None)).limit(1)) is not None


def _compare(app: App, server: FaultServer, *, mails: int, kills: int, frozen: int, seconds: float) -> Outcome:
    times = server.record.times_taken()
    with app.desk.database.read() as connection:
        rows = outbox_views.listing(connection)
        query = select(messages.c.message_id, invoices.c.number).join(invoices, messages.c.invoice_id == invoices.c.id)
        numbers = {row.message_id: row.number for row in connection.execute(query)}
    seals = {row.rfc_message_id: row.sealed_sha256 for row in rows}
    status = Counter(row.status for row in rows)
    wrong = [mail for mail in server.record.taken if not _right(mail.content, numbers.get(mail.message_id), seals.get(mail.message_id))]
    return Outcome(
        mails=mails,
        kills=kills,
        frozen=frozen,
        taken_by_server=sum(times.values()),
        twice=sum(1 for count in _per_invoice(server, numbers).values() if count > 1),
        falsely_sent=_count(rows, {DeliveryStatus.SENT}, times, taken=False),
        falsely_failed=_count(rows, {DeliveryStatus.FAILED, *OPEN}, times, taken=True),
        wrong_content=len(wrong),
        sent=status[DeliveryStatus.SENT],
        failed=status[DeliveryStatus.FAILED],
        uncertain=status[DeliveryStatus.UNCERTAIN],
        open=sum(status[each] for each in OPEN),
        found_by_verify=0,
        seconds=seconds,
    )


def _per_invoice(server: FaultServer, numbers: dict[str, str]) -> Counter[tuple[str, str]]:
    """How often each (invoice, recipient) was taken, under whatever Message-ID."""
    return Counter((numbers.get(mail.message_id, "?"), recipient) for mail in server.record.taken for recipient in mail.recipients)


def _count(rows: Sequence[Row[Any]], states: set[DeliveryStatus], times: Counter[tuple[str, str]], *, taken: bool) -> int:
    return len([row for row in rows if row.status in states and (times[row.rfc_message_id, row.recipient] > 0) is taken])


def _right(content: bytes, number: str | None, seal: str | None) -> bool:
    """The mail is the sealed one, byte for byte, and speaks of the invoice that the database means."""
    return number is not None and number.encode() in content.split(b"\r\n\r\n", 1)[0] and sha256(content) == seal


if __name__ == "__main__":
    mails, workers, url = (sys.argv[1:] + ["1000", "3", ""][len(sys.argv) - 1 :])[:3]
    with tempfile.TemporaryDirectory() as place:
        outcome = run(Path(place), mails=int(mails), workers=int(workers), database_url=url, limit_s=600)
    sys.stdout.write(json.dumps(asdict(outcome), indent=1) + "\n")
