"""Every sentence of the program is there in French and Dutch, with its values, in the words agreed for the screens."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from datetime import date
from functools import cache
from pathlib import Path

import pytest
from babel.messages.catalog import Message
from babel.messages.pofile import read_po

from core import i18n, styling
from core.connection import NOTHING_THERE
from core.dispatch.checking import FORMER
from core.errors import ElementMissing, Sentence, ValueInvalid
from core.model import DispatchStatus, Language
from core.outcome import SIGN_IN_AGAIN, Reply, Stage, explain, in_our_words, judge
from core.preflight import STANDING
from core.sources.table_rows import CONTRADICTS
from core.sources.table_totals import TOTAL_DIFFERS

ROOT = Path(__file__).parents[1]
CALLS = {"t": 0, "N_": 0, "translate": 1}  # the place of the template among the arguments
TRANSLATED = (Language.FR, Language.NL)
LEDGERS = {
    "Ledger": ("Facturier", "Facturenboek"),
    "E-mail ledger": ("Facturier email", "Facturenboek e-mail"),
    "Paper ledger": ("Facturier papier", "Facturenboek papier"),
}
STATUSES = {  # French, where they agree with “facture”, Dutch, English
    DispatchStatus.TO_SEND: ("À envoyer", "Te verzenden", "To send"),
    DispatchStatus.QUEUED: ("En file d’attente", "In wachtrij", "Queued"),
    DispatchStatus.SENDING: ("Envoi en cours", "Wordt verzonden", "Sending"),
    DispatchStatus.SENT: ("Envoyée", "Verzonden", "Sent"),
    DispatchStatus.PARTLY_SENT: ("Envoyée en partie", "Deels verzonden", "Partly sent"),
    DispatchStatus.FAILED: ("Échec d’envoi", "Verzending mislukt", "Failed"),
    DispatchStatus.UNCERTAIN: ("Envoi incertain", "Verzending onzeker", "Uncertain"),
    DispatchStatus.HELD: ("Retenue", "Tegengehouden", "Held"),
    DispatchStatus.BOUNCED: ("Non remise", "Onbestelbaar", "Bounced"),
    DispatchStatus.ELSEWHERE: ("Envoyée ailleurs", "Elders verzonden", "Sent elsewhere"),
    DispatchStatus.TO_PRINT: ("À imprimer", "Af te drukken", "To print"),
    DispatchStatus.PRINTED: ("Imprimée", "Afgedrukt", "Printed"),
    DispatchStatus.POSTED: ("Postée", "Gepost", "Mailed"),
}


@cache
def templates() -> dict[str, str]:
    """Every template of the program, and where it stands first. Read from the syntax tree, which also shows calls inside f-strings."""
    found: dict[str, str] = {}
    for path in [ROOT / "dashboard.py", *sorted((ROOT / "core").rglob("*.py")), *sorted((ROOT / "pages").rglob("*.py"))]:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            for template in said(node):
                found.setdefault(template, f"{path.relative_to(ROOT)}:{getattr(node, 'lineno', 0)}")
    return found


def said(node: ast.AST) -> Iterator[str]:
    """The template in a call, or the one that a class of errors brings along."""
    if isinstance(node, ast.Call):
        name = node.func.id if isinstance(node.func, ast.Name) else node.func.attr if isinstance(node.func, ast.Attribute) else ""
        yield from texts(node.args[CALLS[name]]) if name in CALLS and len(node.args) > CALLS[name] else ()
    elif isinstance(node, ast.ClassDef):
        for line in node.body:
            if isinstance(line, ast.Assign) and any(isinstance(target, ast.Name) and target.id == "template" for target in line.targets):
                yield from texts(line.value)


def texts(node: ast.expr) -> Iterator[str]:
    if isinstance(node, ast.IfExp):
        yield from texts(node.body)
        yield from texts(node.orelse)
    elif isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield node.value


@cache
def catalog(language: Language, file: str) -> dict[str, Message]:
    path = i18n.LOCALE / language.value / file
    with path.open("rb") as content:
        return {str(message.id): message for message in read_po(content, locale=language.value, abort_invalid=True) if message.id}


def translations(language: Language) -> dict[str, Message]:
    files = sorted(path.name for path in (i18n.LOCALE / language.value).glob("*.po"))
    return {identity: message for file in files for identity, message in catalog(language, file).items()}


def placeholders(text: object) -> set[str]:
    return set(re.findall(r"\{\w+\}", str(text)))


def test_the_program_is_searched() -> None:
    assert {"Queued", "Address missing", "Something went wrong.", "Waits for you", "✓ New version"} <= templates().keys()


@pytest.mark.parametrize("language", TRANSLATED)
def test_nothing_is_left_in_english(language: Language) -> None:
    known = translations(language)
    assert [
        f"{place}: {template}"
        for template, place in templates().items()
        if template not in known or known[template].fuzzy or not str(known[template].string).strip()
    ] == []


@pytest.mark.parametrize("language", TRANSLATED)
def test_values_keep_their_place(language: Language) -> None:
    assert [identity for identity, message in translations(language).items() if placeholders(identity) != placeholders(message.string)] == []


@pytest.mark.parametrize("language", TRANSLATED)
def test_nothing_is_translated_in_vain(language: Language) -> None:
    assert translations(language).keys() - templates().keys() == set()
    assert catalog(language, "facturier.po").keys() & catalog(language, "documents.po").keys() == set()


def test_french_is_typeset() -> None:
    """A straight apostrophe, or a plain space where a line must not break."""
    wrong = re.compile(r"'|\S [:;?!%»]|« ")
    assert [message.string for message in catalog(Language.FR, "facturier.po").values() if wrong.search(str(message.string))] == []


@pytest.mark.parametrize("language", TRANSLATED)
def test_a_mail_has_one_name(language: Language) -> None:
    """`all`, `email` and `paper` are what is typed on the command line; a Dutch mail server and mailbox are words of their own.

    The French ledger and the button that sends have the names that they were given.
    """
    other = re.compile(r"(?<![-\w{])mails?\b(?!\})|(?<!facturier )(?<!@ envoi par )\bemails?\b(?! (ou|of) paper)|courriel", re.IGNORECASE)
    assert [message.string for message in catalog(language, "facturier.po").values() if other.search(str(message.string))] == []


@pytest.mark.parametrize("status", DispatchStatus)
def test_a_status_has_its_word(status: DispatchStatus) -> None:
    label = styling.LOOKS[status].label
    assert tuple(i18n.translate(language, label) for language in (*TRANSLATED, Language.EN)) == STATUSES[status]


@pytest.mark.parametrize("ledger", LEDGERS)
def test_a_ledger_has_its_name(ledger: str) -> None:
    assert ledger in templates()
    assert tuple(i18n.translate(language, ledger) for language in TRANSLATED) == LEDGERS[ledger]
    assert i18n.translate(Language.EN, ledger) == ledger


def test_words_of_ours_inside_a_sentence_are_translated_and_those_of_others_are_not() -> None:
    refused = ElementMissing(term="Seller name (BT-27)", element="Party").sentence
    assert "Nom du vendeur (BT-27)" in i18n.sentence(Language.FR, refused)
    reply = in_our_words(Stage.CONNECT, NOTHING_THERE, host="smtp.x.test", port="25")
    assert "Niets antwoordt op smtp.x.test, poort 25" in i18n.sentence(Language.NL, explain(reply, judge(reply)))
    named_so = ValueInvalid(term="Due date (BT-9)", value="amount", expected="date").sentence
    assert "«\u00a0amount\u00a0»" in i18n.sentence(Language.FR, named_so)


def test_what_a_server_says_stands_in_the_marks_of_the_language() -> None:
    refused = Reply(stage=Stage.RCPT, code=550, text="5.1.1 no such user")
    what = explain(refused, judge(refused), "a@x.test")
    assert "“550 5.1.1 no such user.” Correct it" in i18n.sentence(Language.EN, what)
    assert "«\u00a0550 5.1.1 no such user.\u00a0» Corrigez" in i18n.sentence(Language.FR, what)
    assert "“550 5.1.1 no such user.” " in i18n.sentence(Language.NL, what)
    marked = Sentence(SIGN_IN_AGAIN, {"host": "smtp.x.test", "user": "me", "reply": "535 expired"})
    assert "any more: “535 expired” Sign" in i18n.sentence(Language.EN, marked)  # once, where the sentence sets them itself
    ours = in_our_words(Stage.CONNECT, NOTHING_THERE, host="smtp.x.test", port="25")
    assert "“" not in i18n.sentence(Language.EN, explain(ours, judge(ours)))


def test_a_figure_inside_a_sentence_is_written_as_the_reader_writes_it() -> None:
    differs = Sentence(TOTAL_DIFFERS, {"sum": "1605.00", "stated": "-600.50"})
    assert str(differs) == "The lines give 1605.00, but the table says -600.50."  # as JSON has it
    assert i18n.sentence(Language.EN, differs) == "The lines give 1,605.00, but the table says -600.50."
    assert i18n.sentence(Language.FR, differs) == "Les lignes donnent 1\u202f605,00, mais le tableau dit -600,50."
    assert i18n.sentence(Language.NL, differs) == "De lijnen geven 1.605,00, maar de tabel zegt -600,50."
    verbatim = Sentence(CONTRADICTS, {"value": "250.00", "other": "300.00", "row": "3"})
    assert "250.00" in i18n.sentence(Language.FR, verbatim)  # what stands in the table stays as it stands there


def test_the_former_sending_is_told_with_the_reader_s_date_and_colon() -> None:
    sent = Sentence(STANDING[DispatchStatus.SENT], {"former": Sentence(FORMER, {"day": i18n.on(date(2026, 11, 24)), "recipients": "a@x.be"})})
    assert i18n.sentence(Language.FR, sent).endswith("(24/11/2026\u00a0: a@x.be).")
