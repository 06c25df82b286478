"""The check before sending: shown only when something is not ready, always of what is ticked and true now."""

from __future__ import annotations

import streamlit as st

from core import i18n
from core.dispatch import customers, holding
from core.dispatch import review as reviewing
from core.dispatch.review import Group, Review
from core.dispatch.values import Value
from core.errors import SettingInvalid
from core.preflight import Level, Remedy, Verdict
from pages.parts import actions, feedback, ledger_foot, menu, strip, ticks
from pages.parts.resources import desk, language, plain, shown, t, zone

NAMED = 6  # numbers that a group tells before it counts


def show(name: str) -> None:
    ticked = ticks.of(name)
    if not st.session_state.get(f"sheet/{name}") or not ticked:
        return
    moment = actions.later(name)
    wait_s = (moment - desk().now()).total_seconds() if moment else desk().settings.countdown_s
    review = reviewing.review(desk(), sorted(ticked), countdown_s=wait_s)
    with st.container(border=True):
        st.markdown(f"#### {t('Check before sending')}")
        _summary(review)
        wanted = [verdict.invoice_id for verdict in review.by_level[Level.WARNING] if st.session_state.get(f"also/{name}/{verdict.invoice_id}")]
        _buttons(name, review, wanted)
        _blocked(name, review)
        _to_check(name, review.by_level[Level.WARNING])
        _ready(review.by_level[Level.READY])


def _summary(review: Review) -> None:
    counts = {level: len(review.by_level[level]) for level in Level}
    words = t(
        "**{ready} ready · {check} to check · {blocked} blocked**",
        ready=counts[Level.READY],
        check=counts[Level.WARNING],
        blocked=counts[Level.BLOCKED],
    )
    if counts[Level.READY]:
        words += f" · {plain(ledger_foot.money(review.ready))} · " + t("ends about {time}", time=strip.soon(review.ends_at))
    st.markdown(words)
    for note in review.notes:
        st.warning(shown(note))
    if len(review.shares) > 1:
        for share in review.shares:
            counted = t(
                "{company}: {ready} ready, {check} to check, {blocked} blocked",
                company=share.company,
                ready=share.counts[Level.READY],
                check=share.counts[Level.WARNING],
                blocked=share.counts[Level.BLOCKED],
            )
            st.caption(counted + (f" · {plain(ledger_foot.money(share.ready))}" if share.counts[Level.READY] else ""))


def _buttons(name: str, review: Review, wanted: list[int]) -> None:
    ready = [verdict.invoice_id for verdict in review.by_level[Level.READY]]
    moment = actions.later(name)
    if moment:
        st.caption(t("Leaves on {when}.", when=i18n.moment(language(), moment.astimezone(zone()))))
    elif st.session_state.get(f"sheet-at/{name}"):
        st.warning(t("The time that you chose is over: what you send now leaves now."))
    with st.container(horizontal=True):
        label = t("Send the {count} ready", count=len(ready))
        if wanted:
            label = t("Send the {count} ready and {checked} checked", count=len(ready), checked=len(wanted))
        if st.button(label, type="primary", disabled=not ready + wanted, key=f"sheet-send/{name}"):
            actions.queue(name, ready + wanted)
        if st.button(t("Back"), key=f"sheet-cancel/{name}"):
            st.session_state[f"sheet/{name}"] = False
            st.rerun()


def _blocked(name: str, review: Review) -> None:
    if not review.blocked:
        return
    st.markdown(f"**{t('Blocked: these stay here')}**")
    for place, group in enumerate(review.blocked):
        text, way = st.columns([6, 5], vertical_alignment="center")
        text.markdown(f"✗ {shown(group.sentence)}  \n:small[{_numbers(group.numbers)}]")
        with way, feedback.told():
            _mend(f"{name}/{place}/{group.key}", group)


def _numbers(numbers: tuple[str, ...]) -> str:
    named = ", ".join(plain(number) for number in numbers[:NAMED])
    return named if len(numbers) <= NAMED else t("{named} and {more} more", named=named, more=len(numbers) - NAMED)


def _mend(key: str, group: Group) -> None:
    """The field that is missing, right here; else the way to where it is."""
    if group.remedy is Remedy.CUSTOMER:
        with st.form(f"mend/{key}", border=False):
            field, save, card = st.columns([5, 2, 2], vertical_alignment="bottom")
            address = field.text_input(t("Address for invoices"), placeholder="compta@example.be", label_visibility="collapsed", key=f"mend-to/{key}")
            saved = save.form_submit_button(t("Save"), width="stretch")
            card.page_link(menu.CUSTOMERS, label=t("Customer card"), query_params={"customer": group.key})
        if saved and address.strip():
            _save(group.key, address)
    elif group.remedy is Remedy.COMPANY:
        st.page_link(menu.COMPANIES, label=t("Mend it on the company's page"), query_params={"company": group.key})
    elif group.remedy is Remedy.OUTBOX:
        st.page_link(menu.OUTBOX, label=t("Settle it in the outbox"))
    elif group.remedy is Remedy.RELEASE and st.button(t("Release"), key=f"release/{key}"):
        holding.release(desk(), group.invoice_ids)
        st.rerun()


def _save(customer_key: str, address: str) -> None:
    try:
        customers.change(desk(), customer_key, [Value("wants_email", "true"), Value("to", address)])
    except SettingInvalid as error:
        st.error(feedback.why(error))
    else:
        st.rerun()


def _to_check(name: str, verdicts: tuple[Verdict, ...]) -> None:
    if not verdicts:
        return
    title, everything = st.columns([6, 2], vertical_alignment="center")
    title.markdown(f"**{t('To check: only the ticked ones leave')}**")
    keys = [f"also/{name}/{verdict.invoice_id}" for verdict in verdicts]
    everything.button(t("Tick them all"), key=f"also-all/{name}", on_click=lambda: st.session_state.update(dict.fromkeys(keys, True)))
    for key, verdict in zip(keys, verdicts, strict=True):
        words = " ".join(shown(reason.sentence) for reason in verdict.reasons)
        st.checkbox(f"**{plain(verdict.number)}** — {words}", key=key)


def _ready(verdicts: tuple[Verdict, ...]) -> None:
    if verdicts:
        with st.expander(t("Ready: {count}", count=len(verdicts))):
            st.markdown(", ".join(plain(verdict.number) for verdict in verdicts))
