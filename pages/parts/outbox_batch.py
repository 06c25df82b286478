"""Whether anything can leave, and how far a batch is: its invoices and its recipients, counted apart."""

from __future__ import annotations

import streamlit as st

from core import i18n, reasons, styling
from core.dispatch import companies, outbox_view, settling, waits
from core.dispatch.outbox_view import Batch, Far, PausedAccount
from pages.parts import feedback, menu, outbox_acts, outbox_settled, reason_choice, strip
from pages.parts.outbox_acts import Ways
from pages.parts.resources import desk, language, plain, shown, t, worded, zone

# Whatever becomes of the batch: what stands below it does not move under a pointer.
_LOOKS = """<style>
.st-key-batch-now { min-height: 7rem; }
</style>"""


@st.fragment(run_every=2.0)
def standstill() -> None:
    """What keeps mails from leaving, said loudly, with the way out."""
    with feedback.told():
        count, ago_s = outbox_view.heartbeat(desk())
        if count == 0:
            st.error(t("No worker is running: nothing leaves. Tell whoever looks after Facturier, or start it with “python -m core worker”."))
        else:
            st.caption(t("Workers: {count} · last sign of life {seconds} s ago", count=count, seconds=ago_s))
        for account in outbox_view.paused_accounts(desk()):
            _paused(account)


def _paused(account: PausedAccount) -> None:
    text, ways = st.columns([6, 3.4], vertical_alignment="center")
    words = f"**{plain(account.name)}** — {shown(account.because)}  \n"
    if account.waiting:
        words += t("Mails that wait for it: {count}.", count=account.waiting) + " "
    if account.until is not None:
        words += t("Next try at {time}.", time=i18n.clock(language(), account.until.astimezone(zone())))
    (text.warning if account.until else text.error)(words)
    with ways.container(horizontal=True, vertical_alignment="center"):
        label = t("Resume") if account.because.template == settling.PAUSED_BY else t("Try again now")
        st.button(label, key=f"resume/{account.key}", on_click=settling.resume, args=(desk(), account.company_id), type="primary")
        st.page_link(menu.COMPANIES, label=t("Mail account"), query_params={"company": account.key, "part": "account"})


def pause() -> None:
    """Stop everything of one company; what is queued stays queued."""
    paused = {account.key for account in outbox_view.paused_accounts(desk()) if account.until is None}
    known = {each.id: each.name for each in companies.list_companies(desk()) if each.key not in paused}
    if not known:
        return
    turn = st.session_state.setdefault("pause-turn", 0)  # another form after each use: a second click must not meet another company
    label, hint = t("Pause an account"), t("Nothing of that company leaves until somebody resumes it.")
    with st.popover(label, help=hint, key=f"pause-open/{turn}"), st.container(width=outbox_acts.ROOM), feedback.told():
        company = st.selectbox(t("Company"), list(known), format_func=known.__getitem__, index=None if turn else 0, key=f"pause-company/{turn}")
        reason = reason_choice.choose(reasons.PAUSE, f"pause-reason/{turn}")
        if st.button(t("Pause"), key="pause-do", type="primary", disabled=not reason or company is None) and company is not None:
            settling.pause(desk(), company, reason=reason)
            st.session_state["pause-turn"] = turn + 1
            outbox_settled.act()
            feedback.later(t("Paused: {company}.", company=known[company]), undo=lambda: settling.resume(desk(), company))
            st.rerun()


# Progress -------------------------------------------------------------------------------------------------------


def show() -> None:
    known = outbox_view.batches(desk())
    if not known:
        st.info(t("Nothing was sent yet. Tick invoices in the e-mail ledger, then “@ Send by e-mail”."))
        st.page_link(menu.EMAIL, label=t("E-mail ledger"), icon=":material/mail:")
        return
    names = {batch.id: f"#{batch.id} · {_name(batch)}" for batch in known}  # two of one minute look alike, and the drop-down tells labels apart
    choice, stop = st.columns([7, 2], vertical_alignment="bottom")
    newest, key = known[0].id, worded("batch")
    if st.session_state.get("batch-newest") != newest:  # a new one shows itself
        st.session_state["batch-newest"] = st.session_state[key] = newest
    chosen = choice.selectbox(t("Batch"), list(names), format_func=names.__getitem__, key=key, label_visibility="collapsed")
    with stop.container(horizontal=True, horizontal_alignment="right"):
        pause()
    st.html(_LOOKS)
    with st.container(key="batch-now"):
        found = waits.of_batch(desk(), chosen)
        can = outbox_acts.ways(found, outbox_view.far(desk(), chosen))
        far, buttons = st.columns([4.4, 7.6] if can.now or can.move else [7.6, 4.4], vertical_alignment="center")
        with far:
            progress(chosen, can)
        with buttons:
            outbox_acts.show(chosen, can, found)


def _name(batch: Batch) -> str:
    when = i18n.moment(language(), batch.at.astimezone(zone()))
    if batch.cancelled_at and not batch.invoices:
        return i18n.translate(language(), i18n.N_("{when} · {who} · cancelled"), when=when, who=batch.by)
    return i18n.translate(language(), i18n.N_("{when} · {who} · invoices: {count}"), when=when, who=batch.by, count=batch.invoices)


@st.fragment(run_every=1.0)
def progress(batch_id: int, can: Ways) -> None:
    """Read from the database every second: closing the browser changes nothing.

    `can`: the buttons below it; when they should be others, the page is made again.
    """
    with feedback.told():
        found = waits.of_batch(desk(), batch_id)
        far = outbox_view.far(desk(), batch_id)
        if outbox_acts.ways(found, far) != can:
            st.rerun()
        if not far.total:
            known = next((batch for batch in outbox_view.batches(desk()) if batch.id == batch_id), None)
            if known is None or known.cancelled_at:
                st.caption(t("Nothing is left of this batch: it was cancelled before anything left."))
            else:
                st.caption(t("What was in this batch is sent again in a later one."))
            return
        invoices = far.invoices
        if found.held or invoices.leaves_in_s > strip.FAR_S:
            st.caption(t("Invoices: {done} of {total} done", done=invoices.done, total=invoices.total))
        elif invoices.leaves_in_s > 0 and far.is_open:
            st.markdown(t("**Leaving in {seconds} s** · invoices: {count}", count=invoices.waiting, seconds=invoices.leaves_in_s))
        else:
            done = t("Invoices: {done} of {total} done", done=invoices.done, total=invoices.total)
            done += strip.ends_about([batch_id]) if far.is_open else ""
            st.progress(invoices.done / max(1, invoices.total), text=done)
        outbox_acts.why(found)
        _counts(far)


def _counts(far: Far) -> None:
    invoices = " · ".join(f"{styling.label(language(), status)} **{count}**" for status, count in sorted(far.invoices.counts.items()))
    recipients = " · ".join(f"{styling.label(language(), status)} **{count}**" for status, count in far.recipients.items())
    st.markdown(f"{t('Invoices: {count}', count=far.invoices.total)} → {invoices}  \n{t('Recipients: {count}', count=far.total)} → {recipients}")
