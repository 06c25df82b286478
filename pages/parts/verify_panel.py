"""Verify that nothing was changed: asked for by a person, followed on the page, told in plain words."""

from __future__ import annotations

from decimal import Decimal

import pandas as pd
import streamlit as st

from core import i18n
from core.dispatch import verifying
from core.dispatch.chain_walk import Finding
from core.dispatch.verifying import Report
from core.i18n import N_
from pages.parts import feedback
from pages.parts.resources import desk, language, say, t, zone

HEADINGS = (N_("Company"), N_("Entry"), N_("When"), N_("What was found"))


def runs() -> int:
    """How often it was done: what asked for it closes afterwards."""
    count: int = st.session_state.get("verify-runs", 0)
    return count


def ask() -> None:
    """What it does, and whether to read the files as well: that takes as long as reading them takes."""
    st.caption(t("Goes through the audit chain, the sealed mails, the files and the statuses, and names what was changed. Nothing is changed by it."))
    whole = st.toggle(t("Read every archived file, too"), value=True, key="verify-whole")
    if st.button(t("Verify now"), key="verify-now", type="primary"):
        with feedback.told():
            bar = st.progress(0.0)

            def follow(done: int, total: int) -> None:
                bar.progress(done / total)

            st.session_state["verified"] = verifying.verify(desk(), quick=not whole, progress=follow)
            st.session_state["verify-runs"] = runs() + 1
            st.rerun()


def result() -> None:
    """It stays until it is closed."""
    report: Report | None = st.session_state.get("verified")
    if report is None:
        return
    told, close = st.columns([12, 0.8], vertical_alignment="center")
    close.button("✕", key="verified-close", on_click=lambda: st.session_state.pop("verified", None), help=t("Close"))
    summary = report.summary
    words = t(summary.template, **{name: i18n.number(language(), Decimal(str(value))) for name, value in summary.values.items()})
    if not report.findings:
        told.success(words)
        return
    told.error(words)
    rows = [_cells(report, finding) for finding in report.findings]
    names = [t(heading) for heading in HEADINGS]
    st.dataframe(pd.DataFrame(rows, columns=names), hide_index=True, height=min(35 * (len(rows) + 1) + 3, 250), key="verified-findings")
    if report.more:
        st.caption(t("and {count} more", count=report.more))


def _cells(report: Report, finding: Finding) -> list[str]:
    when = i18n.moment(language(), finding.at.astimezone(zone())) if finding.at else ""
    return [report.company(finding), str(finding.entry or ""), when, say(finding.sentence)]
