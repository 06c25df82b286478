from __future__ import annotations

import hashlib
import re
import subprocess
import sys
import unicodedata
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import date
from decimal import Decimal
from io import BytesIO
from pathlib import Path
from typing import Any

import page
import pypdf
import pypdfium2
import pytest
import zxingcpp
from PIL import Image

from core.model import ZERO, AllowanceCharge, CashDiscount, Invoice, Language, Party, PaymentMeans, VatBreakdown
from core.rendering import epc, fonts, labels
from core.rendering.pdf import accent, laid_out, render
from core.rendering.sheet import Text
from tests import builders as make
from tests.rendering.samples import Maker, full

ROOT = Path(__file__).parents[2]


def pages(pdf: bytes) -> list[str]:
    """The text of each page, with plain blanks."""
    reader = pypdf.PdfReader(BytesIO(pdf))
    return [re.sub(r"[^\S\n]+", " ", unicodedata.normalize("NFKC", each.extract_text())) for each in reader.pages]


def words(invoice: Invoice, language: Language = Language.EN) -> str:
    """All text, on one line."""
    return " ".join(" ".join(pages(render(invoice, language=language))).split())


def is_pdf_a(pdf: bytes) -> bool:
    return page.is_pdf_compliant_bytes(pdf, profile=page.ValidationProfile.PDF_A_3B)


def picture(mode: str, file_format: str, *, size: tuple[int, int] = (300, 100)) -> bytes:
    buffer = BytesIO()
    Image.new(mode, size).save(buffer, file_format)
    return buffer.getvalue()


# What it says ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("language", "kind", "title"),
    [
        (Language.FR, make.invoice, "Facture"),
        (Language.NL, make.invoice, "Factuur"),
        (Language.EN, make.invoice, "Invoice"),
        (Language.FR, make.credit_note, "Note de crédit"),
        (Language.NL, make.credit_note, "Creditnota"),
        (Language.EN, make.credit_note, "Credit note"),
    ],
)
def test_the_title_and_number_are_there_in_each_language(language: Language, kind: Maker, title: str) -> None:
    invoice = kind()
    (text,) = pages(render(invoice, language=language))
    assert title in text.splitlines()
    assert invoice.number in text.splitlines()


def test_parties_and_payment_are_complete() -> None:
    text = words(make.invoice())
    for expected in (
        "Atelier Dubois SRL",
        "SRL, RPM Bruxelles",
        "Rue de la Loi 16",
        "1000 Bruxelles",
        "VAT BE 0123.456.749",
        "Enterprise number 0123.456.749",
        "Bakkerij Peeters BV",
        "VAT BE 0999.999.922",
        "24 Nov 2026",
        "Please pay € 242.00 by 24 Dec 2026.",
        "IBAN BE71 0961 2345 6769 BIC GKCCBEBB",
        make.OGM,
    ):
        assert expected in text


def test_all_figures_of_a_full_invoice_appear() -> None:
    invoice = full(make.invoice)
    text = words(invoice)
    totals = invoice.totals
    amounts = [totals.line_total, totals.total_without_vat, totals.vat_total, totals.total_with_vat, totals.paid_amount, totals.amount_due]
    amounts += [totals.rounding_amount, totals.vat_total_accounting or ZERO]
    amounts += [amount for part in invoice.vat_breakdown for amount in (part.taxable_amount, part.vat_amount)]
    amounts += [amount for line in invoice.lines for amount in (line.net_amount, line.net_price, line.gross_price or ZERO)]
    charges = (*invoice.allowances_charges, *(charge for line in invoice.lines for charge in line.allowances_charges))
    amounts += [charge.amount for charge in charges]
    for amount in amounts:
        assert f"{amount:,.2f}" in text or f"{amount:,}" in text, amount
    for reference in ("PO-1", "SO-1", "C-1", "P-1", "D-1", "R-1", "T-1", "V-1", "V-2", "AC-1", "Fiscaal BV", "Factor NV", "RPM-7", "Dépôt"):
        assert reference in text


