"""How a status looks: label, icon, colours. The only place that knows; colour is never the only sign."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from email.utils import parseaddr
from typing import Any
from zoneinfo import ZoneInfo

import pandas as pd
from pandas.io.formats.style import Styler

from core import frames, i18n
from core.errors import Sentence
from core.i18n import N_
from core.model import LEFT, PENDING, DeliveryStatus, DispatchStatus, DocumentType, Language, Ledger


@dataclass(frozen=True)
class Pair:
    """Background and text, which always go together."""

    background: str
    text: str

    @property
    def css(self) -> str:
        return f"background-color:{self.background};color:{self.text}"


@dataclass(frozen=True)
class Paint:
    """A meaning's colours on a light and on a dark screen."""

    light: Pair
    dark: Pair


@dataclass(frozen=True)
class Look:
    """Label, icon and colours; no paint means the table's own colours (white, to do)."""

    label: str
    icon: str
    paint: Paint | None = None

    def css(self, *, dark: bool = False) -> str:
        if self.paint is None:
            return ""
        return (self.paint.dark if dark else self.paint.light).css


GREEN = Paint(Pair("#d9f2e0", "#0f4d26"), Pair("#12361f", "#b4e8c6"))
BLUE = Paint(Pair("#dbe9fb", "#173e70"), Pair("#142c4c", "#bcd7fa"))
RED = Paint(Pair("#fbdcdc", "#7a1414"), Pair("#4a1717", "#fbc5c5"))
ORANGE = Paint(Pair("#fde5c4", "#6b3a00"), Pair("#47290a", "#fbd6a3"))
GREY = Paint(Pair("#e6e8eb", "#3b434d"), Pair("#2b3037", "#c8ced6"))
YELLOW = Paint(Pair("#fbf3c4", "#574a00"), Pair("#3d3508", "#f3e7a0"))
LOOKS: Mapping[DispatchStatus, Look] = {
    DispatchStatus.TO_SEND: Look(N_("To send"), "○"),
    DispatchStatus.QUEUED: Look(N_("Queued"), "◔", BLUE),
    DispatchStatus.SENDING: Look(N_("Sending"), "◑", BLUE),
    DispatchStatus.SENT: Look(N_("Sent"), "✓", GREEN),
    DispatchStatus.PARTLY_SENT: Look(N_("Partly sent"), "◐", ORANGE),
    DispatchStatus.FAILED: Look(N_("Failed"), "✗", RED),
    DispatchStatus.UNCERTAIN: Look(N_("Uncertain"), "?", ORANGE),
    DispatchStatus.HELD: Look(N_("Held"), "‖", YELLOW),
    DispatchStatus.BOUNCED: Look(N_("Bounced"), "↩", RED),
    DispatchStatus.ELSEWHERE: Look(N_("Sent elsewhere"), "⇢", GREY),
    DispatchStatus.TO_PRINT: Look(N_("To print"), "○"),
    DispatchStatus.PRINTED: Look(N_("Printed"), "⎙", BLUE),
    DispatchStatus.POSTED: Look(N_("Mailed"), "✓", GREEN),
}
DELIVERY_LOOKS: Mapping[DeliveryStatus, Look] = {
    DeliveryStatus.QUEUED: LOOKS[DispatchStatus.QUEUED],
    DeliveryStatus.CLAIMED: LOOKS[DispatchStatus.SENDING],
    DeliveryStatus.SENDING: LOOKS[DispatchStatus.SENDING],
    DeliveryStatus.SENT: LOOKS[DispatchStatus.SENT],
    DeliveryStatus.FAILED: LOOKS[DispatchStatus.FAILED],
    DeliveryStatus.UNCERTAIN: LOOKS[DispatchStatus.UNCERTAIN],
    DeliveryStatus.HELD: LOOKS[DispatchStatus.HELD],
    DeliveryStatus.BOUNCED: LOOKS[DispatchStatus.BOUNCED],
}

