"""Bring files in: each invoice is read, checked and kept, or refused with its reason. Nothing is ever sent here."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import islice
from pathlib import Path

from core import sources
from core.dispatch import customer_lists, foreseeing, keeping, pdf_pairs, tables
from core.dispatch.customer_lists import CardBook
from core.dispatch.desk import Desk
from core.dispatch.imported import Candidate, Change, CustomerRow, Dropped, Imported, ImportOutcome, LonePdf, Options, Read, refused
from core.dispatch.pdf_pairs import Pdf
from core.dispatch.tables import Knowledge, OpenedTable
from core.errors import FileNotReadable, Sentence, SourceRefused
from core.i18n import N_
from core.sources import pdf
from core.sources.table_files import is_table
from core.sources.xml import refuse_size

__all__ = ["Change", "Dropped", "ImportOutcome", "Imported", "Options", "Plan"]

BATCH = 200  # invoices in one transaction
Report = Callable[[Imported], None]


class NoPdf(SourceRefused):
    template = "This is no PDF, whatever its name says."


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What an import would do: `rows` say what becomes of each of `reads`, in the same order."""

    rows: tuple[Imported, ...]
    reads: tuple[Read, ...]
    tables: tuple[OpenedTable, ...] = ()
    notes: tuple[Sentence, ...] = ()


# What is brought in ---------------------------------------------------------------------------------------------


def find_files(paths: Sequence[Path]) -> Iterator[Path]:
    """Named files as they are, whatever their ending; folders recursively, only the endings that are imported."""
    for path in paths:
        if path.is_dir():
            inside = (found for found in path.rglob("*") if found.suffix.lower() in sources.IMPORTED_ENDINGS)
            yield from sorted(found for found in inside if found.is_file() and not found.name.startswith("."))
        else:
            yield path


def dropped_file(path: Path) -> Dropped:
    return Dropped(name=path.name, shown=str(path), content=partial(_content, path))


def dropped_bytes(name: str, content: bytes) -> Dropped:
    """An uploaded file."""
    return Dropped(name=name, shown=name, content=lambda: content)


def _content(path: Path) -> bytes:
    if not path.exists():  # else a mistyped folder would be told that its ending is wrong
        raise FileNotReadable(why=N_("there is no such file or folder"))
    return sources.read_content(path)


# The use cases --------------------------------------------------------------------------------------------------


def import_paths(desk: Desk, paths: Sequence[Path], options: Options, *, report: Report = lambda _: None) -> list[Imported]:
    """Import files, PDFs with the invoices they lie beside; a bad one never costs a good one, a crash at most the last batch."""
    return import_dropped(desk, [dropped_file(path) for path in find_files(paths)], options, report=report)


def import_many(desk: Desk, files: Iterable[tuple[str, bytes]], options: Options = Options(), *, report: Report = lambda _: None) -> list[Imported]:
    """The same for files in memory, as (name, bytes): many in one transaction."""
    return import_dropped(desk, [dropped_bytes(name, content) for name, content in files], options, report=report)


def import_dropped(
    desk: Desk, files: Sequence[Dropped], options: Options, *, report: Report = lambda _: None, note: Callable[[Sentence], None] = lambda _: None
) -> list[Imported]:
    """Read and keep; `note` hears what was passed over."""
    reader = Reader(desk, options)
    results = _kept(desk, reader.all(files), options, report)
    for each in reader.notes:
        note(each)
    return results


def import_file(desk: Desk, path: Path, options: Options = Options()) -> Imported:
    """A file that holds one invoice."""
    return import_dropped(desk, [dropped_file(path)], options)[0]


def import_bytes(desk: Desk, name: str, content: bytes, options: Options = Options()) -> Imported:
    """An uploaded file that holds one invoice."""
    return import_many(desk, [(name, content)], options)[0]


