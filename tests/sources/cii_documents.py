"""CII documents for tests: an invoice as XRechnung and as ZUGFeRD 1.0, one of the profile MINIMUM, and ways to spoil them."""

from __future__ import annotations

from collections.abc import Mapping

from lxml import etree

_UNECE = "urn:un:unece:uncefact:data:standard:"
NAMESPACES = {
    "rsm": f"{_UNECE}CrossIndustryInvoice:100",
    "ram": f"{_UNECE}ReusableAggregateBusinessInformationEntity:100",
    "udt": f"{_UNECE}UnqualifiedDataType:100",
    "qdt": f"{_UNECE}QualifiedDataType:100",
}
OLD_NAMESPACES = {
    "rsm": "urn:ferd:CrossIndustryDocument:invoice:1p0",
    "ram": f"{_UNECE}ReusableAggregateBusinessInformationEntity:12",
    "udt": f"{_UNECE}UnqualifiedDataType:15",
}
XRECHNUNG = "urn:cen.eu:en16931:2017#compliant#urn:xeinkauf.de:kosit:xrechnung_3.0"
MINIMUM = "urn:factur-x.eu:1p0:minimum"


def _open(names: Mapping[str, str]) -> str:
    return " ".join(f'xmlns:{prefix}="{namespace}"' for prefix, namespace in names.items())


def _trader(role: str, name: str, number: str) -> str:
    return f"""<ram:{role}>
      <ram:Name>{name}</ram:Name>
      <ram:PostalTradeAddress>
        <ram:PostcodeCode>2000</ram:PostcodeCode><ram:LineOne>Meir 1</ram:LineOne>
        <ram:CityName>Antwerpen</ram:CityName><ram:CountryID>be</ram:CountryID>
      </ram:PostalTradeAddress>
      <ram:SpecifiedTaxRegistration><ram:ID schemeID="VA">{number}</ram:ID></ram:SpecifiedTaxRegistration>
    </ram:{role}>"""


SELLER = _trader("SellerTradeParty", "Atelier Dubois SRL", "BE0123456749")
BUYER = _trader("BuyerTradeParty", "Bakkerij Peeters BV", "BE 0999.999.922")


def day(name: str, value: str, attributes: str = 'format="102"') -> str:
    return f"<ram:{name}><udt:DateTimeString {attributes}>{value}</udt:DateTimeString></ram:{name}>"


