"""Sending (BENCH B5–B7): sealed mails to a sink, near and far, beside raw smtplib and yagmail as people use it; queueing; memory."""

from __future__ import annotations

import os
import smtplib
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Final

import yagmail

from core.app import App, open_app
from core.bench import filling, ledger, sample, sink
from core.database import migrate, outbox_views
from core.database import parties as party_rows
from core.dispatch import companies, crew, customers, documents, importing, rule_checks, sending
from core.dispatch.values import Value
from core.model import Language, XmlFormat
from core.queueing import Request, enqueue, new_message_id
from core.rendering import ubl
from core.settings import Settings

ROUND_TRIP_S: Final = 0.03
FAR_LINES: Final = 10
LONGEST_S: Final = 120  # for one figure, whatever happens
SOME: Final = 60  # mails of a peer that would take minutes
COMPANY: Final = "BE0123456749"


def run(mails: int, *, invoices: int, flat: int, report: Callable[[str], None]) -> dict[str, Any]:
    """Mails a second, each kind over the same sealed mails; `invoices` of the ledger that B7 queues from, `flat` mails for the memory."""
    figures: dict[str, Any] = {}
    with tempfile.TemporaryDirectory(prefix="facturier-bench-") as name, sink.running() as near:
        desk = _Desk(Path(name), mails)
        report(f"{mails} mails of {desk.size // 1024} KB")
        figures["B5 near, one connection"] = _near(desk, near, report)
        with sink.far_away(near, round_trip_s=ROUND_TRIP_S) as far:
            figures["B6 30 ms away"] = _far(desk, far, report)
        if flat:
            figures["memory of a worker"] = _memory(desk, near, flat, report)
        desk.app.desk.database.close()
    if invoices:
        figures["B7 queueing"] = _queueing(invoices, report)
    return figures


class _Desk:
    """A desk with its mails composed and sealed beforehand."""

    def __init__(self, folder: Path, mails: int) -> None:
        self.folder = folder
        values = {"database_url": f"sqlite:///{folder / 'facturier.db'}", "archive_url": f"file://{folder / 'archive'}"}
        self.app: App = open_app(
            Settings.model_validate(values | {"secret_key": "qWm2oV2xk7tM9lXoQJ0yX8l0b9m1Xo7sV8v3mH4b2nE="}), who="bench", check=False
        )
        migrate.upgrade(self.app.desk.database)
        self.ids = [self._invoice(at) for at in range(mails)]
        self._terms(companies.find(self.app.desk, COMPANY).id)
        self.aim(25)
        [card] = self._customers()
        customers.change(self.app.desk, card, [Value("wants_email", "true"), Value("to", "compta@peeters.example"), Value("xml", "none")])
        rule_checks.ask_about(self.app.desk, self.ids)  # the worker's work between mails (BENCH B11)
        self.sealed = self._seal()
        self.size = self.sealed[0].seal.size if self.sealed[0].seal else 0

    def _invoice(self, at: int) -> int:
        written = ubl.write(sample.invoice(at), wanted=XmlFormat.BIS3, pdf=None, pdf_name="")
        return importing.import_bytes(self.app.desk, f"{at}.xml", written.content).invoice_id or 0

    def _terms(self, company_id: int) -> None:
        content = sample.terms()
        values = {"terms_sha256": self.app.desk.archive.put(content), "terms_name": "terms.pdf", "terms_size": len(content)}
        with self.app.desk.database.write() as connection:
            for language in Language:
                party_rows.set_language_part(connection, company_id, language, values)

    def _customers(self) -> list[str]:
        with self.app.desk.database.read() as connection:
            return [customer.key for customer in party_rows.load_customers(connection, [1]).values()]

    def aim(self, port: int) -> None:
        account = {"smtp.host": sink.HOST, "smtp.port": str(port), "smtp.security": "none", "mail.from": "factures@dubois.example"}
        companies.change(self.app.desk, COMPANY, [Value(name, value) for name, value in account.items()])

    def _seal(self) -> list[Request]:
        desk, made = self.app.desk, []
        for invoice_id in self.ids:
            what = documents.dossier(desk, invoice_id)
            account = desk.account(what.company.id)
            seal = documents.seal(desk, what, account, documents.mail(desk, what), message_id=new_message_id("dubois.example"), now=desk.now())
            made.append(
                Request(invoice_id=invoice_id, recipients=sending.recipients(what.customer, account), message_domain="dubois.example", seal=seal)
            )
        return made

    def queue(self, count: int, *, sealed: bool = True) -> None:
        """Everything that was sent before is forgotten first."""
        with self.app.desk.database.write() as connection:
            for table in ("replies", "deliveries", "messages", "audit_events", "audit_heads"):
                connection.exec_driver_sql(f"delete from {table}")  # noqa: S608 - names of our own
            connection.exec_driver_sql("update invoices set status = 'to_send'")
            requests = self.sealed[:count] if sealed else [_unsealed(request) for request in self.sealed[:count]]
            enqueue(connection, requests, who="bench", now=self.app.desk.now())

    def contents(self) -> list[bytes]:
        return [self.app.desk.archive.get(request.seal.sha256) for request in self.sealed if request.seal]


def _unsealed(request: Request) -> Request:
    return Request(invoice_id=request.invoice_id, recipients=request.recipients, message_domain=request.message_domain)