def test_a_unit_price_keeps_its_own_decimals() -> None:
    text = words(make.invoice(lines=(make.line(net_price=Decimal("0.42695"), unit_code="KMT", quantity=Decimal("12.5")),)), Language.NL)
    assert "12,5 km 0,42695 21 % 5,34" in text


def test_reverse_charge_is_said_in_dutch() -> None:
    part = VatBreakdown(category="AE", rate=ZERO, taxable_amount=Decimal(200), vat_amount=ZERO, exemption_reason="Medecontractant")
    text = words(make.invoice(lines=(make.line(vat_category="AE", vat_rate=ZERO),), vat_breakdown=(part,)), Language.NL)
    assert "Btw verlegd – Medecontractant" in text


def test_a_reason_that_begins_with_the_mention_is_not_said_twice() -> None:
    stated = "Autoliquidation, art. 21, § 2 CTVA"
    part = VatBreakdown(category="AE", rate=ZERO, taxable_amount=Decimal(1), vat_amount=ZERO, exemption_reason=stated)
    assert labels.Words(Language.FR).mention(part) == stated
    assert labels.Words(Language.NL).mention(part) == f"Btw verlegd – {stated}"


def test_a_credit_note_names_its_invoice_and_the_duty_to_repay() -> None:
    text = words(make.credit_note(), Language.FR)
    assert "Facture concernée 2026-0042 (24/11/2026)" in text
    assert "TVA à reverser à l’État" in text
    assert "Merci de payer" not in text
    assert "à reverser" not in words(make.credit_note(buyer=make.private_person()), Language.FR)


def test_terms_discount_notes_and_self_billing_close_the_document() -> None:
    discount = CashDiscount(percentage=Decimal(2), amount=Decimal(392), until=date(2026, 12, 2))
    text = words(
        make.invoice(
            lines=(make.line(quantity=Decimal(4)),), payment_terms="30 jours", cash_discount=discount, notes=("Merci.",), source_type_code="389"
        )
    )
    for expected in ("Payment terms 30 jours", "Cash discount 2 % (€ 8.00) if paid by 2 Dec 2026", "Notes Merci.", "Self-billing"):
        assert expected in text


def test_a_direct_debit_asks_for_no_transfer() -> None:
    means = PaymentMeans(means_code="59", iban=make.IBAN, mandate_reference="M-7")
    text = words(make.invoice(payment_means=(means,)))
    assert "€ 242.00 will be collected by direct debit on 24 Dec 2026." in text
    assert "Scan to pay" not in text


def test_the_head_of_the_table_and_the_page_number_are_on_every_page() -> None:
    lines = tuple(make.line(id=str(at), name=f"Prestation {at}", description="Sur place " * 20) for at in range(1, 121))
    texts = pages(render(make.invoice(lines=lines), language=Language.FR))
    assert len(texts) > 5
    for at, text in enumerate(texts, 1):
        assert f"Page {at} sur {len(texts)}" in text
        assert "Facture 2026-0042" in text
        assert ("Prix unitaire" in text) == ("Prestation" in text)
    everything = " ".join(texts)
    assert [int(number) for number in re.findall(r"Prestation (\d+)", everything)] == list(range(1, 121))


# The QR code -----------------------------------------------------------------------------------------------------


def decoded(pdf: bytes) -> list[str]:
    document: Any = pypdfium2
    picture = document.PdfDocument(pdf)[0].render(scale=3).to_pil()
    return [barcode.text for barcode in zxingcpp.read_barcodes(picture)]


def test_the_qr_code_pays_the_invoice() -> None:
    (text,) = decoded(render(make.invoice(), language=Language.EN))
    assert text == f"BCD\n002\n1\nSCT\nGKCCBEBB\nAtelier Dubois SRL\n{make.IBAN}\nEUR242.00\n\n\n{make.OGM}"


