"""What is read is written and read again: the same invoice, but for what docs/formats.md says of each format."""

from __future__ import annotations

import re
from dataclasses import replace
from fnmatch import fnmatchcase
from pathlib import Path

import pytest

from core.model import Invoice, PaymentMeans, XmlFormat
from core.rendering import efff_rules
from core.rendering.rules import schema_violations
from core.rendering.ubl import write
from core.sources import read_bytes, read_file
from tests import builders as make
from tests.differences import ALLOWED, differences, is_of, unexplained
from tests.rendering import schematron
from tests.rendering.samples import discounted_abroad, full, odd, sparse
from tests.rendering.test_ubl import discounted

PDF = b"%PDF-1.7 only a test"
ROOT = Path(__file__).parents[2]
DATA = ROOT.parent / "shared" / "data"
FILES = sorted(DATA.glob("*/*.xml"))
FORMATS = (XmlFormat.BIS3, XmlFormat.EFFF3, XmlFormat.EFFF1)
DOCUMENTATION = (ROOT / "docs" / "formats.md").read_text(encoding="utf-8")

with_data = pytest.mark.skipif(not DATA.is_dir(), reason="../shared/data does not stand beside this clone")
every_file = pytest.mark.parametrize("path", FILES or [DATA], ids=lambda path: path.stem)  # one to skip where there is none
every_format = pytest.mark.parametrize("wanted", FORMATS)
DEBIT = PaymentMeans(means_code="59", mandate_reference="M-7", debited_account="BE68539007547034")
OUR_OWN = {
    "invoice": make.invoice(),
    "credit note": make.credit_note(),
    "full invoice": full(make.invoice),
    "full credit note": full(make.credit_note),
    "odd invoice": odd(make.invoice),
    "odd credit note": odd(make.credit_note),
    "sparse invoice": sparse(make.invoice),
    "VAT in a currency unnamed": replace(full(make.invoice), tax_currency=None),
    "no VAT breakdown": replace(full(make.invoice), vat_breakdown=()),
    "nothing taxed": make.invoice(lines=(make.line(vat_category="O", vat_rate=None),)),
    "no means of payment": make.invoice(payment_means=()),
    "direct debit of a part": make.invoice(source_type_code="326", payment_means=(DEBIT,)),
    "cash discount in dollars": discounted_abroad(),
    "cash discount": discounted(),
    "cash discount on the full VAT": discounted(exempt="0"),
}


def again(invoice: Invoice, wanted: XmlFormat) -> tuple[Invoice, XmlFormat]:
    document = write(invoice, wanted=wanted, pdf=PDF, pdf_name="a.pdf")
    source = read_bytes(document.file_name, document.content)
    assert source.pdf == PDF
    return source.invoice, document.format


@with_data
@every_file
@every_format
def test_a_file_comes_back_as_it_was(path: Path, wanted: XmlFormat) -> None:
    invoice = read_file(path).invoice
    read, written = again(invoice, wanted)
    assert unexplained(invoice, read, written) == []


@every_format
@pytest.mark.parametrize("name", OUR_OWN)
def test_our_own_invoices_come_back(name: str, wanted: XmlFormat) -> None:
    read, written = again(OUR_OWN[name], wanted)
    assert unexplained(OUR_OWN[name], read, written) == []


@every_format
@pytest.mark.parametrize("name", OUR_OWN)
def test_the_second_time_nothing_changes(name: str, wanted: XmlFormat) -> None:
    once, written = again(OUR_OWN[name], wanted)
    twice, _ = again(once, written)
    assert twice == once


@with_data
@every_file
@every_format
def test_a_real_file_changes_only_once(path: Path, wanted: XmlFormat) -> None:
    once, written = again(read_file(path).invoice, wanted)
    twice, _ = again(once, written)
    assert twice == once


@pytest.mark.parametrize("place", sorted({place for row in ALLOWED for place in row.paths.split()}))
def test_every_difference_is_documented(place: str) -> None:
    assert f"`{place}`" in DOCUMENTATION


@with_data
def test_no_difference_is_allowed_in_vain() -> None:
    seen: set[tuple[int, str]] = set()
    for invoice in (*OUR_OWN.values(), *(read_file(path).invoice for path in FILES)):
        for wanted in FORMATS:
            read, written = again(invoice, wanted)
            for found in differences(invoice, read):
                for at, allowed in enumerate(ALLOWED):
                    if is_of(found, allowed, invoice, written):
                        seen |= {(at, place) for place in allowed.paths.split() if fnmatchcase(found.path, place)}
    assert {(at, place) for at, allowed in enumerate(ALLOWED) for place in allowed.paths.split()} - seen == set()


# The rules that each file breaks ---------------------------------------------------------------------------------


def broken(content: bytes) -> str:
    """The fatal rules of the schema and of EN 16931, each once."""
    rules = ["XSD" for _ in schema_violations(content)]
    rules += [match[1] for text in schematron.violations(content) if (match := re.match(r"\[([A-Z0-9-]+)\]", text))]
    return " ".join(sorted(set(rules))) or "–"


def row(path: Path) -> str:
    """A row of the table in docs/formats.md: the source, and what is written of it."""
    source = read_file(path)
    cells = [f"`{path.name}`", broken(path.read_bytes())]
    for wanted in FORMATS:
        document = write(source.invoice, wanted=wanted, pdf=PDF, pdf_name="a.pdf")
        if document.format is not wanted:
            cells.append("as BIS 3")
        elif wanted is XmlFormat.BIS3:
            cells.append(broken(document.content))
        else:
            rules = ["XSD" for _ in schema_violations(document.content)]
            rules += [found.rule for found in efff_rules.violations(document.content)]
            cells.append(" ".join(rules) or "–")
    return f"| {' | '.join(cells)} |"


@with_data
@every_file
def test_the_table_of_broken_rules_is_true(path: Path) -> None:
    assert row(path) in DOCUMENTATION.splitlines()