def _near(desk: _Desk, port: int, report: Callable[[str], None]) -> dict[str, float]:
    contents = desk.contents()
    found: dict[str, float] = {}
    acts: dict[str, Callable[[], float]] = {
        "raw smtplib": lambda: _raw(port, contents),
        "Facturier, sealed, all commits": lambda: _ours(desk, port, lines=1),
        "Facturier, composed and sealed by the worker": lambda: _ours(desk, port, lines=1, sealed=False),
        "yagmail as is": lambda: _yagmail(desk, port, len(contents)),
    }
    for name, act in acts.items():
        report(f"near: {name} …")
        found[name] = act()
    found["Facturier / raw"] = round(found["Facturier, sealed, all commits"] / found["raw smtplib"], 2)
    return found


def _far(desk: _Desk, port: int, report: Callable[[str], None]) -> dict[str, float]:
    contents = desk.contents()
    found: dict[str, float] = {}
    acts: dict[str, Callable[[], float]] = {
        f"Facturier, {FAR_LINES} connections": lambda: _ours(desk, port, lines=FAR_LINES),
        "Facturier, one connection": lambda: _ours(desk, port, lines=1, count=SOME),
        "raw smtplib, one connection": lambda: _raw(port, contents[:SOME]),
        "yagmail as is": lambda: _yagmail(desk, port, SOME),
    }
    for name, act in acts.items():
        report(f"30 ms away: {name} …")
        found[name] = act()
    return found


def _raw(port: int, contents: Sequence[bytes]) -> float:
    """One connection, the prepared bytes, nothing written down."""
    with smtplib.SMTP(sink.HOST, port) as smtp:
        began = time.perf_counter()
        for content in contents:
            smtp.sendmail("factures@dubois.example", ["compta@peeters.example"], content)
        return _per_second(len(contents), began)


def _yagmail(desk: _Desk, port: int, count: int) -> float:
    """As its documentation shows it; the attachments of the first mail, composed anew for each."""
    what = documents.dossier(desk.app.desk, desk.ids[0])
    made = documents.mail(desk.app.desk, what)
    paths = []
    for part in made.attachments:
        (desk.folder / part.file_name).write_bytes(part.content)
        paths.append(str(desk.folder / part.file_name))
    client = yagmail.SMTP(
        "factures@dubois.example",
        "",
        host=sink.HOST,
        port=port,
        smtp_ssl=False,
        smtp_starttls=False,
        smtp_skip_login=True,
        soft_email_validation=False,
    )
    client.set_logging(None)
    began = time.perf_counter()
    for at in range(count):
        client.send("compta@peeters.example", f"{made.text.subject} {at}", made.text.plain, attachments=paths)
    speed = _per_second(count, began)
    client.close()
    return speed


def _ours(desk: _Desk, port: int, *, lines: int, count: int | None = None, sealed: bool = True) -> float:
    """The worker as it runs: claim, mark before the dot, dot, record, every commit synced."""
    count = count or len(desk.ids)
    desk.aim(port)
    desk.queue(count, sealed=sealed)
    began = time.perf_counter()
    crew.drain(desk.app.desk, name="bench", lines=lines, until=lambda: _open(desk) == 0, timeout_s=LONGEST_S)
    return _per_second(count - _open(desk), began)


def _open(desk: _Desk) -> int:
    with desk.app.desk.database.read() as connection:
        return outbox_views.open_count(connection)


def _per_second(count: int, began: float) -> float:
    return round(count / (time.perf_counter() - began), 1)


# Memory ----------------------------------------------------------------------------------------------------------


def _memory(desk: _Desk, port: int, mails: int, report: Callable[[str], None]) -> dict[str, Any]:
    """A worker process that composes and sends that many mails: megabytes resident, at the first tenth and at the end."""
    desk.aim(port)
    rounds = max(1, mails // len(desk.ids))
    worker = _worker_process(desk)
    sizes: list[float] = []
    try:
        for number in range(rounds):
            report(f"memory: {(number + 1) * len(desk.ids):,} of {rounds * len(desk.ids):,} …")
            desk.queue(len(desk.ids), sealed=False)
            while _open(desk):
                time.sleep(0.2)
            sizes.append(_resident(worker.pid))
    finally:
        worker.terminate()
        worker.wait()
    tenth = sizes[max(0, len(sizes) // 10 - 1)]
    return {"mails": rounds * len(desk.ids), "MB after a tenth": tenth, "MB at the end": sizes[-1], "ratio": round(sizes[-1] / tenth, 2)}


def _worker_process(desk: _Desk) -> subprocess.Popen[bytes]:
    settings = desk.app.desk.settings
    assert settings.secret_key is not None
    own = {
        "FACTURIER_DATABASE_URL": settings.database_url,
        "FACTURIER_ARCHIVE_URL": settings.archive_url,
        "FACTURIER_QUEUE_URL": f"sqlite:///{desk.folder / 'queue.db'}",
        "FACTURIER_SECRET_KEY": settings.secret_key.get_secret_value(),
        "PYTHONPATH": str(Path(__file__).parents[2]),
    }
    command = [sys.executable, "-m", "core", "worker"]
    return subprocess.Popen(command, env=os.environ | own, cwd=desk.folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def _resident(pid: int) -> float:
    """Megabytes, as the kernel counts them (Linux)."""
    line = next(line for line in Path(f"/proc/{pid}/status").read_text().splitlines() if line.startswith("VmRSS"))
    return round(int(line.split()[1]) / 1024, 1)


# Queueing --------------------------------------------------------------------------------------------------------


def _queueing(invoices: int, report: Callable[[str], None]) -> dict[str, float]:
    with tempfile.TemporaryDirectory(prefix="facturier-bench-") as name:
        report(f"filling {invoices:,} invoices …")
        app = filling.desk_with(Path(name), invoices)
        report("queueing …")
        found = ledger.queueing(app)
        app.desk.database.close()
    return found
