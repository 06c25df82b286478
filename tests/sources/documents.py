"""UBL documents for tests: three small honest ones, and ways to spoil them."""

from __future__ import annotations

from collections.abc import Mapping

from lxml import etree

NAMESPACES = {
    "i": "urn:oasis:names:specification:ubl:schema:xsd:Invoice-2",
    "n": "urn:oasis:names:specification:ubl:schema:xsd:CreditNote-2",
    "cac": "urn:oasis:names:specification:ubl:schema:xsd:CommonAggregateComponents-2",
    "cbc": "urn:oasis:names:specification:ubl:schema:xsd:CommonBasicComponents-2",
}
_OPEN = f'xmlns:cac="{NAMESPACES["cac"]}" xmlns:cbc="{NAMESPACES["cbc"]}"'


def _trader(role: str, name: str, number: str, postcode: str) -> str:
    return f"""
  <cac:{role}><cac:Party>
    <cbc:EndpointID schemeID="0208">{number}</cbc:EndpointID>
    <cac:PostalAddress>
      <cbc:StreetName>Meir 1</cbc:StreetName><cbc:CityName>Antwerpen</cbc:CityName><cbc:PostalZone>{postcode}</cbc:PostalZone>
      <cac:Country><cbc:IdentificationCode>BE</cbc:IdentificationCode></cac:Country>
    </cac:PostalAddress>
    <cac:PartyTaxScheme><cbc:CompanyID>BE{number}</cbc:CompanyID><cac:TaxScheme><cbc:ID>VAT</cbc:ID></cac:TaxScheme></cac:PartyTaxScheme>
    <cac:PartyLegalEntity>
      <cbc:RegistrationName>{name}</cbc:RegistrationName><cbc:CompanyID schemeID="0208">{number}</cbc:CompanyID>
    </cac:PartyLegalEntity>
  </cac:Party></cac:{role}>"""


PARTIES = _trader("AccountingSupplierParty", "Atelier Dubois SRL", "0123456749", "1000") + _trader(
    "AccountingCustomerParty", "Bakkerij Peeters BV", "0999999922", "2000"
)
_CATEGORY = "<cbc:ID>S</cbc:ID><cbc:Percent>21</cbc:Percent><cac:TaxScheme><cbc:ID>VAT</cbc:ID></cac:TaxScheme>"


def _body(line: str, quantity: str, sign: str) -> str:
    return f"""
  <cac:TaxTotal>
    <cbc:TaxAmount currencyID="EUR">{sign}42.00</cbc:TaxAmount>
    <cac:TaxSubtotal>
      <cbc:TaxableAmount currencyID="EUR">{sign}200.00</cbc:TaxableAmount><cbc:TaxAmount currencyID="EUR">{sign}42.00</cbc:TaxAmount>
      <cac:TaxCategory>{_CATEGORY}</cac:TaxCategory>
    </cac:TaxSubtotal>
  </cac:TaxTotal>
  <cac:LegalMonetaryTotal>
    <cbc:LineExtensionAmount currencyID="EUR">{sign}200.00</cbc:LineExtensionAmount>
    <cbc:TaxExclusiveAmount currencyID="EUR">{sign}200.00</cbc:TaxExclusiveAmount>
    <cbc:TaxInclusiveAmount currencyID="EUR">{sign}242.00</cbc:TaxInclusiveAmount>
    <cbc:PayableAmount currencyID="EUR">{sign}242.00</cbc:PayableAmount>
  </cac:LegalMonetaryTotal>
  <cac:{line}>
    <cbc:ID>1</cbc:ID>
    <cbc:{quantity} unitCode="HUR">{sign}4</cbc:{quantity}>
    <cbc:LineExtensionAmount currencyID="EUR">{sign}200.00</cbc:LineExtensionAmount>
    <cac:Item><cbc:Name>Carpentry</cbc:Name><cac:ClassifiedTaxCategory>{_CATEGORY}</cac:ClassifiedTaxCategory></cac:Item>
    <cac:Price><cbc:PriceAmount currencyID="EUR">50.00</cbc:PriceAmount></cac:Price>
  </cac:{line}>"""


