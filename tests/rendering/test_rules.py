from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

from core.model import XmlFormat
from core.rendering.rules import schema_violations
from core.rendering.ubl import write
from tests import builders as make


def xml() -> bytes:
    return write(make.invoice(), wanted=XmlFormat.BIS3, pdf=b"%PDF" * 100, pdf_name="a.pdf").content


def test_a_violation_is_told_without_namespaces() -> None:
    (only,) = schema_violations(xml().replace(b"2026-11-24", b"24/11/2026"))
    assert "'24/11/2026' is not a valid value" in str(only)
    assert "{" not in str(only)


def test_an_element_out_of_order_is_a_violation() -> None:
    assert schema_violations(xml().replace(b"<cbc:DocumentCurrencyCode>EUR</cbc:DocumentCurrencyCode>", b"", 1)) == ()
    assert schema_violations(xml().replace(b"<cbc:InvoiceTypeCode>380</cbc:InvoiceTypeCode>", b"<cbc:ID>1</cbc:ID>"))


def test_what_is_no_invoice_is_said_so() -> None:
    assert str(schema_violations(b"<Order/>")[0]) == "The XML is a “Order”, neither an Invoice nor a CreditNote."
    assert str(schema_violations(b"<Invoice")[0]).startswith("The XML cannot be read: ")


def test_many_threads_can_ask_at_once() -> None:
    good, bad = xml(), xml().replace(b"2026-11-24", b"24/11/2026")
    with ThreadPoolExecutor(8) as pool:
        counts = list(pool.map(lambda content: len(schema_violations(content)), [good, bad] * 50))
    assert counts == [0, 1] * 50
