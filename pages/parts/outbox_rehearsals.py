"""What was rehearsed lately: what changed since, and “send what I rehearsed”."""

from __future__ import annotations

import streamlit as st

from core import i18n
from core.dispatch import rehearsal_files, rehearsed, rehearsing
from core.dispatch.rehearsed import Kept
from pages.parts import feedback, strip, ticks
from pages.parts.resources import desk, language, plain, shown, t, zone

NAMED = 5


def show() -> None:
    """Nothing where nobody rehearsed."""
    found = rehearsed.lately(desk())
    if not found:
        return
    with st.expander(t("Rehearsals of the last days: {count}", count=len(found)), expanded=any(kept.free for kept in found), key="rehearsals"):
        for kept in found:
            with feedback.told():
                _one(kept)


def _one(kept: Kept) -> None:
    text, send, get = st.columns([7, 3.4, 1.4], vertical_alignment="center")
    when = i18n.moment(language(), kept.at.astimezone(zone()))
    where = t("as files") if kept.destination == rehearsing.ZIP else kept.destination
    words = t("**#{id}** · {when} · {who} · {where} · mails: {count}", id=kept.id, when=when, who=kept.by, where=where, count=len(kept.mails))
    if kept.sent_at is not None:
        words += " · " + t("sent on {when}", when=i18n.moment(language(), kept.sent_at.astimezone(zone())))
    text.markdown(words)
    if kept.free:
        label = t("Send what I rehearsed ({count})", count=len(kept.free))
        send.button(label, key=f"send-rehearsed/{kept.id}", type="primary", on_click=_send, args=(kept.id,), width="stretch")
    _download(kept, get)
    _refused(kept)


def _refused(kept: Kept) -> None:
    """By reason, with the numbers."""
    by_reason: dict[str, list[str]] = {}
    for invoice_id, why in kept.refused.items():
        by_reason.setdefault(shown(why), []).append(kept.number(invoice_id))
    for words, numbers in by_reason.items():
        named = ", ".join(plain(number) for number in numbers[:NAMED]) + (" …" if len(numbers) > NAMED else "")
        st.caption(f"{named} — {words}")


def _download(kept: Kept, place: st.delta_generator.DeltaGenerator) -> None:
    spoken, keeper = language(), desk()  # now: the file is made outside of the session
    place.download_button(
        "ZIP",
        lambda: rehearsal_files.zipped(keeper, rehearsed.files(kept, keeper), spoken),
        file_name=f"{t('Rehearsal')} {kept.id}.zip",
        mime="application/zip",
        key=f"get-rehearsal/{kept.id}",
        on_click="ignore",
        help=t("Download (ZIP)"),
        width="stretch",
    )


def _send(rehearsal_id: int) -> None:
    """Those very bytes, with the countdown."""
    with feedback.told_later():
        queued = rehearsed.send(desk(), rehearsal_id, countdown_s=desk().settings.countdown_s)
        ticks.drop(queued.invoice_ids)
        if queued.invoice_ids:
            strip.watch(queued.batch_id, back_to=None)
        if queued.refused:
            words = " ".join(dict.fromkeys(shown(why) for why in queued.refused.values()))
            feedback.later(t("Not sent: {count}.", count=len(queued.refused)) + f" {words}")
