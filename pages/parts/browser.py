"""Which browser this is: a random mark in a cookie, so that a reload finds its ticks, filters and language again."""

from __future__ import annotations

import secrets
from functools import cache
from typing import Any

import streamlit as st

COOKIE = "facturier"
_SCRIPT = """
export default function ({ data }) {
  if (!document.cookie.split("; ").some((part) => part.startsWith(data.name + "=")))
    document.cookie = `${data.name}=${data.mark}; path=/; max-age=15552000; SameSite=Strict`;
}
"""


@cache
def _component() -> Any:
    return st.components.v2.component("browser_mark", js=_SCRIPT)


def mark() -> str:
    """The mark of this browser; a new one until its cookie comes back with the next load."""
    kept = st.context.cookies.get(COOKIE) or ""
    if kept.isalnum() and len(kept) == 32:
        return kept
    made: str = st.session_state.setdefault("browser-mark", secrets.token_hex(16))
    return made


def remember() -> None:
    """Give the browser its mark, once per session."""
    _component()(data={"name": COOKIE, "mark": mark()}, key="browser-mark-cookie")
