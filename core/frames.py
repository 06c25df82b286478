"""The invoice frame: column names and exact types, in one place."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pandas as pd
import pyarrow as pa

ID = "id"
NUMBER = "number"
TYPE = "type"
COMPANY = "company"
COMPANY_NAME = "company_name"
BUYER = "buyer"
CUSTOMER_KEY = "customer_key"
ISSUE_DATE = "issue_date"
DUE_DATE = "due_date"
CURRENCY = "currency"
TOTAL = "total_with_vat"
DUE = "amount_due"
LEDGER = "ledger"
STATUS = "status"
STATUS_AT = "status_at"
RECIPIENTS = "recipients"
LANGUAGE = "language"
POSTCODE = "postcode"
CITY = "city"
WARNINGS = "warning_count"
ELSEWHERE_BECAUSE = "elsewhere_because"
HELD_BECAUSE = "held_because"
PEPPOL = "peppol_elsewhere"

COLUMNS = (
    ID,
    NUMBER,
    TYPE,
    COMPANY,
    COMPANY_NAME,
    BUYER,
    CUSTOMER_KEY,
    ISSUE_DATE,
    DUE_DATE,
    CURRENCY,
    TOTAL,
    DUE,
    LEDGER,
    STATUS,
    STATUS_AT,
    RECIPIENTS,
    LANGUAGE,
    POSTCODE,
    CITY,
    WARNINGS,
    ELSEWHERE_BECAUSE,
    HELD_BECAUSE,
    PEPPOL,
)
_MONEY = pa.decimal128(20, 2)


def invoice_frame(rows: Sequence[Any]) -> pd.DataFrame:
    """Rows in the order of COLUMNS, amounts as integer hundredths -> a frame with exact decimals, never float."""
    frame = pd.DataFrame.from_records([tuple(row) for row in rows], columns=list(COLUMNS))
    money = {name: pd.Series(_decimals(frame[name]), index=frame.index) for name in (TOTAL, DUE)}
    categories = {name: frame[name].map(str).astype("category") for name in (TYPE, COMPANY, COMPANY_NAME, CURRENCY, LEDGER, STATUS, LANGUAGE)}
    return frame.assign(**money, **categories)


def _decimals(hundredths: pd.Series) -> Any:
    """decimal128 shares the bytes of a scaled integer: the same numbers, read with two decimals."""
    whole = pa.array(hundredths.astype("int64").to_numpy()).cast(pa.decimal128(20, 0))
    scaled = pa.Array.from_buffers(_MONEY, len(whole), whole.buffers())
    return pd.array(scaled, dtype=pd.ArrowDtype(_MONEY))