STATUS, NUMBER, DATE, CUSTOMER, TOTAL, SEND_TO, PLACE, LANGUAGE, COMPANY, REMARK = (
    "status",
    "number",
    "date",
    "customer",
    "total",
    "send_to",
    "place",
    "language",
    "company",
    "remark",
)
HEADINGS: Mapping[str, str] = {
    STATUS: N_("Status"),
    NUMBER: N_("Number"),
    DATE: N_("Date"),
    CUSTOMER: N_("Customer"),
    TOTAL: N_("Total"),
    SEND_TO: N_("Send to"),
    PLACE: N_("Town"),
    LANGUAGE: N_("Lang."),
    COMPANY: N_("Co."),
    REMARK: N_("Remark"),
}
WIDTHS: Mapping[str, int] = {  # SCREENS; the remark has what is left
    STATUS: 165,
    NUMBER: 115,
    DATE: 88,
    CUSTOMER: 215,
    TOTAL: 105,
    SEND_TO: 195,
    PLACE: 150,
    LANGUAGE: 50,
    COMPANY: 58,
}
RIGHT = frozenset({TOTAL})


def label(language: Language, status: DispatchStatus | DeliveryStatus) -> str:
    look = LOOKS[status] if isinstance(status, DispatchStatus) else DELIVERY_LOOKS[status]
    return f"{look.icon} {i18n.translate(language, look.label)}"


@dataclass(frozen=True, kw_only=True)
class Reader:
    """Who looks at the table, and when."""

    language: Language
    zone: ZoneInfo
    today: date
    dark: bool = False
    codes: Mapping[str, str] = field(default_factory=dict)  # of the companies, by key


def columns(ledger: Ledger | None, *, narrow: bool = False, companies: bool = True) -> tuple[str, ...]:
    """The paper ledger shows where the letter goes instead of the address of the mail; beside a document there is room for four."""
    if narrow:
        return (STATUS, NUMBER, CUSTOMER, TOTAL)
    where = PLACE if ledger is Ledger.PAPER else SEND_TO
    return (STATUS, NUMBER, DATE, CUSTOMER, TOTAL, where, LANGUAGE, *((COMPANY,) if companies else ()), REMARK)


def codes(names: Mapping[str, str]) -> dict[str, str]:
    """A short code for each company, by key: its initials, with more letters where two would be alike."""
    made: dict[str, str] = {}
    for key, name in names.items():
        words = [word for word in re.findall(r"\w+", name) if word.upper() not in LEGAL_FORMS] or [name]
        long = "".join(words)[:8].upper()
        tries = ["".join(word[0] for word in words)[:4].upper() if len(words) > 1 else long[:3], long[:4], long[:6], long, key]
        made[key] = next(code for code in tries if code not in made.values())
    return made


LEGAL_FORMS = frozenset({"SRL", "BV", "SA", "NV", "SNC", "VOF", "SC", "CV", "SCRL", "CVBA", "SPRL", "BVBA", "ASBL", "VZW", "COMMV", "SCOMM"})


def table(frame: pd.DataFrame, reader: Reader, shown_columns: Sequence[str], because: Mapping[int, Sentence]) -> Styler:
    """One page of a ledger as words for the reader, each row in the colour of its status."""
    rows: list[dict[Any, Any]] = [row | {BECAUSE: because.get(int(row[frames.ID]))} for row in frame.to_dict("records")]
    shown = pd.DataFrame({name: [_CELLS[name](row, reader) for row in rows] for name in shown_columns})
    css = [LOOKS[DispatchStatus(str(status))].css(dark=reader.dark) for status in frame[frames.STATUS]]
    painted = pd.DataFrame(dict.fromkeys(shown.columns, css), index=shown.index)
    return shown.style.apply(lambda _: painted, axis=None).set_uuid("ledger")  # a random uuid would send the table again at every click


