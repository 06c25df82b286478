"""What else can be done with the ticked invoices: hold, release, mark as sent elsewhere; each can be undone."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date, datetime

import streamlit as st

from core import reasons
from core.dispatch import holding, settling
from core.errors import Sentence
from core.i18n import N_
from core.model import Ledger
from pages.parts import feedback, reason_choice, ticks
from pages.parts.resources import desk, shown, t, translated, worded, zone

HOLD, RELEASE, ELSEWHERE, NOT_ELSEWHERE, BEFORE = "hold", "release", "elsewhere", "not_elsewhere", "before"
CHOICES = {
    HOLD: N_("Hold, with a reason"),
    RELEASE: N_("Release what is held"),
    ELSEWHERE: N_("Already sent elsewhere"),
    NOT_ELSEWHERE: N_("Take the mark “sent elsewhere” away"),
    BEFORE: N_("Everything before a date was sent elsewhere"),
}

DONE = {
    HOLD: N_("Held: {count}."),
    RELEASE: N_("Released: {count}."),
    ELSEWHERE: N_("Marked as sent elsewhere: {count}."),
    NOT_ELSEWHERE: N_("Mark taken away: {count}."),
    BEFORE: N_("Marked as sent elsewhere: {count}."),
}


def menu(name: str, ledger: Ledger | None) -> None:
    with st.popover(t("More"), help=t("Hold, release, sent elsewhere")):
        names = translated(CHOICES)
        what = st.radio(t("What to do"), list(names), format_func=names.__getitem__, key=worded(f"more/{name}"), label_visibility="collapsed")
        with feedback.told():
            if what == BEFORE:
                _before(name, ledger)
            else:
                _with_ticked(name, what, sorted(ticks.of(name)))


def _with_ticked(name: str, what: str, ids: list[int]) -> None:
    if not ids:
        st.caption(t("Tick invoices first."))
        return
    acts: dict[str, tuple[str, Callable[[str], dict[int, Sentence]], Callable[[], object]]] = {
        HOLD: (
            t("Hold {count}", count=len(ids)),
            lambda reason: holding.hold(desk(), ids, reason=reason),
            lambda: holding.release(desk(), ids),
        ),
        RELEASE: (t("Release {count}", count=len(ids)), lambda _: holding.release(desk(), ids), lambda: None),
        ELSEWHERE: (
            t("Mark {count} as sent elsewhere", count=len(ids)),
            lambda reason: settling.mark_elsewhere(desk(), ids, reason=reason),
            lambda: settling.unmark_elsewhere(desk(), ids, reason=""),
        ),
        NOT_ELSEWHERE: (t("Take the mark away ({count})", count=len(ids)), lambda _: settling.unmark_elsewhere(desk(), ids, reason=""), lambda: None),
    }
    label, act, undo = acts[what]
    reason = _reason(name, what) if what in (HOLD, ELSEWHERE) else ""
    if st.button(label, key=f"do-{what}/{name}", type="primary", disabled=what in (HOLD, ELSEWHERE) and not reason):
        _done(name, what, ids, act(reason), undo if what in (HOLD, ELSEWHERE) else None)


def _reason(name: str, what: str) -> str:
    return reason_choice.choose(reasons.HOLD if what == HOLD else reasons.ELSEWHERE, f"reason-{what}/{name}")


def _before(name: str, ledger: Ledger | None) -> None:
    """A clean start: imported history is not mailed again (N16)."""
    day = st.date_input(t("Issued before"), value=datetime.now(zone()).date().replace(day=1), format="DD/MM/YYYY", key=f"before/{name}")
    reason = _reason(name, ELSEWHERE)
    ids = settling.waiting_before(desk(), day, ledger=ledger) if isinstance(day, date) else []
    st.caption(t("Not yet left and issued before that day: {count}.", count=len(ids)))
    if st.button(t("Mark {count} as sent elsewhere", count=len(ids)), key=f"do-before/{name}", type="primary", disabled=not ids or not reason):
        _done(name, BEFORE, ids, settling.mark_elsewhere(desk(), ids, reason=reason), lambda: settling.unmark_elsewhere(desk(), ids, reason=""))


def _done(name: str, what: str, ids: Sequence[int], refused: dict[int, Sentence], undo: Callable[[], object] | None) -> None:
    done = [identity for identity in ids if identity not in refused]
    ticked = ticks.of(name)
    ticks.change(name, ticked - frozenset(done))
    words = t(DONE[what], count=len(done))
    for sentence in sorted({shown(sentence) for sentence in refused.values()}):
        count = sum(shown(other) == sentence for other in refused.values())
        words += "  \n" + t("Not done: {count}.", count=count) + f" {sentence}"

    def back() -> None:
        if undo:
            undo()
        ticks.change(name, ticked)

    feedback.later(words, undo=back if undo and done else None)
    st.rerun()
