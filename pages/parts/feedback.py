"""Tell what happened: errors in their own sentence, everything else without its entrails."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import streamlit as st
import structlog
from streamlit.runtime.scriptrunner import RerunException, StopException

from core.errors import FacturierError
from pages.parts.resources import shown, t

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


def later(message: str) -> None:
    """Say it after the coming rerun, which would wipe it now."""
    st.session_state["said_later"] = message


def say_later() -> None:
    message = st.session_state.pop("said_later", None)
    if message:
        st.toast(message)
