"""Turn files from billing programs into invoices, or say in words why not."""

from __future__ import annotations

from pathlib import Path
from stat import S_ISREG

from core.errors import FileNotReadable, FormatUnsupported
from core.model import SourceFile
from core.sources import ubl
from core.sources.xml import MAX_BYTES, refuse_size

ACCEPTED_ENDINGS = frozenset({".xml"})


def read_file(path: Path) -> SourceFile:
    """The invoice in a file. Raises subclasses of SourceRefused; nothing is read of a file that is too large."""
    ending = path.suffix.lower()
    if ending not in ACCEPTED_ENDINGS:
        raise FormatUnsupported(ending=ending or path.name)
    try:
        status = path.stat()
        if not S_ISREG(status.st_mode):
            raise FileNotReadable(why="it is not a file")
        refuse_size(status.st_size)
        with path.open("rb") as file:
            data = file.read(MAX_BYTES + 1)  # it may have grown since
    except OSError as problem:
        raise FileNotReadable(why=problem.strerror or str(problem)) from problem
    return ubl.read(data)


def read_bytes(name: str, data: bytes) -> SourceFile:
    """The same for an uploaded file, whose name gives the ending."""
    ending = Path(name).suffix.lower()
    if ending not in ACCEPTED_ENDINGS:
        raise FormatUnsupported(ending=ending or name)
    refuse_size(len(data))
    return ubl.read(data)
