"""Import invoices: drop files, see what became of each. Nothing is ever sent from here."""

import pandas as pd
import streamlit as st

from core import i18n
from core.dispatch import importing
from core.dispatch.importing import Imported, ImportOutcome
from core.i18n import N_
from pages.parts import feedback, menu
from pages.parts.resources import desk, language, say, t

OUTCOMES = {
    ImportOutcome.NEW: N_("✓ New"),
    ImportOutcome.NEW_VERSION: N_("✓ New version"),
    ImportOutcome.UNCHANGED: N_("= Unchanged"),
    ImportOutcome.REFUSED: N_("✗ Refused"),
}


def bring_in(files: list[st.runtime.uploaded_file_manager.UploadedFile], options: importing.Options) -> list[Imported]:
    results = []
    bar = st.progress(0.0, text=t("Reading…"))
    for place, file in enumerate(files, 1):
        results.append(importing.import_bytes(desk(), file.name, file.getvalue(), options))
        bar.progress(place / len(files), text=t("{done} of {total} done", done=place, total=len(files)))
    bar.empty()
    return results


def table(results: list[Imported]) -> pd.DataFrame:
    ordered = sorted(results, key=lambda result: result.outcome is not ImportOutcome.REFUSED)  # what needs a person comes first
    return pd.DataFrame(
        {
            t("Outcome"): [t(OUTCOMES[each.outcome]) for each in ordered],
            t("File"): [each.file for each in ordered],
            t("Number"): [each.invoice.number if each.invoice else "" for each in ordered],
            t("Customer"): [each.invoice.buyer.name if each.invoice else "" for each in ordered],
            t("Total"): [total(each) for each in ordered],
            t("Why, or what is odd"): [remark(each) for each in ordered],
        }
    )


def total(result: Imported) -> str:
    invoice = result.invoice
    return i18n.amount(language(), invoice.totals.total_with_vat, invoice.currency) if invoice else ""


def remark(result: Imported) -> str:
    if result.reason:
        return say(result.reason) + (f" ({result.place})" if result.place else "")
    return " ".join(say(warning) for warning in result.warnings)


def report(results: list[Imported]) -> None:
    counts = {outcome: sum(result.outcome is outcome for result in results) for outcome in ImportOutcome}
    st.markdown(" · ".join(f"{t(OUTCOMES[outcome])}: **{count}**" for outcome, count in counts.items() if count))
    if counts[ImportOutcome.REFUSED]:
        st.warning(t("The refused files are listed first. The others were kept."))
    st.dataframe(table(results), hide_index=True, key="imported")
    st.page_link(menu.EMAIL, label=t("To the e-mail ledger"))


menu.header(t("Import"))
st.caption(t("Importing never sends anything. New customers are in the paper ledger until you tick “wants invoices by e-mail” on their card."))
with feedback.told():
    with st.form("import", clear_on_submit=True):
        uploaded = st.file_uploader(t("Invoices as UBL or e-FFF (XML)"), type=["xml"], accept_multiple_files=True)
        sent_before = st.checkbox(t("These were already sent another way"))
        replaces = st.checkbox(t("A file may replace an invoice of the same number that has not left"))
        go = st.form_submit_button(t("Import the files"), type="primary")
    if go and uploaded:
        st.session_state["imported-results"] = bring_in(uploaded, importing.Options(already_sent=sent_before, replace=replaces))
    elif go:
        st.info(t("Choose one or more files first."))
    if st.session_state.get("imported-results"):
        report(st.session_state["imported-results"])
