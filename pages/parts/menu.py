"""The navigation on top, and the choice of language."""

from __future__ import annotations

import streamlit as st
from streamlit.navigation.page import StreamlitPage

from core.model import Language
from pages.parts.resources import language, t

LEDGER, EMAIL, PAPER = "pages/ledgers/all.py", "pages/ledgers/email.py", "pages/ledgers/paper.py"
CONFIRM, OUTBOX, CATCHER = "pages/sending/confirm.py", "pages/sending/outbox.py", "pages/sending/catcher.py"
IMPORTS, CUSTOMERS, COMPANIES = "pages/records/imports.py", "pages/records/customers.py", "pages/records/companies.py"


def header(title: str) -> None:
    """The page's title, with the choice of language beside it."""
    left, right = st.columns([6, 1], vertical_alignment="center")
    left.subheader(title, anchor=False)
    chosen = right.segmented_control(
        "Langue · Taal · Language",
        [each.value for each in Language],
        default=language().value,
        format_func=str.upper,
        label_visibility="collapsed",
        required=True,
        key="language-choice",
    )
    if chosen != language().value:
        st.session_state["language"] = chosen
        st.rerun()


# The table, its ticks and its buttons fit on 1280 × 800. The grid's own toolbar would lie over the buttons, and its search
# knows only the 200 rows of a page.
_TIGHT = """<style>
.stMainBlockContainer { padding: 4rem 2rem 1rem; }
[data-testid="stElementToolbar"] { display: none; }
div:has(> .st-key-foot) { position: sticky; bottom: 0; z-index: 10; padding: .6rem 0; backdrop-filter: blur(14px); }
</style>"""


def navigate() -> StreamlitPage:
    st.html(_TIGHT)
    return st.navigation(
        {
            t("Invoicing"): [
                st.Page(EMAIL, title=t("E-mail ledger"), default=True),
                st.Page(PAPER, title=t("Paper ledger"), url_path="paper"),
                st.Page(LEDGER, title=t("Ledger"), url_path="ledger"),
            ],
            t("Dispatch"): [
                st.Page(OUTBOX, title=t("Outbox"), url_path="outbox"),
                st.Page(CATCHER, title=t("Mail catcher"), url_path="catcher"),
                st.Page(CONFIRM, title=t("Confirm"), url_path="confirm", visibility="hidden"),
            ],
            t("Files"): [
                st.Page(IMPORTS, title=t("Import"), url_path="import"),
                st.Page(CUSTOMERS, title=t("Customers"), url_path="customers"),
                st.Page(COMPANIES, title=t("Invoicing companies"), url_path="companies"),
            ],
        },
        position="top",
    )
