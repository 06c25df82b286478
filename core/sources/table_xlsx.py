"""Read XLSX without trusting it: its real size, its extent and its macros are looked at before a cell is read."""

from __future__ import annotations

import re
import struct
import zipfile
import zlib
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from io import BytesIO
from typing import Any

import python_calamine

from core.errors import Sentence
from core.i18n import N_
from core.sources.table import Cell, NotATable, Sheet, day_of, exact

MACROS = Sentence(N_("it holds macros. Save it as a workbook without macros (.xlsx)"))
PROTECTED = Sentence(N_("it is protected by a password, or an older Excel file. Save it as .xlsx without a password"))
NO_XLSX = Sentence(N_("it is not an XLSX file, whatever its name says"))
TOO_WIDE = Sentence(N_("its cells lie too far apart. Delete the empty rows and columns, and save it again"))
INFLATES = Sentence(N_("unpacked it would be larger than any table of invoices"))
BROKEN = N_("the spreadsheet is damaged ({why})")

MOST_BYTES = 300_000_000  # unpacked
MOST_CELLS = 4_000_000  # of the rectangle around all cells of a sheet, which is read as a whole
_PIECE = 1 << 20
_STORED, _DEFLATED = 0, 8
_REFERENCE = re.compile(rb"""<(?:\w+:)?(?:c|row)\s[^>]*?\br=["']([A-Z]{0,3})([0-9]{1,7})["']""")
_SHEET = re.compile(r"xl/worksheets/[^/]+\.xml", re.IGNORECASE)


def read(data: bytes) -> tuple[Sheet, ...]:
    """The visible sheets, in their order; formulas as the values they had when the file was saved. Raises NotATable."""
    if data.startswith(b"\xd0\xcf\x11\xe0"):
        raise NotATable(why=PROTECTED)
    _examine(data)
    try:
        with python_calamine.CalamineWorkbook.from_filelike(BytesIO(data)) as book:
            return tuple(_sheets(book))
    except (python_calamine.CalamineError, ValueError, OSError) as error:
        raise NotATable(why=Sentence(BROKEN, {"why": str(error)[:120]})) from error


def _sheets(book: python_calamine.CalamineWorkbook) -> Iterator[Sheet]:
    for place, about in enumerate(book.sheets_metadata):
        if about.typ is python_calamine.SheetTypeEnum.WorkSheet and about.visible is python_calamine.SheetVisibleEnum.Visible:
            rows = book.get_sheet_by_index(place).to_python(skip_empty_area=False)
            yield Sheet(name=about.name, rows=tuple(tuple(_cell(value) for value in row) for row in rows))


def _cell(value: Any) -> Cell:
    if isinstance(value, bool):
        return value
    if isinstance(value, (int, float)):
        return exact(float(value)) if isinstance(value, float) else exact(value)
    if isinstance(value, (date, datetime)):
        return day_of(value)
    if isinstance(value, (time, timedelta)):
        return str(value)
    return str(value).strip()


# Before anything is unpacked ------------------------------------------------------------------------------------


def _examine(data: bytes) -> None:
    """Refuse what is no XLSX, brings macros, inflates without measure, or spans more cells than memory holds."""
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
    total = 0
    for part in parts:
        total = _measure(data, part, total)


def _measure(data: bytes, part: zipfile.ZipInfo, total: int) -> int:
    """Unpack one part in small pieces: what its header says of its size is not to be believed."""
    extent = _Extent() if _SHEET.fullmatch(part.filename) else None
    for piece in _unpacked(data, part):
        total += len(piece)
        if total > MOST_BYTES:
            raise NotATable(why=INFLATES)
        if extent is not None:
            extent.look(piece)
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

    def look(self, piece: bytes) -> None:
        text = self._rest + piece
        for letters, digits in _REFERENCE.findall(text):
            self.rows = max(self.rows, int(digits))
            self.columns = max(self.columns, _column(letters))
        if self.rows * self.columns > MOST_CELLS:
            raise NotATable(why=TOO_WIDE)
        cut = text.rfind(b"<")
        self._rest = text[cut:][:1000] if cut >= 0 else b""


def _column(letters: bytes) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + letter - 64
    return number
