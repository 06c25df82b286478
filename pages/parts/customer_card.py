"""The card of a customer, beside the list: who gets invoices by e-mail, where, in which language and format, and why."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import streamlit as st

from core.dispatch import customer_view, customers
from core.dispatch.customer_view import Standing
from core.dispatch.values import Value
from core.errors import Sentence, SettingInvalid
from core.i18n import N_, NAMES
from core.model import Language, XmlFormat
from core.records import Customer
from pages.parts import customer_doubts, customer_state, feedback, menu
from pages.parts.resources import desk, plain, shown, t, worded

PANEL = 540
FORMATS = {
    XmlFormat.EFFF3: N_("e-FFF (Belgian accounting software)"),
    XmlFormat.EFFF1: N_("e-FFF 1.0 (older Belgian software)"),
    XmlFormat.BIS3: N_("Peppol BIS 3 / EN 16931"),
    XmlFormat.FACTURX: N_("Factur-X (the XML inside the PDF)"),
    XmlFormat.ORIGINAL: N_("The imported XML, untouched"),
    XmlFormat.NONE: N_("No XML"),
}
LABELS = {"name": N_("Name"), "to": N_("To"), "cc": N_("Cc"), "bcc": N_("Bcc"), "notes": N_("Notes")}


@dataclass(frozen=True)
class Draft:
    """What is typed and not saved, and the card it was typed on."""

    base: Customer
    values: Mapping[str, str]


def show(key: str, keys: Sequence[str]) -> None:
    """`keys` are the rows of the list, along which ‹ › go."""
    with st.container(border=True, key="panel", height=PANEL), feedback.told():
        card = customers.find(desk(), key)
        title, bar = st.columns([7, 3], vertical_alignment="center")
        title.markdown(f"**{plain(card.name)}**  \n:small[{plain(_identity(card))}]")
        with bar:
            _bar(card.key, keys)
        _billing(card.key)


def _identity(card: Customer) -> str:
    address = ", ".join(part for part in (card.address.street, f"{card.address.postcode or ''} {card.address.city or ''}".strip()) if part)
    number = card.vat_id or card.enterprise_number or t("no VAT or enterprise number")
    return " · ".join(part for part in (number, address, card.address.country) if part)


def _bar(key: str, keys: Sequence[str]) -> None:
    place = keys.index(key) if key in keys else -1
    with st.container(horizontal=True, horizontal_alignment="right", gap="small"):
        for label, target, title in (("‹", place - 1, t("Previous row")), ("›", place + 1, t("Next row"))):
            there = place >= 0 and 0 <= target < len(keys)
            go = keys[target] if there else key
            st.button(label, key=f"card{label}", disabled=not there, on_click=customer_state.open_card, args=(go,), help=title)
        st.button("✕", key="card-close", on_click=customer_state.close_card, help=t("Close"))


@st.fragment
def _billing(key: str) -> None:
    """A part of its own: what is typed here does not make the list again."""
    with feedback.told():
        card = customers.find(desk(), key)
        standing = customer_view.standing(desk(), card)
        st.markdown(f":material/subdirectory_arrow_right: {shown(customers.why(card))}")
        with st.container(horizontal=True, vertical_alignment="center"):
            st.caption(t("To send: {send} · To print: {print}", send=standing.to_send, print=standing.to_print))
            st.page_link(menu.LEDGER, label=t("Show this customer's invoices"), query_params={"customer": card.key})
        _lacks(card)
        customer_doubts.show(card)
        draft: Draft | None = _drafts().get(card.key)
        base = draft.base if draft else card
        values = _fields(base, draft.values if draft else customers.as_values(base))
        _keep(base, values)
        _foot(card, base, values, standing)


def _lacks(card: Customer) -> None:
    """Each in a sentence; what a file suggests is taken with one click."""
    for lack in customer_view.lacks(card):
        st.markdown(f":orange[**⚠**] {shown(lack.full)}")
        if lack.short.template == customer_view.SUGGESTED:
            with st.container(horizontal=True):
                help_text = t("Puts the address on the card and ticks “wants invoices by e-mail”. Nothing is sent.")
                if st.button(t("Use it"), key=f"use/{card.key}", type="primary", help=help_text):
                    _change(card, {"wants_email": "true", "to": card.suggested_email or ""})
                if st.button(t("Not this one"), key=f"drop/{card.key}", help=t("The suggestion goes away; the card stays as it is.")):
                    _drop(card)


def _drop(card: Customer) -> None:
    dropped = customers.drop_suggestion(desk(), card.key)
    said = t("The suggestion on the card of {customer} is gone.", customer=card.name)
    feedback.later(said, undo=lambda: customers.suggest(desk(), card.key, dropped))
    st.rerun()


# The fields -----------------------------------------------------------------------------------------------------


def _fields(base: Customer, values: Mapping[str, str]) -> dict[str, str]:
    """Keys follow the card as it was when typing began: a form of A never shows B, and another's save never wipes what is typed."""
    mark = f"card/{base.key}/{hash(tuple(customers.as_values(base).items()))}/{st.session_state.get(f'card-round/{base.key}', 0)}"

    def key(name: str, value: object) -> str:
        if f"{mark}/{name}" not in st.session_state:
            st.session_state[f"{mark}/{name}"] = value
        return f"{mark}/{name}"

    wants = st.checkbox(t("Wants invoices by e-mail"), key=key("wants_email", values["wants_email"] == "true"))
    several = t("Several addresses: separate them with commas.")
    to = st.text_input(t("To"), key=key("to", values["to"]), placeholder="compta@example.be", help=several)
    left, right = st.columns(2)
    cc = left.text_input(t("Cc"), key=key("cc", values["cc"]))
    bcc = right.text_input(t("Bcc"), key=key("bcc", values["bcc"]))
    language = left.selectbox(t("Language"), list(Language), format_func=NAMES.__getitem__, key=key("language", Language(values["language"])))
    xml_key = worded(f"{mark}/xml")
    st.session_state.setdefault(xml_key, XmlFormat(values["xml"]))
    names = {each: t(label) for each, label in FORMATS.items()}
    xml = right.selectbox(t("XML format"), list(names), format_func=names.__getitem__, key=xml_key)
    peppol_key = key("peppol_elsewhere", values["peppol_elsewhere"] == "true")
    peppol = st.checkbox(t("Peppol, sent elsewhere"), key=peppol_key, on_change=_peppol, args=(peppol_key, xml_key, base.xml_format))
    if peppol:
        st.caption(t("The legal invoice goes over Peppol by another program; the mail is a courtesy copy and needs no XML."))
    name = st.text_input(t("Name"), key=key("name", values["name"]))
    notes = st.text_area(t("Notes"), key=key("notes", values["notes"]), height=80)
    typed = {"name": name, "to": to, "cc": cc, "bcc": bcc, "language": str(language), "xml": str(xml), "notes": notes}
    return typed | {"wants_email": str(wants).lower(), "peppol_elsewhere": str(peppol).lower()}