def invoice(*, sign: str = "", type_code: str = "380") -> bytes:
    """An XRechnung of 242 euros."""
    return f"""<?xml version="1.0" encoding="UTF-8"?>
<rsm:CrossIndustryInvoice {_open(NAMESPACES)}>
  <rsm:ExchangedDocumentContext>
    <ram:GuidelineSpecifiedDocumentContextParameter><ram:ID>{XRECHNUNG}</ram:ID></ram:GuidelineSpecifiedDocumentContextParameter>
  </rsm:ExchangedDocumentContext>
  <rsm:ExchangedDocument>
    <ram:ID>2026-17</ram:ID><ram:TypeCode>{type_code}</ram:TypeCode>{day("IssueDateTime", "20260302")}
    <ram:IncludedNote><ram:Content>Merci
      beaucoup</ram:Content><ram:SubjectCode>AAI</ram:SubjectCode></ram:IncludedNote>
  </rsm:ExchangedDocument>
  <rsm:SupplyChainTradeTransaction>
    <ram:IncludedSupplyChainTradeLineItem>
      <ram:AssociatedDocumentLineDocument><ram:LineID>1</ram:LineID></ram:AssociatedDocumentLineDocument>
      <ram:SpecifiedTradeProduct><ram:Name>Carpentry</ram:Name></ram:SpecifiedTradeProduct>
      <ram:SpecifiedLineTradeAgreement>
        <ram:NetPriceProductTradePrice><ram:ChargeAmount>50.00</ram:ChargeAmount></ram:NetPriceProductTradePrice>
      </ram:SpecifiedLineTradeAgreement>
      <ram:SpecifiedLineTradeDelivery><ram:BilledQuantity unitCode="HUR">{sign}4</ram:BilledQuantity></ram:SpecifiedLineTradeDelivery>
      <ram:SpecifiedLineTradeSettlement>
        <ram:ApplicableTradeTax>
          <ram:TypeCode>VAT</ram:TypeCode><ram:CategoryCode>S</ram:CategoryCode><ram:RateApplicablePercent>21</ram:RateApplicablePercent>
        </ram:ApplicableTradeTax>
        <ram:SpecifiedTradeSettlementLineMonetarySummation>
          <ram:LineTotalAmount>{sign}200.00</ram:LineTotalAmount>
        </ram:SpecifiedTradeSettlementLineMonetarySummation>
      </ram:SpecifiedLineTradeSettlement>
    </ram:IncludedSupplyChainTradeLineItem>
    <ram:ApplicableHeaderTradeAgreement>{SELLER}{BUYER}</ram:ApplicableHeaderTradeAgreement>
    <ram:ApplicableHeaderTradeDelivery/>
    <ram:ApplicableHeaderTradeSettlement>
      <ram:PaymentReference>+++000/0000/04242+++</ram:PaymentReference>
      <ram:InvoiceCurrencyCode>EUR</ram:InvoiceCurrencyCode>
      <ram:SpecifiedTradeSettlementPaymentMeans>
        <ram:TypeCode>58</ram:TypeCode>
        <ram:PayeePartyCreditorFinancialAccount><ram:IBANID>BE71 0961 2345 6769</ram:IBANID></ram:PayeePartyCreditorFinancialAccount>
      </ram:SpecifiedTradeSettlementPaymentMeans>
      <ram:ApplicableTradeTax>
        <ram:CalculatedAmount>{sign}42.00</ram:CalculatedAmount><ram:TypeCode>VAT</ram:TypeCode><ram:BasisAmount>{sign}200.00</ram:BasisAmount>
        <ram:CategoryCode>S</ram:CategoryCode><ram:RateApplicablePercent>21.00</ram:RateApplicablePercent>
      </ram:ApplicableTradeTax>
      <ram:SpecifiedTradePaymentTerms>{day("DueDateDateTime", "20260401")}</ram:SpecifiedTradePaymentTerms>
      <ram:SpecifiedTradeSettlementHeaderMonetarySummation>
        <ram:LineTotalAmount>{sign}200.00</ram:LineTotalAmount><ram:TaxBasisTotalAmount>{sign}200.00</ram:TaxBasisTotalAmount>
        <ram:TaxTotalAmount currencyID="EUR">{sign}42.00</ram:TaxTotalAmount><ram:GrandTotalAmount>{sign}242.00</ram:GrandTotalAmount>
        <ram:DuePayableAmount>{sign}242.00</ram:DuePayableAmount>
      </ram:SpecifiedTradeSettlementHeaderMonetarySummation>
    </ram:ApplicableHeaderTradeSettlement>
  </rsm:SupplyChainTradeTransaction>
</rsm:CrossIndustryInvoice>""".encode()


def minimum() -> bytes:
    """A Factur-X of the profile MINIMUM: no lines, no VAT breakdown, no address of the buyer."""
    return f"""<rsm:CrossIndustryInvoice {_open(NAMESPACES)}>
  <rsm:ExchangedDocumentContext>
    <ram:GuidelineSpecifiedDocumentContextParameter><ram:ID>{MINIMUM}</ram:ID></ram:GuidelineSpecifiedDocumentContextParameter>
  </rsm:ExchangedDocumentContext>
  <rsm:ExchangedDocument>
    <ram:ID>M-1</ram:ID><ram:TypeCode>380</ram:TypeCode>{day("IssueDateTime", "20260302")}
  </rsm:ExchangedDocument>
  <rsm:SupplyChainTradeTransaction>
    <ram:ApplicableHeaderTradeAgreement>
      {SELLER}<ram:BuyerTradeParty><ram:Name>Bakkerij Peeters BV</ram:Name></ram:BuyerTradeParty>
    </ram:ApplicableHeaderTradeAgreement>
    <ram:ApplicableHeaderTradeDelivery/>
    <ram:ApplicableHeaderTradeSettlement>
      <ram:InvoiceCurrencyCode>EUR</ram:InvoiceCurrencyCode>
      <ram:SpecifiedTradeSettlementHeaderMonetarySummation>
        <ram:TaxBasisTotalAmount>200.00</ram:TaxBasisTotalAmount><ram:TaxTotalAmount currencyID="EUR">42.00</ram:TaxTotalAmount>
        <ram:GrandTotalAmount>242.00</ram:GrandTotalAmount><ram:DuePayableAmount>242.00</ram:DuePayableAmount>
      </ram:SpecifiedTradeSettlementHeaderMonetarySummation>
    </ram:ApplicableHeaderTradeSettlement>
  </rsm:SupplyChainTradeTransaction>
</rsm:CrossIndustryInvoice>""".encode()


