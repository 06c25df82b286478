"""The PDF that an invoicing company sends: whose it is, and the legal mentions in the company's own words."""

from __future__ import annotations

import zlib

import streamlit as st

from core import i18n
from core.dispatch.values import Value
from core.i18n import N_, NAMES
from core.model import Language
from core.records import Company, PdfChoice
from core.rendering.mentions import STANDARD, SUBJECTS
from pages.parts import company_forms, company_queue
from pages.parts.resources import plain, t, translated, worded

CHOICES = {PdfChoice.SUPPLIED: N_("As the billing program made it"), PdfChoice.RENDERED: N_("Made by Facturier")}
MEANINGS = {
    PdfChoice.SUPPLIED: N_("The PDF that came with an invoice leaves as it is; where none came, Facturier makes one."),
    PdfChoice.RENDERED: N_("Every invoice leaves in Facturier's layout, with your logo, the QR code and the XML inside."),
}
COLUMNS = 2
FITS = 50  # characters of the standard words that a field shows


@st.fragment
def show(company: Company) -> None:
    """A fragment: choosing another language loads nothing else of the page."""
    company_queue.about_words(company)
    left, right = st.columns([30, 70], gap="large")
    with left:
        changes = choice(company)
    with right:
        with st.container(horizontal=True, vertical_alignment="center", gap="medium"):
            st.markdown(f"**{t('Legal mentions')}**", width="content")
            language = company_forms.language(company, "mention")
        st.caption(t("An empty field prints the words in grey. Let your accountant look at your own words."))
        fields(company, language)
    changes += own_words(company)
    with left:
        if st.button(t("Save"), type="primary", disabled=not changes, key=f"save-pdf/{company.key}", help=others(company, language)):
            save(company, changes)


def choice(company: Company) -> list[Value]:
    """Whose PDF leaves, where it is another than before."""
    kept = PdfChoice.RENDERED if company.renders_pdf else PdfChoice.SUPPLIED
    key = worded(f"pdf-choice/{company.key}/{kept.value}")
    st.session_state.setdefault(key, kept)
    chosen = st.radio(
        t("The invoice PDF"),
        list(CHOICES),
        format_func=translated(CHOICES).__getitem__,
        captions=[t(MEANINGS[each]) for each in CHOICES],
        key=key,
    )
    return [Value("pdf", chosen.value)] if chosen is not kept else []


def fields(company: Company, language: Language) -> None:
    """One field a subject, down the columns; kept under a second name, since a field that is not shown forgets what was typed."""
    subjects = list(SUBJECTS)
    length = -(-len(subjects) // COLUMNS)
    for place, column in enumerate(st.columns(COLUMNS)):
        with column, st.container(gap="xxsmall"):
            for subject in subjects[place * length : (place + 1) * length]:
                key = _key(company, language, subject)
                st.session_state.setdefault(f"field/{key}", typed(company, language, subject))
                standard = i18n.translate(language, STANDARD[subject])
                whole = plain(standard) if len(standard) > FITS else None
                st.session_state[key] = st.text_input(t(SUBJECTS[subject]), placeholder=standard, help=whole, key=f"field/{key}")


def typed(company: Company, language: Language, subject: str) -> str:
    key = _key(company, language, subject)
    return str(st.session_state.get(f"field/{key}", st.session_state.get(key, company.mentions.get((language, subject), ""))))


def own_words(company: Company) -> list[Value]:
    """What is typed in any language and not saved."""
    places = [(language, subject) for language in Language for subject in SUBJECTS]
    words = {place: " ".join(typed(company, *place).split()) for place in places}
    return [_value(place, said) for place, said in words.items() if said != company.mentions.get(place, "")]


def others(company: Company, shown: Language) -> str | None:
    """Which languages that are not shown will be saved too."""
    changed = {value.name.split(".")[1] for value in own_words(company)} - {shown.value}
    names = ", ".join(NAMES[language] for language in Language if language.value in changed)
    return t("Saved with it: {languages}", languages=names) if names else None


def save(company: Company, changes: list[Value]) -> None:
    labels = {f"mention.{language}.{subject}": title for language in Language for subject, title in SUBJECTS.items()}
    if company_forms.save(company, changes, labels=labels, done=t("{company} is saved.", company=company.name)):
        st.rerun()


def _value(place: tuple[Language, str], words: str) -> Value:
    language, subject = place
    return Value(f"mention.{language.value}.{subject}", words)


def _key(company: Company, language: Language, subject: str) -> str:
    """Other kept words make another field: it shows them."""
    kept = company.mentions.get((language, subject), "")
    return f"mention/{company.key}/{language.value}/{subject}/{zlib.crc32(kept.encode())}"
