"""Invoices that the documents are tried on."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

from core.model import ZERO, AllowanceCharge, CashDiscount, Identifier, Invoice, Line, PaymentMeans, Reference, SupportingDocument
from tests import builders as make

Maker = Callable[..., Invoice]


FIRST, LAST = date(2026, 11, 1), date(2026, 11, 30)


def full(kind: Maker) -> Invoice:
    """An invoice that uses every optional term of the model."""
    invoice = kind(
        lines=(_full_line(), make.line(id="2", vat_rate=Decimal(6), net_price=Decimal("3.3333"), quantity=Decimal(3), unit_code="C62")),
        allowances_charges=(make.allowance("10", base_amount=Decimal(100), percentage=Decimal(10)), make.charge("4.50")),
        notes=("Merci", "Commande #5"),
        period_start=FIRST,
        period_end=LAST,
        tax_point_date=FIRST,
        tax_currency="USD",
        delivery_date=FIRST,
        delivery_name="Dépôt",
        delivery_location_id=Identifier(value="5412345000013", scheme="0088"),
        delivery_address=make.address(),
        delivery_terms="Exempté, art. 56bis",
        payment_means=(
            PaymentMeans(means_code="58", means_text="SEPA", reference=make.OGM, iban=make.IBAN, bic="GKCCBEBB", account_name="Dubois"),
            PaymentMeans(means_code="58", reference=make.OGM, iban="BE68539007547034"),
        ),
        payment_terms="30 jours",
        **_references(),
        **_parties(),
    )
    invoice = replace(invoice, totals=replace(invoice.totals, vat_total_accounting=Decimal("41.00")))
    return make.paid(invoice, "10.00", rounding="0.01")


def odd(kind: Maker) -> Invoice:
    """An invoice that says what EN 16931 or e-FFF say otherwise or not at all."""
    parties = {
        "seller": make.seller(endpoint=None, legal_id=None),
        "buyer": make.party(
            legal_form="BV",
            tax_registration=Identifier(value="B-7"),
            address=make.address(country=None),
            endpoint=Identifier(value="1", scheme="X:Y"),
        ),
        "payee": make.seller(),
    }
    lines = (
        make.line(net_price=Decimal(-5), gross_price=Decimal(10), net_amount=Decimal(-10)),
        make.line(id="2", gross_price=Decimal(110), standard_item_id=Identifier(value="5412345000013")),
        make.line(id="3", vat_category="K", vat_rate=ZERO, belgian_code="44"),
        make.line(id="4", vat_category="K", vat_rate=ZERO, belgian_code="46/GO"),
    )
    allowances = (make.allowance("5", percentage=Decimal(5)), make.allowance("5", base_amount=Decimal(100), reason=None, reason_code="XX"))
    return kind(
        lines=lines,
        allowances_charges=allowances,
        payment_means=(
            PaymentMeans(reference=make.OGM, iban=make.IBAN),
            PaymentMeans(means_text="Carte", means_code="48", card_number="1234", reference="R"),
            PaymentMeans(means_code="58", means_text="Autre", iban="BE68539007547034"),
        ),
        delivery_location_id=Identifier(value="D-1", scheme="ZZZ"),
        supporting_documents=(
            SupportingDocument(id="eFFF", description="Another program"),
            SupportingDocument(id="1"),
        ),
        **parties,
    )


def sparse(kind: Maker) -> Invoice:
    """An invoice that leaves out what others have to say for it."""
    invoice = kind(
        lines=(make.line(attributes=(("Couleur", "rouge"), ("Taille", ""))),),
        allowances_charges=(make.allowance("5"),),
        tax_currency="USD",
        payment_means=(PaymentMeans(account_name="Dubois", bic="GKCCBEBB"),),
    )
    return replace(invoice, allowances_charges=(make.allowance("5", vat_category=None, vat_rate=None),))


def discounted_abroad() -> Invoice:
    """A cash discount without a last day on an invoice in dollars with its VAT in euro."""
    documents = (SupportingDocument(id="1", file_name="a.csv", mime_type="text/csv"),)
    invoice = make.invoice(cash_discount=CashDiscount(percentage=Decimal(2)), currency="USD", tax_currency="EUR", supporting_documents=documents)
    return replace(invoice, totals=replace(invoice.totals, vat_total_accounting=Decimal("39.00")))


def _references() -> dict[str, Any]:
    return {
        "buyer_reference": "Service achats",
        "order_reference": "PO-1",
        "sales_order_reference": "SO-1",
        "contract_reference": "C-1",
        "project_reference": "P-1",
        "despatch_reference": "D-1",
        "receipt_reference": "R-1",
        "tender_reference": "T-1",
        "object_id": Identifier(value="OBJ-1", scheme="ABZ"),
        "accounting_cost": "AC-1",
        "preceding_invoices": (Reference(number="V-1", issue_date=FIRST), Reference(number="V-2")),
        "supporting_documents": (SupportingDocument(id="doc-1", description="Feuille d'heures", url="https://dubois.example/heures"),),
    }


def _parties() -> dict[str, Any]:
    seller = make.seller(
        trading_name="Dubois",
        tax_registration=Identifier(value="RPM-7"),
        identifiers=(Identifier(value="5412345000013", scheme="0088"),),
        contact_name="Anne",
        address=make.address(additional_street="bte 3", address_line="Cour", subdivision="Bruxelles"),
    )
    return {
        "seller": seller,
        "buyer": make.party(trading_name="Peeters", identifiers=(Identifier(value="K-1"), Identifier(value="K-2"))),
        "payee": make.party(name="Factor NV", identifiers=(Identifier(value="F-1"),)),
        "tax_representative": make.party(name="Fiscaal BV"),
    }


def _full_line() -> Line:
    return make.line(
        description="Trois jours sur place",
        note="Voir annexe",
        seller_item_id="S-1",
        buyer_item_id="B-1",
        standard_item_id=Identifier(value="5412345000013", scheme="0160"),
        origin_country="BE",
        classifications=(Identifier(value="80101500", scheme="STI", version="26.08.01"),),
        attributes=(("Couleur", "rouge"),),
        period_start=FIRST,
        period_end=LAST,
        order_line="3",
        object_id=Identifier(value="X-9", scheme="AAB"),
        accounting_cost="4025",
        allowances_charges=(
            AllowanceCharge(is_charge=False, amount=Decimal(20), base_amount=Decimal(200), percentage=Decimal(10), reason="Remise"),
            AllowanceCharge(is_charge=True, amount=Decimal(5), reason="Déplacement"),
        ),
        base_quantity=Decimal(1),
        gross_price=Decimal(110),
        price_discount=Decimal(10),
    )