@pytest.mark.parametrize(
    "invoice",
    [
        make.credit_note(),
        make.invoice(currency="USD"),
        make.invoice(payment_means=()),
        make.paid(make.invoice(), "242.00"),
        make.invoice(payment_means=(PaymentMeans(means_code="49", iban=make.IBAN),)),
        make.invoice(payment_means=(PaymentMeans(iban=make.IBAN), PaymentMeans(means_code="59", mandate_reference="M-1"))),
        make.invoice(payment_means=(PaymentMeans(iban="BE71 0961 2345 6768"),)),
        make.invoice(payment_means=(PaymentMeans(iban="123-4567890-12"),)),
    ],
    ids=["credit note", "dollars", "no account", "paid", "direct debit", "direct debit beside a transfer", "wrong IBAN", "no IBAN"],
)
def test_there_is_no_qr_code_where_no_transfer_in_euro_is_due(invoice: Invoice) -> None:
    assert epc.payload(invoice) is None
    assert decoded(render(invoice, language=Language.EN)) == []


def test_a_creditor_reference_goes_into_its_own_field() -> None:
    payload = epc.payload(make.invoice(payment_means=(PaymentMeans(iban="be71 0961 2345 6769", reference="RF18 5390 0754 7034"),)))
    assert payload is not None
    assert payload.split("\n")[4:] == ["", "Atelier Dubois SRL", make.IBAN, "EUR242.00", "", "RF18539007547034", ""]


@pytest.mark.parametrize(
    ("name", "reference", "letters"),
    [("Ω" * 70, "Ω" * 140, (70, 73)), ("漢" * 70, "漢" * 140, (70, 25)), ("🙂" * 70, "🙂" * 140, (62, 9)), ("a" * 70, "b" * 140, (70, 140))],
    ids=["Greek", "Chinese", "pictures", "Latin"],
)
def test_the_reference_gives_way_before_the_name_and_neither_to_nothing(name: str, reference: str, letters: tuple[int, int]) -> None:
    payload = epc.payload(make.invoice(payment_means=(PaymentMeans(iban=make.IBAN, reference=reference, account_name=name),)))
    assert payload is not None
    assert len(payload.encode()) <= 331
    fields = payload.split("\n")
    assert (len(fields[5]), len(fields[10])) == letters
    assert len(fields[10].encode()) >= 35


def test_an_account_of_no_name_is_the_sellers() -> None:
    payload = epc.payload(make.invoice(payment_means=(PaymentMeans(iban=make.IBAN, account_name=" "),)))
    assert payload is not None
    assert payload.split("\n")[5] == "Atelier Dubois SRL"


@pytest.mark.parametrize(("bic", "written"), [("gkcc be bb", "GKCCBEBB"), ("GKCCBEBBXXX", "GKCCBEBBXXX"), ("KREDBE", ""), ("n/a", "")])
def test_a_bic_that_is_none_is_not_in_the_code(bic: str, written: str) -> None:
    payload = epc.payload(make.invoice(payment_means=(PaymentMeans(iban=make.IBAN, bic=bic),)))
    assert payload is not None
    assert payload.split("\n")[4] == written


# The file --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", [make.invoice, make.credit_note])
@pytest.mark.parametrize("language", list(Language))
def test_it_is_pdf_a_3b(kind: Maker, language: Language) -> None:
    assert is_pdf_a(render(full(kind), language=language, colour="#0a7d5a"))


@pytest.mark.parametrize(
    "logo",
    [
        picture("RGBA", "PNG"),
        picture("RGB", "PNG", size=(3000, 2000)),
        picture("P", "GIF"),
        picture("L", "JPEG"),
        picture("RGB", "JPEG"),
        picture("CMYK", "JPEG"),
        picture("1", "PNG"),
        picture("I;16", "PNG"),
    ],
    ids=["alpha", "large", "palette", "grey", "jpeg", "cmyk", "bitmap", "16 bits"],
)
def test_every_logo_leaves_it_pdf_a_3b(logo: bytes) -> None:
    pdf = render(make.invoice(), language=Language.EN, logo=logo)
    assert is_pdf_a(pdf)
    assert len(pypdf.PdfReader(BytesIO(pdf)).pages[0].images) == 2  # with the QR code


