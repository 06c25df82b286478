"""The navigation on top, and the choice of language."""

from __future__ import annotations

import streamlit as st
from streamlit.navigation.page import StreamlitPage

from core.dispatch import outbox_view
from core.model import Language
from pages.parts import browser, feedback, places, strip
from pages.parts.resources import desk, language, remember_language, t

LEDGER, EMAIL, PAPER = places.LEDGER, places.EMAIL, places.PAPER
CONFIRM, OUTBOX, CATCHER, ARCHIVE = places.CONFIRM, places.OUTBOX, places.CATCHER, places.ARCHIVE
IMPORTS, CUSTOMERS, COMPANIES = places.IMPORTS, places.CUSTOMERS, places.COMPANIES


def header(title: str, *, live: bool = False) -> None:
    """The page's title, beside it the choice of language and what follows a sending; a live page is read again while mails leave."""
    st.subheader(title, anchor=False)
    chosen = st.segmented_control(
        "Langue · Taal · Language",
        [each.value for each in Language],
        default=language().value,
        format_func=str.upper,
        label_visibility="collapsed",
        required=True,
        key="language-choice",
    )
    if chosen != language().value:
        remember_language(Language(chosen))
        st.rerun()
    browser.remember()
    if st.session_state.get("looked-at") != title:  # another page, or the same in another language
        st.session_state.update({"looked-at": title, "look": st.session_state.get("look", 0) + 1})
    with st.container(key="notices", horizontal_alignment="right"):
        feedback.say_later()
        strip.show(live=live)
        if live and outbox_view.heartbeat(desk())[0] == 0 and outbox_view.anything_waits(desk()):
            st.error(t("No worker is running: what is queued does not leave. Tell whoever looks after Facturier."))


# The table, its ticks and its buttons fit on 1280 × 800. The grid's own toolbar would lie over the buttons, and its search
# knows only the 200 rows of a page, as does the sorting in its column menu. A toast is told whole: what unfolds it is English.
# An address in a sentence is no way to write past the desk.
_TIGHT = """<style>
.stMainBlockContainer { padding: 4rem 2rem 1rem; }
.stMainBlockContainer > [data-testid="stVerticalBlock"], .st-key-panel { gap: .6rem; }
.stMainBlockContainer h3 { padding: 0; font-size: 1.5rem; }
.st-key-language-choice { position: fixed; top: .75rem; right: 4rem; z-index: 999991; width: auto; }
div:has(> .st-key-notices) { position: fixed; top: 3.85rem; right: 2rem; max-width: calc(100% - 22rem); width: auto; z-index: 20; }
.st-key-notices { gap: .3rem; }
.st-key-notices [data-testid="stAlertContainer"] { padding: .2rem .8rem; min-height: 0; }
[data-testid="stToastContainer"] { top: auto; bottom: 1rem; }
[data-testid="stToastText"] { display: block; }
[data-testid="stToastViewButton"] { display: none; }
.st-key-strip, .st-key-undo-strip { padding: .05rem .8rem; border-color: #2b8f74; backdrop-filter: blur(14px); width: auto; gap: .7rem; }
.st-key-strip button, .st-key-undo-strip button { min-height: 1.7rem; padding: 0 .6rem; }
[data-testid="stPageLink"] a { border: 1px solid #8884; border-radius: .5rem; min-height: 2.5rem; padding: 0 .75rem; margin: 0; }
.st-key-strip [data-testid="stPageLink"] a { min-height: 1.7rem; padding: 0 .6rem; }
.st-key-ledger-buttons { flex-wrap: nowrap; gap: .5rem; }
.st-key-ledger-buttons button { padding: 0 .6rem; white-space: nowrap; }
.st-key-panel { padding: .4rem .8rem; }
.st-key-panel [data-testid="stTabs"] [data-baseweb="tab-panel"] { padding-top: .5rem; }
[data-testid="stElementToolbar"], [data-testid="stDataFrameColumnMenu"] { display: none; }
.st-key-pages { margin-top: -3.3rem; pointer-events: none; }
.st-key-pages button, .st-key-pages p { pointer-events: auto; }
[data-testid$="Container"] a[href^="mailto:"] { color: inherit; text-decoration: none; pointer-events: none; }
div:has(> .st-key-foot-wide) { position: sticky; bottom: 0; z-index: 10; padding: .6rem 0; backdrop-filter: blur(14px); }
</style>"""


# Streamlit says these in English only.
_WORDS = """<style>
[data-testid="stFileUploaderDropzoneInstructions"] { display: none; }
[data-testid="stFileUploaderDropzone"] button p { display: none; }
[data-testid="stFileUploaderDropzone"] button [data-testid="stMarkdownContainer"]::after { content: "%s"; }
[data-testid="InputInstructions"] span { font-size: 0; }
[data-testid="InputInstructions"] span::after { content: "↵"; font-size: .9rem; }
</style>"""


def navigate() -> StreamlitPage:
    st.html(_TIGHT + _WORDS % t("Choose, or drop here"))
    return st.navigation(
        {
            t("Invoicing"): [
                st.Page(EMAIL, title=t("E-mail ledger"), default=True),
                st.Page(PAPER, title=t("Paper ledger"), url_path="paper"),
                st.Page(LEDGER, title=t("Ledger"), url_path="ledger"),
            ],
            t("Dispatch"): [
                st.Page(OUTBOX, title=t("Outbox"), url_path="outbox"),
                st.Page(ARCHIVE, title=t("Archive"), url_path="archive"),
                st.Page(CATCHER, title=t("Mail catcher"), url_path="catcher"),
                st.Page(CONFIRM, title=t("Confirm"), url_path="confirm", visibility="hidden"),
            ],
            t("Files"): [
                st.Page(IMPORTS, title=t("Import"), url_path="import"),
                st.Page(CUSTOMERS, title=t("Customers"), url_path="customers"),
                st.Page(COMPANIES, title=t("Invoicing companies"), url_path="companies"),
            ],
        },
        position="top",
    )
