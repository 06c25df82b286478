"""What every page starts from: the open program, the reader's language, the reader's zone."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TypeVar
from zoneinfo import ZoneInfo

import streamlit as st

from core import i18n
from core.app import App, open_app
from core.dispatch import looking, screens
from core.dispatch.desk import Desk
from core.errors import Sentence
from core.model import Language
from pages.parts import browser

Key = TypeVar("Key")


@st.cache_resource(show_spinner=False, on_release=lambda app: app.desk.database.close())
def _app() -> App:
    return open_app()


def desk() -> Desk:
    return _app().desk


def language() -> Language:
    """The language of the screens, chosen at the top of each page; the browser's to begin with."""
    if "language" not in st.session_state and (kept := screens.load(desk(), browser.mark(), "language")):
        st.session_state["language"] = kept["language"]
    chosen = st.session_state.get("language") or st.query_params.get("lang") or (st.context.locale or "")[:2]
    return Language(chosen) if chosen in list(Language) else Language(desk().settings.language)


def remember_language(chosen: Language) -> None:
    """For this session, and for the next one of this browser."""
    st.session_state["language"] = chosen.value
    screens.keep(desk(), browser.mark(), "language", {"language": chosen.value})


def worded(key: str) -> str:
    """The key of a drop-down or a radio whose options are words of the screen: one for each language, beginning with the choice made before,

    else with what is kept under the key itself.

    A browser sends such a choice as the word that it shows. Under one key the word of the language before would come back as the choice.
    """
    now = f"{key}/{language()}"
    for before in (*(f"{key}/{each}" for each in Language), key):
        if now not in st.session_state and before in st.session_state:
            st.session_state[now] = st.session_state[before]
    return now


def dark() -> bool:
    """The screen is dark: the browser says so."""
    return st.context.theme.type == "dark"


def zone() -> ZoneInfo:
    return looking.zone(desk())


_MARKDOWN = re.compile(r"([\\`*_{}\[\]<>#|!$~:])")


def plain(text: str) -> str:
    """Words from outside for a place that reads Markdown: they stay words, and load or lead nowhere."""
    return _MARKDOWN.sub(r"\\\1", " ".join(text.split()))


def t(template: str, **values: object) -> str:
    """The words of the screen in the reader's language; the values are made harmless for Markdown."""
    return i18n.translate(language(), template, **{name: plain(str(value)) for name, value in values.items()})


def translated(names: Mapping[Key, str]) -> dict[Key, str]:
    """The labels of a choice, in the reader's language."""
    return {key: t(name) for key, name in names.items()}


def say(sentence: Sentence) -> str:
    """A sentence of the program as plain text, for tables."""
    return i18n.sentence(language(), sentence)


def shown(sentence: Sentence) -> str:
    """The same for a place that reads Markdown."""
    if sentence.template == i18n.A_DAY:
        return say(sentence)
    spoken, values = language(), {}
    for name, value in sentence.values.items():
        words = shown(value) if isinstance(value, Sentence) else plain(i18n.told(spoken, name, value))
        values[name] = i18n.quoted(spoken, sentence.template, name, value, words)
    return i18n.translate(spoken, sentence.template, **values)
