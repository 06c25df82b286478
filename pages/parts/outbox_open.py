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
from pages.parts import feedback, menu, outbox_uncertain, reason_choice, strip, ticks
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
    first, key, to = group.first, group.key, outbox_view.goes_to(desk(), group)
    same = first.recipient.lower() in {each.lower() for each in to}
    standing = first.recipient if same or not to else to[0] if len(to) == 1 else ""
    if to and not same:
        st.info(t("The customer card says {to} now, and keeps it: that is where it goes when it is sent again.", to=", ".join(to)))
    field, save, card = st.columns([5, 3, 1.4], vertical_alignment="bottom")
    typed = f"address/{key}/{standing}"  # another address on the card, another field
    if typed not in st.session_state:
        st.session_state[typed] = standing
    address = field.text_input(t("Right address"), key=typed, label_visibility="collapsed").strip()
    wrong = standing or first.recipient
    if save.button(t("Save and send again"), key=f"correct/{key}", type="primary", width="stretch") and _saved(first, wrong, address):
        said = t("The card of {customer} says {to} now; it keeps it, also when you cancel.", customer=first.customer_name, to=address)
        _queue(group.invoice_ids, said=said)
    card.page_link(menu.CUSTOMERS, label=t("Customer card"), query_params={"customer": first.customer_key})
    with st.container(horizontal=True, vertical_alignment="center"):
        _send_again(group, help_text=t("To the same address: it works again, or the server was wrong.") if same else None)
        _settled(group, t("It was sent"))


def _send_again(group: Group, *, primary: bool = False, help_text: str | None = None) -> None:
    """The button says where it goes; where that is many places, its help does."""
    to = outbox_view.goes_to(desk(), group)
    if to and len({row.customer_id for row in group.deliveries}) == 1:
        label = t("Send again to {to}", to=", ".join(to))
    else:
        label = t("Send again ({count})", count=len(group.invoice_ids))
        help_text = plain(", ".join(to)) or None
    if st.button(label, key=f"again/{group.key}", type="primary" if primary else "secondary", help=help_text):
        _queue(group.invoice_ids)


def _saved(row: Any, wrong: str, address: str) -> bool:
    """Whether the card has the other address now; `wrong` is what stands on it in its place."""
    if address.lower() == row.recipient.lower():
        st.error(t("This is the address that did not work. Correct it first."))
        return False
    try:
        customers.correct_address(desk(), row.customer_key, wrong, address)
    except SettingInvalid as error:
        st.error(feedback.why(error))
        return False
    return True


def _settled(group: Group, label: str) -> None:
    """The customer has it all the same."""
    with st.popover(label), feedback.told():
        reason = reason_choice.choose(reasons.SENT, f"otherwise/{group.key}")
        if st.button(t("Settle as sent"), key=f"settle/{group.key}", disabled=not reason):
            _resolve(group.deliveries, Settlement.SENT, reason)


def _resolve(rows: Sequence[Any], how: Settlement, reason: str) -> NoReturn:
    """Said, with a way back to state and reason as they were; what somebody else settled meanwhile stays theirs."""
    settled, named = [], ""
    for row in rows:
        with contextlib.suppress(DeliveryNotOpen):
            settled.append(settling.resolve(desk(), row.id, how, reason=reason))
            named = named or f"{row.number} → {row.recipient}"
    if settled:
        what = f"{len(settled)}" if len(settled) > 1 else named
        words = t("Settled as sent: {what}", what=what) if how is Settlement.SENT else t("Settled as not arrived: {what}", what=what)
        feedback.later(words, undo=lambda: settling.take_back(desk(), settled))
    st.rerun()


def _send_it_again(row: Any, reason: str) -> NoReturn:
    """The same mail to the same address, with the countdown; cancelled, it is as uncertain as before."""
    settled = settling.resolve(desk(), row.id, Settlement.RESEND, reason=reason, countdown_s=desk().settings.countdown_s)
    ticks.drop([row.invoice_id])
    strip.watch(settled.batch_id, back_to=None)
    st.rerun()


def _uncertain(group: Group) -> None:
    """What is known, and the word of a person: one act, with the reasons that fit it."""
    row = group.first
    outbox_uncertain.show(row)
    ways = translated(WAYS)
    how = st.segmented_control(t("What do you know?"), list(WAYS), format_func=ways.__getitem__, key=f"how/{row.id}", label_visibility="collapsed")
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
            _send_it_again(row, reason)
        _resolve([row], how, reason)


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


def _queue(invoice_ids: Sequence[int], *, said: str = "") -> None:
    """With the countdown, so that it can be cancelled; what is refused is told."""
    queued = sending.queue(desk(), invoice_ids, countdown_s=desk().settings.countdown_s)
    if queued.invoice_ids:
        ticks.drop(queued.invoice_ids)
        strip.watch(queued.batch_id, back_to=None)
    if queued.refused:
        words = " ".join(dict.fromkeys(shown(sentence) for sentence in queued.refused.values()))
        said = f"{said} " + t("Not sent: {count}.", count=len(queued.refused)) + f" {words}"
    if said:
        feedback.later(said.strip())
    st.rerun()