@pytest.mark.parametrize("logo", [b"", b"no picture", picture("RGB", "PNG")[:-30], b"<svg xmlns='http://www.w3.org/2000/svg'/>"])
def test_a_bad_logo_is_left_out(logo: bytes) -> None:
    pdf = render(make.invoice(), language=Language.EN, logo=logo)
    assert is_pdf_a(pdf)
    assert "Atelier Dubois SRL" in pages(pdf)[0]


def test_streams_that_end_in_a_carriage_return_stay_pdf_a() -> None:
    rendered = [render(make.invoice(number=f"2026-{at}"), language=Language.EN) for at in range(300)]
    assert all(map(is_pdf_a, rendered))
    assert not any(b"\r\nendstream" in pdf for pdf in rendered)


def test_the_same_invoice_gives_the_same_bytes_in_any_process_and_thread() -> None:
    invoice = full(make.invoice)
    first = render(invoice, language=Language.NL, logo=picture("RGBA", "PNG"))
    with ThreadPoolExecutor(4) as pool:
        assert set(pool.map(lambda _: render(invoice, language=Language.NL, logo=picture("RGBA", "PNG")), range(8))) == {first}
    program = (
        "import hashlib\n"
        "from core.model import Language\n"
        "from core.rendering.pdf import render\n"
        "from tests.rendering.samples import full\n"
        "from tests.rendering.test_pdf import picture\n"
        "from tests import builders as make\n"
        "render(make.credit_note(), language=Language.FR)\n"
        "pdf = render(full(make.invoice), language=Language.NL, logo=picture('RGBA', 'PNG'))\n"
        "print(hashlib.sha256(pdf).hexdigest())\n"
    )
    outcome = subprocess.run([sys.executable, "-c", program], cwd=ROOT, env={"PYTHONHASHSEED": "7"}, capture_output=True, text=True, check=True)
    assert outcome.stdout.strip() == hashlib.sha256(first).hexdigest()


def test_the_metadata_say_what_it_is() -> None:
    pdf = render(make.invoice(), language=Language.FR)
    reader = pypdf.PdfReader(BytesIO(pdf))
    assert reader.xmp_metadata is not None
    assert reader.xmp_metadata.dc_title == {"x-default": "Facture 2026-0042"}
    assert b"2026-11-24T00:00:00+00:00" in pdf


# Extremes --------------------------------------------------------------------------------------------------------


def test_letters_outside_latin_are_drawn_and_unknown_ones_marked() -> None:
    buyer = make.party(name="Αθήνα Москва Łódź 日本 ไทย", address=make.address(street="e\u0301cole\u0000\u200b"))
    pdf = render(make.invoice(buyer=buyer), language=Language.FR)
    assert is_pdf_a(pdf)
    (text,) = pages(pdf)
    assert "Αθήνα Москва Łódź 日本 ???" in text
    assert "école\n" in text


@pytest.mark.parametrize(
    "name", ["東京商事株式会社", "한국 상사", "服务费 – 项目管理 Œuvre", "شركة العربية للتجارة", "חברת שירות", "ქართული", "Հայերեն", "☎ ⅝ ☀"]
)
def test_a_name_in_another_script_is_drawn_in_a_lent_typeface(name: str) -> None:
    invoice = make.invoice(buyer=make.party(name=name), lines=(make.line(name=f"{name} 12 %"),))
    pdf = render(invoice, language=Language.EN)
    assert is_pdf_a(pdf)
    assert fonts.undrawable(name) == ""
    (text,) = pages(pdf)
    assert "?" not in text
    assert "242.00" in text
    assert pdf == render(invoice, language=Language.EN)


def test_right_to_left_is_set_in_the_order_of_the_eye() -> None:
    shown = fonts.typefaces(wide=True, extra=fonts.lent_for("שירות 12")).shown("שירות 12")
    assert [piece for _, piece in fonts.typefaces(wide=True, extra=fonts.lent_for("שירות 12")).runs(shown, bold=False)] == ["12 ", "תוריש"]


