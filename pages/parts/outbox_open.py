"""What did not leave, and why: by cause, each with its remedy at hand."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import streamlit as st

from core import i18n, reasons, styling
from core.dispatch import customers, outbox_view, sending, settling
from core.dispatch.outbox_view import Cause, Group
from core.dispatch.settling import Settlement
from core.errors import SettingInvalid
from core.i18n import N_
from pages.parts import feedback, menu, outbox_batch, strip
from pages.parts.resources import desk, language, plain, shown, t, translated, zone

NAMED = 8  # invoices that a group shows before it counts
WAYS = {Settlement.SENT: N_("It was sent"), Settlement.FAILED: N_("It did not arrive"), Settlement.RESEND: N_("Send it again")}
WHY = {Settlement.SENT: reasons.SENT, Settlement.FAILED: reasons.LOST, Settlement.RESEND: reasons.AGAIN}


def show() -> None:
    """The order stays while the list brings itself up to date, so that a field never moves under somebody's hands."""
    rows = outbox_view.to_settle(desk())
    found = {group.key: group for group in outbox_view.groups(rows)}
    kept: list[str] = st.session_state.get("outbox-order", []) if st.session_state.pop("outbox-by-itself", False) else []
    order = kept + [key for key in found if key not in kept]
    st.session_state["outbox-order"] = order
    if found:
        st.markdown(f"#### {t('Waits for you')} · {len({row.invoice_id for row in rows})}")
    for key in order:
        with st.container(border=key in found):
            if key in found:
                with feedback.told():
                    _group(found[key])
    _watch(outbox_view.marks(desk()))


@st.fragment(run_every=2.0)
def _watch(marks: frozenset[Any]) -> None:
    """Only ids are read; the page is made again when they are others."""
    if outbox_view.marks(desk()) != marks:
        st.session_state["outbox-by-itself"] = True
        st.rerun()


def _group(group: Group) -> None:
    count = len(group.deliveries)
    head = f"**{styling.label(language(), group.first.status)}** · " + (
        f"{t('Invoices: {count}', count=len(group.invoice_ids))} · " if count > 1 else ""
    )
    st.markdown(head + shown(group.sentence))
    for row in group.deliveries[:NAMED]:
        _line(row)
    if count > NAMED:
        st.caption(t("and {count} more", count=count - NAMED))
    _REMEDIES[group.cause](group)


def _line(row: Any) -> None:
    """Number, customer, recipient and when."""
    when = i18n.moment(language(), row.changed_at.astimezone(zone()))
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.page_link(menu.CONFIRM, label=f"**{plain(row.number)}**", query_params={"invoice": str(row.invoice_id)}, width=110)
        st.caption(f"{plain(row.customer_name)} → {plain(row.recipient)} · {when}")


# Remedies -------------------------------------------------------------------------------------------------------


def _correct(group: Group) -> None:
    """The address, right here; it goes onto the card, and all invoices that went there leave again."""
    first, key = group.first, group.key
    field, save, same, sent, card = st.columns([3.7, 2.5, 2.3, 2.7, 1], vertical_alignment="bottom")
    if f"address/{key}" not in st.session_state:
        st.session_state[f"address/{key}"] = first.recipient
    address = field.text_input(t("Right address"), key=f"address/{key}", label_visibility="collapsed")
    if save.button(t("Save and send again"), key=f"correct/{key}", type="primary", width="stretch") and _saved(first, address.strip()):
        _queue(group.invoice_ids)
    if same.button(
        t("Send again as it is"), key=f"same/{key}", width="stretch", help=t("To the same address: it works again, or the server was wrong.")
    ):
        _queue(group.invoice_ids)
    with sent:
        _settled(group, t("It was sent"))
    card.page_link(menu.CUSTOMERS, label=t("Customer card"), query_params={"customer": first.customer_key})


def _saved(row: Any, address: str) -> bool:
    """Whether the card has the other address now."""
    if address.lower() == row.recipient.lower():
        st.error(t("This is the address that did not work. Correct it first."))
        return False
    try:
        customers.correct_address(desk(), row.customer_key, row.recipient, address)
    except SettingInvalid as error:
        st.error(shown(error.sentence.values["why"]) if not isinstance(error.sentence.values["why"], str) else plain(error.sentence.values["why"]))
        return False
    return True


