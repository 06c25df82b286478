"""What all PDFs of a company share, written once by fpdf2 and copied into each: fonts, colour profile, logo."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

from core.rendering import fonts, logos
from core.rendering.fonts import Typefaces

_STREAM: Final = re.compile(rb"/Length (\d+)\b.*?\bstream\n", re.DOTALL)
_OURS: Final = (b"/Type /Catalog", b"/Type /Pages", b"/Type /Page\n", b"/Type /Metadata")  # made anew for each invoice
_REFERENCE: Final = rb"/%b (\d+) 0 R"


@dataclass(frozen=True, kw_only=True)
class Skeleton:
    """The bytes that begin every document, and what it takes to refer to them."""

    head: bytes  # the file's header and the shared objects
    places: tuple[tuple[int, int], ...]  # object number and offset of each, by number
    free: tuple[int, ...]  # object numbers below the highest that nothing here uses
    intents: bytes  # /OutputIntents of the catalogue
    fonts: bytes  # /F1 regular, /F2 bold
    logo: bytes | None  # reference to the picture


@lru_cache(maxsize=64)
def skeleton(typefaces: Typefaces, logo: bytes | None) -> Skeleton:
    """For one set of characters and one logo; 60 ms the first time."""
    return _taken_apart(_written(typefaces, logo))


def _written(typefaces: Typefaces, logo: bytes | None) -> bytes:
    """A page that uses everything once."""
    from fpdf import FPDF

    document = FPDF(unit="mm", format="A4", enforce_compliance="PDF/A-3B")
    document.set_xmp_metadata("<x:xmpmeta/>")
    typefaces.put_into(document)
    document.add_page()
    for style in ("", "B"):
        document.set_font(fonts.FAMILY, style, 9)
        document.text(10, 10, "0")
    for family, character in typefaces.samples:
        document.set_font(family, "", 9)
        document.text(10, 10, character)
    if known := logos.logo(logo) if logo else None:
        document.image(known.put_into(document), x=0, y=0, w=10)
    pdf = bytes(document.output())
    fonts.close(document)
    return pdf


def _taken_apart(pdf: bytes) -> Skeleton:
    header = pdf[: pdf.index(b"1 0 obj")]
    objects = {int(match[1]): match[2] for match in _objects(pdf)}
    catalogue = next(content for content in objects.values() if b"/Type /Catalog" in content)
    page = next(content for content in objects.values() if b"/Type /Page\n" in content)
    resources = _referred(page, b"Resources")
    kept = {number: _ended(content) for number, content in objects.items() if not any(kind in _dictionary(content) for kind in _OURS)}
    for number in (_referred(page, b"Contents"), resources):
        del kept[number]
    head, places = bytearray(header), []
    for number, content in kept.items():
        places.append((number, len(head)))
        head += b"%d 0 obj\n%b\n" % (number, content)
    named = re.search(rb"/I1 (\d+ 0 R)", objects[resources])
    intents, faces = re.search(rb"/OutputIntents \[.*?>>\]", catalogue, re.DOTALL), re.search(rb"/F1 .*? R\b.*?(?=>>)", objects[resources], re.DOTALL)
    assert intents and faces, "fpdf2 writes its objects in another way"
    return Skeleton(
        head=bytes(head),
        places=tuple(places),
        free=tuple(number for number in range(1, max(kept) + 1) if number not in kept),
        intents=intents[0],
        fonts=faces[0],
        logo=named[1] if named else None,
    )


def _objects(pdf: bytes) -> list[Any]:
    """By the offsets of the cross-reference table: what is inside a stream may look like anything."""
    start = int(pdf[pdf.rindex(b"startxref") + 9 :].split()[0])
    rows = pdf[start : pdf.index(b"trailer", start)].split(b"\n")[3:]
    offsets = [int(row[:10]) for row in rows if row.endswith((b"n ", b"n"))]
    ends = [*sorted(offsets)[1:], start]
    found = [re.match(rb"(\d+) 0 obj\n(.*\nendobj)\n", pdf[at:end], re.DOTALL) for at, end in zip(sorted(offsets), ends, strict=True)]
    return [match for match in found if match]


def _dictionary(content: bytes) -> bytes:
    return content.split(b"stream\n", 1)[0]


def _referred(content: bytes, name: bytes) -> int:
    match = re.search(_REFERENCE % name, content)
    assert match, name
    return int(match[1])


def _ended(content: bytes) -> bytes:
    """Data that ends in CR before the LF of "endstream" looks one byte too short to a reader (ISO 19005-3, 6.1.7.1)."""
    match = _STREAM.search(content)
    if match is None or content[match.end() + int(match[1]) - 1] != 13:
        return content
    end = match.end() + int(match[1])
    longer = content[: match.start(1)] + b"%d" % (int(match[1]) + 1) + content[match.end(1) :]
    shift = len(longer) - len(content)
    return longer[: end + shift] + b"\0" + longer[end + shift :]
