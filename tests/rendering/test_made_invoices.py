"""Any valid invoice leaves as valid XML in every format, and is read back as it was."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from core.model import Invoice, XmlFormat
from core.rendering import efff_rules
from core.rendering.rules import schema_violations
from core.rendering.ubl import XmlDocument, write
from core.sources import read_bytes
from tests.differences import unexplained
from tests.made import BELGIAN, belgian_invoices, invoices
from tests.rendering.schematron import violations

PDF = b"%PDF-1.7 only a test"
EFFF = [XmlFormat.EFFF3, XmlFormat.EFFF1]
settled = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
belgian = st.one_of(invoices(rates=BELGIAN, untaxed=False), belgian_invoices())


def written(invoice: Invoice, wanted: XmlFormat) -> XmlDocument:
    document = write(invoice, wanted=wanted, pdf=PDF, pdf_name="a.pdf")
    assert document.format is wanted
    assert schema_violations(document.content) == ()
    return document


def assert_comes_back(invoice: Invoice, document: XmlDocument) -> None:
    source = read_bytes(document.file_name, document.content)
    assert unexplained(invoice, source.invoice, document.format) == []
    assert source.pdf == PDF


@settings(settled, max_examples=200)
@given(st.one_of(invoices(), invoices(), belgian_invoices()))
def test_every_invoice_is_a_valid_bis3_and_comes_back(invoice: Invoice) -> None:
    document = written(invoice, XmlFormat.BIS3)
    assert violations(document.content) == []
    assert_comes_back(invoice, document)


@pytest.mark.parametrize("wanted", EFFF)
@settings(settled, max_examples=150)
@given(belgian)
def test_every_belgian_invoice_is_a_valid_efff_and_comes_back(wanted: XmlFormat, invoice: Invoice) -> None:
    document = written(invoice, wanted)
    assert efff_rules.violations(document.content) == ()
    assert_comes_back(invoice, document)


@pytest.mark.parametrize("wanted", [XmlFormat.BIS3, *EFFF])
@settings(max_examples=2, deadline=None, suppress_health_check=list(HealthCheck), phases=[Phase.generate])
@given(invoices(lines=(1000, 1000), rates=BELGIAN, untaxed=False))
def test_a_thousand_lines_are_written_too(wanted: XmlFormat, invoice: Invoice) -> None:
    document = written(invoice, wanted)
    assert violations(document.content) == [] if wanted is XmlFormat.BIS3 else efff_rules.violations(document.content) == ()
    assert_comes_back(invoice, document)


@settings(settled, max_examples=50)
@given(invoices(rates=(Decimal(25),), zero_rated=(), currencies=("EUR",)))
def test_what_has_no_belgian_code_leaves_as_bis3(invoice: Invoice) -> None:
    document = write(invoice, wanted=XmlFormat.EFFF1, pdf=None, pdf_name="")
    assert document.format is XmlFormat.BIS3
    assert document.content == write(invoice, wanted=XmlFormat.BIS3, pdf=None, pdf_name="").content
    assert document.notes