BECAUSE = "because"
CREDIT_BADGE = N_("CN")
ADDRESS_MISSING = N_("Address missing")
SOURCE_ODD = N_("check source")
COURTESY_COPY = N_("Peppol elsewhere, courtesy copy")
OVERDUE = N_("due date past")
Row = Mapping[Any, Any]


def _status(row: Row, reader: Reader) -> str:
    status = DispatchStatus(str(row[frames.STATUS]))
    text = label(reader.language, status)
    at = row[frames.STATUS_AT]
    if status in PENDING or not isinstance(at, datetime):
        return text
    return f"{text} {at.astimezone(reader.zone):%d/%m}"


def _number(row: Row, reader: Reader) -> str:
    return f"{row[frames.NUMBER]}" + (f" {i18n.translate(reader.language, CREDIT_BADGE)}" if _is_credit_note(row) else "")


def _is_credit_note(row: Row) -> bool:
    return str(row[frames.TYPE]) == DocumentType.CREDIT_NOTE.value


def _date(row: Row, reader: Reader) -> str:
    value = row[frames.ISSUE_DATE]
    return i18n.day(reader.language, value) if isinstance(value, date) else ""


def _total(row: Row, reader: Reader) -> str:
    """A credit note takes away, in the rows as in the sums."""
    value = Decimal(str(row[frames.TOTAL]))
    return i18n.amount(reader.language, -value if _is_credit_note(row) else value, str(row[frames.CURRENCY]))


def _send_to(row: Row, reader: Reader) -> str:
    addresses = str(row[frames.RECIPIENTS]).split("\n")
    if not addresses[0]:
        waits = str(row[frames.LEDGER]) == Ledger.EMAIL.value
        return f"⚠ {i18n.translate(reader.language, ADDRESS_MISSING)}" if waits else ""
    return (parseaddr(addresses[0])[1] or addresses[0]) + (f" +{len(addresses) - 1}" if len(addresses) > 1 else "")


def _place(row: Row, _reader: Reader) -> str:
    return " ".join(part for name in (frames.POSTCODE, frames.CITY) if isinstance(part := row[name], str))


def remark(row: Row, reader: Reader) -> str:
    """Why the row is where it is, then what is odd, then what is only good to know."""
    status = DispatchStatus(str(row[frames.STATUS]))
    notes = [_why(row, reader, status)]
    if int(row[frames.WARNINGS]):
        notes.append(f"⚠ {i18n.translate(reader.language, SOURCE_ODD)}")
    if row[frames.PEPPOL] and status not in LEFT:
        notes.append(i18n.translate(reader.language, COURTESY_COPY))
    due = row[frames.DUE_DATE]
    if status in PENDING and isinstance(due, date) and due < reader.today:
        notes.append(i18n.translate(reader.language, OVERDUE))
    return " · ".join(note for note in notes if note)


def _why(row: Row, reader: Reader, status: DispatchStatus) -> str:
    if status is DispatchStatus.HELD and isinstance(row[frames.HELD_BECAUSE], str):
        return i18n.translate(reader.language, str(row[frames.HELD_BECAUSE]))
    if status is DispatchStatus.ELSEWHERE and isinstance(row[frames.ELSEWHERE_BECAUSE], str):
        return i18n.translate(reader.language, str(row[frames.ELSEWHERE_BECAUSE]))
    said = row.get(BECAUSE)
    return i18n.sentence(reader.language, said) if isinstance(said, Sentence) else ""


_CELLS: Mapping[str, Callable[[Row, Reader], str]] = {
    STATUS: _status,
    NUMBER: _number,
    DATE: _date,
    CUSTOMER: lambda row, _reader: str(row[frames.BUYER]),
    TOTAL: _total,
    SEND_TO: _send_to,
    PLACE: _place,
    LANGUAGE: lambda row, _reader: str(row[frames.LANGUAGE]).upper(),
    COMPANY: lambda row, reader: reader.codes.get(str(row[frames.COMPANY]), str(row[frames.COMPANY_NAME])),
    REMARK: remark,
}
