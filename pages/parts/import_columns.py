"""Step 2 of an import: a person says which column is which field; kept for every table with the same headers."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from core.dispatch import tables
from core.dispatch.tables import OpenedTable
from core.i18n import N_
from core.sources.table_columns import IGNORED, WORDS, TableKind
from core.sources.table_opening import missing
from pages.parts import feedback
from pages.parts.resources import desk, language, plain, t, worded

KINDS = {TableKind.INVOICES: N_("Invoices, one line a row"), TableKind.CUSTOMERS: N_("Customers, one a row")}
_BESIDE = 3


def show(opened: Sequence[OpenedTable]) -> None:
    """Open where a table lacks something, folded elsewhere; one form for each kind of header row."""
    for table in {table.source_key: table for table in opened}.values():
        with st.expander(_title(table), expanded=table.lacks, icon="⚠️" if table.lacks else None):
            _table(table)


def _title(table: OpenedTable) -> str:
    if table.lacks:
        return t("Say what the columns of {file} are", file=table.file)
    return t("Columns of {file}: {known} of {all} are read", file=table.file, known=len(table.columns.places), all=len(table.columns.header.labels))


def _table(table: OpenedTable) -> None:
    kind: TableKind = st.segmented_control(
        t("What a row is"),
        [*TableKind],
        default=table.columns.kind,
        format_func=lambda each: t(KINDS[each]),
        required=True,
        key=f"columns-kind/{table.source_key}",
    )
    if kind is table.columns.kind:
        _say_what_is_wrong(table, kind)
    known = table.columns.mapping if kind is table.columns.kind else tables.guess(table, kind)
    with st.form(f"columns/{table.source_key}/{kind}", border=False):
        chosen = _choose(table, kind, known)
        save = st.form_submit_button(t("Keep these columns"), type="primary")
    if save:
        tables.remember(desk(), table, kind, chosen)
        feedback.later(t("Kept: tables with these headers are read so from now on."))
        _again()
    if table.remembered and st.button(t("Forget what was said of these columns"), key=f"columns-forget/{table.source_key}"):
        tables.forget(desk(), table.source_key)
        _again()


def _again() -> None:
    st.session_state["import-columns-revision"] = st.session_state.get("import-columns-revision", 0) + 1
    st.rerun()


def _say_what_is_wrong(table: OpenedTable, kind: TableKind) -> None:
    lacking = [t(" or ").join(tables.field_name(kind, field, language()) for field in group) for group in missing(table.columns)]
    if lacking:
        st.markdown(t("Still needed: **{columns}**", columns=" · ".join(lacking)))
    for field, one, other in table.columns.doubled:
        name = tables.field_name(kind, field, language())
        st.markdown(t("Two columns mean **{field}**: “{one}” and “{other}”. Choose one of them.", field=name, one=one, other=other))


def _choose(table: OpenedTable, kind: TableKind, known: dict[str, str]) -> dict[str, str]:
    fields = [IGNORED, *WORDS[kind]]
    names = {IGNORED: t("— not read —")} | {field: tables.field_name(kind, field, language()) for field in WORDS[kind]}
    chosen: dict[str, str] = {}
    columns = st.columns(_BESIDE)
    for place, label in enumerate(table.columns.header.labels):
        with columns[place % _BESIDE]:
            key = worded(f"column/{table.source_key}/{kind}/{place}")
            st.session_state.setdefault(key, known.get(label, IGNORED))
            field = st.selectbox(plain(label), fields, format_func=names.__getitem__, key=key)
            st.caption(plain(table.examples(place)) or "—")
        chosen[label] = field
    return chosen
