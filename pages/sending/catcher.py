"""The mail catcher: what the customers would get, when mails go to the local server of “make run”."""

from html import escape

import streamlit as st

from core import catcher, i18n
from pages.parts import feedback, mail_preview, menu, preview_panel
from pages.parts.resources import desk, language, t, zone

LIMIT = 100


def choose(mails: list[catcher.CaughtMail]) -> str:
    state = st.dataframe(
        {
            t("When"): [i18n.moment(language(), mail.received_at.astimezone(zone())) for mail in mails],
            t("To"): [", ".join(mail.envelope_to) for mail in mails],
            t("Subject"): [mail.subject for mail in mails],
        },
        hide_index=True,
        on_select="rerun",
        selection_mode="single-row",
        height=min(35 * (len(mails) + 1) + 3, 250),
        key=f"caught-list/{mails[0].id}",
    )
    rows = state["selection"]["rows"]
    return mails[rows[0] if rows else 0].id


def show(opened: catcher.Opened, identity: str) -> None:
    preview_panel.mail_head(opened, "From", "To", "Cc", "Reply-To", "Subject", "Date", "Message-ID")
    names = [t("Mail"), t("Plain text"), *[part.file_name for part in opened.attachments]]
    for place, tab in enumerate(st.tabs(names)):
        with tab:
            if place == 0:
                page = opened.html or f"<pre>{escape(opened.plain)}</pre>"
                mail_preview.show(page, opened.pictures, title=t("The mail as the customer reads it"), key=f"caught/{identity}")
            elif place == 1:
                st.code(opened.plain, language=None, wrap_lines=True)
            else:
                preview_panel.attachment(opened.attachments[place - 2], f"caught/{identity}/{place}")
    st.download_button(t("Download the mail (.eml)"), opened.raw, file_name=f"{identity}.eml", mime="message/rfc822")


menu.header(t("Mail catcher"))
st.caption(t("A mail server on this machine for trying things out: what it takes goes no further."))
with feedback.told():
    place = desk().settings.catcher_folder
    found = catcher.caught(place, LIMIT)
    if found:
        picked = choose(found)
        show(catcher.open_mail(place, picked), picked)
    else:
        st.info(t("Nothing caught yet."))
