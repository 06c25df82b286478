"""What all forms of a company's card share: save, and say in the form's own words what is no good."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import streamlit as st

from core.dispatch import companies
from core.dispatch.values import Value
from core.errors import Sentence, SettingInvalid
from core.i18n import NAMES
from core.model import Language
from core.records import Company
from pages.parts import feedback
from pages.parts.resources import desk, shown, t

# A logo is looked at on white paper, as it is printed.
_LOOKS = """<style>
[class*="st-key-logo-paper"] { background: #fff; }
</style>"""


def language(company: Company, what: str) -> Language:
    """In which language the company's words are looked at; `what` keeps one choice apart from another."""
    return st.segmented_control(
        t("Language"),
        list(NAMES),
        default=company.language,
        format_func=NAMES.__getitem__,
        required=True,
        label_visibility="collapsed",
        key=f"{what}-language/{company.key}",
    )


def looks() -> None:
    st.html(_LOOKS)


def save(company: Company, values: Sequence[Value], *, labels: Mapping[str, str], done: str) -> bool:
    """All or nothing. What is refused is told right here, and everything typed stays; `labels` are the names on the form."""
    saved = False
    with feedback.told():
        saved = _changed(company, values, labels)
    if saved:
        feedback.later(done)
    return saved


def _changed(company: Company, values: Sequence[Value], labels: Mapping[str, str]) -> bool:
    try:
        companies.change(desk(), company.key, values)
    except SettingInvalid as error:
        told = error.sentence
        label = labels.get(str(told.values["name"]))
        st.error(shown(Sentence(told.template, {**told.values, "name": Sentence(label)}) if label else told))
        return False
    return True
