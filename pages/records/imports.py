"""Import invoices and customers: drop files, see what would become of each, then import. Nothing is ever sent from here."""

import streamlit as st

from pages.parts import feedback, import_columns, import_drop, import_plan, import_rows, menu
from pages.parts.resources import t


def onward() -> None:
    """Where to go from here."""
    with st.container(horizontal=True, vertical_alignment="center"):
        st.page_link(menu.EMAIL, label=t("To the e-mail ledger"))
        st.page_link(menu.PAPER, label=t("To the paper ledger"))
        st.page_link(menu.CUSTOMERS, label=t("Customers"))


menu.header(t("Import"))
st.caption(t("Importing never sends anything. New customers are in the paper ledger until you tick “wants invoices by e-mail” on their card."))
with feedback.told():
    files, options = import_drop.show()
    if files:
        planned = import_plan.plan_of(files, options)
        import_drop.ask_company(planned)
        import_columns.show(planned.tables)
        import_plan.show(planned, options)
    elif done := st.session_state.get(import_drop.RESULT):
        import_plan.results(done)
        onward()
        import_rows.show("result", done)
    else:
        import_drop.empty()
