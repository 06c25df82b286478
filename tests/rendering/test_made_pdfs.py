"""Any valid invoice becomes a PDF/A-3B that shows its number, parties, lines and totals, and a QR code that pays it."""

from __future__ import annotations

import re
import unicodedata
from typing import Any

import pypdfium2
import zxingcpp
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core import i18n
from core.model import Invoice, Language, XmlFormat
from core.rendering import epc, supplied, ubl
from core.rendering.enclosed import Enclosed
from core.rendering.pdf import render
from tests.made import invoices
from tests.rendering.test_pdf import is_pdf_a


def rendered(invoice: Invoice, language: Language) -> bytes:
    draft = ubl.draft(invoice, wanted=XmlFormat.BIS3)
    return render(invoice, language=language, enclosed=Enclosed(file_name=draft.file_name, content=draft.content))


def read(pdf: bytes) -> tuple[str, list[str]]:
    """The text without any blanks, and what the barcodes on the pages say."""
    library: Any = pypdfium2
    text, codes = "", list[str]()
    with library.PdfDocument(pdf) as document:
        for page in document:
            text += page.get_textpage().get_text_range()
            codes += [code.text for code in zxingcpp.read_barcodes(page.render(scale=3).to_pil())]
    return compact(text), codes


def compact(text: str) -> str:
    return re.sub(r"\s", "", unicodedata.normalize("NFKC", text))


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(invoices(lines=(1, 15)), st.sampled_from(list(Language)))
def test_every_invoice_is_shown_whole(invoice: Invoice, language: Language) -> None:
    pdf = rendered(invoice, language)
    text, codes = read(pdf)
    assert is_pdf_a(pdf)
    totals = invoice.totals
    for amount in (totals.line_total, totals.total_without_vat, totals.vat_total, totals.total_with_vat):
        assert compact(i18n.number(language, amount, decimals=2)) in text
    due = totals.amount_due if invoice.is_credit_note else abs(totals.amount_due)
    assert compact(i18n.amount(language, due, invoice.currency)) in text
    for line in invoice.lines:
        assert compact(i18n.figure(language, line.net_amount, at_least=2)) in text
    assert codes == ([payload] if (payload := epc.payload(invoice)) else [])
    assert not [doubt for doubt in supplied.doubts(pdf, invoice) if doubt.sentence.template == supplied.NO_TOTAL]


@settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(invoices())
def test_the_same_invoice_is_the_same_file(invoice: Invoice) -> None:
    assert rendered(invoice, Language.NL) == rendered(invoice, Language.NL)
