"""Send the ticked invoices: one goes through the confirm screen, several leave with one click after a countdown."""

from __future__ import annotations

from datetime import datetime

import streamlit as st

from core import i18n
from core.database.ledger_rows import Filter
from core.dispatch import looking, sending
from core.dispatch import review as reviewing
from core.model import Ledger
from pages.parts import feedback, menu, send_otherwise, strip, ticks
from pages.parts.resources import desk, language, shown, t, zone


def buttons(ledger: Ledger | None, name: str, chosen: Filter, *, to_send: int, blocked: int = 0) -> None:
    """Choose and send; the paper ledger has nothing to send by e-mail. `blocked` of `to_send` count as to handle in the chips: the hint says so."""
    ticked = ticks.of(name)
    if ledger is not Ledger.PAPER:
        st.button(
            t("Select all to send") + (f" ({to_send})" if to_send else ""),
            key=f"all/{name}",
            on_click=_tick_all,
            args=(name, chosen),
            disabled=not to_send,
            help=t("Of them blocked: {count}. The check before sending names these and keeps them here.", count=blocked) if blocked else None,
        )
    st.button(t("Clear"), key=f"none/{name}", disabled=not ticked, on_click=ticks.clear, args=(name,), help=t("Take all ticks away"))
    if ledger is not Ledger.PAPER:
        _send(name, ticked)
    else:
        st.caption(t("To print one, click it and take its PDF."))


def _tick_all(name: str, chosen: Filter) -> None:
    """All that is to send in what the filter shows is added to what was ticked before."""
    ticks.change(name, ticks.of(name) | frozenset(looking.pending_ids(desk(), chosen)))


def _press(name: str) -> None:
    """Kept until it is answered: a grid that is made anew reports its ticks, and the run that brought the click would end without it."""
    st.session_state[f"pressed/{name}"] = True


def _send(name: str, ticked: frozenset[int]) -> None:
    text = t("@ Send by e-mail") + (f" ({len(ticked)})" if len(ticked) > 1 else "")
    st.button(text, key=f"send/{name}", type="primary", disabled=not ticked, on_click=_press, args=(name,))
    send_otherwise.menu(name, ticked, lambda ids, moment: send_or_ask(name, ids, moment))
    if not st.session_state.pop(f"pressed/{name}", False) or not ticked:
        return
    if len(ticked) == 1:
        [only] = ticked
        st.session_state.update({"confirming": only, "confirming-from": name})
        st.switch_page(menu.CONFIRM, query_params={"invoice": str(only)})
    send_or_ask(name, sorted(ticked), None)


def send_or_ask(name: str, ids: list[int], leaves_at: datetime | None) -> None:
    """Queue them when all is well, else show the check before sending, which remembers the time."""
    st.session_state[f"sheet-at/{name}"] = leaves_at
    if reviewing.review(desk(), ids).all_is_well:
        queue(name, ids)
    st.session_state[f"sheet/{name}"] = True
    st.rerun()


def later(name: str) -> datetime | None:
    """The time that was chosen for what the sheet shows, unless it is over."""
    moment: datetime | None = st.session_state.get(f"sheet-at/{name}")
    return moment if moment and moment > desk().now() else None


def queue(name: str, ids: list[int]) -> None:
    """Queue with the countdown, or for the chosen time; what was refused stays ticked and is told. The page stays where it is."""
    moment = later(name)
    queued = sending.queue(desk(), ids, countdown_s=desk().settings.countdown_s, leaves_at=moment)
    st.session_state[f"sheet/{name}"] = False
    ticks.drop(queued.invoice_ids)
    if queued.invoice_ids:
        strip.watch(queued.batch_id, back_to=name)
        if moment:
            feedback.later(t("Leaves on {when}.", when=i18n.moment(language(), moment.astimezone(zone()))))
    for refusal in queued.refused.values():
        st.error(shown(refusal))
    if not queued.refused:
        st.rerun()
