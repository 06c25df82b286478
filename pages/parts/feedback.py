"""Tell what happened: errors in their own sentence, everything else without its entrails; and take it back."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import streamlit as st
import structlog
from streamlit.runtime.scriptrunner import RerunException, StopException

from core.errors import FacturierError, SettingInvalid
from pages.parts.resources import plain, shown, t

log = structlog.get_logger()


@contextmanager
def told() -> Iterator[None]:
    """What goes wrong inside is said on the page; nothing after it in the block is done."""
    try:
        yield
    except FacturierError as error:
        st.error(shown(error.sentence))
    except (RerunException, StopException):
        raise
    except Exception:
        log.exception("page failed")
        st.error(t("Something unexpected happened. Nothing was sent by it. The log of the program says more."))


@contextmanager
def told_later() -> Iterator[None]:
    """The same for what a click calls before the page is made."""
    try:
        yield
    except FacturierError as error:
        later(shown(error.sentence))


def why(error: SettingInvalid) -> str:
    """Of a field that stands right there: only what is wrong with it, without its name."""
    reason = error.sentence.values["why"]
    return plain(reason) if isinstance(reason, str) else shown(reason)


def later(message: str, *, undo: Callable[[], object] | None = None) -> None:
    """Say it after the coming rerun, which would wipe it now; with a way back it stays until it is closed, or something else is done."""
    if undo is None:
        st.session_state["said_later"] = message
        return
    st.session_state["undoable"] = (message, undo)
    if st.session_state.pop("followed-done", False):  # whoever goes on has read how the sending ended
        st.session_state.pop("followed", None)


def offer(message: str, *, undo: Callable[[], object]) -> None:
    """A way back of little weight: it takes the place of none that undoes more."""
    stands = st.session_state.get("undoable")
    if stands is None or stands[1] is st.session_state.get("offered"):
        st.session_state["offered"] = undo
        later(message, undo=undo)


def say_later() -> None:
    message = st.session_state.pop("said_later", None)
    if message:
        st.toast(message)
    if "undoable" not in st.session_state:
        return
    words, undo = st.session_state["undoable"]
    with st.container(border=True, horizontal=True, vertical_alignment="center", key="undo-strip"):
        st.markdown(f"✓ {words}")
        st.button(t("Undo"), key="undo", on_click=take_back, args=(undo,))
        st.button("✕", key="undo-close", on_click=lambda: st.session_state.pop("undoable", None), help=t("Close"))


def take_back(undo: Callable[[], object]) -> None:
    """Once, from wherever it is offered."""
    if st.session_state.get("undoable", ("", None))[1] is undo:
        st.session_state.pop("undoable")
    try:
        undo()
    except FacturierError as error:
        later(shown(error.sentence))
    else:
        later(t("Undone."))
