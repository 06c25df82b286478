"""The rows of an import: a grid with what becomes of each, and below it the refused ones in full."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pandas as pd
import streamlit as st

from core import i18n
from core.dispatch import import_summary, tables
from core.dispatch.foreseeing import NotOurs
from core.dispatch.importing import Imported, ImportOutcome
from core.i18n import N_
from core.sources.table_columns import TableKind
from core.styling import CREDIT_BADGE
from pages.parts.resources import language, plain, say, shown, t

REFUSED, NEW, NEW_VERSION, CHANGED, UNCHANGED = N_("✗ Refused"), N_("✓ New"), N_("✓ New version"), N_("✓ Changed"), N_("= Unchanged")
ORDER = (REFUSED, NEW, NEW_VERSION, CHANGED, UNCHANGED)
LABELS = {
    ImportOutcome.REFUSED: REFUSED,
    ImportOutcome.NEW: NEW,
    ImportOutcome.NEW_VERSION: NEW_VERSION,
    ImportOutcome.UNCHANGED: UNCHANGED,
}
NAMED = N_("{name}: {value}")
HEADINGS = (N_("Outcome"), N_("Number"), N_("Customer"), N_("Total"), N_("Why, or what is odd"), N_("File"))
WIDTHS = (105, 120, 165, 105, 480, 230)  # together what 1280 px have room for
TOTAL = 3
HEIGHT = 380
_IN_FULL = 20  # refused rows; the file has them all


def show(name: str, rows: Sequence[Imported]) -> None:
    """Refused first; a chip shows one outcome only."""
    labels = [label(row) for row in rows]
    counted = {each: labels.count(each) for each in ORDER if each in labels}
    chosen = st.pills(
        t("Show"),
        [*counted],
        format_func=lambda each: t(NAMED, name=t(each), value=counted[each]),
        label_visibility="collapsed",
        key=f"{name}-chips/{'/'.join(counted)}",
    )
    ordered = sorted((row for row in rows if chosen in (None, label(row))), key=lambda row: ORDER.index(label(row)))
    height = min(35 * (len(ordered) + 1) + 3, HEIGHT)
    st.dataframe(frame(ordered), hide_index=True, key=f"{name}-rows/{chosen}", height=height, column_config=_config())
    _in_full([row for row in ordered if row.outcome is ImportOutcome.REFUSED])


def label(row: Imported) -> str:
    """A card of a customer is changed; only an invoice has versions."""
    return CHANGED if row.outcome is ImportOutcome.NEW_VERSION and row.invoice is None else LABELS[row.outcome]


def _config() -> dict[str, Any]:
    return {
        t(heading): st.column_config.TextColumn(width=width, alignment="right" if place == TOTAL else "left")
        for place, (heading, width) in enumerate(zip(HEADINGS, WIDTHS, strict=True))
    }


def frame(rows: Sequence[Imported]) -> pd.DataFrame:
    """As a person reads it."""
    cells = [(t(label(row)), _number(row), _customer(row), _total(row), remark(row), _place(row)) for row in rows]
    return pd.DataFrame(cells, columns=[t(heading) for heading in HEADINGS])


def _number(row: Imported) -> str:
    return f"{row.number} {t(CREDIT_BADGE)}" if row.invoice and row.invoice.is_credit_note else row.number


def _customer(row: Imported) -> str:
    return row.invoice.buyer.name if row.invoice else row.customer


def _total(row: Imported) -> str:
    """A credit note takes away, as in the ledgers and in the sums above."""
    if row.invoice is None:
        return ""
    total = row.invoice.totals.total_with_vat
    return i18n.amount(language(), -total if row.invoice.is_credit_note else total, row.invoice.currency)


def _place(row: Imported) -> str:
    return " · ".join(part for part in (row.file, import_summary.place(row, language()), row.pdf_name) if part)


def remark(row: Imported) -> str:
    """The reason of a refusal, the changes of a card, or what is odd."""
    if row.reason:
        return say(row.reason)
    changes = []
    for each in row.changes:
        name = tables.field_name(TableKind.CUSTOMERS, each.field, language())
        before = "" if row.outcome is ImportOutcome.NEW else f"{each.before or '—'} → "
        changes.append(i18n.translate(language(), NAMED, name=name, value=f"{before}{each.after or '—'}"))
    return " ".join([*(say(warning) for warning in row.warnings), "; ".join(changes)]).strip()


def _in_full(refused: Sequence[Imported]) -> None:
    """A cell of the grid cuts a long sentence; here it stands whole, and the file takes it along."""
    if not refused:
        return
    long = [row for row in refused if row.reason and row.reason.template != NotOurs.template]  # its company is asked about above
    with st.container(horizontal=True, vertical_alignment="center"):
        if long:
            st.markdown(t("**Refused, and why**"))
        content = import_summary.refused_csv(refused, language())
        st.download_button(t("Refused ones (CSV)"), content, file_name=t("refused.csv"), mime="text/csv", on_click="ignore", key="refused-csv")
    st.markdown("\n".join(f"- {_sentence(row)}" for row in long[:_IN_FULL]))
    if len(long) > _IN_FULL:
        st.caption(t("And {count} more: the file has them all.", count=len(long) - _IN_FULL))


def _sentence(row: Imported) -> str:
    who = " · ".join(part for part in (row.number, _customer(row)) if part)
    named = f"**{plain(who)}** — " if who else ""
    at = shown(row.where) if row.where else plain(import_summary.place(row, language()))
    return f"{named}{shown(row.reason) if row.reason else ''} :gray[{' · '.join(part for part in (plain(row.file), at) if part)}]"
