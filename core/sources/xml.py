"""Parse XML from strangers: no DTD, no entities, no network, and a line for whatever is wrong."""

from __future__ import annotations

import codecs
import math
import re
from typing import NoReturn, TypeAlias

from lxml import etree

from core.errors import EntitiesRefused, FileEmpty, FileTooLarge, NotAnInvoice, NotXml, Sentence
from core.i18n import N_

Element: TypeAlias = etree._Element

MAX_BYTES = 30_000_000
_LIBXML_TEXT_LIMIT = 10_000_000  # a longer text needs huge_tree; below it libxml2 keeps its own guards

_BOMS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),  # before UTF-16, whose mark it begins with
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
# XML 1.0, appendix F: how "<" looks without a byte order mark
_STARTS = ((b"<\0\0\0", "utf-32-le"), (b"\0\0\0<", "utf-32-be"), (b"<\0", "utf-16-le"), (b"\0<", "utf-16-be"))
_DECLARED = re.compile(rb"<\?xml[^>]{0,200}?\sencoding\s*=\s*[\"']([A-Za-z][A-Za-z0-9._-]{0,40})[\"']")
_SINGLE_BYTE = ("iso8859-", "cp", "koi8-", "mac-")

_PROLOG = re.compile(rb"\s*(?:<\?.*?\?>\s*|<!--.*?-->\s*)*", re.DOTALL)
_DOCTYPE = re.compile(rb"<!DOCTYPE\s+([^\s>\[]+)?", re.IGNORECASE)
# Characters that XML 1.0 (2.2) forbids, raw and as references
_FORBIDDEN = re.compile(
    rb"[\x00-\x08\x0b\x0c\x0e-\x1f]|\xef\xbf[\xbe\xbf]|&#(?:0*(?:[0-8]|1[124-9]|2[0-9]|3[01])|x0*(?:[0-8bBcCeEfF]|1[0-9a-fA-F]));"
)
_NO_XML = ((b"%PDF", N_("it is a PDF")), (b"PK\x03\x04", N_("it is a ZIP archive")), (b"\xd0\xcf\x11\xe0", N_("it is an Office document")))
WRONG_ENCODING = N_("it is not the {encoding} text that it claims to be")
UNKNOWN_ENCODING = N_("its encoding “{encoding}” is not supported")
CUT_OFF, NO_TAG, CHARACTER = (
    N_("it ends too early; it was probably cut off"),
    N_("it does not begin with a tag"),
    N_("a character in it is not allowed"),
)
DAMAGED = N_("it is damaged here")
# Of libxml2's own messages, which are English, those that a damaged or foreign file brings
_OURS = {
    etree.ErrorTypes.ERR_DOCUMENT_EMPTY: NO_TAG,
    etree.ErrorTypes.ERR_DOCUMENT_END: N_("something follows after its end"),
    etree.ErrorTypes.ERR_TAG_NAME_MISMATCH: N_("a tag is closed that is not the one that was opened"),
    etree.ErrorTypes.ERR_TAG_NOT_FINISHED: CUT_OFF,
    etree.ErrorTypes.ERR_GT_REQUIRED: N_("a tag is not finished"),
    etree.ErrorTypes.ERR_UNDECLARED_ENTITY: N_("it uses an entity that it does not define"),
    etree.ErrorTypes.ERR_RESOURCE_LIMIT: N_("its elements lie too deep within each other"),
    etree.ErrorTypes.ERR_INVALID_CHAR: CHARACTER,
    etree.ErrorTypes.ERR_INVALID_CHARREF: CHARACTER,
    etree.ErrorTypes.ERR_INVALID_ENCODING: N_("its characters are not in the encoding that it claims"),
    etree.ErrorTypes.ERR_NAME_REQUIRED: N_("a < or & in a text is not written as an entity"),
    etree.ErrorTypes.NS_ERR_UNDEFINED_NAMESPACE: N_("it uses a prefix that it does not declare"),
}


