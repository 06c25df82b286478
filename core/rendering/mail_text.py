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
from core.rendering import labels, payment_qr
from core.rendering.keywords import CONDITIONS, KEYWORDS, PICTURES, nearest
from core.rendering.payment_qr import PaymentQr, Picture

TEXTS = Path(__file__).parent / "templates" / "texts"

UNFINISHED = N_("line {line}: something between the braces is not complete. A keyword looks like {keyword}, a condition like {condition}.")
TOO_CLEVER = N_("line {line}: only keywords like {keyword} and conditions like {condition} are understood.")
EXAMPLES = {"keyword": "{{ number }}", "condition": "{% if due_date %}…{% endif %}"}
ONLY_A_CONDITION = N_("“{keyword}” is for a condition: {condition}. The word itself is {document}.")
NOT_IN_SUBJECT = N_("“{keyword}” is a picture, and a subject has none. Put it into the text.")
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
    pictures: tuple[Picture, ...] = ()  # that the HTML shows


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
    for output in tree.find_all(nodes.Output):
        for keyword in sorted(CONDITIONS.intersection(_printed(output))):
            raise TextInvalid(why=_only_a_condition(keyword))
    sample = dict.fromkeys(KEYWORDS, "x")
    fill(template, sample)
    fill(template, dict.fromkeys(KEYWORDS, ""))


@lru_cache(maxsize=1024)
def check_subject(template: str) -> None:
    """The same for a subject, which shows no picture."""
    check(template)
    used = meta.find_undeclared_variables(_environment().parse(template)) & PICTURES
    if used:
        raise TextInvalid(why=Sentence(NOT_IN_SUBJECT, {"keyword": min(used)}))


def check_text(text: AccompanyingText) -> None:
    """Subject and body. Raises KeywordUnknown or TextInvalid."""
    check_subject(text.subject)
    check(text.body)


def _printed(node: nodes.Node) -> Iterator[str]:
    """The keywords whose value an expression can come to; what is only asked in a condition is not among them."""
    if isinstance(node, nodes.Name):
        yield node.name
    elif isinstance(node, nodes.CondExpr):
        yield from _printed(node.expr1)
        yield from _printed(node.expr2) if node.expr2 else ()
    elif not isinstance(node, (nodes.Compare, nodes.Not)):
        for child in node.iter_child_nodes():
            yield from _printed(child)


def _only_a_condition(keyword: str) -> Sentence:
    condition = "{% if " + keyword + " %}…{% endif %}"
    return Sentence(ONLY_A_CONDITION, {"keyword": keyword, "condition": condition, "document": "{{ document }}"})


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
    own = _of_invoice(invoice, language) | _amounts(invoice, language) | _of_parties(invoice)
    own["xml_file"] = xml_file
    marked = {name: payment_qr.unmarked(value) for name, value in own.items()}
    return marked | {"payment_qr": payment_qr.MARK if payment_qr.of(invoice, language) else ""}


def _of_invoice(invoice: Invoice, language: Language) -> dict[str, str]:
    return {
        "number": invoice.number,
        "issue_date": i18n.day(language, invoice.issue_date),
        "due_date": i18n.day(language, invoice.due_date) if invoice.due_date else "",
        "period": labels.period(labels.Words(language), invoice.period_start, invoice.period_end),
        "document": i18n.translate(language, _KIND[invoice.type_code]),
        "is_credit_note": "x" if invoice.is_credit_note else "",
        "preceding_invoice": ", ".join(reference.number for reference in invoice.preceding_invoices),
        "order_reference": invoice.order_reference or "",
        "contract_reference": invoice.contract_reference or "",
        "payment_reference": invoice.payment_reference or "",
        "payment_terms": invoice.payment_terms or "",
        "iban": invoice.iban or "",
    }


def _amounts(invoice: Invoice, language: Language) -> dict[str, str]:
    names = ("total_with_vat", "total_without_vat", "vat_total", "amount_due")
    amounts = {name: i18n.amount(language, getattr(invoice.totals, name), invoice.currency) for name in names}
    return amounts | {"currency": invoice.currency}


def _of_parties(invoice: Invoice) -> dict[str, str]:
    seller, buyer = invoice.seller, invoice.buyer
    return {
        "buyer": buyer.name,
        "contact": buyer.contact_name or "",
        "buyer_vat": labels.vat_number(buyer.vat_id or ""),
        "buyer_reference": invoice.buyer_reference or "",
        "seller": seller.name,
        "seller_vat": labels.vat_number(seller.vat_id or ""),
        "seller_email": seller.email or "",
    }


def filled(text: AccompanyingText, invoice: Invoice, language: Language, *, xml_file: str = "") -> AccompanyingText:
    """Subject and body with their keywords filled in; the code for paying is a mark in the body. Raises TextInvalid."""
    check_text(text)
    keywords = values(invoice, language, xml_file=xml_file)
    body = text.body if keywords["payment_qr"] else payment_qr.without_keyword(text.body)
    return AccompanyingText(subject=fill(text.subject, keywords), body=fill(body, keywords))


def finished(words: AccompanyingText, signature: str, qr: PaymentQr | None = None) -> MailText:
    """The mail's text, plain and HTML, with the signature after it, from words that are already filled in.

    Where the body has the mark of the code for paying, `qr` is shown; without one the mark goes.
    """
    body = _tidy(words.body)
    shown = None
    if payment_qr.is_marked(body):
        shown, body = qr, body if qr else _tidy(payment_qr.without(body))
    signature = _tidy(signature)
    said = payment_qr.written_out(body, shown.words) if shown else body
    plain = f"{said}\n\n{signature}\n" if signature else f"{said}\n"
    drawn = payment_qr.written_out(_paragraphs(body), _image(shown)) if shown else _paragraphs(body)
    parts = drawn + (f'\n<div style="color:#555">{_paragraphs(signature)}</div>' if signature else "")
    page = (
        '<!DOCTYPE html>\n<html><head><meta charset="utf-8"></head>\n'
        f'<body style="font-family:Arial,Helvetica,sans-serif;font-size:14px;line-height:1.5;color:#222">\n{parts}\n</body></html>\n'
    )
    return MailText(subject=" ".join(words.subject.split()), plain=plain, html=page, pictures=(shown.picture,) if shown else ())


def _image(qr: PaymentQr) -> str:
    side = payment_qr.WIDTH
    return f'<img src="cid:{qr.picture.content_id}" width="{side}" height="{side}" alt="{html.escape(qr.words)}">'


def _tidy(text: str) -> str:
    """Line ends unified, what XML and mail forbid taken out, no more than one empty line in a row."""
    text = re.sub(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]", "", text.replace("\r\n", "\n").replace("\r", "\n"))
    return re.sub(r"\n{3,}", "\n\n", "\n".join(line.rstrip() for line in text.split("\n"))).strip()


def _paragraphs(text: str) -> str:
    return "\n".join(f"<p>{html.escape(part, quote=False).replace(chr(10), '<br>' + chr(10))}</p>" for part in text.split("\n\n") if part)