def _settled(group: Group, label: str) -> None:
    """The customer has it all the same."""
    with st.popover(label), feedback.told():
        reason = outbox_batch.choose_reason(reasons.SENT, f"otherwise/{group.key}")
        if st.button(t("Settle as sent"), key=f"settle/{group.key}", disabled=not reason):
            for row in group.deliveries:
                settling.resolve(desk(), row.id, Settlement.SENT, reason=reason)
            st.rerun()


def _uncertain(group: Group) -> None:
    """What is known, and the word of a person: one act, with the reasons that fit it."""
    row = group.first
    when = i18n.moment(language(), row.changed_at.astimezone(zone()))
    said = t("The server's last words: {reply}", reply=f"{row.reply_code} {row.reply}") if row.reply_code else t("No answer of the server came.")
    st.caption(t("The line broke on {when}.", when=when) + f" {said} " + t("To look it up in the server's log:"))
    st.code(row.rfc_message_id, language=None)
    ways = translated(WAYS)
    how = st.segmented_control(t("What do you know?"), list(WAYS), format_func=ways.__getitem__, key=f"how/{row.id}", label_visibility="collapsed")
    if how is None:
        return
    why, button = st.columns([5, 3], vertical_alignment="bottom")
    with why:
        reason = outbox_batch.choose_reason(WHY[how], f"why/{row.id}/{how.value}")
    if button.button(ways[how], key=f"settle/{row.id}", type="primary", disabled=not reason):
        settling.resolve(desk(), row.id, how, reason=reason)
        st.rerun()


def _again(group: Group) -> None:
    """Nothing is wrong with these mails: they leave again, all of them."""
    with st.container(horizontal=True, vertical_alignment="center"):
        if st.button(t("Send again ({count})", count=len(group.invoice_ids)), key=f"again/{group.key}", type="primary"):
            _queue(group.invoice_ids)
        st.page_link(menu.COMPANIES, label=t("Mail account"), query_params={"company": group.first.company_key, "part": "account"})


def _archive(group: Group) -> None:
    """The customers have it; only the company's own copy is missing."""
    st.caption(t("The customer has the invoice; only the archive copy of {company} did not leave.", company=group.first.company_name))
    with st.container(horizontal=True, vertical_alignment="center"):
        st.page_link(menu.COMPANIES, label=t("Correct the archive address"), query_params={"company": group.first.company_key, "part": "account"})
        _settled(group, t("Settle ({count})", count=len(group.deliveries)))


def _look(group: Group) -> None:
    """What moved must be seen again before it leaves."""
    if len(group.invoice_ids) > 1:
        st.caption(t("A click on a number opens it; look at each one again before it leaves."))
        return
    st.page_link(menu.CONFIRM, label=t("Look at it again"), query_params={"invoice": str(group.first.invoice_id)})


def _refused(group: Group) -> None:
    """The mail itself, not the address: perhaps the server thinks otherwise today."""
    with st.container(horizontal=True, vertical_alignment="center"):
        if st.button(t("Send again ({count})", count=len(group.invoice_ids)), key=f"same/{group.key}"):
            _queue(group.invoice_ids)
        _settled(group, t("It was sent"))
        _look(group)


_REMEDIES = {
    Cause.UNCERTAIN: _uncertain,
    Cause.ADDRESS: _correct,
    Cause.FOR_NOW: _again,
    Cause.REFUSED: _refused,
    Cause.ARCHIVE: _archive,
    Cause.MOVED: _look,
}


def _queue(invoice_ids: Sequence[int]) -> None:
    """With the countdown, so that it can be cancelled; what is refused is told."""
    queued = sending.queue(desk(), invoice_ids, countdown_s=desk().settings.countdown_s)
    if queued.invoice_ids:
        strip.watch(queued.batch_id, back_to="email")
    if queued.refused:
        words = " ".join(dict.fromkeys(shown(sentence) for sentence in queued.refused.values()))
        feedback.later(t("Not sent: {count}.", count=len(queued.refused)) + f" {words}", undo=None)
    st.rerun()
