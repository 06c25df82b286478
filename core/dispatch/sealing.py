"""Seal the heads of the audit chains with the key of the desk."""

from __future__ import annotations

from core.database import audit, audit_heads
from core.database.audit_heads import ROSTER
from core.dispatch.desk import Desk
from core.errors import ReasonMissing

SEALED = "chains sealed"


def seal_chains(desk: Desk, *, reason: str = "", anew: bool = False) -> int:
    """Seal the chains of a desk that has none sealed yet; `anew`: whatever their heads say, which wants a reason and is written down.

    Returns how many there are.
    """
    if anew and not reason.strip():
        raise ReasonMissing
    with desk.database.write() as connection:
        if not anew and audit_heads.head(connection, ROSTER) is not None:
            return 0
        if not audit_heads.chains(connection):
            return 0
        count = audit_heads.seal_all(connection)
        audit.append(connection, company_id=None, who=desk.who, what=SEALED, subject=f"{count}", why=reason.strip(), now=desk.now())
    return count
