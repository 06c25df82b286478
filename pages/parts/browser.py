"""Which browser this is: a random mark in a cookie, so that a reload finds its ticks, filters and language again; and how tall."""

from __future__ import annotations

import secrets
from functools import cache
from typing import Any

import streamlit as st

COOKIE, HEIGHT = "facturier", "facturier-height"
USUAL, AT_MOST = 800, 2400  # pixels
_SCRIPT = """
export default function ({ data }) {
  if (!document.cookie.split("; ").some((part) => part.startsWith(data.name + "=")))
    document.cookie = `${data.name}=${data.mark}; path=/; max-age=15552000; SameSite=Strict`;
  const tell = () => { document.cookie = `${data.height}=${window.innerHeight}; path=/; max-age=15552000; SameSite=Strict` };
  tell();
  window.addEventListener("resize", tell);
  return () => window.removeEventListener("resize", tell);
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


def spare() -> int:
    """Pixels that this window is taller than the usual one, as it was when the page was loaded."""
    told = st.context.cookies.get(HEIGHT) or ""
    return min(max(int(told), USUAL), AT_MOST) - USUAL if told.isdecimal() and len(told) < 6 else 0


def remember() -> None:
    """Give the browser its mark, once per session."""
    _component()(data={"name": COOKIE, "height": HEIGHT, "mark": mark()}, key="browser-mark-cookie")
