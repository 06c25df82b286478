"""The accompanying text: keywords filled in, plain and HTML, the signature after it."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path
from typing import Final

from jinja2 import StrictUndefined, Template, TemplateSyntaxError, meta, nodes
from jinja2.exceptions import SecurityError, TemplateError
from jinja2.sandbox import ImmutableSandboxedEnvironment

from core import i18n
from core.errors import KeywordUnknown, Sentence, TextInvalid
from core.i18n import N_
from core.model import DocumentType, Invoice, Language
from core.records import AccompanyingText
from core.rendering.keywords import KEYWORDS, nearest

TEXTS = Path(__file__).parent / "templates" / "texts"

UNFINISHED = N_("line {line}: something between the braces is not complete. A keyword looks like {keyword}, a condition like {condition}.")
TOO_CLEVER = N_("line {line}: only keywords like {keyword} and conditions like {condition} are understood.")
EXAMPLES = {"keyword": "{{ number }}", "condition": "{% if due_date %}…{% endif %}"}
UNDERSTOOD: Final[tuple[type[nodes.Node], ...]] = (
    *(nodes.Template, nodes.Output, nodes.TemplateData, nodes.Name, nodes.Const, nodes.Filter),
    *(nodes.If, nodes.CondExpr, nodes.Compare, nodes.Operand, nodes.And, nodes.Or, nodes.Not),
)
FILTERS = frozenset({"upper", "lower", "capitalize", "title", "trim", "default"})
_BETWEEN_BRACES = re.compile(r"\{\{([^{}]*)\}\}")
_KIND = {DocumentType.INVOICE: N_("invoice"), DocumentType.CREDIT_NOTE: N_("credit note")}


@dataclass(frozen=True, kw_only=True)
class MailText:
    """What the customer reads: the same words twice."""

    subject: str
    plain: str
    html: str


@cache
def _environment() -> ImmutableSandboxedEnvironment:
    return ImmutableSandboxedEnvironment(undefined=StrictUndefined, autoescape=False)


@cache
def standard(language: Language, type_code: DocumentType) -> AccompanyingText:
    """The text that a new company starts with."""
    kind = "credit_note" if type_code is DocumentType.CREDIT_NOTE else "invoice"
    subject, _, body = (TEXTS / f"{language.value}.{kind}.txt").read_text(encoding="utf-8").partition("\n")
    return AccompanyingText(subject=subject, body=body.strip())


@lru_cache(maxsize=1024)
def check(template: str) -> None:
    """Refuse a text that could not be filled in later. Raises KeywordUnknown or TextInvalid."""
    try:
        tree = _environment().parse(template)
    except TemplateSyntaxError as error:
        raise _not_understood(template, error.lineno) from error
    unknown = meta.find_undeclared_variables(tree) - KEYWORDS.keys()
    for name in tree.find_all(nodes.Name):
        if name.name in unknown:
            raise _unknown(name.name)
    for access in tree.find_all((nodes.Getattr, nodes.Getitem)):
        raise _unknown(_dotted(access))
    for node in _all(tree):
        if not isinstance(node, UNDERSTOOD) or (isinstance(node, nodes.Filter) and node.name not in FILTERS):
            raise TextInvalid(why=Sentence(TOO_CLEVER, EXAMPLES | {"line": str(node.lineno)}))
    sample = dict.fromkeys(KEYWORDS, "x")
    fill(template, sample)
    fill(template, dict.fromkeys(KEYWORDS, ""))


def _all(node: nodes.Node) -> Iterator[nodes.Node]:
    yield node
    for child in node.iter_child_nodes():
        yield from _all(child)


def _not_understood(template: str, line: int) -> TextInvalid:
    """`{{ date d’échéance }}` is no syntax, but it is clear what was meant."""
    for words in _BETWEEN_BRACES.findall(template):
        word = " ".join(words.split())
        if len(word.split()) > 1 and "|" not in word and not any(sign in word for sign in '"()[]%<>='):
            return _unknown(word)
    return TextInvalid(why=Sentence(UNFINISHED, EXAMPLES | {"line": str(line)}))


def _dotted(node: nodes.Node) -> str:
    if isinstance(node, nodes.Getattr):
        return f"{_dotted(node.node)}.{node.attr}"
    return node.name if isinstance(node, nodes.Name) else "…"


def _unknown(keyword: str) -> KeywordUnknown:
    return KeywordUnknown(keyword=keyword, nearest=nearest(keyword))


def fill(template: str, values: Mapping[str, str]) -> str:
    """Put the keywords' values in. Raises TextInvalid for whatever the sandbox refuses."""
    try:
        return _template(template).render(values)
    except (TemplateError, SecurityError, ValueError, TypeError, ArithmeticError, LookupError, MemoryError) as error:
        raise TextInvalid(why=str(error)) from error


