"""The ticked invoices of each ledger: ids in the session and with the desk, and a revision that makes the grid show what is true."""

from __future__ import annotations

from collections.abc import Iterable

import streamlit as st

from core.dispatch import screens
from pages.parts import browser, feedback
from pages.parts.resources import desk, t

LEDGERS = ("all", "email", "paper")


def of(name: str) -> frozenset[int]:
    """The ids that are ticked in a ledger, also after a reload."""
    if f"ticked/{name}" not in st.session_state:
        kept = screens.load(desk(), browser.mark(), f"ticks/{name}")
        st.session_state[f"ticked/{name}"] = frozenset(kept.get("ids", ()))
    ids: frozenset[int] = st.session_state[f"ticked/{name}"]
    return ids


def by_the_grid(name: str, ids: frozenset[int]) -> None:
    """A person clicked boxes: the grid shows it already."""
    if ids != of(name):
        st.session_state[f"ticked/{name}"] = ids
        screens.keep(desk(), browser.mark(), f"ticks/{name}", {"ids": sorted(ids)})


def change(name: str, ids: frozenset[int]) -> None:
    """Anything else changed the ticks: the grid is made anew, so that no box stays that does not count."""
    by_the_grid(name, ids)
    st.session_state[f"revision/{name}"] = revision(name) + 1


def clear(name: str) -> None:
    before = of(name)
    change(name, frozenset())
    can_come_back(name, before)


def can_come_back(name: str, before: frozenset[int]) -> None:
    """Many ticks that went at once, as with the Escape key in a grid, may have been a slip: offered in the notices of the page."""
    gone = before - of(name)
    if len(gone) > 1:
        feedback.offer(t("Ticks taken away: {count}.", count=len(gone)), undo=lambda: change(name, of(name) | gone))
        st.session_state[f"ticks-gone/{name}"] = True


def just_went(name: str) -> bool:
    """The notices, which a part of the page alone does not show, have something to offer."""
    went: bool = st.session_state.pop(f"ticks-gone/{name}", False)
    return went


def drop(gone: Iterable[int]) -> None:
    """These are on their way: they are ticked nowhere any more."""
    for name in LEDGERS:
        if of(name) & frozenset(gone):
            change(name, of(name) - frozenset(gone))


def revision(name: str) -> int:
    count: int = st.session_state.get(f"revision/{name}", 0)
    return count