def _peppol(peppol_key: str, xml_key: str, before: XmlFormat) -> None:
    """N14: a courtesy copy needs no XML, which can be chosen all the same."""
    st.session_state[xml_key] = XmlFormat.NONE if st.session_state[peppol_key] else before


def _drafts() -> dict[str, Draft]:
    """Also when another card, or another page, was looked at meanwhile."""
    drafts: dict[str, Draft] = st.session_state.setdefault("card-drafts", {})
    return drafts


def _keep(base: Customer, values: Mapping[str, str]) -> None:
    if _changed(base, values):
        _drafts()[base.key] = Draft(base, values)
    else:
        _drafts().pop(base.key, None)


def _changed(base: Customer, values: Mapping[str, str]) -> dict[str, str]:
    """Only what this person changed is written: what another changed meanwhile stays."""
    before = customers.as_values(base)
    return {name: value for name, value in values.items() if value != before[name]}


# Saving ---------------------------------------------------------------------------------------------------------


def _foot(card: Customer, base: Customer, values: Mapping[str, str], standing: Standing) -> None:
    changed = _changed(base, values)
    if standing.queued:
        st.warning(t("Queued mails for this customer: {count}. They stop and wait as held if you change more than the notes.", count=standing.queued))
    others = [name for name in changed if customers.as_values(card)[name] != customers.as_values(base)[name]]
    if others:
        st.warning(t("Somebody else changed the same on this card meanwhile. “Save” keeps what you typed, “Discard” shows theirs."))
    with st.container(key="foot-wide"), st.container(horizontal=True, vertical_alignment="center"):
        save = st.button(t("Save"), type="primary", key=f"save/{card.key}")
        st.button(t("Discard"), key=f"discard/{card.key}", on_click=_discard, args=(card.key,))
        st.caption(t("Not saved yet.") if changed else t("Saving sends nothing."))
    if not save:
        return
    if not changed:
        st.info(t("Nothing was changed on this card."))
    elif others and st.session_state.get("card-warned") != (card.key, card):
        st.session_state["card-warned"] = (card.key, card)
        st.error(t("Not saved: look at the warning above first, then save again."))
    else:
        _change(card, changed)


def _discard(key: str) -> None:
    _drafts().pop(key, None)
    st.session_state[f"card-round/{key}"] = st.session_state.get(f"card-round/{key}", 0) + 1


def _change(card: Customer, changed: Mapping[str, str]) -> None:
    """All or nothing. What is refused is told right here, in the form's own words, and everything typed stays."""
    try:
        customers.change(desk(), card.key, [Value(name, text) for name, text in changed.items()])
    except SettingInvalid as error:
        label = LABELS.get(str(error.sentence.values["name"]))
        st.error(shown(Sentence(error.sentence.template, {**error.sentence.values, "name": Sentence(label)}) if label else error.sentence))
        return
    _discard(card.key)
    fields = set(changed) | ({"xml"} if "peppol_elsewhere" in changed else set())
    said = t("The card of {customer} is saved. Nothing was sent.", customer=card.name)
    feedback.later(said, undo=lambda: customers.restore(desk(), [card], fields))
    st.rerun()