def invoice(*, sign: str = "") -> bytes:
    """A Peppol BIS 3 invoice of 242 euros."""
    return f"""<?xml version="1.0" encoding="UTF-8"?>
<Invoice xmlns="{NAMESPACES["i"]}" {_OPEN}>
  <cbc:CustomizationID>urn:cen.eu:en16931:2017#compliant#urn:fdc:peppol.eu:2017:poacc:billing:3.0</cbc:CustomizationID>
  <cbc:ProfileID>urn:fdc:peppol.eu:2017:poacc:billing:01:1.0</cbc:ProfileID>
  <cbc:ID>2026-17</cbc:ID>
  <cbc:IssueDate>2026-03-02</cbc:IssueDate>
  <cbc:DueDate>2026-04-01</cbc:DueDate>
  <cbc:InvoiceTypeCode>380</cbc:InvoiceTypeCode>
  <cbc:DocumentCurrencyCode>EUR</cbc:DocumentCurrencyCode>{PARTIES}
  <cac:PaymentMeans>
    <cbc:PaymentMeansCode name="Credit transfer">30</cbc:PaymentMeansCode><cbc:PaymentID>+++000/0000/04242+++</cbc:PaymentID>
    <cac:PayeeFinancialAccount><cbc:ID>BE71096123456769</cbc:ID></cac:PayeeFinancialAccount>
  </cac:PaymentMeans>{_body("InvoiceLine", "InvoicedQuantity", sign)}
</Invoice>""".encode()


def credit_note(*, sign: str = "") -> bytes:
    """A Peppol BIS 3 credit note of 242 euros."""
    return f"""<?xml version="1.0" encoding="UTF-8"?>
<CreditNote xmlns="{NAMESPACES["n"]}" {_OPEN}>
  <cbc:CustomizationID>urn:cen.eu:en16931:2017#compliant#urn:fdc:peppol.eu:2017:poacc:billing:3.0</cbc:CustomizationID>
  <cbc:ID>CN-3</cbc:ID>
  <cbc:IssueDate>2026-03-09</cbc:IssueDate>
  <cbc:CreditNoteTypeCode>381</cbc:CreditNoteTypeCode>
  <cbc:DocumentCurrencyCode>EUR</cbc:DocumentCurrencyCode>
  <cac:BillingReference><cac:InvoiceDocumentReference>
    <cbc:ID>2026-17</cbc:ID><cbc:IssueDate>2026-03-02</cbc:IssueDate>
  </cac:InvoiceDocumentReference></cac:BillingReference>{PARTIES}{_body("CreditNoteLine", "CreditedQuantity", sign)}
</CreditNote>""".encode()


def _old_trader(role: str, name: str, number: str) -> str:
    return f"""
  <cac:{role}><cac:Party>
    <cac:PartyName><cbc:Name> {name} </cbc:Name></cac:PartyName>
    <cac:PostalAddress>
      <cbc:StreetName>Bosweg</cbc:StreetName><cbc:BuildingNumber>6</cbc:BuildingNumber><cbc:CityName>Luik</cbc:CityName>
      <cbc:PostalZone>B-4000</cbc:PostalZone><cac:Country><cbc:IdentificationCode>be</cbc:IdentificationCode></cac:Country>
    </cac:PostalAddress>
    <cac:PartyTaxScheme>
      <cbc:CompanyID schemeID="BE:VAT">{number}</cbc:CompanyID><cac:TaxScheme><cbc:ID schemeID="UN/ECE 5153">VAT</cbc:ID></cac:TaxScheme>
    </cac:PartyTaxScheme>
  </cac:Party></cac:{role}>"""


