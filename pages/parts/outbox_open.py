"""What did not leave, and why: by cause, each with its remedy at hand."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from typing import Any, NoReturn

import streamlit as st

from core import i18n, reasons, styling
from core.dispatch import batch_acts, customers, outbox_view, sending, settling
from core.dispatch.outbox_view import Cause, Group
from core.dispatch.settling import Settlement
from core.errors import DeliveryNotOpen, SettingInvalid
from core.i18n import N_
from pages.parts import feedback, menu, outbox_acts, outbox_settled, outbox_uncertain, reason_choice, strip, ticks
from pages.parts.outbox_settled import Done
from pages.parts.resources import desk, language, plain, shown, t, translated, worded, zone

NAMED = 8  # invoices that a group shows before it counts
WAYS = {Settlement.SENT: N_("It was sent"), Settlement.FAILED: N_("It did not arrive"), Settlement.RESEND: N_("Send it again")}
WHY = {Settlement.SENT: reasons.SENT, Settlement.FAILED: reasons.LOST, Settlement.RESEND: reasons.AGAIN}


def show() -> None:
    """The order stays as long as somebody looks, and what is settled keeps its place: no field, no button moves under somebody's hands."""
    found = {group.key: group for group in outbox_view.groups(outbox_view.to_settle(desk()))}
    places = outbox_settled.places(found)
    if places:
        count = len({invoice_id for group in found.values() for invoice_id in group.invoice_ids})
        st.markdown(f"#### {t('Waits for you')} · {count}" if found else f"#### {t('Nothing waits for you any more')}")
    outbox_settled.looks()
    for key, group in places.items():
        with st.container(border=True, key=outbox_settled.card(key)), feedback.told():
            _about(group)
            if key in found:
                _REMEDIES[group.cause](group)
            else:
                outbox_settled.show(group)
    _watch(outbox_view.marks(desk()))


@st.fragment(run_every=2.0)
def _watch(marks: frozenset[Any]) -> None:
    """Only ids are read; the page is made again when they are others."""
    if outbox_view.marks(desk()) != marks:
        st.rerun()


def _about(group: Group) -> None:
    count = len(group.deliveries)
    head = f"**{styling.label(language(), group.first.status)}** · " + (
        f"{t('Invoices: {count}', count=len(group.invoice_ids))} · " if count > 1 else ""
    )
    st.markdown(head + shown(group.sentence))
    for row in group.deliveries[:NAMED]:
        _line(row)
    if count > NAMED:
        st.caption(t("and {count} more", count=count - NAMED))
    if group.cause is Cause.UNCERTAIN:
        outbox_uncertain.show(group.first)


def _line(row: Any) -> None:
    """Number, customer, recipient and when."""
    when = i18n.moment(language(), row.changed_at.astimezone(zone()))
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.page_link(menu.CONFIRM, label=f"**{plain(row.number)}**", query_params={"invoice": str(row.invoice_id)}, width=110)
        st.caption(f"{plain(row.customer_name)} → {plain(row.recipient)} · {when}")


# Remedies -------------------------------------------------------------------------------------------------------


def _correct(group: Group) -> None:
    """The address, right here; it goes onto the card, and all invoices that went there leave again."""
    first, to = group.first, outbox_view.goes_to(desk(), group)
    same = first.recipient.lower() in {each.lower() for each in to}
    standing = first.recipient if same or not to else to[0] if len(to) == 1 else ""
    if to and not same:
        st.info(t("The customer card says {to} now, and keeps it: that is where it goes when it is sent again.", to=", ".join(to)))
    _another_address(group, standing)
    with st.container(horizontal=True, vertical_alignment="center"):
        _send_again(group, help_text=t("To the same address: it works again, or the server was wrong.") if same else None)
        _settled(group, t("It was sent"))


@st.fragment
def _another_address(group: Group, standing: str) -> None:
    """A fragment: each pause in typing decides whether there is something to save, and moves nothing else."""
    with feedback.told():
        first, key = group.first, group.key
        field, save, card = st.columns([5, 3, 1.4], vertical_alignment="center")
        typed = f"address/{key}/{standing}"  # another address on the card, another field
        if typed not in st.session_state:
            st.session_state[typed] = standing
        address = field.text_input(t("Right address"), key=typed, label_visibility="collapsed", live=True).strip()
        is_other = address.lower() not in ("", standing.lower(), first.recipient.lower())
        hint = None if is_other else t("First correct the address.")
        pressed = save.button(t("Save and send again"), key=f"correct/{key}", type="primary", width="stretch", disabled=not is_other, help=hint)
        if pressed and _saved(first, standing or first.recipient, address):
            said = t("The card of {customer} says {to} now; it keeps it, also when you cancel.", customer=first.customer_name, to=address)
            _queue(group, said=said, to=address)
        card.page_link(menu.CUSTOMERS, label=t("Customer card"), query_params={"customer": first.customer_key})


def _send_again(group: Group, *, primary: bool = False, help_text: str | None = None) -> None:
    """The button says where it goes; where that is many places, its help does."""
    to = outbox_view.goes_to(desk(), group)
    if to and len({row.customer_id for row in group.deliveries}) == 1:
        label = t("Send again to {to}", to=", ".join(to))
    else:
        label = t("Send again ({count})", count=len(group.invoice_ids))
        help_text = plain(", ".join(to)) or None
    if st.button(label, key=f"again/{group.key}", type="primary" if primary else "secondary", help=help_text):
        _queue(group, to=", ".join(to))


def _saved(row: Any, wrong: str, address: str) -> bool:
    """Whether the card has the other address now; `wrong` is what stands on it in its place."""
    try:
        customers.correct_address(desk(), row.customer_key, wrong, address)
    except SettingInvalid as error:
        st.error(feedback.why(error))
        return False
    return True


