"""Who an invoicing company is: name, address, account, language, colour, logo, and the day it starts with Facturier."""

from __future__ import annotations

from datetime import date

import streamlit as st

from core.dispatch import companies, company_files
from core.dispatch.values import Value
from core.i18n import N_, NAMES
from core.model import Language
from core.records import Company
from pages.parts import company_forms, company_queue
from pages.parts.resources import desk, shown, t

NAME = {"name": N_("Name"), "legal_form": N_("Legal form")}
ADDRESS = {"street": N_("Street"), "additional_street": N_("Address, second line"), "postcode": N_("Postcode"), "city": N_("Town")}
ADDRESS |= {"country": N_("Country (two letters)")}
BANK = {"email": N_("E-mail"), "iban": N_("IBAN"), "bic": N_("BIC")}
OTHERS = {"language": N_("Language"), "colour": N_("Colour"), "go_live": N_("With Facturier since"), "logo": N_("Logo (PNG or JPEG)")}
LABELS = {**NAME, **ADDRESS, **BANK, **OTHERS}
COLOUR = "#1a6b5a"


def show(company: Company) -> None:
    for doubt in companies.doubts(company):
        st.warning(shown(doubt))
    with st.form(f"identity/{company.key}"):
        left, middle, right = st.columns(3, gap="large")
        with left:
            values = texts(company, NAME)
            st.text_input(t("VAT number"), value=company.vat_id or company.enterprise_number or company.key, disabled=True)
            values |= texts(company, BANK)
        with middle:
            values |= texts(company, ADDRESS)
        with right:
            changes = look(company)
        save = st.form_submit_button(t("Save"), type="primary")
    company_queue.about_looks(company)
    drop = company.logo_sha256 and st.button(t("Remove the logo"), key=f"no-logo/{company.key}")
    typed = [Value(name, word) for name, word in values.items()] + changes
    done = t("{company} is saved.", company=company.name)
    if save and company_forms.save(company, typed, labels=LABELS, done=done):
        st.rerun()
    if drop and company_forms.save(company, [Value("logo", "")], labels=LABELS, done=t("The logo is removed.")):
        st.rerun()


def texts(company: Company, names: dict[str, str]) -> dict[str, str]:
    """One field for each name, with what the card says."""
    held = {name: getattr(company.address if name in ADDRESS else company, name) or "" for name in names}
    return {name: st.text_input(t(title), value=held[name]) for name, title in names.items()}


def look(company: Company) -> list[Value]:
    """Language, first day, colour and logo."""
    languages = list(Language)
    language = st.selectbox(t("Language"), languages, index=languages.index(company.language), format_func=NAMES.__getitem__)
    started = first_day(company)
    colour = st.color_picker(t("Colour"), value=company.colour or COLOUR)
    kept = company_files.logo(desk(), company)
    if kept:
        with st.container(border=True, width="content", key=f"logo-paper/{company.key}"):
            st.image(kept, width=160)
    logo = st.file_uploader(t("Logo (PNG or JPEG)"), type=["png", "jpg", "jpeg"], key=f"company-file/logo/{company.key}/{company.logo_sha256}")
    changes = [Value("language", language.value), Value("go_live", started.isoformat() if started else "")]
    changes += [Value("colour", colour)] if colour != (company.colour or COLOUR) else []
    return changes + ([Value("logo", logo.getvalue(), logo.name)] if logo else [])


def first_day(company: Company) -> date | None:
    """Kept through the session's state, because only a field that begins empty can be emptied again."""
    key = f"go_live/{company.key}/{company.go_live}"
    st.session_state.setdefault(key, company.go_live)
    help_text = t("From this day on its invoices leave through Facturier; what was issued before is taken as sent elsewhere when it is imported.")
    day: date | None = st.date_input(t("With Facturier since"), value=None, format="DD/MM/YYYY", key=key, help=help_text)
    return day
