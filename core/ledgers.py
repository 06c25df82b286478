"""Split the invoices into the three ledgers: all, e-mail, paper."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd
from sqlalchemy import Connection

from core import frames
from core.database import ledger_rows
from core.database.ledger_rows import Filter, Sort
from core.model import Ledger


@dataclass(frozen=True)
class Ledgers:
    """Three views of the same invoices; columns are named in `core.frames`."""

    all: pd.DataFrame
    email: pd.DataFrame
    paper: pd.DataFrame


def load(connection: Connection) -> Ledgers:
    """Every invoice, newest first."""
    return split(frames.invoice_frame(ledger_rows.page(connection, Filter(), Sort())))


def split(frame: pd.DataFrame) -> Ledgers:
    """The ledger of an invoice follows the customer's tick until it was first queued or printed (DESIGN §3)."""
    return Ledgers(
        all=frame,
        email=frame[frame[frames.LEDGER] == Ledger.EMAIL.value],
        paper=frame[frame[frames.LEDGER] == Ledger.PAPER.value],
    )


def page(connection: Connection, chosen: Filter, sort: Sort, *, offset: int, limit: int) -> pd.DataFrame:
    """One page of a ledger."""
    return frames.invoice_frame(ledger_rows.page(connection, chosen, sort, offset=offset, limit=limit))
