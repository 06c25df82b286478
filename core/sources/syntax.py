"""Which syntax an XML is in, and its reader: UBL and CII are the two of EN 16931."""

from __future__ import annotations

from core.model import SourceFile
from core.sources import cii, ubl
from core.sources.xml import Element, local_name, parse


def read_xml(data: bytes) -> SourceFile:
    """The invoice in XML of any syntax that is known. Raises subclasses of SourceRefused."""
    root, forbidden = parse(data)
    return read_tree(root, forbidden, data)


def is_invoice(root: Element) -> bool:
    return local_name(root) in cii.ROOTS or str(root.tag) in ubl.ROOTS


def read_tree(root: Element, forbidden: int, data: bytes) -> SourceFile:
    """The invoice in parsed XML, from which so many forbidden characters were left out."""
    if local_name(root) in cii.ROOTS:
        return cii.read_tree(root, forbidden, data)
    return ubl.read_tree(root, forbidden, data)
