"""What is said when the desk itself does not open: no database, one of another version, or one that does not answer."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import streamlit as st
import structlog
from streamlit.runtime.scriptrunner import RerunException, StopException

from core import i18n
from core.errors import FacturierError, Sentence
from core.i18n import N_
from core.model import Language

log = structlog.get_logger()
CLOSED = N_("The desk does not open: its database or its settings cannot be read. Nothing is lost and nothing was sent. Its log says more.")


@contextmanager
def guarded() -> Iterator[None]:
    """Around everything, so it leans on nothing that can fail: the language is the browser's."""
    try:
        yield
    except (RerunException, StopException):
        raise
    except FacturierError as error:
        _say(error.sentence)
    except Exception:
        log.exception("desk closed")
        _say(Sentence(CLOSED))


def _say(what: Sentence) -> None:
    wanted = (st.context.locale or "")[:2]
    language = Language(wanted) if wanted in list(Language) else Language.EN
    st.error(i18n.sentence(language, what))
    st.button(i18n.translate(language, "Try again"))
