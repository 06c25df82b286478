"""A reason: one of a short list, or words of one's own."""

from __future__ import annotations

import streamlit as st

from core import reasons
from pages.parts.resources import t, worded


def choose(known: tuple[str, ...], key: str) -> str:
    """One of a short list, kept as its message id so that each reads it in their own language; or words of one's own."""
    chosen = st.selectbox(
        t("Reason"),
        known,
        format_func=lambda reason: t(reason) if reason in reasons.KNOWN else reason,
        index=None,
        accept_new_options=True,
        placeholder=t("Choose a reason, or write one"),
        label_visibility="collapsed",
        key=worded(key),
    )
    return chosen or ""