def plan(desk: Desk, files: Sequence[Dropped], options: Options) -> Plan:
    """Read everything and say what would become of it; nothing is written."""
    reader = Reader(desk, options)
    reads = tuple(reader.all(files))
    invoices = iter(foreseeing.foresee(desk, [read for read in reads if isinstance(read, Candidate)], options))
    pdfs = iter(foreseeing.foresee_pdfs(desk, [read for read in reads if isinstance(read, LonePdf)]))
    listed = iter(customer_lists.foresee(desk, [read for read in reads if isinstance(read, CustomerRow)]))
    rows = []
    for read in reads:
        source = invoices if isinstance(read, Candidate) else pdfs if isinstance(read, LonePdf) else listed
        rows.append(read if isinstance(read, Imported) else next(source))
    return Plan(rows=tuple(rows), reads=reads, tables=tuple(reader.tables), notes=tuple(reader.notes))


def carry_out(desk: Desk, planned: Plan, options: Options, *, report: Report = lambda _: None) -> list[Imported]:
    """Keep what a plan has read; what changed since is decided anew, row by row."""
    return _kept(desk, planned.reads, options, report)


def _kept(desk: Desk, reads: Iterable[Read], options: Options, report: Report) -> list[Imported]:
    """Customers of lists come first, so that the invoices find their cards; the results stand in the order of the files."""
    cards = CardBook(desk)
    applied: dict[int, Imported] = {}
    for place, read in enumerate(reads if isinstance(reads, Sequence) else ()):
        if isinstance(read, CustomerRow):
            applied[place] = cards.apply(read)
            report(applied[place])
    results: list[Imported] = []
    waiting = enumerate(reads)
    while batch := list(islice(waiting, BATCH)):
        kept = iter(keeping.keep(desk, [read for _, read in batch if isinstance(read, (Candidate, LonePdf))], options))
        for place, read in batch:
            results.append(read if isinstance(read, Imported) else applied[place] if isinstance(read, CustomerRow) else next(kept))
            if place not in applied:
                report(results[-1])
    return results


# Reading --------------------------------------------------------------------------------------------------------


class Reader:
    """Reads XML files one by one; PDFs must know every number first, and lists of customers come before invoices."""

    def __init__(self, desk: Desk, options: Options) -> None:
        self.desk = desk
        self.knowledge = Knowledge(desk, options)
        self.tables: list[OpenedTable] = []
        self.notes: list[Sentence] = []
        self._pdfs: list[Pdf] = []

    def all(self, files: Sequence[Dropped]) -> Iterable[Read]:
        reads = (read for file in files for read in self.one(file))
        if all(Path(file.name).suffix.lower() in sources.ACCEPTED_ENDINGS for file in files):
            return reads
        everything = list(reads)
        if not any(Path(file.name).suffix.lower() == sources.PDF for file in files):
            return everything
        return pdf_pairs.pair(self.desk, everything, self._pdfs, replacing=self.knowledge.options.replace)

    def one(self, file: Dropped) -> Iterator[Read]:
        try:
            yield from self._read(file)
        except SourceRefused as error:
            yield refused(file.shown, error.sentence, place=error.place)
        except OSError as error:
            yield refused(file.shown, FileNotReadable(why=str(error)).sentence)

    def _read(self, file: Dropped) -> Sequence[Read]:
        if Path(file.name).suffix.lower() == sources.PDF:
            return self._pdf(file, _pdf(file.content()))
        if is_table(file.name):
            found = tables.read(self.knowledge, file)
            self.tables.append(found.table)
            self.notes += found.notes
            return found.reads
        return (Candidate(file=file.shown, name=file.name, source=sources.read_bytes(file.name, file.content())),)

    def _pdf(self, file: Dropped, content: bytes) -> Sequence[Read]:
        """The invoice in it; else it waits for one that it fits, with what was wrong about it."""
        problem: SourceRefused | None = None
        try:
            source = pdf.read(file.name, content)
        except SourceRefused as error:
            source, problem = None, error
        if source is not None:
            return (Candidate(file=file.shown, name=file.name, source=source),)
        said, place = (problem.sentence, problem.place) if problem else (None, "")
        self._pdfs.append(Pdf(file=file.shown, name=file.name, content=content, problem=said, place=place))
        return ()


def _pdf(content: bytes) -> bytes:
    """Looked at, not believed."""
    refuse_size(len(content))
    if b"%PDF-" not in content[:1024]:
        raise NoPdf
    return content