def test_extreme_texts_and_figures_never_break_it() -> None:
    lines = (
        make.line(name="y" * 500, description="long text " * 900),
        make.line(id="2", name="", quantity=Decimal("1234567.123456"), net_price=Decimal("99999999.999999"), unit_code="UNKNOWN-UNIT"),
    )
    invoice = make.invoice(
        number="N" * 80,
        seller=make.seller(name="S" * 150, address=make.address(street="\n".join("123456789012"))),
        buyer=make.party(name="W " * 90, address=make.address(street="x" * 300)),
        lines=lines,
        notes=("note " * 2000, "", "\n\n"),
        buyer_reference="r" * 200,
        payment_terms="é" * 3000,
        allowances_charges=(AllowanceCharge(is_charge=False, amount=ZERO, reason="q" * 300, vat_category="S", vat_rate=Decimal(21)),),
    )
    pdf = render(invoice, language=Language.EN)
    assert is_pdf_a(pdf)
    text = " ".join(pages(pdf))
    assert text.count("long text") == 900
    assert "149,382,621,938,416.51" in text


def test_an_invoice_with_hardly_anything_is_rendered() -> None:
    nobody = Party(name="")
    invoice = make.invoice(seller=nobody, buyer=nobody, payment_means=(), due_date=None, lines=(make.line(name=""),))
    assert is_pdf_a(render(invoice, language=Language.FR))
    empty = replace(invoice, lines=(), vat_breakdown=())
    assert is_pdf_a(render(empty, language=Language.FR))


def test_the_company_colour_is_dark_enough_to_read() -> None:
    assert accent("#0a7d5a") == (10, 125, 90)
    assert accent(None) == accent("blue; drop table") == (31, 58, 95)
    red, green, blue = accent("#ffee00")
    assert red < 140
    assert green < 140
    assert blue == 0


# Over several pages ----------------------------------------------------------------------------------------------


def money(text: str) -> Decimal:
    return Decimal(text.replace(",", ""))


@pytest.mark.parametrize("description", [None, "A line of text. " * 60, "A line of text. " * 600], ids=["short", "long", "longer than a page"])
def test_what_is_carried_forward_is_brought_forward_and_is_the_sum_so_far(description: str | None) -> None:
    rows = tuple(make.line(id=str(at), name=f"Item {at}.", net_price=Decimal(at), description=description) for at in range(1, 41))
    invoice = make.invoice(lines=rows[:8] if description and len(description) > 5000 else rows)
    texts = pages(render(invoice, language=Language.EN))
    assert len(texts) > 1
    so_far = ZERO
    for at, text in enumerate(texts):
        brought, carried = re.findall(r"Brought forward ([\d,.]+)", text), re.findall(r"Carried forward ([\d,.]+)", text)
        assert [money(each) for each in brought] == ([so_far] if at and "Description" in text else [])
        so_far += sum((row.net_amount for row in invoice.lines if f"{row.name} " in text or f"{row.name}\n" in text), ZERO)
        assert [money(each) for each in carried] == ([so_far] if "Description" in texts[min(at + 1, len(texts) - 1)] and at + 1 < len(texts) else [])
    assert so_far == invoice.totals.line_total


def test_decimals_stand_below_each_other() -> None:
    rows = tuple(make.line(id=str(at), net_price=Decimal(price), quantity=Decimal(1)) for at, price in enumerate(("1", "22.5", "333.125", "0.00001")))
    drawn = laid_out(make.invoice(lines=rows), fonts.typefaces(wide=False), labels.Words(Language.EN)).sheet
    prices = [
        mark for _, block in drawn.pages[0] for mark in block.marks if isinstance(mark, Text) and mark.text in {"1.00", "22.50", "333.125", "0.00001"}
    ]
    points = {round(mark.x + drawn.typefaces.width(mark.text.split(".")[0], mark.style.size, bold=False), 3) for mark in prices if mark.x > 118}
    assert len(points) == 2  # of the prices, and of the amounts


def test_a_thousand_lines_are_all_there() -> None:
    invoice = make.invoice(lines=tuple(make.line(id=str(at), name=f"No {at} of 1000") for at in range(1, 1001)))
    text = " ".join(pages(render(invoice, language=Language.EN)))
    assert all(f"No {at} of 1000" in text for at in range(1, 1001))
    count = len(pypdf.PdfReader(BytesIO(render(invoice, language=Language.EN))).pages)
    assert f"Page {count} of {count}" in text


