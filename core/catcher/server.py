"""The SMTP side of the mail catcher: listens on this machine only, and takes all but what goes to the trial addresses.

Trial addresses show what happens when a mail does not go through (docs/operating.md):

    unknown@… · onbekend@… · inconnu@…      refused: there is no such mailbox (550 5.1.1)
    …@refuses.example                       the same for a whole domain
    …@courier.example                       refused: there is no such domain (550 5.1.2), as a misspelt courrier.example
    …@silent.example                        taken, then the line is dropped without an answer: nobody can be sure
"""

from __future__ import annotations

import asyncio
import errno
import os
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from ipaddress import ip_address
from pathlib import Path
from typing import Any, Final
from weakref import WeakSet

import structlog
from aiosmtpd.smtp import SMTP, Envelope, Session

from core.catcher.mails import keep
from core.errors import FacturierError
from core.settings import MIB

log = structlog.get_logger()

SIZE_LIMIT: Final = 40 * MIB
NOBODY: Final = frozenset({"inconnu", "inconnue", "onbekend", "unknown", "nobody"})  # refused, as a real server does with a misspelt address
REFUSES: Final = "refuses.example"
MISSPELT: Final = "courier.example"
SILENT: Final = "silent.example"


class NotThisMachine(FacturierError):
    template = "The mail catcher listens on this machine only, and {host} is not its own address (127.0.0.1)."


class PortTaken(FacturierError):
    template = "The mail catcher cannot listen on {host}, port {port}: {why}"


@dataclass(frozen=True)
class _Keeper:
    """What aiosmtpd asks; its names are given by it."""

    folder: Path

    async def handle_RCPT(self, _server: SMTP, _session: Session, envelope: Envelope, address: str, options: list[str]) -> str:
        if _domain(address) == MISSPELT:
            return f"550 5.1.2 <{address}>: there is no such domain"
        if _domain(address) == REFUSES or address.partition("@")[0].lower() in NOBODY:
            return f"550 5.1.1 <{address}>: there is no such mailbox"
        envelope.rcpt_tos.append(address)
        envelope.rcpt_options.extend(options)
        return "250 2.1.5 recipient ok"

    async def handle_DATA(self, server: SMTP, _session: Session, envelope: Envelope) -> str:
        content = envelope.original_content or b""
        try:
            identity = await asyncio.to_thread(keep, self.folder, content, envelope.mail_from or "", envelope.rcpt_tos)
        except OSError as error:
            log.warning("mail not kept", error=str(error))
            return f"452 4.3.1 the mail cannot be kept: {error.strerror}"
        if any(_domain(address) == SILENT for address in envelope.rcpt_tos) and server.transport is not None:
            server.transport.close()
        return f"250 2.0.0 kept as {identity}"


def _domain(address: str) -> str:
    return address.rpartition("@")[2].lower()


def serve(host: str, port: int, folder: Path) -> None:
    """Until SIGTERM or SIGINT. Raises NotThisMachine or PortTaken."""

    def ready(address: tuple[str, int], stop: Callable[[], None]) -> None:
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, stop)
        log.info("mail catcher started", host=address[0], port=address[1], folder=str(folder))

    asyncio.run(_serve(host, port, folder, ready))
    log.info("mail catcher stopped")


@contextmanager
def running(host: str, port: int, folder: Path) -> Iterator[int]:
    """A catcher in a thread of this process; gives the port, which it chose itself if 0 was asked for."""
    settled = threading.Event()
    state: dict[str, Any] = {}

    def ready(address: tuple[str, int], stop: Callable[[], None]) -> None:
        loop = asyncio.get_running_loop()
        state.update(port=address[1], stop=lambda: loop.call_soon_threadsafe(stop))
        settled.set()

    def work() -> None:
        try:
            asyncio.run(_serve(host, port, folder, ready))
        except (FacturierError, OSError) as error:
            state.setdefault("error", error)
        finally:
            settled.set()

    thread = threading.Thread(target=work, name="mail catcher", daemon=True)
    thread.start()
    settled.wait()
    if "error" in state:
        raise state["error"]
    try:
        yield state["port"]
    finally:
        state["stop"]()
        thread.join()


async def _serve(host: str, port: int, folder: Path, ready: Callable[[tuple[str, int], Callable[[], None]], None]) -> None:
    address = _own_address(host)
    loop = asyncio.get_running_loop()
    stop = asyncio.Event()
    keeper = _Keeper(folder)
    sessions: WeakSet[SMTP] = WeakSet()

    def session() -> SMTP:
        made = SMTP(keeper, data_size_limit=SIZE_LIMIT, enable_SMTPUTF8=True, hostname="catcher.localhost", ident="ESMTP", loop=loop)
        sessions.add(made)
        return made

    try:
        server = await loop.create_server(session, address, port)
    except (OSError, OverflowError) as error:
        raise PortTaken(host=address, port=port, why=_plainly(error)) from error
    async with server:
        ready(server.sockets[0].getsockname()[:2], stop.set)
        await stop.wait()
        server.close()
        for each in list(sessions):  # a kept connection would hold the loop open
            if each.transport is not None:
                each.transport.close()


def _plainly(error: OSError | OverflowError) -> str:
    if isinstance(error, OverflowError):
        return "ports go from 0 to 65535."
    if error.errno == errno.EADDRINUSE:
        return "something else listens there already. Set FACTURIER_CATCHER_PORT to another port."
    return f"{os.strerror(error.errno)}." if error.errno else str(error)


def _own_address(host: str) -> str:
    """Raises NotThisMachine for all that is not a loopback address."""
    if host.lower() == "localhost":
        return "127.0.0.1"
    try:
        if ip_address(host).is_loopback:
            return host
    except ValueError:
        pass
    raise NotThisMachine(host=host)
