"""Import invoices and customers: drop files, see what would become of each, then import. Nothing is ever sent from here."""

import streamlit as st

from core.dispatch import import_summary
from core.dispatch.importing import Imported, ImportOutcome
from pages.parts import feedback, import_columns, import_drop, import_plan, menu
from pages.parts.resources import language, t


def onward(rows: list[Imported]) -> None:
    """Where to go from here, and the refused ones to take along."""
    with st.container(horizontal=True, vertical_alignment="center"):
        st.page_link(menu.EMAIL, label=t("To the e-mail ledger"))
        st.page_link(menu.PAPER, label=t("To the paper ledger"))
        st.page_link(menu.CUSTOMERS, label=t("Customers"))
        if any(row.outcome is ImportOutcome.REFUSED for row in rows):
            content = import_summary.refused_csv(rows, language())
            st.download_button(t("Refused ones (CSV)"), content, file_name=t("refused.csv"), mime="text/csv", on_click="ignore", key="refused-csv")


menu.header(t("Import"))
st.caption(t("Importing never sends anything. New customers are in the paper ledger until you tick “wants invoices by e-mail” on their card."))
with feedback.told():
    files, options = import_drop.show()
    if files:
        planned = import_plan.plan_of(files, options)
        import_columns.show(planned.tables)
        import_plan.show(planned, options)
    elif done := st.session_state.get(import_drop.RESULT):
        import_plan.results(done)
        onward(done)
    else:
        import_drop.empty()