def _settled(group: Group, label: str) -> None:
    """The customer has it all the same."""
    with st.popover(label), st.container(width=outbox_acts.ROOM), feedback.told():
        reason = reason_choice.choose(reasons.SENT, f"otherwise/{group.key}")
        if st.button(t("Settle as sent"), key=f"settle/{group.key}", disabled=not reason):
            _resolve(group, Settlement.SENT, reason)


def _resolve(group: Group, how: Settlement, reason: str) -> NoReturn:
    """Said, with a way back to state and reason as they were; what somebody else settled meanwhile stays theirs."""
    settled, named = [], ""
    for row in group.deliveries:
        with contextlib.suppress(DeliveryNotOpen):
            settled.append(settling.resolve(desk(), row.id, how, reason=reason))
            named = named or f"{row.number} → {row.recipient}"
    if settled:
        what = f"{len(settled)}" if len(settled) > 1 else named
        words = t("Settled as sent: {what}", what=what) if how is Settlement.SENT else t("Settled as not arrived: {what}", what=what)

        def undo() -> None:
            settling.take_back(desk(), settled)

        feedback.later(words, undo=undo)
        outbox_settled.keep(group, Done(words=words, undo=undo))
    st.rerun()


def _send_it_again(group: Group, reason: str) -> NoReturn:
    """The same mail to the same address, with the countdown; cancelled, it is as uncertain as before."""
    row = group.first
    settled = settling.resolve(desk(), row.id, Settlement.RESEND, reason=reason, countdown_s=desk().settings.countdown_s)
    ticks.drop([row.invoice_id])
    strip.watch(settled.batch_id, back_to=None)
    outbox_settled.keep(group, Done(words=_leaves_again(group, [row.invoice_id], row.recipient), batch_id=settled.batch_id))
    st.rerun()


def _leaves_again(group: Group, invoice_ids: Sequence[int], to: str) -> str:
    if len(invoice_ids) > 1:
        return t("Invoices that leave again: {count}", count=len(invoice_ids))
    number = next(row.number for row in group.deliveries if row.invoice_id == invoice_ids[0])
    return t("Leaves again: {what}", what=f"{number} → {to}" if to else number)


def _uncertain(group: Group) -> None:
    """What is known, and the word of a person: one act, with the reasons that fit it."""
    row = group.first
    ways = translated(WAYS)
    key = worded(f"how/{row.id}")
    how = st.segmented_control(t("What do you know?"), list(WAYS), format_func=ways.__getitem__, key=key, label_visibility="collapsed")
    if how is None:
        return
    why, button = st.columns([5, 3], vertical_alignment="bottom")
    with why:
        reason = reason_choice.choose(WHY[how], f"why/{row.id}/{how.value}")
    again = how is Settlement.RESEND
    if again:
        st.caption(
            t("The same mail of {number} goes to {to} again. If it did leave the first time, it arrives twice.", number=row.number, to=row.recipient)
        )
    label = t("Send again to {to}", to=row.recipient) if again else ways[how]
    if button.button(label, key=f"settle/{row.id}", type="primary", disabled=not reason):
        if again:
            _send_it_again(group, reason)
        _resolve(group, how, reason)


def _again(group: Group) -> None:
    """Nothing is wrong with these mails: they leave again, all of them."""
    with st.container(horizontal=True, vertical_alignment="center"):
        _send_again(group, primary=True)
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
    with st.container(horizontal=True):
        st.page_link(menu.CONFIRM, label=t("Look at it again"), query_params={"invoice": str(group.first.invoice_id)})


def _refused(group: Group) -> None:
    """The mail itself, not the address: perhaps the server thinks otherwise today."""
    with st.container(horizontal=True, vertical_alignment="center"):
        _send_again(group)
        _settled(group, t("It was sent"))
        _look(group)


def _waited(group: Group) -> None:
    """Nothing is wrong with them but their age."""
    with st.container(horizontal=True, vertical_alignment="center"):
        _send_again(group, primary=True)
        count = len(group.invoice_ids)
        if st.button(t("Back to “to send” ({count})", count=count), key=f"give-back/{group.key}", help=t("They wait in the ledger again.")):
            back = batch_acts.give_back(desk(), group.invoice_ids)
            words = t("To send again: {count}.", count=len(back))
            if len(back) < count:
                words += " " + t(
                    "A server was told of the others, or somebody wrote their text: send those from here. ({count})", count=count - len(back)
                )
            feedback.later(words)
            outbox_settled.keep(group, Done(words=words))
            st.rerun()


_REMEDIES = {
    Cause.UNCERTAIN: _uncertain,
    Cause.ADDRESS: _correct,
    Cause.FOR_NOW: _again,
    Cause.REFUSED: _refused,
    Cause.ARCHIVE: _archive,
    Cause.MOVED: _look,
    Cause.WAITED: _waited,
}


def _queue(group: Group, *, said: str = "", to: str = "") -> None:
    """With the countdown, so that it can be cancelled; what is refused is told."""
    queued = sending.queue(desk(), group.invoice_ids, countdown_s=desk().settings.countdown_s)
    if queued.invoice_ids:
        ticks.drop(queued.invoice_ids)
        strip.watch(queued.batch_id, back_to=None)
        outbox_settled.keep(group, Done(words=_leaves_again(group, queued.invoice_ids, to), batch_id=queued.batch_id))
    if queued.refused:
        words = " ".join(dict.fromkeys(shown(sentence) for sentence in queued.refused.values()))
        said = f"{said} " + t("Not sent: {count}.", count=len(queued.refused)) + f" {words}"
    if said:
        feedback.later(said.strip())
    st.rerun()
