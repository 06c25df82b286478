"""Step 3 of an import: what would become of each row, the totals per company, and the one button."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from core import i18n
from core.dispatch import import_summary, importing
from core.dispatch.importing import Imported, ImportOutcome, Options, Plan
from pages.parts import import_drop, import_rows
from pages.parts.resources import desk, language, plain, shown, t

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
    """The totals and the button stand above the rows, which may be many."""
    for note in planned.notes:
        st.caption(shown(note))
    _companies(planned.rows, options)
    _totals(planned.rows)
    counted = import_summary.counts(planned.rows)
    useful = counted[ImportOutcome.NEW] + counted[ImportOutcome.NEW_VERSION]
    if not useful:
        st.info(t("There is nothing to import: everything is unchanged or refused."))
    bar = st.empty()
    with st.container(horizontal=True):
        go = bool(useful) and st.button(_label(planned.rows, useful), type="primary", key="import-go")
        st.button(t("Start again"), on_click=import_drop.start_again, key="import-again")
    if go:
        _carry_out(planned, options, bar)
    import_rows.show("plan", planned.rows)


def _companies(rows: Sequence[Imported], options: Options) -> None:
    """A file makes an invoicing company only after a person said that it is one; at the very first import it is only told."""
    found = import_summary.new_companies(rows)
    if not found:
        return
    if options.ours is None:
        told = " · ".join(f"**{plain(each.name)}** ({plain(each.key)})" for each in found)
        st.info(t("New invoicing companies, each with a card of its own:") + f" {told}")
        return
    ask = t("**Not among your invoicing companies yet. Tick those that are yours below.**")
    danger = t("The others stay out: what a supplier sent you would become an invoice of yours, ready to be sent or printed.")
    st.warning(f"{ask} {danger}", icon=":material/warning:")
    with st.container(horizontal=True):
        for each in found:
            import_drop.tick_ours(each, options.ours)


def _label(rows: Sequence[Imported], useful: int) -> str:
    if any(row.customer and row.outcome is not ImportOutcome.REFUSED for row in rows):
        return t("Import the {count} rows", count=useful)
    return t("Import the {count} invoices", count=useful) if useful > 1 else t("Import the invoice")


def _carry_out(planned: Plan, options: Options, place: DeltaGenerator) -> None:
    bar = place.progress(0.0, text=t("Importing…"))
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
    with_credit_notes = any(each.credit_notes for each in found)
    amounts = {
        t("Without VAT"): [i18n.amount(spoken, each.without_vat, each.currency) for each in found],
        t("VAT"): [i18n.amount(spoken, each.vat, each.currency) for each in found],
        t("With VAT"): [i18n.amount(spoken, each.with_vat, each.currency) for each in found],
    }
    columns: dict[str, list[str] | list[int]] = {
        t("Invoicing company"): [each.company for each in found],
        t("Invoices and credit notes") if with_credit_notes else t("Invoices"): [each.count for each in found],
        **amounts,
        t("First number"): [each.first for each in found],
        t("Last number"): [each.last for each in found],
    }
    if with_credit_notes:
        columns[t("Credit notes among them")] = [each.credit_notes for each in found]
    right = {name: st.column_config.TextColumn(alignment="right") for name in amounts}
    st.dataframe(pd.DataFrame(columns), hide_index=True, key="import-totals", column_config=right)


def results(rows: Sequence[Imported]) -> None:
    """What the import came to, in numbers."""
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
