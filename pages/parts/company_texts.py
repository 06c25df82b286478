"""Accompanying text and signature of an invoicing company, with the mail of a real invoice beside them."""

from __future__ import annotations

from dataclasses import dataclass

import streamlit as st

from core import i18n
from core.dispatch import companies, texts
from core.dispatch.texts import Sample
from core.dispatch.values import Value
from core.errors import TextInvalid
from core.i18n import N_, NAMES
from core.model import DocumentType, Language
from core.records import AccompanyingText, Company
from core.rendering import mail_text, signatures
from pages.parts import company_forms, company_queue, feedback, mail_editor, mail_preview
from pages.parts.resources import desk, plain, shown, t, translated, worded
from pages.parts.resources import language as screen

KIND_NAMES = {"invoice": N_("Invoice"), "credit_note": N_("Credit note")}
NO_SAMPLE = {
    "invoice": N_("There is no invoice of this company yet; the keywords stand here as they are. With the first invoice they are filled in."),
    "credit_note": N_("There is no credit note of this company yet; the keywords stand here as they are. With the first one they are filled in."),
}


@dataclass(frozen=True, kw_only=True)
class Place:
    """Which text is open."""

    company: Company
    language: Language
    kind: str

    @property
    def type_code(self) -> DocumentType:
        return companies.KINDS[self.kind]

    @property
    def key(self) -> str:
        return f"{self.company.key}/{self.language.value}/{self.kind}"

    @property
    def saved(self) -> AccompanyingText:
        return self.company.texts.get((self.language, self.type_code), AccompanyingText(subject="", body=""))

    @property
    def signature(self) -> str:
        return self.company.signatures.get(self.language, "")


@st.fragment
def show(company: Company) -> None:
    """A fragment: typing moves the preview, and nothing else of the page."""
    with feedback.told():
        company_queue.about_words(company)
        place, wants_saving = choose(company)
        left, right = st.columns([52, 48], gap="medium")
        with left:
            words = mail_editor.edit(place.saved, mail_text.standard(place.language, place.type_code), key=place.key)
            signature = signature_field(place)
        with right:
            if not wants_saving or save(place, words, signature):
                repeated(place, words, signature)
                preview(place, words, signature)


def choose(company: Company) -> tuple[Place, bool]:
    """Language, kind and “Save”, and which other texts have something unsaved in them."""
    with st.container(horizontal=True, vertical_alignment="center"):
        language = company_forms.language(company, "text")
        kind = st.segmented_control(
            t("Document"),
            list(KIND_NAMES),
            default="invoice",
            format_func=translated(KIND_NAMES).__getitem__,
            required=True,
            label_visibility="collapsed",
            key=f"text-kind/{company.key}",
        )
        place = Place(company=company, language=language, kind=kind)
        note = t("Saving sends nothing. Mails that are queued already stop when their text changes.")
        saves = st.button(t("Save"), type="primary" if has_draft(place) else "secondary", help=note, key=f"save-text/{place.key}")
        others = ", ".join(f"{NAMES[each.language]} – {t(KIND_NAMES[each.kind])}" for each in unsaved(company) if each != place)
        if others:
            st.caption(t("Not saved yet either: {texts}", texts=others), width="content")
    return place, saves


def unsaved(company: Company) -> list[Place]:
    places = [Place(company=company, language=language, kind=kind) for language in Language for kind in KIND_NAMES]
    return [place for place in places if mail_editor.has_draft(place.key, place.saved)]


def has_draft(place: Place) -> bool:
    return mail_editor.has_draft(place.key, place.saved) or typed_signature(place).strip() != place.signature


def typed_signature(place: Place) -> str:
    key = f"{place.company.key}/{place.language.value}"
    return str(st.session_state.get(f"signature-field/{key}", st.session_state.get(f"signature/{key}", place.signature)))


def signature_field(place: Place) -> str:
    """Kept in the session under a second name, since a field that is not shown forgets what was typed."""
    key = f"{place.company.key}/{place.language.value}"
    st.session_state.setdefault(f"signature-field/{key}", typed_signature(place))
    typed = st.text_area(t("Signature (after every text in this language)"), height=100, key=f"signature-field/{key}")
    st.session_state[f"signature/{key}"] = typed
    return str(typed)


def save(place: Place, words: AccompanyingText, signature: str) -> bool:
    """Whether there is something to show beside the text; after a refusal there is only its sentence."""
    prefix = f"text.{place.language.value}.{place.kind}"
    values = [Value(f"{prefix}.subject", words.subject), Value(f"{prefix}.body", words.body)] if mail_editor.is_changed(words, place.saved) else []
    values += [Value(f"signature.{place.language.value}", signature)] if signature.strip() != place.signature else []
    if not values:
        st.toast(t("Nothing has changed; the text is saved as it is."))
        return True
    labels = {f"{prefix}.subject": N_("Subject"), f"{prefix}.body": N_("Text")}
    if company_forms.save(place.company, values, labels=labels, done=t("The text is saved.")):
        mail_editor.forget(place.key)
        st.rerun()
    return False


def repeated(place: Place, words: AccompanyingText, signature: str) -> None:
    if signatures.repeated(words.body, signature):
        st.warning(t("The text ends with the signature, which comes after it anyway: the customer would read it twice."))
        st.button(t("Take it out of the text"), on_click=take_out, args=(place.key, words, signature), key=f"signature-out/{place.key}")


def take_out(key: str, words: AccompanyingText, signature: str) -> None:
    mail_editor.replace(key, AccompanyingText(subject=words.subject, body=signatures.without(words.body, signature)))


def preview(place: Place, words: AccompanyingText, signature: str) -> None:
    """The mail as the customer of a real invoice would read it, or why it cannot be made."""
    found = texts.samples(desk(), place.company, place.language, place.type_code)
    sample = sample_field(place, {each.invoice_id: each for each in found})
    try:
        made = texts.tried(desk(), sample.invoice_id if sample else None, words, signature, place.language)
    except TextInvalid as error:
        st.warning(shown(error.sentence))
        return
    if sample is None:
        st.info(t(NO_SAMPLE[place.kind]))
    st.markdown(f"**{plain(made.subject)}**")
    mail_preview.show(made.html, made.pictures, title=t("The mail as the customer reads it"), key=f"text-preview/{place.company.key}")


def sample_field(place: Place, found: dict[int, Sample]) -> Sample | None:
    """Which real invoice is shown."""
    if not found:
        return None
    names = {each.invoice_id: f"{each.number} · {i18n.day(screen(), each.issue_date)} · {each.buyer}" for each in found.values()}
    chosen = st.selectbox(
        t("Preview with"),
        list(names),
        format_func=names.__getitem__,
        key=worded(f"sample/{place.key}"),
    )
    return found[chosen]
