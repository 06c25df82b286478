"""Documents: PDF, XML, whole mails and the official rules (BENCH B1–B4, B11), beside what others use where it is installed."""

from __future__ import annotations

import importlib.util
import statistics
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from core.archive import FolderArchive
from core.bench import peers, sample
from core.mailbox import Mailbox
from core.model import DocumentType, Invoice, Language, XmlFormat
from core.rendering import mail_text, message, pdf, rules, ubl
from core.rendering.enclosed import Enclosed
from core.rendering.message import Attachment, Envelope

WARM_UP: Final = 5
_COLOUR: Final = "#1a6b5a"
_NOW: Final = datetime(2026, 11, 24, 9, tzinfo=UTC)


@dataclass(frozen=True, kw_only=True)
class _Material:
    ten: Sequence[Invoice]
    hundred: Sequence[Invoice]
    logo: bytes
    terms: bytes


def run(times: int, *, report: Callable[[str], None]) -> dict[str, Any]:
    """Milliseconds, medians over distinct invoices after a warm-up, wall and CPU; ours first, then the peers of the same call."""
    count = times + WARM_UP
    material = _Material(
        ten=[sample.invoice(at) for at in range(count)],
        hundred=[sample.invoice(at, lines=100) for at in range(max(10, times // 5) + WARM_UP)],
        logo=sample.logo(),
        terms=sample.terms(),
    )
    figures: dict[str, Any] = {}
    with tempfile.TemporaryDirectory(prefix="facturier-bench-") as folder:
        for name, act, things in (*_ours(material, Path(folder)), *_theirs(material, Path(folder))):
            report(f"{name} …")
            figures[name] = timed(act, things)
    return figures


def timed(act: Callable[[Any], object], things: Sequence[Any]) -> dict[str, float]:
    """Each thing once: what was rendered already must not help."""
    wall, cpu = [], []
    for at, thing in enumerate(things):
        wall_began, cpu_began = time.perf_counter(), time.process_time()
        act(thing)
        if at >= WARM_UP:
            wall.append(time.perf_counter() - wall_began)
            cpu.append(time.process_time() - cpu_began)
    return {"wall_ms": round(statistics.median(wall) * 1000, 3), "cpu_ms": round(statistics.median(cpu) * 1000, 3), "times": len(wall)}


Measured = tuple[str, Callable[[Any], object], Sequence[Any]]


def _ours(material: _Material, folder: Path) -> list[Measured]:
    bare = [ubl.draft(invoice, wanted=XmlFormat.BIS3).content for invoice in material.ten]
    archive = FolderArchive(folder)
    return [
        ("B1 pdf, 10 lines", lambda invoice: pdf.render(invoice, language=Language.FR, logo=material.logo, colour=_COLOUR), material.ten),
        ("B1 pdf, 10 lines, the XML inside", lambda invoice: _with_xml(invoice, material), material.ten),
        ("B2 pdf, 100 lines", lambda invoice: pdf.render(invoice, language=Language.FR, logo=material.logo, colour=_COLOUR), material.hundred),
        ("B3 xml, BIS 3", lambda invoice: ubl.draft(invoice, wanted=XmlFormat.BIS3).content, material.ten),
        ("B3 xml, e-FFF 3.0", lambda invoice: ubl.draft(invoice, wanted=XmlFormat.EFFF3).content, material.ten),
        ("B4 message, composed", lambda invoice: _mail(invoice, material), material.ten),
        ("B4 message, sealed and archived", lambda invoice: archive.put(_mail(invoice, material)), material.ten),
        ("B11 schema", rules.schema_violations, bare),
        ("B11 schema and EN 16931", rules.violations, bare),
    ]


def _with_xml(invoice: Invoice, material: _Material) -> bytes:
    draft = ubl.draft(invoice, wanted=XmlFormat.BIS3)
    enclosed = Enclosed(file_name=draft.file_name, content=draft.content)
    return pdf.render(invoice, language=Language.FR, logo=material.logo, colour=_COLOUR, enclosed=enclosed)


def _mail(invoice: Invoice, material: _Material) -> bytes:
    """PDF with the XML inside, e-FFF with the PDF inside, terms, text in two forms."""
    document = _with_xml(invoice, material)
    xml = ubl.draft(invoice, wanted=XmlFormat.EFFF3).with_pdf(document, f"{invoice.number}.pdf")
    standard = mail_text.standard(Language.FR, DocumentType.INVOICE)
    words = mail_text.finished(mail_text.filled(standard, invoice, Language.FR, xml_file=xml.file_name), "Anne Dubois\nAtelier Dubois")
    envelope = Envelope(
        from_mailbox=Mailbox(addr_spec="factures@dubois.example", display_name="Atelier Dubois"),
        to=(Mailbox(addr_spec="compta@peeters.example"),),
        message_id=f"<{invoice.number}@dubois.example>",
        date=_NOW,
    )
    parts = (
        Attachment(file_name=f"{invoice.number}.pdf", mime_type="application/pdf", content=document),
        Attachment(file_name=xml.file_name, mime_type="application/xml", content=xml.content),
        Attachment(file_name="conditions.pdf", mime_type="application/pdf", content=material.terms),
    )
    return message.compose(envelope, words, parts)


def _theirs(material: _Material, folder: Path) -> list[Measured]:
    """Only what is installed: `pip install --group requirements-bench`."""
    found: list[Measured] = []
    for package, name, make, hundred in peers.PDF:
        if importlib.util.find_spec(package) is not None:
            draw = make(material.logo, folder)
            found.append((f"B1 pdf, 10 lines, {name}", draw, material.ten[: max(15, len(material.ten) // 4)]))
            if hundred:
                found.append((f"B2 pdf, 100 lines, {name}", draw, material.hundred[:15]))
    found += [(f"B3 xml, {name}", write, material.ten) for name, write in peers.XML]
    contents = [(_with_xml(invoice, material), b"<Invoice/>" * 8000, material.terms) for invoice in material.ten[:40]]
    found += [(f"B4 compose alone, {name}", compose, contents) for name, compose in peers.MAIL]
    return found
