"""Turn files from billing programs into invoices, or say in words why not."""

from __future__ import annotations

from pathlib import Path
from stat import S_ISREG

from core.errors import FileNotReadable, FormatUnsupported
from core.i18n import N_
from core.model import SourceFile
from core.sources.syntax import read_xml
from core.sources.table_files import TABLE_ENDINGS
from core.sources.xml import MAX_BYTES, refuse_size

PDF = ".pdf"
ACCEPTED_ENDINGS = frozenset({".xml"})
IMPORTED_ENDINGS = ACCEPTED_ENDINGS | TABLE_ENDINGS | {PDF}


def read_content(path: Path) -> bytes:
    """The bytes of a file that may be imported. Raises subclasses of SourceRefused; nothing is read of a file that is too large."""
    _refuse_ending(path.name, IMPORTED_ENDINGS)
    try:
        status = path.stat()
        if not S_ISREG(status.st_mode):
            raise FileNotReadable(why=N_("it is not a file"))
        refuse_size(status.st_size)
        with path.open("rb") as file:
            return file.read(MAX_BYTES + 1)  # it may have grown since
    except OSError as problem:
        raise FileNotReadable(why=problem.strerror or str(problem)) from problem


def read_file(path: Path) -> SourceFile:
    """The invoice in an XML file. Raises subclasses of SourceRefused."""
    _refuse_ending(path.name)
    return read_bytes(path.name, read_content(path))


def read_bytes(name: str, data: bytes) -> SourceFile:
    """The invoice in XML, of an uploaded file too, whose name gives the ending."""
    _refuse_ending(name)
    refuse_size(len(data))
    return read_xml(data)


def _refuse_ending(name: str, accepted: frozenset[str] = ACCEPTED_ENDINGS) -> None:
    ending = Path(name).suffix.lower()
    if ending not in accepted:
        raise FormatUnsupported(ending=ending or name)
