"""Real mail servers for the whole session, and a mailbox of its own for each test."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from core.app import App
from tests import desk
from tests.mail import certificates, dovecot, postfix
from tests.mail.dovecot import SECRET, Dovecot
from tests.mail.postfix import Postfix

DOMAIN = "dubois.example"
CUSTOMERS = ("ok@customer.example", "other@customer.example")
UNKNOWN = "unknown@customer.example"
_BOXES = [f"factures{place}@{DOMAIN}" for place in range(100)]
_NEXT = itertools.count()


@dataclass(frozen=True)
class Box:
    """Where one test's notices arrive."""

    address: str
    postfix: Postfix
    dovecot: Dovecot

    def put(self, *notices: bytes) -> None:
        """As if another server had brought them."""
        self.postfix.deliver(self.address, *notices)

    def files(self) -> dict[str, list[str]]:
        """What is in the Maildir, with its flags."""
        folder = self.postfix.maildir(self.address)
        return {name: sorted(file.name for file in (folder / name).glob("*")) for name in ("new", "cur")}

    def account(self, app: App, **settings: str) -> None:
        """The company sends over postfix and reads over dovecot."""
        desk.set_account(app, self.postfix.port, mail__from=f"Atelier Dubois <{self.address}>")
        base = {"bounces__host": "127.0.0.1", "bounces__port": str(self.dovecot.port), "bounces__security": "none"}
        desk.set_company(app, **base | {"bounces__user": self.address, "bounces__password": SECRET} | settings)


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    return certificates.write(tmp_path_factory.mktemp("certificate"))


@pytest.fixture(scope="session")
def relay() -> Iterator[Postfix]:
    if postfix.why_not():
        pytest.skip(postfix.why_not())
    with postfix.running(*_BOXES, *CUSTOMERS, domain=DOMAIN) as server:
        yield server


@pytest.fixture(scope="session")
def imap(relay: Postfix, certificate: tuple[Path, Path]) -> Iterator[Dovecot]:
    if dovecot.why_not():
        pytest.skip(dovecot.why_not())
    with dovecot.running(*_BOXES, maildirs=relay.folder / "mail", cert=certificate[0], key=certificate[1]) as server:
        yield server


@pytest.fixture
def new_box(relay: Postfix, imap: Dovecot) -> Callable[[], Box]:
    return lambda: Box(_BOXES[next(_NEXT)], relay, imap)


@pytest.fixture
def box(new_box: Callable[[], Box]) -> Box:
    return new_box()