def efff1() -> bytes:
    """An e-FFF 1.0 credit note as older programs write it: root Invoice, code AA, the line's VAT in its TaxTotal only."""
    category = '<cbc:ID schemeID="UN/ECE 5305">AA</cbc:ID><cbc:Name>01</cbc:Name><cac:TaxScheme><cbc:ID>VAT</cbc:ID></cac:TaxScheme>'
    subtotal = f"""<cac:TaxTotal><cbc:TaxAmount currencyID="EUR">6</cbc:TaxAmount><cac:TaxSubtotal>
      <cbc:TaxableAmount currencyID="EUR">100</cbc:TaxableAmount><cbc:TaxAmount currencyID="EUR">6</cbc:TaxAmount>
      <cbc:Percent>6.0</cbc:Percent><cac:TaxCategory>{category}</cac:TaxCategory>
    </cac:TaxSubtotal></cac:TaxTotal>"""
    seller = _old_trader("AccountingSupplierParty", "Wings", "BE 0827.405.743")
    buyer = _old_trader("AccountingCustomerParty", "Forum", "0899167234")
    return f"""<Invoice xmlns="{NAMESPACES["i"]}" {_OPEN}>
  <cbc:UBLVersionID>2.0</cbc:UBLVersionID><cbc:CustomizationID>1.0</cbc:CustomizationID><cbc:ProfileID>EFFF.BE Old 1</cbc:ProfileID>
  <cbc:ID>
    A/7
  </cbc:ID>
  <cbc:IssueDate>2014-05-01+02:00</cbc:IssueDate>
  <cbc:InvoiceTypeCode listID="UNCL1001">381</cbc:InvoiceTypeCode>
  <cbc:DocumentCurrencyCode>EUR</cbc:DocumentCurrencyCode>
  <cac:AdditionalDocumentReference><cbc:ID>eFFF</cbc:ID><cbc:DocumentType>Old 1</cbc:DocumentType></cac:AdditionalDocumentReference>
  {seller}{buyer}
  <cac:PaymentMeans>
    <cbc:PaymentMeansCode>30</cbc:PaymentMeansCode><cbc:PaymentDueDate>2014-05-31Z</cbc:PaymentDueDate>
    <cbc:InstructionID>000000004242</cbc:InstructionID>
    <cac:PayeeFinancialAccount><cbc:ID schemeID="IBAN">BE71 0961 2345 6769</cbc:ID><cac:FinancialInstitutionBranch>
      <cac:FinancialInstitution><cbc:ID schemeID="BIC">geba be bb</cbc:ID></cac:FinancialInstitution>
    </cac:FinancialInstitutionBranch></cac:PayeeFinancialAccount>
  </cac:PaymentMeans>
  {subtotal}
  <cac:LegalMonetaryTotal>
    <cbc:LineExtensionAmount currencyID="EUR">100</cbc:LineExtensionAmount>
    <cbc:TaxExclusiveAmount currencyID="EUR">100</cbc:TaxExclusiveAmount>
    <cbc:TaxInclusiveAmount currencyID="EUR">106</cbc:TaxInclusiveAmount>
    <cbc:PayableAmount currencyID="EUR">106</cbc:PayableAmount>
  </cac:LegalMonetaryTotal>
  <cac:InvoiceLine>
    <cbc:ID>1</cbc:ID><cbc:InvoicedQuantity>1</cbc:InvoicedQuantity><cbc:LineExtensionAmount currencyID="EUR">100</cbc:LineExtensionAmount>
    {subtotal}
    <cac:Item><cbc:Description>Bread
      and butter</cbc:Description></cac:Item>
    <cac:Price><cbc:PriceAmount currencyID="EUR">100</cbc:PriceAmount></cac:Price>
  </cac:InvoiceLine>
</Invoice>""".encode()


def edited(xml: bytes, changes: Mapping[str, str | None]) -> bytes:
    """With the text at each XPath replaced; None takes the element out. A path that finds nothing is a mistake in the test."""
    root = etree.fromstring(xml)
    for path, value in changes.items():
        found = root.xpath(path, namespaces=NAMESPACES)
        assert isinstance(found, list) and found, f"nothing at {path}"
        for element in found:
            assert isinstance(element, etree._Element)
            parent = element.getparent()
            if value is None:
                assert parent is not None
                parent.remove(element)
            else:
                element.text = value
    return etree.tostring(root)


def added(xml: bytes, parent: str, *fragments: str) -> bytes:
    """With elements appended to the one at an XPath; the reader does not mind their order."""
    root = etree.fromstring(xml)
    found = root.xpath(parent, namespaces=NAMESPACES)
    assert isinstance(found, list) and isinstance(found[0], etree._Element), f"nothing at {parent}"
    for fragment in fragments:
        found[0].append(etree.fromstring(f"<x {_OPEN}>{fragment}</x>")[0])
    return etree.tostring(root)


def with_pdf(
    xml: bytes, base64: str, *, identity: str = "<cbc:ID>doc</cbc:ID>", attributes: str = 'mimeCode="application/pdf" filename="a.pdf"'
) -> bytes:
    """With one more AdditionalDocumentReference that holds something."""
    held = f"<cac:Attachment><cbc:EmbeddedDocumentBinaryObject {attributes}>{base64}</cbc:EmbeddedDocumentBinaryObject></cac:Attachment>"
    return added(xml, "/*", f"<cac:AdditionalDocumentReference>{identity}{held}</cac:AdditionalDocumentReference>")
