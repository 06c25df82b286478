"""PDFs for tests that carry files: as an attachment, as an associated file, in a deep tree of names, behind a password."""

from __future__ import annotations

from collections.abc import Mapping
from io import BytesIO

import pypdf
from pypdf.generic import ArrayObject, DecodedStreamObject, DictionaryObject, NameObject, NullObject, TextStringObject


def carrying(files: Mapping[str, bytes], *, password: str = "", owner: str = "") -> bytes:
    """A page with these files, as most programs embed them."""
    writer = pypdf.PdfWriter()
    writer.add_blank_page(200, 200)
    for name, content in files.items():
        writer.add_attachment(name, content)
    return _written(writer, password=password, owner=owner)


def associated(files: Mapping[str, bytes]) -> bytes:
    """Named in the catalog's AF only (PDF/A-3)."""
    writer = pypdf.PdfWriter()
    writer.add_blank_page(200, 200)
    writer.root_object[NameObject("/AF")] = ArrayObject([_specification(writer, name, content) for name, content in files.items()])
    return _written(writer)


def in_a_tree(files: Mapping[str, bytes], *, depth: int = 3, circle: bool = False) -> bytes:
    """In the leaf of a tree of names, which may run in a circle."""
    writer = pypdf.PdfWriter()
    writer.add_blank_page(200, 200)
    leaf = DictionaryObject()
    pairs = [each for name, content in files.items() for each in (TextStringObject(name), _specification(writer, name, content))]
    leaf[NameObject("/Names")] = ArrayObject(pairs)
    node = writer._add_object(leaf)
    for _ in range(depth):
        node = writer._add_object(DictionaryObject({NameObject("/Kids"): ArrayObject([node])}))
    if circle:
        leaf[NameObject("/Kids")] = ArrayObject([node, node, NullObject()])
    writer.root_object[NameObject("/Names")] = DictionaryObject({NameObject("/EmbeddedFiles"): node})
    return _written(writer)


def _specification(writer: pypdf.PdfWriter, name: str, content: bytes) -> DictionaryObject:
    stream = DecodedStreamObject()
    stream.set_data(content)
    embedded = writer._add_object(stream.flate_encode())
    return DictionaryObject(
        {
            NameObject("/Type"): NameObject("/Filespec"),
            NameObject("/F"): TextStringObject(name),
            NameObject("/EF"): DictionaryObject({NameObject("/F"): embedded}),
        }
    )


def _written(writer: pypdf.PdfWriter, *, password: str = "", owner: str = "") -> bytes:
    if password or owner:
        writer.encrypt(password, owner or None, algorithm="AES-256")
    content = BytesIO()
    writer.write(content)
    return content.getvalue()
