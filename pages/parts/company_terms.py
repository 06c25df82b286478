"""The terms of sale of an invoicing company: one PDF for each language, attached to every invoice mail in it."""

from __future__ import annotations

import streamlit as st

from core.dispatch import company_files
from core.dispatch.values import Value
from core.i18n import N_, NAMES
from core.model import Language
from core.records import Company, Terms
from pages.parts import company_forms, company_queue, feedback, preview_panel
from pages.parts.resources import desk, plain, t

LABELS = {f"terms.{language.value}": N_("Terms of sale (PDF)") for language in Language}


def show(company: Company) -> None:
    st.caption(t("The PDF is attached to every invoice mail in that language."))
    company_queue.about_words(company)
    for place, language in zip(st.columns(3), Language, strict=True):
        with place.container(border=True):
            st.markdown(f"**{NAMES[language]}**")
            kept = company.terms.get(language)
            if kept:
                kept_file(company, language, kept)
            else:
                st.text(t("No terms of sale are attached."))
            replacement(company, language, kept)
    looked_at(company)


def kept_file(company: Company, language: Language, kept: Terms) -> None:
    st.markdown(plain(kept.name))
    with feedback.told():
        count = pages(kept.sha256, company, language)
        words = t("1 page") if count == 1 else t("{count} pages", count=count)
        st.caption(f"{preview_panel.size(kept.size)} · {words}")
    key = f"{company.key}/{language.value}"
    with st.container(horizontal=True):
        is_open = st.session_state.get("terms-open") == key
        st.button(t("Close") if is_open else t("Look at it"), key=f"look/{key}", on_click=_open, args=("" if is_open else key,))
        if st.button(t("Remove"), key=f"drop/{key}"):
            _save(company, Value(f"terms.{language.value}", ""), t("The terms of sale are removed."))


def _open(key: str) -> None:
    st.session_state["terms-open"] = key


@st.cache_data(show_spinner=False, max_entries=100)
def pages(sha256: str, _company: Company, _language: Language) -> int:  # noqa: ARG001
    """Counted once for each file."""
    return company_files.pdf_pages(company_files.terms(desk(), _company, _language))


def replacement(company: Company, language: Language, kept: Terms | None) -> None:
    """A dropped file is looked at before anything is kept."""
    digest = kept.sha256 if kept else ""
    limit = f"{desk().settings.terms_limit / company_files.MIB:g}"
    label = t("Drag another PDF here (at most {limit} MB)", limit=limit) if kept else t("Drag a PDF here (at most {limit} MB)", limit=limit)
    file = st.file_uploader(label, type=["pdf"], key=f"company-file/terms/{company.key}/{language}/{digest}")
    if file is None:
        return
    with feedback.told():
        count = company_files.look_at_terms(desk(), file.name, file.getvalue())
        words = t("1 page") if count == 1 else t("{count} pages", count=count)
        st.caption(f"{preview_panel.size(file.size)} · {words}")
        if st.button(t("Replace by this file") if kept else t("Attach this file"), type="primary", key=f"keep/{company.key}/{language.value}"):
            done = t("{file} is attached to the mails in this language from now on.", file=file.name)
            _save(company, Value(f"terms.{language.value}", file.getvalue(), file.name), done)


def _save(company: Company, value: Value, done: str) -> None:
    if company_forms.save(company, [value], labels=LABELS, done=done):
        st.rerun()


def looked_at(company: Company) -> None:
    for language in company.terms:
        if st.session_state.get("terms-open") == f"{company.key}/{language.value}":
            with feedback.told():
                st.pdf(company_files.terms(desk(), company, language), height=620, key=f"terms-pdf/{company.key}/{language.value}")