def zugferd1() -> bytes:
    """A ZUGFeRD 1.0 of 2014: a line of text, one of 190 euros less 10, and 20 euros of transport."""
    tax = "<ram:TypeCode>VAT</ram:TypeCode><ram:CategoryCode>S</ram:CategoryCode><ram:ApplicablePercent>19.00</ram:ApplicablePercent>"
    return f"""<rsm:CrossIndustryDocument {_open(OLD_NAMESPACES)}>
  <rsm:SpecifiedExchangedDocumentContext>
    <ram:GuidelineSpecifiedDocumentContextParameter><ram:ID>urn:ferd:CrossIndustryDocument:invoice:1p0:extended</ram:ID>
    </ram:GuidelineSpecifiedDocumentContextParameter>
  </rsm:SpecifiedExchangedDocumentContext>
  <rsm:HeaderExchangedDocument>
    <ram:ID>471102</ram:ID><ram:Name>RECHNUNG</ram:Name><ram:TypeCode>380</ram:TypeCode>{day("IssueDateTime", "20140305")}
  </rsm:HeaderExchangedDocument>
  <rsm:SpecifiedSupplyChainTradeTransaction>
    <ram:ApplicableSupplyChainTradeAgreement>
      {SELLER}{BUYER}
      <ram:BuyerOrderReferencedDocument>
        <ram:IssueDateTime>2014-03-01T00:00:00</ram:IssueDateTime><ram:ID>PO-7</ram:ID>
      </ram:BuyerOrderReferencedDocument>
      <ram:AdditionalReferencedDocument>
        <ram:IssueDateTime>2014-02-01T00:00:00</ram:IssueDateTime><ram:ID>471099</ram:ID><ram:ReferenceTypeCode>IV</ram:ReferenceTypeCode>
      </ram:AdditionalReferencedDocument>
    </ram:ApplicableSupplyChainTradeAgreement>
    <ram:ApplicableSupplyChainTradeDelivery>
      <ram:ActualDeliverySupplyChainEvent>{day("OccurrenceDateTime", "20140304")}</ram:ActualDeliverySupplyChainEvent>
    </ram:ApplicableSupplyChainTradeDelivery>
    <ram:ApplicableSupplyChainTradeSettlement>
      <ram:InvoiceCurrencyCode>EUR</ram:InvoiceCurrencyCode>
      <ram:ApplicableTradeTax><ram:CalculatedAmount currencyID="EUR">38.00</ram:CalculatedAmount>
        <ram:BasisAmount currencyID="EUR">200.00</ram:BasisAmount>{tax}</ram:ApplicableTradeTax>
      <ram:SpecifiedLogisticsServiceCharge><ram:Description>Versandkosten</ram:Description>
        <ram:AppliedAmount currencyID="EUR">20.00</ram:AppliedAmount><ram:AppliedTradeTax>{tax}</ram:AppliedTradeTax>
      </ram:SpecifiedLogisticsServiceCharge>
      <ram:SpecifiedTradePaymentTerms>{day("DueDateDateTime", "20140405")}
        <ram:ApplicableTradePaymentDiscountTerms><ram:BasisPeriodMeasure unitCode="DAY">10</ram:BasisPeriodMeasure>
          <ram:CalculationPercent>2.00</ram:CalculationPercent></ram:ApplicableTradePaymentDiscountTerms>
      </ram:SpecifiedTradePaymentTerms>
      <ram:SpecifiedTradeSettlementMonetarySummation>
        <ram:LineTotalAmount currencyID="EUR">180.00</ram:LineTotalAmount><ram:ChargeTotalAmount currencyID="EUR">20.00</ram:ChargeTotalAmount>
        <ram:AllowanceTotalAmount currencyID="EUR">0.00</ram:AllowanceTotalAmount>
        <ram:TaxBasisTotalAmount currencyID="EUR">200.00</ram:TaxBasisTotalAmount>
        <ram:TaxTotalAmount currencyID="EUR">38.00</ram:TaxTotalAmount><ram:GrandTotalAmount currencyID="EUR">238.00</ram:GrandTotalAmount>
      </ram:SpecifiedTradeSettlementMonetarySummation>
    </ram:ApplicableSupplyChainTradeSettlement>
    <ram:IncludedSupplyChainTradeLineItem>
      <ram:AssociatedDocumentLineDocument>
        <ram:IncludedNote><ram:Content>Frohe Ostern</ram:Content></ram:IncludedNote>
      </ram:AssociatedDocumentLineDocument>
    </ram:IncludedSupplyChainTradeLineItem>
    <ram:IncludedSupplyChainTradeLineItem>
      <ram:AssociatedDocumentLineDocument><ram:LineID>2</ram:LineID></ram:AssociatedDocumentLineDocument>
      <ram:SpecifiedSupplyChainTradeAgreement>
        <ram:GrossPriceProductTradePrice><ram:ChargeAmount currencyID="EUR">9.5000</ram:ChargeAmount>
          <ram:AppliedTradeAllowanceCharge><ram:ChargeIndicator><udt:Indicator>false</udt:Indicator></ram:ChargeIndicator>
            <ram:ActualAmount currencyID="EUR">0.7</ram:ActualAmount></ram:AppliedTradeAllowanceCharge>
          <ram:AppliedTradeAllowanceCharge><ram:ChargeIndicator><udt:Indicator>true</udt:Indicator></ram:ChargeIndicator>
            <ram:ActualAmount currencyID="EUR">0.2</ram:ActualAmount></ram:AppliedTradeAllowanceCharge>
        </ram:GrossPriceProductTradePrice>
        <ram:NetPriceProductTradePrice><ram:ChargeAmount currencyID="EUR">9.0000</ram:ChargeAmount></ram:NetPriceProductTradePrice>
      </ram:SpecifiedSupplyChainTradeAgreement>
      <ram:SpecifiedSupplyChainTradeDelivery><ram:BilledQuantity unitCode="C62">20.0000</ram:BilledQuantity></ram:SpecifiedSupplyChainTradeDelivery>
      <ram:SpecifiedSupplyChainTradeSettlement>
        <ram:ApplicableTradeTax>{tax}</ram:ApplicableTradeTax>
        <ram:SpecifiedTradeSettlementMonetarySummation><ram:LineTotalAmount currencyID="EUR">180.00</ram:LineTotalAmount>
        </ram:SpecifiedTradeSettlementMonetarySummation>
      </ram:SpecifiedSupplyChainTradeSettlement>
      <ram:SpecifiedTradeProduct><ram:GlobalID schemeID="0160">4012345001235</ram:GlobalID><ram:Name>Trennblätter A4</ram:Name>
      </ram:SpecifiedTradeProduct>
    </ram:IncludedSupplyChainTradeLineItem>
  </rsm:SpecifiedSupplyChainTradeTransaction>
</rsm:CrossIndustryDocument>""".encode()


def _found(root: etree._Element, path: str) -> list[etree._Element]:
    found = root.xpath(path, namespaces=NAMESPACES)
    assert isinstance(found, list) and found, f"nothing at {path}"
    return [element for element in found if isinstance(element, etree._Element)]


def edited(xml: bytes, changes: Mapping[str, str | None]) -> bytes:
    """With the text at each XPath replaced; None takes the element out. A path that finds nothing is a mistake in the test."""
    root = etree.fromstring(xml)
    for path, value in changes.items():
        for element in _found(root, path):
            parent = element.getparent()
            if value is None:
                assert parent is not None
                parent.remove(element)
            else:
                element.text = value
    return etree.tostring(root)


def added(xml: bytes, parent: str, *fragments: str) -> bytes:
    """With elements appended to the first at an XPath; the reader does not mind their order."""
    root = etree.fromstring(xml)
    for fragment in fragments:
        _found(root, parent)[0].append(etree.fromstring(f"<x {_open(NAMESPACES)}>{fragment}</x>")[0])
    return etree.tostring(root)
