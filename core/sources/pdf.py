"""Find the invoice inside a PDF: Factur-X, ZUGFeRD, and whatever else has its XML embedded."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from io import BytesIO
from typing import Any, Final

import pypdf
from pypdf.errors import LimitReachedError

from core.errors import FileTooLarge, SourceRefused
from core.model import SourceFile
from core.sources.attachments import last_part
from core.sources.syntax import is_invoice, read_tree
from core.sources.xml import MAX_BYTES, parse, refuse_size

# The names that Factur-X, ZUGFeRD 2, ZUGFeRD 1 and XRechnung prescribe
PRESCRIBED: Final = ("factur-x.xml", "zugferd-invoice.xml", "xrechnung.xml")
_MOST: Final = 1000  # entries of a name tree; no invoice has a hundred
_DEEPEST: Final = 30
_MOST_READ: Final = 20

logging.getLogger("pypdf").setLevel(logging.CRITICAL)  # it tells of every blemish; what matters is said by the errors below


class PdfDamaged(SourceRefused):
    template = "The PDF is damaged, so it cannot be looked through for an invoice."


class PdfLocked(SourceRefused):
    template = "The PDF is protected by a password, so it cannot be looked through for an invoice. Ask for it without one."


class InsideRefused(SourceRefused):
    template = "The PDF carries an invoice ({file}) that cannot be taken: {why}"


@dataclass(frozen=True, kw_only=True)
class Embedded:
    """A file inside a PDF, not yet unpacked."""

    name: str
    stream: Any = field(repr=False)


def read(name: str, data: bytes) -> SourceFile | None:
    """The invoice in a PDF's embedded files with that PDF, or None where it carries none.

    Raises PdfDamaged, PdfLocked, InsideRefused, and FileTooLarge for an embedded XML that unpacks to more than a file may have.
    """
    refuse_size(len(data))
    problem: InsideRefused | None = None
    for embedded in _in_order(_embedded_in(data))[:_MOST_READ]:
        try:
            found = _invoice(embedded)
        except SourceRefused as error:
            refused = InsideRefused(file=embedded.name, why=error.sentence, place=error.place)
            if isinstance(error, FileTooLarge):
                raise refused from error
            problem = problem or refused
        else:
            if found is not None:
                return replace(found, pdf=data, pdf_name=name)
    if problem is not None:
        raise problem
    return None


def _invoice(embedded: Embedded) -> SourceFile | None:
    """None for another XML, even a broken one, unless its name says that it is the invoice."""
    xml = _content(embedded)
    try:
        root, forbidden = parse(xml)
    except SourceRefused:
        if embedded.name.lower() in PRESCRIBED:
            raise
        return None
    return read_tree(root, forbidden, xml) if is_invoice(root) else None


def _in_order(files: list[Embedded]) -> list[Embedded]:
    """The prescribed names first, then every other XML as it comes."""
    known = {name: at for at, name in enumerate(PRESCRIBED)}
    xml = [each for each in files if each.name.lower().endswith(".xml")]
    return sorted(xml, key=lambda each: known.get(each.name.lower(), len(known)))


# Inside the PDF --------------------------------------------------------------------------------------------------


def _embedded_in(data: bytes) -> list[Embedded]:
    """All files that the document as a whole has embedded: by name (ISO 32000-1, 7.11.4) or as associated files (AF)."""
    try:
        reader = pypdf.PdfReader(BytesIO(data), strict=False)
        locked = reader.is_encrypted and not reader.decrypt("")
        found = [] if locked else [*_listed(reader.root_object)]
    except Exception as error:
        raise PdfDamaged from error
    if locked:
        raise PdfLocked
    return found


def _listed(root: Any) -> Iterator[Embedded]:
    seen: dict[int, Any] = {}  # with the objects, so that no number is given twice
    names = _resolved(_resolved(root.get("/Names", {})).get("/EmbeddedFiles", {}))
    associated = _resolved(root.get("/AF", []))
    for item in (*_leaves(names, seen, 0), *(associated if isinstance(associated, list) else [associated])):
        specification = _resolved(item)
        streams = _resolved(specification.get("/EF", {})) if hasattr(specification, "get") else {}
        stream = _resolved(streams.get("/UF") or streams.get("/F"))
        if hasattr(stream, "get_data") and id(stream) not in seen:
            seen[id(stream)] = stream
            stated = str(_resolved(specification.get("/UF")) or _resolved(specification.get("/F")) or "")
            yield Embedded(name=last_part(stated) or "", stream=stream)


def _leaves(node: Any, seen: dict[int, Any], depth: int) -> Iterator[Any]:
    """The values of a name tree; one that runs in a circle or is absurdly large ends."""
    if id(node) in seen or len(seen) > _MOST or depth > _DEEPEST or not hasattr(node, "get"):
        return
    seen[id(node)] = node
    pairs = _resolved(node.get("/Names", []))
    yield from [*pairs][1 : 2 * _MOST : 2]
    for kid in [*_resolved(node.get("/Kids", []))][:_MOST]:
        yield from _leaves(_resolved(kid), seen, depth + 1)


def _resolved(value: Any) -> Any:
    return value.get_object() if hasattr(value, "get_object") else value


def _content(embedded: Embedded) -> bytes:
    """Unpacked; pypdf itself ends at 75 MB, whatever the stream pretends to be. Raises FileTooLarge and PdfDamaged."""
    try:
        content: bytes = embedded.stream.get_data()
    except LimitReachedError as error:
        raise FileTooLarge(size=f"> {MAX_BYTES // 1_000_000}", limit=MAX_BYTES // 1_000_000) from error
    except Exception as error:
        raise PdfDamaged from error
    if content:
        refuse_size(len(content))
    return content
