"""Ask the official rules about what would leave: once per invoice version and document, between mails, kept for the pre-flight."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

import structlog

from core.database import checks
from core.dispatch import documents
from core.dispatch.desk import Desk
from core.dispatch.documents import Dossier
from core.errors import FacturierError, Sentence
from core.i18n import N_
from core.model import XmlFormat
from core.preflight import about_rule
from core.records import IMPOSSIBLE, SCHEMA, SUPPLIED, Violation
from core.rendering import rules

log = structlog.get_logger()

# Which edition was asked; stored beside each answer, so that a new edition or a new writer asks again
RULES: Final = "Facturier 0.1 (2), EN 16931 1.3.16, e-FFF 3.0"
NOT_MADE: Final = N_("The document could not be made: {why}")
UNDRAWABLE: Final = N_("The PDF cannot show these characters and prints “?” instead: {letters}")
SCHEMA_OF_SOURCE: Final = "XML schema"
_LETTERS: Final = 20
_BY_HAND: Final = 500
_AT_ONCE: Final = 20
_BUDGET_S: Final = 0.25  # a mail that becomes due meanwhile waits no longer

Found = Mapping[str, tuple[Violation, ...]]


def ask(desk: Desk, what: Dossier) -> Found:
    """By document, what the rules object to: the customer's XML and the PDF of the billing program."""
    wanted = what.customer.xml_format
    xml = () if wanted is XmlFormat.NONE else _about_xml(desk, what)
    answers = {wanted.value: (*xml, *_about_our_pdf(desk, what))}
    if what.supplies_pdf:
        answers[checks.PDF] = documents.doubts_about_pdf(desk, what)
    return answers


def _about_xml(desk: Desk, what: Dossier) -> tuple[Violation, ...]:
    xml, why_not = _made(what, lambda: documents.bare_xml(desk, what))
    if why_not:
        return why_not
    found = rules.violations(xml)
    if documents.leaves_as_it_came(what):  # a broken schema is not ours then
        found = tuple(replace(each, rule=SCHEMA_OF_SOURCE) if each.rule == SCHEMA else each for each in found)
    return found


def _about_our_pdf(desk: Desk, what: Dossier) -> tuple[Violation, ...]:
    """Whether it can be made, and shows all letters."""
    if what.supplies_pdf:
        return ()
    _, why_not = _made(what, lambda: documents.rendered(desk, what))
    letters = documents.undrawable(what)
    unreadable = (Violation(rule=SUPPLIED, sentence=Sentence(UNDRAWABLE, {"letters": letters[:_LETTERS]})),) if letters else ()
    return (*why_not, *unreadable)


def _made(what: Dossier, make: Callable[[], bytes]) -> tuple[bytes, tuple[Violation, ...]]:
    """The document, or why it cannot be made."""
    why: Sentence | str
    try:
        return make(), ()
    except FacturierError as error:
        why = error.sentence
    except Exception as error:  # one invoice must not stop the worker that asks about all
        log.exception("document not made", invoice=what.invoice.number)
        why = f"{type(error).__name__}: {error}"
    return b"", (Violation(rule=IMPOSSIBLE, sentence=Sentence(NOT_MADE, {"why": why})),)


def reasons(desk: Desk, what: Dossier) -> tuple[Sentence, ...]:
    """The same as sentences of the pre-flight, asked now and not kept."""
    return tuple(about_rule(violation).sentence for violations in ask(desk, what).values() for violation in violations)


def ensure(desk: Desk, what: Dossier) -> None:
    """Nothing leaves before it was asked about: what the worker has not come to yet is asked and kept now."""
    wanted = {what.customer.xml_format.value} | ({checks.PDF} if what.supplies_pdf else set())
    with desk.database.read() as connection:
        known = all(checks.was_asked(connection, what.invoice_id, what.stored.version, document, rules=RULES) for document in wanted)
    if not known:
        _keep(desk, [(what, ask(desk, what))])


def ask_about(desk: Desk, invoice_ids: Sequence[int]) -> None:
    """What the worker has not come to yet of these invoices, asked and kept now; of more than some hundreds the rest is left to it."""
    with desk.database.read() as connection:
        due = checks.due(connection, rules=RULES, limit=_BY_HAND, among=invoice_ids[:_BY_HAND])
    for start in range(0, len(due), _AT_ONCE):
        cases = [documents.dossier(desk, each.invoice_id) for each in due[start : start + _AT_ONCE]]
        _keep(desk, [(what, ask(desk, what)) for what in cases])


@dataclass
class Checker:
    """Goes through what may leave, a little at a time, and rests until something was imported or changed."""

    desk: Desk
    after: int = 0
    revision: int = -1

    def step(self) -> int:
        """How many invoices were asked about; 0 when there is nothing to do."""
        with self.desk.database.read() as connection:
            revision = checks.revision(connection)
            if self.after == 0 and revision == self.revision:
                return 0
            due = checks.due(connection, rules=RULES, after=self.after, limit=_AT_ONCE)
        if self.after == 0:
            self.revision = revision
        end = time.monotonic() + _BUDGET_S
        answers: list[tuple[Dossier, Found]] = []
        for each in due:
            what = documents.dossier(self.desk, each.invoice_id)
            answers.append((what, ask(self.desk, what)))
            self.after = each.invoice_id
            if time.monotonic() > end:
                break
        if not due:
            self.after = 0
        _keep(self.desk, answers)
        return len(answers)


def _keep(desk: Desk, answers: list[tuple[Dossier, Found]]) -> None:
    if not answers:
        return
    with desk.database.write() as connection:
        for what, found in answers:
            for document, violations in found.items():
                is_final = all(violation.rule != IMPOSSIBLE for violation in violations)  # a document may be possible another time
                edition = RULES if is_final else ""
                checks.keep(connection, what.invoice_id, what.stored.version, document, violations, rules=edition, now=desk.now())
