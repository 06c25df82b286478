"""What we write as CII and read back is the same invoice, but for what the syntax cannot say: `forced` is the whole list."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.model import Address, Identifier, Invoice, Line, Party, PaymentMeans, SupportingDocument
from core.rendering import bis3, cii, identity
from core.rendering.cii_parties import legal_identifier
from core.rendering.cii_settlement import accounting_currency
from core.rendering.cii_xml import is_global
from core.sources import read_bytes
from core.sources.ubl import read
from tests import builders as make
from tests.made import invoices
from tests.rendering.samples import Maker, full, odd, sparse

DATA = Path(__file__).parents[2].parent / "shared" / "data"
OWN = {"eFFF", "UBL.BE", "CommercialInvoice", "CreditNote"}
KINDS = [pytest.param(make.invoice, id="invoice"), pytest.param(make.credit_note, id="credit note")]


def forced(invoice: Invoice) -> Invoice:
    """The prepared invoice without what CII, profile EN 16931, has no place for."""
    process = invoice.business_process or ""
    currency, home = accounting_currency(invoice), identity.country(invoice.seller)
    return replace(
        invoice,
        specification=cii.GUIDELINE,
        business_process=None if ":" in process or process.startswith("EFFF") else process or None,  # another format's
        notes=(*invoice.notes, *([invoice.delivery_terms] if invoice.delivery_terms else [])),  # the legal mention is a note
        delivery_terms=None,
        delivery_terms_code=None,
        cash_discount=None,  # in the words of BT-20
        tax_currency=currency,
        totals=replace(invoice.totals, vat_total_accounting=invoice.totals.vat_total_accounting if currency else None),
        seller=_trader(invoice.seller, home, identifiers=invoice.seller.identifiers),
        buyer=_trader(invoice.buyer, home, identifiers=invoice.buyer.identifiers[:1], legal_form=None, tax_registration=None),
        payee=_payee(invoice),
        delivery_location_id=_global(invoice.delivery_location_id),
        delivery_address=_at_home(invoice.delivery_address, identity.country(invoice.buyer) or home),
        tax_representative=_representative(invoice.tax_representative),
        payment_means=_means(invoice),
        supporting_documents=_documents(invoice),
        allowances_charges=tuple(replace(each, belgian_code=None) for each in invoice.allowances_charges),
        vat_breakdown=tuple(replace(each, belgian_code=None) for each in invoice.vat_breakdown),
        lines=tuple(map(_line, invoice.lines)),
        warnings=(),
    )


def _trader(party: Party, home: str | None, **changes: Any) -> Party:
    """Electronic addresses and numbers are those of today (`BE:CBE` is 0208), an e-mail address stands for a missing one."""
    address = replace(party.address, country=identity.country(party) or home)
    return replace(party, endpoint=identity.electronic_address(party), legal_id=legal_identifier(party), address=address, **changes)


def _at_home(address: Address | None, country: str | None) -> Address | None:
    """An address without country is a domestic one."""
    return address and replace(address, country=address.country or country)


def _global(stated: Identifier | None) -> Identifier | None:
    """Schemes outside ISO 6523 are left out (BR-CL-26)."""
    return stated and (stated if is_global(stated) else Identifier(value=stated.value))


def _payee(invoice: Invoice) -> Party | None:
    """Name and numbers only, and only somebody else than the seller."""
    payee = invoice.payee
    if payee is None or payee.name == invoice.seller.name:
        return None
    return Party(name=payee.name, identifiers=payee.identifiers[:1], legal_id=payee.legal_id)


def _representative(party: Party | None) -> Party | None:
    """Name, address and VAT number only."""
    return party and Party(name=party.name, address=party.address, vat_id=party.vat_id)


def _means(invoice: Invoice) -> tuple[PaymentMeans, ...]:
    """One code, one text and one reference for all; a transfer without an account is none (BR-61)."""
    stated = [each if each.iban or each.means_code not in {"30", "58"} else _bare(each) for each in invoice.payment_means]
    alike = (each for each in stated if each.means_code == stated[0].means_code)
    return tuple(replace(each, means_text=stated[0].means_text, reference=invoice.payment_reference) for each in alike)


def _bare(means: PaymentMeans) -> PaymentMeans:
    return replace(means, means_code="1", account_name=None, bic=None)


def _documents(invoice: Invoice) -> tuple[SupportingDocument, ...]:
    """Only the first description (CII-SR-475), no name of a file that is not inside, and no reference to another program or the PDF."""
    stated = [each for each in invoice.supporting_documents if not {each.id, each.description} & OWN]
    described = next((at for at, each in enumerate(stated) if each.description), None)
    return tuple(
        replace(each, file_name=None, mime_type=None, description=each.description if at == described else None) for at, each in enumerate(stated)
    )


def _line(line: Line) -> Line:
    """Codes and reasons of VAT stand in the breakdown; a discount has its gross price, and a base quantity the unit of the quantity."""
    gross = line.gross_price
    if gross is None and line.price_discount is not None:
        gross = line.net_price + line.price_discount
    discount = line.price_discount if gross is None or line.price_discount is not None else gross - line.net_price
    unit = line.unit_code if line.base_quantity is not None else None
    bare = replace(line, belgian_code=None, exemption_reason=None, exemption_code=None, standard_item_id=_standard(line.standard_item_id))
    bare = replace(bare, attributes=tuple((name, value) for name, value in line.attributes if value))  # BR-54
    return replace(bare, gross_price=gross, price_discount=discount, base_quantity_unit=unit)


def _standard(stated: Identifier | None) -> Identifier | None:
    """Thirteen digits without a scheme are a GTIN; another number without one is left out (BR-64)."""
    if stated is not None and stated.scheme is None and len(stated.value) == 13:
        return Identifier(value=stated.value, scheme="0160")
    return stated if stated and is_global(stated) else None


def back(invoice: Invoice) -> Invoice:
    """Read again, without what is odd about the source."""
    return replace(read_bytes("a.xml", cii.write(invoice)).invoice, warnings=())


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("content", [lambda kind: kind(), full, odd, sparse], ids=["plain", "full", "odd", "sparse"])
def test_our_own_invoices_come_back(kind: Maker, content: Callable[[Maker], Invoice]) -> None:
    invoice = content(kind)
    assert back(invoice) == forced(bis3.prepared(invoice))


@pytest.mark.parametrize(("category", "rate"), [("S", 6), ("Z", 0), ("E", 0), ("AE", 0), ("K", 0), ("G", 0), ("O", None)])
def test_every_vat_category_comes_back(category: str, rate: int | None) -> None:
    lines = (make.line(vat_category=category, vat_rate=None if rate is None else Decimal(rate)),)
    invoice = make.invoice(lines=lines, buyer=make.foreign_company())
    assert back(invoice) == forced(bis3.prepared(invoice))


def test_a_direct_debit_comes_back() -> None:
    means = PaymentMeans(means_code="59", mandate_reference="M-1", debited_account="BE68539007547034", reference="R")
    seller = make.seller(identifiers=(Identifier(value="S-1"), Identifier(value="BE12ZZZ", scheme="SEPA")))
    invoice = make.invoice(payment_means=(means,), seller=seller, tax_point_code="432")
    assert back(invoice) == forced(bis3.prepared(invoice))


@pytest.mark.skipif(not DATA.is_dir(), reason="../shared/data is not beside this clone")
@pytest.mark.parametrize("path", sorted(DATA.rglob("*.xml")), ids=lambda path: path.stem)
def test_real_files_come_back(path: Path) -> None:
    invoice = read(path.read_bytes()).invoice
    assert back(invoice) == forced(bis3.prepared(invoice))


@settings(max_examples=150, deadline=None)
@given(invoices())
def test_made_invoices_come_back(invoice: Invoice) -> None:
    assert back(invoice) == forced(bis3.prepared(invoice))


words = st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs", "Z"], exclude_characters="\ufffe\uffff"), min_size=1, max_size=30)
amounts = st.decimals("0.01", "99999", places=2)


@settings(max_examples=60, deadline=None)
@given(
    st.lists(words, min_size=7, max_size=7), st.lists(st.tuples(amounts, st.integers(1, 99), st.sampled_from([6, 12, 21])), min_size=1, max_size=6)
)
def test_texts_and_amounts_come_back(made: list[str], rows: list[tuple[Decimal, int, int]]) -> None:
    number, name, description, note, city, reference, street = made
    lines = tuple(
        make.line(id=str(at), name=name, description=description, note=note, net_price=price, quantity=Decimal(quantity), vat_rate=Decimal(rate))
        for at, (price, quantity, rate) in enumerate(rows, 1)
    )
    invoice = make.invoice(
        number=number,
        lines=lines,
        notes=(note,),
        buyer=make.party(name=name, address=Address(street=street, city=city, country="BE")),
        order_reference=reference,
        payment_terms=f"{note}\n{name}",
    )
    assert back(invoice) == forced(bis3.prepared(invoice))
