"""Beside the button that sends: send the ticked invoices later, or rehearse their sending."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime

import streamlit as st

from core import i18n
from core.dispatch import rehearsal_files, rehearsing, rehearsing_to
from core.dispatch.rehearsing import Rehearsal
from core.errors import Sentence
from core.i18n import N_
from pages.parts import feedback, leaving_time, places
from pages.parts.resources import desk, language, plain, shown, t, translated, worded, zone

LATER, TO_ME, FILES = "later", "to_me", "files"
CHOICES = {LATER: N_("Send later"), TO_ME: N_("Rehearsal, to me"), FILES: N_("Rehearsal, as files (ZIP)")}
MOST = 500  # mails in one download
NAMED = 5

Send = Callable[[list[int], datetime], None]


def menu(name: str, ticked: frozenset[int], send: Send) -> None:
    key = f"otherwise-open/{name}/{st.session_state.get(f'otherwise-turn/{name}', 0)}"  # another after each use: this one is closed by it
    with st.popover(t("Otherwise …"), help=t("Send later, or rehearse first"), disabled=not ticked, key=key), feedback.told():
        what = st.radio(
            t("What to do"), list(CHOICES), format_func=translated(CHOICES).__getitem__, key=worded(f"otherwise/{name}"), label_visibility="collapsed"
        )
        if what == LATER:
            _later(name, sorted(ticked), send)
        elif what == TO_ME:
            _to_me(name, sorted(ticked))
        else:
            _files(name, sorted(ticked))


def _later(name: str, ids: list[int], send: Send) -> None:
    st.caption(
        t(
            "If the invoice, the customer card or the company's text changes until then, that invoice stops and you are told; another sender or "
            "server stops none. You can cancel, send at once, or take another time."
        )
    )
    moment = leaving_time.choose(name)
    when = i18n.moment(language(), moment.astimezone(zone()))
    if st.button(t("Send {count} on {when}", count=len(ids), when=when), type="primary", key=f"later-do/{name}"):
        st.session_state[f"otherwise-turn/{name}"] = st.session_state.get(f"otherwise-turn/{name}", 0) + 1
        send(ids, moment)


def _to_me(name: str, ids: list[int]) -> None:
    st.caption(t("Each mail exactly as it will leave, to your own address alone. No invoice counts as sent."))
    address = st.text_input(t("Your address"), value=rehearsing_to.proposed(desk(), ids), key=f"rehearse-to/{name}").strip()
    if st.button(t("Send {count} to me", count=len(ids)), type="primary", key=f"rehearse-me/{name}", disabled=not address):
        with _progress() as told:
            done = rehearsing_to.to_me(desk(), ids, address, told=told)
        _remember(name, done.rehearsal, done.troubles, address)
    _result(name, TO_ME)


def _files(name: str, ids: list[int]) -> None:
    st.caption(t("Each mail exactly as it will leave, its attachments, and a list of all. Nothing is sent."))
    if len(ids) > MOST:
        st.info(t("More than {limit} at once are made by the command “python -m core send --pending --rehearse FOLDER”.", limit=MOST))
        return
    if st.button(t("Make {count} as files", count=len(ids)), type="primary", key=f"rehearse-files/{name}"):
        with _progress() as told:
            made = rehearsing.rehearse(desk(), ids, destination=rehearsing.ZIP, told=told)
        _remember(name, made, {}, "")
    _result(name, FILES)


class _progress:  # noqa: N801 - used like a function
    """A bar while it is made."""

    def __enter__(self) -> Callable[[int, int], None]:
        self.bar = st.progress(0.0, text=t("Being made …"))
        return lambda done, total: _ignore(self.bar.progress(min(1.0, done / max(1, total)), text=t("Being made …")))

    def __exit__(self, *_: object) -> None:
        self.bar.empty()


def _ignore(_: object) -> None:
    """What the bar gives back is of no use."""


def _remember(name: str, made: Rehearsal, troubles: dict[int, Sentence], address: str) -> None:
    st.session_state[f"rehearsal/{name}"] = (TO_ME if address else FILES, made, troubles, address)


def _result(name: str, what: str) -> None:
    """What became of the last one, until another is made."""
    kept: tuple[str, Rehearsal, dict[int, Sentence], str] | None = st.session_state.get(f"rehearsal/{name}")
    if kept is None or kept[0] != what:
        return
    _, made, troubles, address = kept
    went = len(made.mails) - len(troubles)
    if what == TO_ME and went:
        st.success(t("Rehearsal {rehearsal}: {count} mails went to {address}.", rehearsal=made.id, count=went, address=address))
    elif made.mails and what == FILES:
        st.success(t("Rehearsal {rehearsal}: {count} mails were made.", rehearsal=made.id, count=len(made.mails)))
        _download(name, made)
    _refused([*made.refused.values(), *troubles.values()])
    if made.id:
        st.page_link(places.OUTBOX, label=t("In the outbox: send what I rehearsed to the customers ({count})", count=len(made.mails)))


def _download(name: str, made: Rehearsal) -> None:
    spoken, mails, keeper = language(), made.mails, desk()  # now: the file is made outside of the session
    st.download_button(
        t("Download (ZIP)"),
        lambda: rehearsal_files.zipped(keeper, mails, spoken),
        file_name=f"{t('Rehearsal')} {made.id}.zip",
        mime="application/zip",
        key=f"rehearsal-zip/{name}/{made.id}",
        on_click="ignore",
    )


def _refused(sentences: Sequence[Sentence]) -> None:
    if not sentences:
        return
    words = list(dict.fromkeys(shown(sentence) for sentence in sentences))
    more = f"  \n{plain('…')}" if len(words) > NAMED else ""
    st.warning(t("Would not leave: {count}.", count=len(sentences)) + "  \n" + "  \n".join(words[:NAMED]) + more)
