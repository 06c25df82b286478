"""A PDF of a billing program is read, never changed: number, total and customer are looked for in its text."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from io import BytesIO

import pypdf
import pytest
from fpdf import FPDF
from PIL import Image

from core.model import Invoice, Language
from core.rendering.pdf import render
from core.rendering.supplied import LOCKED, NO_CUSTOMER, NO_NUMBER, NO_TEXT, NO_TOTAL, NOTHING, UNREADABLE, doubts
from tests import builders as make
from tests.papers import paper


def said(pdf: bytes, invoice: Invoice) -> list[str]:
    return [violation.sentence.template for violation in doubts(pdf, invoice)]


@pytest.mark.parametrize("language", list(Language))
@pytest.mark.parametrize("invoice", [make.invoice(), make.credit_note(), make.invoice(lines=(make.line(net_price=Decimal("123456.78")),))])
def test_our_own_pdf_leaves_no_doubt(invoice: Invoice, language: Language) -> None:
    assert said(render(invoice, language=language), invoice) == []


@pytest.mark.parametrize(
    "total",
    [
        "1.234,56",
        "1 234,56",
        "1,234.56",
        "1234.56",
        "1234,56",
        "1'234.56",
        "EUR 1.234,56-",
        "1\u00a0234,56 EUR",
        "31/12/2026 1 234,56",
        "BE68 5390 0754 7034 1 234,56",
        "5 000,00 1 050,00 1 234,56",
    ],
)
def test_a_total_is_found_however_it_is_written(total: str) -> None:
    invoice = make.invoice(lines=(make.line(quantity=Decimal(1), net_price=Decimal("1234.56"), vat_category="Z", vat_rate=Decimal(0)),))
    assert said(paper("Facture 2026/0042", "Bakkerij Peeters", f"Total {total}"), invoice) == []


def test_each_thing_that_is_missing_is_named() -> None:
    invoice = make.invoice()
    assert said(paper("Facture 2026-0041", "Bakkerij Peeters BV", "242,00"), invoice) == [NO_NUMBER]
    assert said(paper("Facture 2026-0042", "Bakkerij Peeters BV", "243,00"), invoice) == [NO_TOTAL]
    assert said(paper("Facture 2026-0042", "Boucherie Dupont SA", "242,00"), invoice) == [NO_CUSTOMER]
    assert said(paper("Bon de livraison du 24/11/2026", "Merci"), invoice) == [NOTHING]


def test_the_long_part_of_a_number_is_enough() -> None:
    invoice = make.invoice(number="V01/15000001")
    assert said(paper("Factuur 15000001", "Bakkerij Peeters", "242,00"), invoice) == []
    assert said(paper("Factuur 15000002", "Bakkerij Peeters", "242,00"), invoice) == [NO_NUMBER]
    assert said(paper("0042", "Bakkerij Peeters", "242,00"), make.invoice()) == [NO_NUMBER]


@pytest.mark.parametrize("name", ["PEETERS bakkerij", "Peeters, Bakkerij", "BE 0999.999.922", "0999 999 922"])
def test_a_customer_is_known_by_the_words_of_the_name_or_a_number(name: str) -> None:
    assert said(paper("2026-0042", "242,00", name), make.invoice()) == []


def test_accents_and_case_do_not_matter() -> None:
    invoice = make.invoice(buyer=replace(make.party(name="Café Müller SPRL"), vat_id=None, legal_id=None, endpoint=None))
    assert said(paper("2026-0042", "242,00", "CAFE MULLER"), invoice) == []


def test_a_scan_is_said_to_be_one() -> None:
    document = FPDF()
    document.add_page()
    document.image(Image.new("L", (200, 300), 200), x=0, y=0, w=210)
    assert said(bytes(document.output()), make.invoice()) == [NO_TEXT]


def test_what_cannot_be_opened_is_said() -> None:
    writer = pypdf.PdfWriter(clone_from=BytesIO(paper("2026-0042")))
    writer.encrypt("secret", algorithm="AES-256")
    locked = BytesIO()
    writer.write(locked)
    assert said(locked.getvalue(), make.invoice()) == [LOCKED]
    assert said(b"%PDF-1.4 nonsense", make.invoice()) == [UNREADABLE]


@pytest.mark.parametrize(
    ("name", "printed"),
    [
        ("Cœur SA", "COEUR S.A."),
        ("Æther", "Aether"),
        ("Møller ApS", "Moller APS"),
        ("Müller GmbH", "Mueller GmbH"),
        ("Jean-Pierre Dupont", "Jean Pierre Dupont"),
        ("Monsieur Jean Dupont", "Dupont Jean"),
        ("Mr. Jan Peeters", "Jan Peeters"),
        ("Jan Peeters", "J. Peeters"),
        ("Société Dupont", "Sté Dupont"),
    ],
)
def test_a_name_is_found_as_people_write_it(name: str, printed: str) -> None:
    invoice = make.invoice(buyer=make.private_person(name=name))
    assert said(paper("2026-0042", "242,00", printed), invoice) == []
    assert said(paper("2026-0042", "242,00", "Boucherie Lambert"), invoice) == [NO_CUSTOMER]


@pytest.mark.parametrize(
    ("number", "printed", "is_there"),
    [("2026-0017", "2026/17", True), ("2026-1", "2026-15", False), ("F.2026.9", "F 2026 9", True), ("12", "112", False)],
)
def test_a_number_is_found_whole(number: str, printed: str, is_there: bool) -> None:
    assert (said(paper(f"Factuur {printed}", "Bakkerij Peeters", "242,00"), make.invoice(number=number)) == []) is is_there


def test_amounts_are_not_run_together_over_lines() -> None:
    invoice = make.invoice(lines=(make.line(quantity=Decimal(1), net_price=Decimal("5000"), vat_rate=Decimal(21)),))
    assert said(paper("2026-0042", "Bakkerij Peeters", "5 000,00", "1 050,00", "6 050,00"), invoice) == []