@lru_cache(maxsize=256)
def _template(source: str) -> Template:
    return _environment().from_string(source)


def values(invoice: Invoice, language: Language, *, xml_file: str = "") -> dict[str, str]:
    """All keywords, in the customer's language; what the invoice does not have is empty."""
    currency = invoice.currency

    def money(name: str) -> str:
        return i18n.amount(language, getattr(invoice.totals, name), currency)

    return {
        "number": invoice.number,
        "issue_date": i18n.day(language, invoice.issue_date),
        "due_date": i18n.day(language, invoice.due_date) if invoice.due_date else "",
        "total_with_vat": money("total_with_vat"),
        "total_without_vat": money("total_without_vat"),
        "vat_total": money("vat_total"),
        "amount_due": money("amount_due"),
        "currency": currency,
        "payment_reference": invoice.payment_reference or "",
        "iban": invoice.iban or "",
        "buyer": invoice.buyer.name,
        "contact": invoice.buyer.contact_name or "",
        "seller": invoice.seller.name,
        "buyer_reference": invoice.buyer_reference or "",
        "order_reference": invoice.order_reference or "",
        "preceding_invoice": ", ".join(reference.number for reference in invoice.preceding_invoices),
        "xml_file": xml_file,
        "document": i18n.translate(language, _KIND[invoice.type_code]),
    }


def filled(text: AccompanyingText, invoice: Invoice, language: Language, *, xml_file: str = "") -> AccompanyingText:
    """Subject and body with their keywords filled in. Raises TextInvalid."""
    for template in (text.subject, text.body):
        check(template)
    keywords = values(invoice, language, xml_file=xml_file)
    return AccompanyingText(subject=fill(text.subject, keywords), body=fill(text.body, keywords))


def finished(words: AccompanyingText, signature: str) -> MailText:
    """The mail's text, plain and HTML, with the signature after it, from words that are already filled in."""
    body = _tidy(words.body)
    signature = _tidy(signature)
    plain = f"{body}\n\n{signature}\n" if signature else f"{body}\n"
    parts = _paragraphs(body) + (f'\n<div style="color:#555">{_paragraphs(signature)}</div>' if signature else "")
    page = (
        '<!DOCTYPE html>\n<html><head><meta charset="utf-8"></head>\n'
        f'<body style="font-family:Arial,Helvetica,sans-serif;font-size:14px;line-height:1.5;color:#222">\n{parts}\n</body></html>\n'
    )
    return MailText(subject=" ".join(words.subject.split()), plain=plain, html=page)


def _tidy(text: str) -> str:
    """Line ends unified, what XML and mail forbid taken out, no more than one empty line in a row."""
    text = re.sub(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]", "", text.replace("\r\n", "\n").replace("\r", "\n"))
    return re.sub(r"\n{3,}", "\n\n", "\n".join(line.rstrip() for line in text.split("\n"))).strip()


def _paragraphs(text: str) -> str:
    return "\n".join(f"<p>{html.escape(part, quote=False).replace(chr(10), '<br>' + chr(10))}</p>" for part in text.split("\n\n") if part)