MANY = "Remise contractuelle selon accord cadre "


@pytest.mark.parametrize(
    "invoice",
    [
        make.invoice(allowances_charges=tuple(make.allowance("1", reason=f"{MANY}{at}") for at in range(90))),
        make.invoice(lines=tuple(make.line(id=str(at), vat_rate=1 + Decimal(at) / 10) for at in range(120))),
        make.invoice(order_reference="PO " * 3000),
        make.invoice(seller=make.seller(legal_form="SRL " * 1500)),
        make.invoice(buyer=make.party(address=make.address(street="Rue " * 1500))),
        make.invoice(payment_means=tuple(PaymentMeans(iban=make.IBAN, reference=f"REF {at}") for at in range(80))),
        make.invoice(notes=("Note. " * 5000,), payment_terms="Terms. " * 3000),
    ],
    ids=["allowances", "rates", "reference", "legal form", "street", "means of payment", "notes"],
)
def test_nothing_ever_runs_off_a_page(invoice: Invoice) -> None:
    page = laid_out(invoice, fonts.typefaces(wide=False), labels.Words(Language.FR))
    assert len(page.sheet.pages) > 1
    marks = [(top, mark) for blocks in page.sheet.pages for top, block in blocks for mark in block.marks]
    assert all(0 < top + mark.y <= 297 - 8 for top, mark in marks)
    due = labels.Words(Language.FR).money(invoice.totals.amount_due, "EUR")
    assert due in {mark.text for _, mark in marks if isinstance(mark, Text)}


@pytest.mark.parametrize(("country", "said"), [("BE", "art. 39bis"), ("NL", "art. 138 of Directive")])
def test_the_law_that_is_cited_is_the_seller_s(country: str, said: str) -> None:
    seller = (
        make.seller() if country == "BE" else make.seller(vat_id="NL861234560B01", legal_id=None, endpoint=None, address=make.address(country="NL"))
    )
    invoice = make.invoice(seller=seller, buyer=make.foreign_company(), lines=(make.line(vat_category="K", vat_rate=ZERO),))
    assert said in words(invoice)


@pytest.mark.parametrize(
    ("code", "said"),
    [("VATEX-EU-F", "Margin scheme"), ("VATEX-FR-FRANCHISE", "Small enterprise under the VAT exemption scheme"), ("VATEX-EU-132", "Exempt")],
)
def test_an_exemption_code_is_said_in_words(code: str, said: str) -> None:
    invoice = make.invoice(lines=(make.line(vat_category="E", vat_rate=ZERO),))
    breakdown = tuple(replace(part, exemption_code=code, exemption_reason=None) for part in invoice.vat_breakdown)
    assert said in words(replace(invoice, vat_breakdown=breakdown))


def test_signs_that_have_a_plainer_likeness_are_drawn_by_it() -> None:
    text = words(make.invoice(notes=("Conseil → phase ■ ① ㎡ ﬁn ≤ 5 ✓ １２ ％",)))
    assert "Conseil -> phase • 1 m2 fin <= 5 v 12 %" in text.replace("m²", "m2")


def test_what_was_paid_beyond_the_total_is_in_the_customer_s_favour() -> None:
    text = words(make.paid(make.invoice(), "300.00"))
    assert "In your favour €58.00" in text.replace("€ ", "€")
    assert "Scan to pay" not in text


@pytest.mark.parametrize("name", ["Atelier Dubois SRL", "Café Müller – Œuvres", "Кафе"])
def test_the_code_holds_the_bytes_that_it_says_it_holds(name: str) -> None:
    content = epc.payload(make.invoice(seller=make.seller(name=name)))
    assert content is not None
    picture = epc.picture(content)
    large = Image.new("L", (picture.width * 4 + 40, picture.height * 4 + 40), 255)
    large.paste(picture.convert("L").resize((picture.width * 4, picture.height * 4)), (20, 20))
    [code] = zxingcpp.read_barcodes(large)
    assert code.bytes == content.encode()
    assert content.split("\n")[2] == "1"  # UTF-8
