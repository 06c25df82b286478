"""What the servers of others see in DNS of the company's sender, with the lines that mend it."""

from __future__ import annotations

import streamlit as st

from core.dispatch import domain_checks
from core.domains import Finding, is_askable
from core.records import Company, MailAccount
from pages.parts import feedback
from pages.parts.resources import desk, shown, t


def show(company: Company, account: MailAccount) -> None:
    sender = domain_checks.sender_of(account)
    if sender is None or not is_askable(sender.domain):
        return
    found = domain_checks.about(desk(), company)
    title = t("The sender in DNS: {domain}", domain=sender.domain)
    label = f"{title} · {_count(found)}"
    with st.expander(label, expanded=bool(found), key=f"dns/{company.key}"):
        silent = False
        if st.button(t("Ask DNS now"), key="ask-dns"):
            with feedback.told(), st.spinner(t("Asking…")):
                found = domain_checks.check_sender(desk(), company)
                silent = found is None
                if not silent:
                    st.rerun()
        if silent:
            st.info(t("DNS does not answer at the moment, so there is nothing to say."))
        for finding in found or ():
            _finding(finding)


def _count(found: tuple[Finding, ...] | None) -> str:
    if found is None:
        return t("not asked yet")
    return t("all is well") if not found else t("to mend: {count}", count=len(found))


def _finding(finding: Finding) -> None:
    st.markdown(f"⚠ {shown(finding.sentence)}")
    if finding.line:
        st.code(finding.line, language=None, wrap_lines=True)
