"""docs/import.md lists every column with every word that is recognised, and no word means two things."""

from __future__ import annotations

from pathlib import Path

import pytest

from core.sources.table_columns import WORDS, TableKind, field_of, folded
from core.sources.table_headers import Heading
from core.sources.table_opening import NEEDED

DOCUMENT = (Path(__file__).parents[2] / "docs" / "import.md").read_text(encoding="utf-8")
FIELDS = [(kind, field, heading) for kind, headings in WORDS.items() for field, heading in headings.items()]


@pytest.mark.parametrize(("kind", "field", "heading"), FIELDS, ids=[f"{kind}-{field}" for kind, field, _ in FIELDS])
def test_the_documented_words_are_the_recognised_ones(kind: TableKind, field: str, heading: Heading) -> None:
    words = [" · ".join(each) for each in (heading.english, heading.french, heading.dutch)]
    assert f"| `{field}` | {heading.about} | {' | '.join(words)} |" in DOCUMENT
    for word in (field, *heading.english, *heading.french, *heading.dutch):
        assert field_of(kind, word) == field
        assert field_of(kind, f" {word.upper()}. ") == field


@pytest.mark.parametrize("kind", TableKind)
def test_each_field_has_a_name_of_its_own_on_the_screen(kind: TableKind) -> None:
    for names in zip(*((each.french[0], each.dutch[0], each.english[0]) for each in WORDS[kind].values()), strict=True):
        assert len({folded(name) for name in names}) == len(names)


def test_the_document_names_what_is_needed() -> None:
    [line] = [line for line in DOCUMENT.splitlines() if line.startswith("- **Needed**")]
    assert line == "- **Needed**: " + ", ".join(" or ".join(f"`{field}`" for field in group) for group in NEEDED[TableKind.INVOICES]) + "."


@pytest.mark.parametrize(
    ("header", "field"),
    [("N° de facture", "number"), ("Prix unitaire (HTVA)", "net_price"), ("T.V.A. %", "vat_rate"), ("Total TVAC EUR", "total_with_vat")],
)
def test_spelling_does_not_matter(header: str, field: str) -> None:
    assert field_of(TableKind.INVOICES, header) == field
