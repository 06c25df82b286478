"""Read XLSX without trusting it: its real size, its extent and its macros are looked at before a cell is read."""

from __future__ import annotations

import re
import struct
import zipfile
import zlib
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime, time, timedelta
from io import BytesIO
from typing import Any

import python_calamine

from core.errors import Sentence
from core.i18n import N_
from core.sources import table_formulas
from core.sources.table import Cell, NotATable, Sheet, day_of, exact
from core.sources.table_formulas import Place, column_number

MACROS = Sentence(N_("it holds macros. Save it as a workbook without macros (.xlsx)"))
PROTECTED = Sentence(N_("it is protected by a password, or an older Excel file. Save it as .xlsx without a password"))
NO_XLSX = Sentence(N_("it is not an XLSX file, whatever its name says"))
TOO_WIDE = Sentence(N_("its cells lie too far apart. Delete the empty rows and columns, and save it again"))
INFLATES = Sentence(N_("unpacked it would be larger than any table of invoices"))
BROKEN = N_("the spreadsheet is damaged ({why})")

MOST_BYTES = 300_000_000  # unpacked
MOST_CELLS = 4_000_000  # of the rectangle around all cells of a sheet, which is read as a whole
_PIECE = 1 << 20
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f]")  # which XLSX writes as _x0001_
_STORED, _DEFLATED = 0, 8
_REFERENCE = re.compile(rb"""<(?:\w+:)?(?:c|row)\s[^>]*?\br=["']([A-Z]{0,3})([0-9]{1,7})["']""")
_NO_SHEET = frozenset({"xl/calcchain.xml", "xl/sharedstrings.xml"})  # any other part may be one, wherever it lies


def read(data: bytes) -> tuple[Sheet, ...]:
    """The visible sheets, in their order; formulas as the values they had when the file was saved. Raises NotATable."""
    if data.startswith(b"\xd0\xcf\x11\xe0"):
        raise NotATable(why=PROTECTED)
    valueless = _examine(data)
    try:
        with python_calamine.CalamineWorkbook.from_filelike(BytesIO(data)) as book:
            return tuple(_sheets(book, table_formulas.by_sheet(data, valueless)))
    except (python_calamine.CalamineError, ValueError, OSError) as error:
        raise NotATable(why=Sentence(BROKEN, {"why": str(error)[:120]})) from error


def _sheets(book: python_calamine.CalamineWorkbook, valueless: Mapping[str, Sequence[Place]]) -> Iterator[Sheet]:
    for place, about in enumerate(book.sheets_metadata):
        if about.typ is python_calamine.SheetTypeEnum.WorkSheet and about.visible is python_calamine.SheetVisibleEnum.Visible:
            rows = book.get_sheet_by_index(place).to_python(skip_empty_area=False)
            cells = [tuple(_cell(value) for value in row) for row in rows]
            yield Sheet(name=about.name, rows=table_formulas.marked(cells, valueless.get(about.name, ())))


def _cell(value: Any) -> Cell:
    if isinstance(value, bool):
        return value
    if isinstance(value, (int, float)):
        return exact(float(value)) if isinstance(value, float) else exact(value)
    if isinstance(value, (date, datetime)):
        return day_of(value)
    if isinstance(value, (time, timedelta)):
        return str(value)
    return _CONTROL.sub("", str(value)).strip()


# Before anything is unpacked ------------------------------------------------------------------------------------


def _examine(data: bytes) -> dict[str, list[Place]]:
    """Refuse what is no XLSX, brings macros, inflates without measure, or spans more cells than memory holds.

    Returns the cells of each part whose formula has no value: they are read as empty, which says something else.
    """
    try:
        with zipfile.ZipFile(BytesIO(data)) as package:
            parts = package.infolist()
    except (zipfile.BadZipFile, ValueError, NotImplementedError, struct.error) as error:
        raise NotATable(why=NO_XLSX) from error
    names = {part.filename.lower() for part in parts}
    if any(name.endswith("vbaproject.bin") for name in names):
        raise NotATable(why=MACROS)
    if "[content_types].xml" not in names:
        raise NotATable(why=NO_XLSX)
    total, valueless = 0, dict[str, list[Place]]()
    for part in parts:
        extent = None if part.filename.lower() in _NO_SHEET else _Extent()
        total = _measure(data, part, total, extent)
        if extent is not None and extent.formulas.found:
            valueless[part.filename] = extent.formulas.found
    return valueless


def _measure(data: bytes, part: zipfile.ZipInfo, total: int, extent: _Extent | None) -> int:
    """Unpack one part in small pieces: what its header says of its size is not to be believed."""
    for piece in _unpacked(data, part):
        total += len(piece)
        if total > MOST_BYTES:
            raise NotATable(why=INFLATES)
        if extent is not None:
            extent.look(piece)
    if extent is not None:
        extent.formulas.end()
    return total


def _unpacked(data: bytes, part: zipfile.ZipInfo) -> Iterator[bytes]:
    if part.flag_bits & 0x1:
        raise NotATable(why=PROTECTED)
    header = data[part.header_offset : part.header_offset + 30]
    if len(header) < 30 or part.compress_type not in (_STORED, _DEFLATED):
        raise NotATable(why=NO_XLSX)
    name, extra = struct.unpack("<HH", header[26:30])
    start = part.header_offset + 30 + name + extra
    packed = data[start : start + part.compress_size]
    if part.compress_type == _STORED:
        yield packed
        return
    unpacking = zlib.decompressobj(-15)
    try:
        while packed and not unpacking.eof:
            yield unpacking.decompress(packed, _PIECE)
            packed = unpacking.unconsumed_tail
    except zlib.error as error:
        raise NotATable(why=Sentence(BROKEN, {"why": str(error)[:120]})) from error


class _Extent:
    """The rectangle around the cells of a sheet: two cells at its far ends would take all memory."""

    def __init__(self) -> None:
        self.rows = self.columns = 1
        self._rest = b""
        self.formulas = table_formulas.Looking()

    def look(self, piece: bytes) -> None:
        self.formulas.look(piece)
        text = self._rest + piece
        for letters, digits in _REFERENCE.findall(text):
            self.rows = max(self.rows, int(digits))
            self.columns = max(self.columns, column_number(letters))
        if self.rows * self.columns > MOST_CELLS:
            raise NotATable(why=TOO_WIDE)
        cut = text.rfind(b"<")
        self._rest = text[cut:][:1000] if cut >= 0 else b""
