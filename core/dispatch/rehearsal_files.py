"""Rehearsed mails as files: each mail, its attachments as they would leave, and an index of all."""

from __future__ import annotations

import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from io import BytesIO
from itertools import count
from pathlib import Path, PurePosixPath

from core import eml, i18n
from core.dispatch.desk import Desk
from core.dispatch.exporting import table_csv
from core.errors import Sentence
from core.i18n import N_
from core.model import Language
from core.records import Seal, Versions
from core.rendering import file_names

HEADINGS = (N_("Number"), N_("Customer"), N_("Recipients"), N_("Subject"), N_("Size"), N_("Warnings"), N_("File"))
INDEX = "index.csv"


@dataclass(frozen=True, kw_only=True)
class Rehearsed:
    """One mail as it would leave, sealed, and what it was made from."""

    invoice_id: int
    company_id: int
    number: str
    customer: str
    recipients: tuple[str, ...]
    subject: str
    seal: Seal
    versions: Versions
    warnings: tuple[Sentence, ...]


def free_folder(folder: Path, rehearsal_id: int) -> Path:
    """The folder itself while it is empty, else one within it: two rehearsals are never mixed."""
    wanted = folder
    for more in count(1):
        if not wanted.exists() or not any(wanted.iterdir()):
            return wanted
        wanted = folder / (f"rehearsal-{rehearsal_id}" + (f"-{more}" if more > 1 else ""))
    raise AssertionError


def write(desk: Desk, mails: Sequence[Rehearsed], folder: Path) -> list[Path]:
    """Make the files; returns them, the index last."""
    written = []
    for name, content in _files(desk, mails, Language(desk.settings.language)):
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        written.append(path)
    return written


def zipped(desk: Desk, mails: Sequence[Rehearsed], language: Language) -> bytes:
    """The same as one file."""
    packed = BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in _files(desk, mails, language):
            archive.writestr(str(name), content)
    return packed.getvalue()


def _files(desk: Desk, mails: Sequence[Rehearsed], language: Language) -> Iterator[tuple[PurePosixPath, bytes]]:
    used = {INDEX}
    names = []
    for mail in mails:
        raw = desk.archive.get(mail.seal.sha256)
        stem = _free(file_names.safe(mail.number), ("", ".eml"), used)
        names.append(f"{stem}.eml")
        yield PurePosixPath(f"{stem}.eml"), raw
        inside: set[str] = set()
        for part in eml.opened(raw).attachments:
            name = PurePosixPath(file_names.safe(part.file_name))
            yield PurePosixPath(stem) / f"{_free(name.stem, (name.suffix,), inside)}{name.suffix}", part.content
    rows = [_row(mail, name, language) for mail, name in zip(mails, names, strict=True)]
    yield PurePosixPath(INDEX), table_csv([i18n.translate(language, heading) for heading in HEADINGS], rows, language)


def _free(stem: str, endings: Sequence[str], used: set[str]) -> str:
    """Two numbers can have one safe name, and some disks know no capitals."""
    chosen = stem
    for more in count(2):
        wanted = {f"{chosen}{ending}".lower() for ending in endings}
        if not wanted & used:
            used |= wanted
            return chosen
        chosen = f"{stem}-{more}"
    raise AssertionError


def _row(mail: Rehearsed, name: str, language: Language) -> list[object]:
    warnings = " ".join(i18n.sentence(language, warning) for warning in mail.warnings)
    return [mail.number, mail.customer, ", ".join(mail.recipients), mail.subject, mail.seal.size, warnings, name]
