"""How a status looks: label, icon, colours. The only place that knows; colour is never the only sign."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

import pandas as pd
from pandas.io.formats.style import Styler

from core import frames, i18n
from core.i18n import N_
from core.model import DeliveryStatus, DispatchStatus, DocumentType, Language, Ledger


@dataclass(frozen=True)
class Look:
    """A colour pair per theme-independent meaning; empty means the table's own colours (white, to do)."""

    label: str
    icon: str
    background: str = ""
    text: str = ""

    @property
    def css(self) -> str:
        return f"background-color:{self.background};color:{self.text}" if self.background else ""


GREEN, BLUE, RED, ORANGE, GREY, YELLOW = (
    ("#d9f2e0", "#0f4d26"),
    ("#dbe9fb", "#173e70"),
    ("#fbdcdc", "#7a1414"),
    ("#fde5c4", "#6b3a00"),
    ("#e6e8eb", "#3b434d"),
    ("#fbf3c4", "#574a00"),
)
LOOKS: Mapping[DispatchStatus, Look] = {
    DispatchStatus.TO_SEND: Look(N_("To send"), "○"),
    DispatchStatus.QUEUED: Look(N_("Queued"), "◔", *BLUE),
    DispatchStatus.SENDING: Look(N_("Sending"), "◑", *BLUE),
    DispatchStatus.SENT: Look(N_("Sent"), "✓", *GREEN),
    DispatchStatus.PARTLY_SENT: Look(N_("Partly sent"), "◐", *ORANGE),
    DispatchStatus.FAILED: Look(N_("Failed"), "✗", *RED),
    DispatchStatus.UNCERTAIN: Look(N_("Uncertain"), "?", *ORANGE),
    DispatchStatus.HELD: Look(N_("Held"), "‖", *YELLOW),
    DispatchStatus.BOUNCED: Look(N_("Bounced"), "↩", *RED),
    DispatchStatus.ELSEWHERE: Look(N_("Sent elsewhere"), "⇢", *GREY),
    DispatchStatus.TO_PRINT: Look(N_("To print"), "○"),
    DispatchStatus.PRINTED: Look(N_("Printed"), "⎙", *BLUE),
    DispatchStatus.POSTED: Look(N_("Mailed"), "✓", *GREEN),
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
    COMPANY: N_("Company"),
    REMARK: N_("Remark"),
}
WIDTHS: Mapping[str, int] = {
    STATUS: 190,
    NUMBER: 125,
    DATE: 90,
    CUSTOMER: 230,
    TOTAL: 115,
    SEND_TO: 195,
    PLACE: 160,
    LANGUAGE: 60,
    COMPANY: 110,
    REMARK: 130,
}
RIGHT = frozenset({TOTAL})


def label(language: Language, status: DispatchStatus | DeliveryStatus) -> str:
    look = LOOKS[status] if isinstance(status, DispatchStatus) else DELIVERY_LOOKS[status]
    return f"{look.icon} {i18n.translate(language, look.label)}"


def columns(ledger: Ledger | None) -> tuple[str, ...]:
    """The paper ledger shows where the letter goes instead of the address of the mail."""
    where = PLACE if ledger is Ledger.PAPER else SEND_TO
    return (STATUS, NUMBER, DATE, CUSTOMER, TOTAL, where, LANGUAGE, COMPANY, REMARK)


def table(frame: pd.DataFrame, language: Language, zone: ZoneInfo, ledger: Ledger | None) -> Styler:
    """One page of a ledger as words for the reader, each row in the colour of its status."""
    shown = pd.DataFrame({name: [_CELLS[name](row, language, zone) for row in frame.to_dict("records")] for name in columns(ledger)})
    css = [LOOKS[DispatchStatus(str(status))].css for status in frame[frames.STATUS]]
    painted = pd.DataFrame(dict.fromkeys(shown.columns, css), index=shown.index)
    return shown.style.apply(lambda _: painted, axis=None).set_uuid("ledger")  # a random uuid would send the table again at every click


def _status(row: Mapping[str, object], language: Language, zone: ZoneInfo) -> str:
    status = DispatchStatus(str(row[frames.STATUS]))
    text = label(language, status)
    at = row[frames.STATUS_AT]
    if status in (DispatchStatus.TO_SEND, DispatchStatus.TO_PRINT) or not isinstance(at, datetime):
        return text
    return f"{text} {at.astimezone(zone):%d/%m}"


def _number(row: Mapping[str, object], language: Language, _zone: ZoneInfo) -> str:
    is_credit = str(row[frames.TYPE]) == DocumentType.CREDIT_NOTE.value
    return f"{row[frames.NUMBER]}" + (f" {i18n.translate(language, CREDIT_BADGE)}" if is_credit else "")


CREDIT_BADGE = N_("CN")
ADDRESS_MISSING = N_("Address missing")
SOURCE_ODD = N_("check source")


def _date(row: Mapping[str, object], language: Language, _zone: ZoneInfo) -> str:
    value = row[frames.ISSUE_DATE]
    return i18n.day(language, value) if isinstance(value, date) else ""


def _total(row: Mapping[str, object], language: Language, _zone: ZoneInfo) -> str:
    value = Decimal(str(row[frames.TOTAL]))
    return i18n.amount(language, value, str(row[frames.CURRENCY]))


def _send_to(row: Mapping[str, object], language: Language, _zone: ZoneInfo) -> str:
    addresses = str(row[frames.RECIPIENTS]).split("\n")
    if not addresses[0]:
        waits = str(row[frames.LEDGER]) == Ledger.EMAIL.value
        return f"⚠ {i18n.translate(language, ADDRESS_MISSING)}" if waits else ""
    return addresses[0] + (f" +{len(addresses) - 1}" if len(addresses) > 1 else "")


def _remark(row: Mapping[str, object], language: Language, _zone: ZoneInfo) -> str:
    return f"⚠ {i18n.translate(language, SOURCE_ODD)}" if int(str(row[frames.WARNINGS])) else ""


_CELLS = {
    STATUS: _status,
    NUMBER: _number,
    DATE: _date,
    CUSTOMER: lambda row, _language, _zone: str(row[frames.BUYER]),
    TOTAL: _total,
    SEND_TO: _send_to,
    PLACE: lambda row, _language, _zone: " ".join(part for name in (frames.POSTCODE, frames.CITY) if isinstance(part := row[name], str)),
    LANGUAGE: lambda row, _language, _zone: str(row[frames.LANGUAGE]),
    COMPANY: lambda row, _language, _zone: str(row[frames.COMPANY_NAME]),
    REMARK: _remark,
}
