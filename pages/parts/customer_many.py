"""Set ticks, languages and formats of many customers at once: foreseen before, undone after."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from core.dispatch import customers
from core.dispatch.customers import Foreseen
from core.dispatch.values import Value
from core.i18n import N_, NAMES
from core.model import Language
from pages.parts import customer_card, feedback
from pages.parts.resources import desk, t, worded

NAMED = 5  # customers that a sentence tells before it counts
YES_NO = {"true": N_("Yes"), "false": N_("No")}
FIELDS = {
    "wants_email": (N_("Wants invoices by e-mail"), YES_NO),
    "language": (N_("Language"), {each.value: NAMES[each] for each in Language}),
    "peppol_elsewhere": (N_("Peppol, sent elsewhere"), YES_NO),
    "xml": (N_("XML format"), {each.value: name for each, name in customer_card.FORMATS.items()}),
}


def menu(ids: Sequence[int]) -> None:
    with st.popover(t("Change the ticked ones"), disabled=not ids, help=t("Tick, language, format of many cards at once")):
        if ids:
            with feedback.told():
                _choose(ids)


def _choose(ids: Sequence[int]) -> None:
    values = []
    for name, (title, choices) in FIELDS.items():
        names = {key: t(text) for key, text in choices.items()}
        chosen = st.selectbox(
            t(title),
            list(names),
            format_func=names.__getitem__,
            index=None,
            placeholder=t("– leave as it is –"),
            key=worded(f"many-{name}/{_round()}"),
        )
        if chosen is not None:
            values.append(Value(name, chosen))
    if not values:
        st.caption(t("Choose what shall be the same on all ticked cards. Nothing is sent by it."))
        return
    foreseen = customers.foresee_many(desk(), ids, values)
    st.markdown(t("Changes **{changed} of {total}** cards.", changed=foreseen.changed, total=foreseen.total))
    _consequences(foreseen, values)
    if st.button(t("Change {count} cards", count=foreseen.changed), key="many-do", type="primary", disabled=not foreseen.changed):
        _do(ids, values, foreseen)


def _consequences(foreseen: Foreseen, values: Sequence[Value]) -> None:
    if any(value.name == "peppol_elsewhere" and value.content == "true" for value in values) and all(value.name != "xml" for value in values):
        st.caption(t("Where it is new, the XML format becomes “No XML”: the mail is then a courtesy copy."))
    if foreseen.stopped:
        st.warning(t("Queued mails for these customers: {count}. Those whose card changes stop, and wait as held.", count=foreseen.stopped))
    if foreseen.without_address:
        st.warning(_without(foreseen.without_address))


def _without(found: Sequence[tuple[str, str]]) -> str:
    names = ", ".join(name for _, name in found[:NAMED]) + (" …" if len(found) > NAMED else "")
    return t("Address missing ({count}): {names}", count=len(found), names=names)


def _do(ids: Sequence[int], values: Sequence[Value], foreseen: Foreseen) -> None:
    with st.spinner(t("Changing the cards …")):
        former = customers.change_many(desk(), ids, values)
    fields = {value.name for value in values} | ({"xml"} if any(value.name == "peppol_elsewhere" for value in values) else set())
    words = t("Cards changed: {count}. Nothing was sent.", count=len(former))
    if foreseen.without_address:
        words += "  \n" + _without(foreseen.without_address)
    feedback.later(words, undo=lambda: customers.restore(desk(), former, fields))
    st.session_state["many-round"] = _round() + 1
    st.rerun()


def _round() -> int:
    """The choices start anew after each change."""
    count: int = st.session_state.get("many-round", 0)
    return count
