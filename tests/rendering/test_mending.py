"""What BIS 3 writes otherwise than the source is said in the document's notes."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from core.model import ZERO, Invoice, PaymentMeans, VatBreakdown, XmlFormat
from core.rendering import bis3, cii, mending
from core.rendering.rules import schema_violations
from core.rendering.ubl import draft
from tests import builders as make
from tests.rendering.samples import Maker, full, odd
from tests.rendering.schematron import violations
from tests.rendering.test_ubl import KINDS, discounted


def notes(invoice: Invoice) -> list[str]:
    made = draft(invoice, wanted=XmlFormat.BIS3)
    assert schema_violations(made.content) == ()
    assert violations(made.content) == []
    return [str(note) for note in made.notes]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("content", [make.invoice, full])
def test_nothing_is_said_where_nothing_is_changed(kind: Maker, content: Maker) -> None:
    assert notes(full(kind) if content is full else kind()) == []


def exempt(code: str, **overrides: object) -> Invoice:
    part = VatBreakdown(category="E", rate=ZERO, taxable_amount=Decimal(200), vat_amount=ZERO, exemption_code=code, exemption_reason="Petite")
    return make.invoice(lines=(make.line(vat_category="E", vat_rate=ZERO),), vat_breakdown=(part,), **overrides)


def with_lines(*amounts: str) -> Invoice:
    lines = [make.line(id=str(at), quantity=Decimal(1), net_price=Decimal(net), net_amount=Decimal(net)) for at, net in enumerate(amounts, 1)]
    return make.invoice(lines=tuple(lines))


@pytest.mark.parametrize(
    ("invoice", "said"),
    [
        (with_lines("0.3333", "1", "0.3333"), ["Line 1, 3: the amount is rounded to two decimals, as EN 16931 wants; the total stays."]),
        (
            make.invoice(lines=(make.line(quantity=Decimal(10), net_price=Decimal("0.83"), net_amount=Decimal("8.35")),)),
            ["Line 1: the price has more decimals than stated, so that quantity times price makes the amount."],
        ),
        (
            make.invoice(lines=(make.line(base_quantity=Decimal(2), net_amount=Decimal(200)),)),
            ["Line 1: the price's base quantity only repeated the quantity; it is left out."],
        ),
        (
            make.invoice(lines=(make.line(), make.line(id="2", net_price=Decimal(-10)))),
            ["Line 2: the minus sign stands with the quantity instead of the price."],
        ),
        (exempt("BETE-SC"), ["The exemption code BETE-SC is not on the European list; the XML says “Petite” instead."]),
        (exempt("VATEX-EU-132"), []),
        (
            make.invoice(lines=(make.line(vat_category="O", vat_rate=None),)),
            ["The VAT numbers are left out: nothing on this invoice is subject to VAT."],
        ),
        (make.invoice(lines=(make.line(vat_rate=ZERO),)), ["VAT category S is written as Z."]),
        (
            make.invoice(lines=(make.line(vat_category="K", vat_rate=ZERO),), buyer=make.foreign_company()),
            ["An intra-Community supply names day and country of delivery; those of the invoice and of the buyer are taken."],
        ),
        (
            discounted(),
            [
                "The cash discount is written as an allowance and a charge: EN 16931 has no other way to keep its VAT right.",
            ],
        ),
        (
            make.invoice(payment_means=(PaymentMeans(iban=make.IBAN), PaymentMeans(means_code="48", card_number="1234"))),
            ["EN 16931 has one way to pay and one payment reference; the XML keeps the first."],
        ),
    ],
)
def test_a_change_is_said(invoice: Invoice, said: list[str]) -> None:
    assert notes(invoice) == said


def test_groups_that_are_added_up_are_said() -> None:
    assert str(mending.GROUPS_ADDED) in notes(split())


def split() -> Invoice:
    lines = tuple(make.line(id=code, vat_category="K", vat_rate=ZERO, belgian_code=code) for code in ("46/GO", "44"))
    parts = [VatBreakdown(category="K", rate=ZERO, taxable_amount=Decimal(200), vat_amount=ZERO, belgian_code=code) for code in ("46/GO", "44")]
    return make.invoice(lines=lines, vat_breakdown=tuple(parts), buyer=make.foreign_company())


def test_a_missing_breakdown_is_worked_out_where_it_makes_the_stated_vat() -> None:
    bare = replace(full(make.invoice), vat_breakdown=())
    assert notes(bare) == [str(mending.BREAKDOWN_ADDED)]
    assert [str(note) for note in draft(bare, wanted=XmlFormat.EFFF3).notes] == [str(mending.BREAKDOWN_ADDED)]
    assert draft(bare, wanted=XmlFormat.EFFF1).content == draft(full(make.invoice), wanted=XmlFormat.EFFF1).content
    other = replace(bare, totals=replace(bare.totals, vat_total=Decimal(1)))
    assert draft(other, wanted=XmlFormat.BIS3).notes == ()


def test_an_odd_invoice_is_mended_whole() -> None:
    assert len(notes(odd(make.invoice))) >= 3


def test_different_payment_references_become_one() -> None:
    means = (PaymentMeans(iban=make.IBAN, reference="A"), PaymentMeans(iban="BE68539007547034", reference="B", means_code="58"))
    invoice = make.invoice(payment_means=means)
    assert notes(invoice) == [str(mending.ONE_WAY_TO_PAY)]
    assert notes(replace(invoice, payment_means=(means[0], replace(means[1], reference="A", means_code="30")))) == []


def test_a_direct_debit_outranks_a_transfer_as_in_the_pdf() -> None:
    transfer, other = PaymentMeans(iban=make.IBAN, reference="RF18539007547034"), PaymentMeans(means_code="59")
    debit = PaymentMeans(means_code="59", mandate_reference="M-1", debited_account=make.IBAN)
    invoice = make.invoice(payment_means=(transfer, other, debit))
    assert notes(invoice) == ["EN 16931 has one way to pay; the XML keeps the direct debit, as the PDF does."]
    assert bis3.prepared(invoice).payment_means == (replace(debit, reference="RF18539007547034"),)
    for content in (draft(invoice, wanted=XmlFormat.BIS3).content, cii.write(invoice)):
        assert b">59<" in content
        assert b">30<" not in content
        assert b">M-1<" in content


def test_peppol_does_not_take_a_direct_debit_without_a_mandate() -> None:
    invoice = make.invoice(payment_means=(PaymentMeans(iban=make.IBAN), PaymentMeans(means_code="49")))
    assert b"peppol" not in draft(invoice, wanted=XmlFormat.BIS3).content
