"""Open CSV and XLSX files from strangers."""

from __future__ import annotations

from pathlib import Path

from core.errors import FormatUnsupported, Sentence
from core.i18n import N_
from core.sources import table_csv, table_xlsx
from core.sources.table import NotATable, Sheet, is_filled
from core.sources.xml import refuse_size

CSV, XLSX = ".csv", ".xlsx"
TABLE_ENDINGS = frozenset({CSV, XLSX})
NO_CELLS = Sentence(N_("it holds no cells"))


def is_table(name: str) -> bool:
    return Path(name).suffix.lower() in TABLE_ENDINGS


def read_sheets(name: str, data: bytes) -> tuple[Sheet, ...]:
    """All sheets with at least one filled cell. Raises subclasses of SourceRefused."""
    ending = Path(name).suffix.lower()
    if ending not in TABLE_ENDINGS:
        raise FormatUnsupported(ending=ending or name)
    refuse_size(len(data))
    sheets = table_csv.read(data) if ending == CSV else table_xlsx.read(data)
    filled = tuple(sheet for sheet in sheets if any(is_filled(row) for row in sheet.rows))
    if not filled:
        raise NotATable(why=NO_CELLS)
    return filled
