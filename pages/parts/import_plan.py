"""Step 3 of an import: what would become of each row, the totals per company, and the one button."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd
import streamlit as st

from core import i18n
from core.dispatch import import_summary, importing, tables
from core.dispatch.importing import Imported, ImportOutcome, Options, Plan
from core.i18n import N_
from core.sources.table_columns import TableKind
from pages.parts import import_drop
from pages.parts.resources import desk, language, say, shown, t

OUTCOMES = {
    ImportOutcome.REFUSED: N_("✗ Refused"),
    ImportOutcome.NEW: N_("✓ New"),
    ImportOutcome.NEW_VERSION: N_("✓ New version"),
    ImportOutcome.UNCHANGED: N_("= Unchanged"),
}
ORDER = [*OUTCOMES]
_STEP = 25  # rows between two looks at the bar


def plan_of(files: dict[str, tuple[str, bytes]], options: Options) -> Plan:
    """Read once for the same files, options and columns."""
    key = (tuple(files), options, st.session_state.get("import-columns-revision", 0))
    kept: tuple[object, Plan] | None = st.session_state.get(import_drop.PLAN)
    if kept is None or kept[0] != key:
        with st.spinner(t("Reading…")):
            kept = key, importing.plan(desk(), [importing.dropped_bytes(*file) for file in files.values()], options)
        st.session_state[import_drop.PLAN] = kept
    return kept[1]


def show(planned: Plan, options: Options) -> None:
    for note in planned.notes:
        st.caption(shown(note))
    _totals(planned.rows)
    _table("plan", planned.rows)
    counted = import_summary.counts(planned.rows)
    useful = counted[ImportOutcome.NEW] + counted[ImportOutcome.NEW_VERSION]
    if not useful:
        st.info(t("There is nothing to import: everything is unchanged or refused."))
    with st.container(horizontal=True):
        if useful and st.button(_label(planned.rows, useful), type="primary", key="import-go"):
            _carry_out(planned, options)
        st.button(t("Start again"), on_click=import_drop.start_again, key="import-again")


def _label(rows: Sequence[Imported], useful: int) -> str:
    if any(row.customer and row.outcome is not ImportOutcome.REFUSED for row in rows):
        return t("Import the {count} rows", count=useful)
    return t("Import the {count} invoices", count=useful) if useful > 1 else t("Import the invoice")


def _carry_out(planned: Plan, options: Options) -> None:
    bar = st.progress(0.0, text=t("Importing…"))
    done = 0

    def report(_: Imported) -> None:
        nonlocal done
        done += 1
        if done % _STEP == 0 or done == len(planned.reads):
            bar.progress(done / len(planned.reads), text=t("{done} of {total} done", done=done, total=len(planned.reads)))

    st.session_state[import_drop.RESULT] = importing.carry_out(desk(), planned, options, report=report)
    import_drop.start_again()
    st.rerun()


def _totals(rows: Sequence[Imported]) -> None:
    found = import_summary.totals(rows)
    if not found:
        return
    spoken = language()
    st.dataframe(
        pd.DataFrame(
            {
                t("Invoicing company"): [each.company for each in found],
                t("Invoices"): [each.count for each in found],
                t("Without VAT"): [i18n.amount(spoken, each.without_vat, each.currency) for each in found],
                t("VAT"): [i18n.amount(spoken, each.vat, each.currency) for each in found],
                t("With VAT"): [i18n.amount(spoken, each.with_vat, each.currency) for each in found],
                t("First number"): [each.first for each in found],
                t("Last number"): [each.last for each in found],
            }
        ),
        hide_index=True,
        key="import-totals",
    )


def _table(name: str, rows: Sequence[Imported]) -> None:
    """Refused first; a chip shows one outcome only."""
    counted = {outcome: count for outcome in ORDER if (count := import_summary.counts(rows)[outcome])}
    chosen = st.pills(
        t("Show"),
        [*counted],
        format_func=lambda outcome: f"{t(OUTCOMES[outcome])}: {counted[outcome]}",
        label_visibility="collapsed",
        key=f"{name}-chips/{'/'.join(counted)}",
    )
    ordered = sorted((row for row in rows if chosen in (None, row.outcome)), key=lambda row: ORDER.index(row.outcome))
    height = min(35 * (len(ordered) + 1) + 3, 380)
    st.dataframe(
        frame(ordered), hide_index=True, key=f"{name}-rows/{chosen}", height=height, column_config={t("Why, or what is odd"): {"width": "large"}}
    )


def frame(rows: Sequence[Imported]) -> pd.DataFrame:
    """As a person reads it."""
    spoken = language()
    return pd.DataFrame(
        {
            t("Outcome"): [t(OUTCOMES[row.outcome]) for row in rows],
            t("Number"): [row.number for row in rows],
            t("Customer"): [row.invoice.buyer.name if row.invoice else row.customer for row in rows],
            t("Total"): [i18n.amount(spoken, row.invoice.totals.total_with_vat, row.invoice.currency) if row.invoice else "" for row in rows],
            t("Why, or what is odd"): [remark(row) for row in rows],
            t("File"): [" · ".join(part for part in (row.file, import_summary.place(row, spoken), row.pdf_name) if part) for row in rows],
        }
    )


def remark(row: Imported) -> str:
    """The reason of a refusal, the changes of a card, or what is odd."""
    if row.reason:
        return say(row.reason)
    changes = []
    for each in row.changes:
        name = tables.field_name(TableKind.CUSTOMERS, each.field, language())
        before = "" if row.outcome is ImportOutcome.NEW else f"{each.before or '—'} → "
        changes.append(f"{name}: {before}{each.after or '—'}")
    return " ".join([*(say(warning) for warning in row.warnings), "; ".join(changes)]).strip()


def results(rows: Sequence[Imported]) -> None:
    """What became of each, and the ways onward."""
    counted = import_summary.counts(rows)
    kept = counted[ImportOutcome.NEW] + counted[ImportOutcome.NEW_VERSION]
    st.success(
        t(
            "{kept} imported, {unchanged} unchanged, {refused} refused. Nothing was sent.",
            kept=kept,
            unchanged=counted[ImportOutcome.UNCHANGED],
            refused=counted[ImportOutcome.REFUSED],
        )
    )
    _table("result", rows)
