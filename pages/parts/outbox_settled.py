"""What was settled on this look at the outbox keeps its place, with what was done and the way back: nothing slides under a pointer."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import streamlit as st

from core.dispatch import progress
from core.dispatch.outbox_view import Cause, Group
from pages.parts import feedback, strip
from pages.parts.resources import desk, t

TALL = frozenset({Cause.ADDRESS, Cause.UNCERTAIN})  # two rows of ways stood there
STILL_S = 1.0  # after an act no card takes a click that was meant for it

_LOOKS = """<style>
[class*="st-key-settled-"] { justify-content: center; padding: .4rem .8rem; border-radius: .5rem; background: rgba(46, 160, 104, .16);
  border-left: 3px solid #2b8f74; }
[class*="st-key-settled-tall-"] { min-height: 6rem; }
@keyframes still-%(acts)d { 0%%, 99%% { pointer-events: none; } }
[class*="st-key-card-"], .st-key-batch-now { animation: still-%(acts)d %(still)ss; }
</style>"""


@dataclass(frozen=True, kw_only=True)
class Done:
    """What a person did about a card; what leaves again can be taken back as long as it waits."""

    words: str
    undo: Callable[[], object] | None = None
    batch_id: int = 0


def places(found: Mapping[str, Group]) -> dict[str, Group]:
    """Every card of this look, in the order in which each came; what is new comes below. The next look starts from what waits."""
    look = st.session_state.get("look")
    if st.session_state.get("outbox-look") != look:
        st.session_state.update({"outbox-look": look, "outbox-cards": {}, "outbox-done": {}, "outbox-acts": 0})
    kept: dict[str, Group] = st.session_state["outbox-cards"]
    cards = {key: found.get(key, group) for key, group in kept.items()} | {key: group for key, group in found.items() if key not in kept}
    for key in found:
        _all().pop(key, None)
    st.session_state["outbox-cards"] = cards
    return cards


def _all() -> dict[str, Done]:
    done: dict[str, Done] = st.session_state["outbox-done"]
    return done


def keep(group: Group, done: Done) -> None:
    _all()[group.key] = done
    act()


def act() -> None:
    """Something else lies under the pointer from now on: for a moment nothing there takes a click."""
    st.session_state["outbox-acts"] = st.session_state.get("outbox-acts", 0) + 1


def card(key: str) -> str:
    """The name of a card's container: its own as long as it stands there."""
    return f"card-{zlib.crc32(key.encode()):08x}"


def looks() -> None:
    st.html(_LOOKS % {"acts": st.session_state["outbox-acts"], "still": STILL_S if st.session_state["outbox-acts"] else 0})


def show(group: Group) -> None:
    """In place of the ways."""
    done = _all().get(group.key)
    place = f"settled-{'tall-' if group.cause in TALL else ''}{card(group.key)}"
    with st.container(key=place), st.container(horizontal=True, vertical_alignment="center"):
        if done is None:
            st.markdown(t("This does not wait for you any more: it left, or somebody else settled it."))
            return
        st.markdown(f"✓ {done.words}")
        if done.undo is not None:
            st.button(t("Undo"), key=f"undo-{card(group.key)}", on_click=feedback.take_back, args=(done.undo,))
        elif done.batch_id and progress.of_batches(desk(), [done.batch_id]).waiting:
            st.button(t("Undo"), key=f"undo-{card(group.key)}", on_click=strip.cancel, args=(done.batch_id,))
