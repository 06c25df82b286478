"""An unprotected connection is only for this machine itself; and the usual port for a protected one."""

from __future__ import annotations

from collections.abc import Mapping, MutableMapping
from typing import Any, Final

from core.connection import is_loopback
from core.database import bounce_rows
from core.dispatch.desk import Desk
from core.errors import Sentence, SettingInvalid
from core.i18n import N_
from core.records import BounceMailbox, Security

IMAP_PORTS: Final = {Security.TLS: 993, Security.STARTTLS: 143, Security.NONE: 143}


def check(desk: Desk, company_id: int, *, account: Mapping[str, Any], mailbox: MutableMapping[str, Any]) -> None:
    """Of what is to change of mail account and mailbox. Raises SettingInvalid."""
    sends = desk.account(company_id)
    _refuse_unprotected("smtp.security", account, sends.security, sends.host)
    with desk.database.read() as connection:
        row = bounce_rows.mailbox_row(connection, company_id)
    reads = bounce_rows.to_mailbox(row, "") if row is not None else BounceMailbox(company_id=company_id)
    _refuse_unprotected("bounces.security", mailbox, reads.security, reads.host)
    if "port" not in mailbox and mailbox.get("host") and not reads.port:
        mailbox["port"] = IMAP_PORTS[Security(mailbox.get("security", reads.security))]


def _refuse_unprotected(name: str, changed: Mapping[str, Any], security: Security, host: str) -> None:
    wanted, where = changed.get("security", security.value), changed.get("host", host)
    if {"security", "host"} & changed.keys() and wanted == Security.NONE.value and where and not is_loopback(where):
        raise SettingInvalid(name=name, value="none", why=Sentence(N_("{host} is another machine; choose tls or starttls."), {"host": where}))
