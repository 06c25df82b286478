"""Step 1 of an import: the files that are dropped, and how they are to be taken; both stay when the page is left."""

from __future__ import annotations

import hashlib

import streamlit as st

from core.dispatch import companies, import_summary, importing
from core.dispatch.import_summary import NewCompany
from core.sources.table_columns import TableKind
from pages.parts.resources import desk, language, t, worded

FILES, PLAN, RESULT, OURS = "import-files", "import-plan", "import-result", "import-ours"
ENDINGS = ["xml", "csv", "xlsx", "pdf"]


def show() -> tuple[dict[str, tuple[str, bytes]], importing.Options]:
    """The dropped files by what tells them apart, and the options."""
    key = f"drop/{_round()}"
    st.file_uploader(
        t("Invoices as XML, CSV or XLSX, PDFs with the invoice inside or named after its number, lists of customers: drop them all here"),
        type=ENDINGS,
        accept_multiple_files=True,
        key=key,
        on_change=lambda: _take(key),
    )
    files: dict[str, tuple[str, bytes]] = st.session_state.get(FILES, {})
    with st.container(horizontal=True, vertical_alignment="center"):
        sent_before = _tick(t("These were already sent another way"), "import-sent-before")
        replaces = _tick(t("A file may replace an invoice of the same number that has not left"), "import-replaces")
    ours = frozenset(st.session_state.get(OURS, ())) if companies.list_companies(desk()) else None
    chosen = st.session_state.get("import-company/kept")
    return files, importing.Options(already_sent=sent_before, replace=replaces, table_company=chosen, ours=ours)


def _tick(label: str, name: str) -> bool:
    """A tick that outlives the page, but not the import: the next one begins without."""
    kept = f"{name}/{_round()}"
    ticked = st.checkbox(label, value=st.session_state.get(f"{kept}/kept", False), key=kept)
    st.session_state[f"{kept}/kept"] = ticked
    return ticked


def tick_ours(company: NewCompany, ours: frozenset[str]) -> None:
    """One tick for each new company: of two that are dropped together one may be a supplier."""
    name = f"import-ours/{_round()}/{company.key}"

    def take() -> None:
        st.session_state[OURS] = ours | {company.key} if st.session_state[name] else ours - {company.key}

    label = t("{company} · {key} · invoices: {count}", company=company.name, key=company.key, count=company.count)
    st.checkbox(label, value=company.key in ours, key=name, on_change=take)


def _round() -> int:
    count: int = st.session_state.get("import-round", 0)
    return count


def _take(key: str) -> None:
    """What lies in the drop zone now; the same content twice counts once."""
    taken: dict[str, tuple[str, bytes]] = {}
    for file in st.session_state[key] or ():
        content = file.getvalue()
        taken.setdefault(f"{file.name}/{hashlib.sha256(content).hexdigest()}", (file.name, content))
    st.session_state[FILES] = taken
    st.session_state.pop(RESULT, None)


def start_again() -> None:
    """An empty drop zone: another key makes another widget."""
    st.session_state["import-round"] = _round() + 1
    for name in (FILES, PLAN, OURS, worded("import-company"), "import-company/kept"):  # another table may be another firm's
        st.session_state.pop(name, None)


OPEN = ""  # the drop-down would show an empty value as nothing chosen


def ask_company(planned: importing.Plan) -> None:
    """Which company invoices, where a table of invoices leaves it open and there are several."""
    kept = st.session_state.get("import-company/kept")
    if not any(table.asks_company or (kept and table.columns.kind is TableKind.INVOICES) for table in planned.tables):
        return
    names = {company.key: f"{company.name} ({company.key})" for company in companies.list_companies(desk())}
    if len(names) < 2:
        return
    names[OPEN] = t("The table says it")
    key = worded("import-company")
    st.session_state.setdefault(key, kept if kept in names else OPEN)
    st.selectbox(
        t("Invoicing company of tables that do not name one"),
        [OPEN, *(known for known in names if known != OPEN)],
        format_func=names.__getitem__,
        key=key,
        on_change=lambda: st.session_state.update({"import-company/kept": st.session_state[key] or None}),
        width=420,
    )


def empty() -> None:
    """What can be dropped, and tables to begin with."""
    st.info(t("Nothing is written before you have seen what would become of each invoice."))
    with st.container(horizontal=True, vertical_alignment="center"):
        st.caption(t("Tables to begin with:"))
        for kind, label, name in (
            (TableKind.INVOICES, t("Invoices (CSV)"), t("invoices-template.csv")),
            (TableKind.CUSTOMERS, t("Customers (CSV)"), t("customers-template.csv")),
        ):
            content = import_summary.template(kind, language())
            st.download_button(label, content, file_name=name, mime="text/csv", on_click="ignore", key=f"template/{kind}")