def parse(data: bytes) -> tuple[Element, int]:
    """The root element and how many forbidden characters were left out.

    Only this program decides on the encoding, so that what is looked through for a DTD is what libxml2 reads.
    Raises FileEmpty, FileTooLarge, EntitiesRefused, NotAnInvoice (HTML) and NotXml.
    """
    refuse_size(len(data))
    for magic, why in _NO_XML:
        if data.startswith(magic):
            raise NotXml(why=why, place="line 1")
    utf8 = _as_utf8(data)
    _refuse_doctype(utf8)
    try:
        return _tree(utf8), 0
    except etree.XMLSyntaxError as problem:
        cleaned, count = _FORBIDDEN.subn(b"", utf8)
        if not count:
            _refuse(problem, utf8)
    _refuse_doctype(cleaned)  # again: what was left out may have hidden it
    try:
        return _tree(cleaned), count
    except etree.XMLSyntaxError as problem:
        _refuse(problem, cleaned)


def refuse_size(size: int) -> None:
    """FileEmpty and FileTooLarge; megabytes are rounded up, so that the sentence never contradicts itself."""
    if size == 0:
        raise FileEmpty
    if size > MAX_BYTES:
        raise FileTooLarge(size=math.ceil(size / 100_000) / 10, limit=MAX_BYTES // 1_000_000)


def place(element: Element) -> str:
    """`line 120, LegalMonetaryTotal/PayableAmount`."""
    return f"line {element.sourceline}, {path(element)}"


def path(element: Element) -> str:
    """Local names from below the root down to the element; the root's own name for the root."""
    names = [local_name(element), *(local_name(ancestor) for ancestor in element.iterancestors())]
    return "/".join(reversed(names[:-1] or names))


def local_name(element: Element) -> str:
    return etree.QName(element).localname


def namespace(element: Element) -> str:
    return etree.QName(element).namespace or "no namespace"


def _tree(utf8: bytes) -> Element:
    parser = etree.XMLParser(
        encoding="utf-8",
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        remove_comments=True,  # a comment inside a value would otherwise cut it off
        remove_pis=True,
        huge_tree=len(utf8) > _LIBXML_TEXT_LIMIT,
    )
    root = etree.fromstring(utf8, parser)
    if root.getroottree().docinfo.internalDTD is not None:
        raise EntitiesRefused(place="line 1")
    return root


def _refuse(problem: etree.XMLSyntaxError, utf8: bytes) -> NoReturn:
    """Said in our words: libxml2 knows English only."""
    code: int = getattr(problem, "code", -1)  # its type stubs do not know it
    cut_off = code == etree.ErrorTypes.ERR_GT_REQUIRED and not utf8.rstrip().endswith(b">")
    why = CUT_OFF if cut_off else _OURS.get(code, DAMAGED)
    raise NotXml(why=why, place=f"line {problem.lineno or 1}") from problem


def _refuse_doctype(utf8: bytes) -> None:
    prolog = _PROLOG.match(utf8)
    start = prolog.end() if prolog else 0
    doctype = _DOCTYPE.match(utf8, start)
    if not doctype:
        return
    line = "line " + str(utf8.count(b"\n", 0, start) + 1)
    if (doctype[1] or b"").lower() == b"html":
        raise NotAnInvoice(root="html", place=line)
    raise EntitiesRefused(place=line)


def _as_utf8(data: bytes) -> bytes:
    encoding, skipped = _encoding(data)
    if encoding == "utf-8":
        return data[skipped:]
    try:
        return data[skipped:].decode(encoding).encode()
    except UnicodeDecodeError as problem:
        line = data.count(b"\n", 0, problem.start) + 1
        raise NotXml(why=Sentence(WRONG_ENCODING, {"encoding": encoding}), place=f"line {line}") from problem


def _encoding(data: bytes) -> tuple[str, int]:
    """The encoding and the length of the byte order mark."""
    for mark, encoding in _BOMS:
        if data.startswith(mark):
            return encoding, len(mark)
    for start, encoding in _STARTS:
        if data.startswith(start):
            return encoding, 0
    declared = _DECLARED.match(data)
    if not declared:
        return "utf-8", 0
    try:
        name = codecs.lookup(declared[1].decode()).name
    except LookupError:
        name = ""
    if name.startswith(("utf-8", "utf-16", "utf-32", "ascii")):
        return "utf-8", 0  # "UTF-16" over one-byte characters is a common slip
    if not name.startswith(_SINGLE_BYTE):
        raise NotXml(why=Sentence(UNKNOWN_ENCODING, {"encoding": declared[1].decode()}), place="line 1")
    return name, 0
