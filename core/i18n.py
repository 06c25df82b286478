"""French, Dutch and English: sentences, amounts and dates in the reader's language."""

from __future__ import annotations

import gettext as _gettext
import re
from datetime import date, datetime
from decimal import Decimal
from functools import cache, lru_cache
from io import BytesIO
from pathlib import Path

from babel.dates import format_date, format_datetime, format_time
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.numbers import get_currency_symbol, get_decimal_symbol, get_group_symbol, get_minus_sign_symbol

from core.errors import Sentence, fill
from core.model import Language

LOCALE = Path(__file__).parent / "locale"
NAMES = {Language.FR: "Français", Language.NL: "Nederlands", Language.EN: "English"}
REGION = {Language.FR: "fr_BE", Language.NL: "nl_BE", Language.EN: "en_GB"}


def N_(template: str) -> str:
    """Mark a template for translation without translating it (the usual gettext no-op)."""
    return template


@cache
def _translations(language: Language) -> _gettext.NullTranslations:
    """All .po files of a language, compiled in memory: no build step, no binary in the repository."""
    merged = _gettext.NullTranslations()
    for path in sorted((LOCALE / language.value).glob("*.po")):
        with path.open("rb") as file:
            catalog = read_po(file, locale=language.value)
        compiled = BytesIO()
        write_mo(compiled, catalog)
        compiled.seek(0)
        translations = _gettext.GNUTranslations(compiled)
        translations.add_fallback(merged)
        merged = translations
    return merged


def translate(language: Language, template: str, **values: object) -> str:
    """The template in that language with its values filled in. English is the message id itself."""
    text = template if language is Language.EN else _translations(language).gettext(template)
    return fill(text, values)


A_DAY = "{day}"  # a sentence that is nothing but a date, kept as ISO


def on(day: date) -> Sentence:
    """A date within a sentence: each reader sees it as dates are written in their language."""
    return Sentence(A_DAY, {"day": day.isoformat()})


def sentence(language: Language, what: Sentence) -> str:
    if what.template == A_DAY:
        return day(language, date.fromisoformat(str(what.values["day"])))
    values = {name: quoted(language, what.template, name, value, told(language, name, value)) for name, value in what.values.items()}
    return translate(language, what.template, **values)


OURS = frozenset({"term", "expected", "why"})  # values that are words of the program where they are known to it
FIGURES = frozenset({"sum", "stated", "rounded", "total", "base", "rate", "amount", "low", "high", "size", "limit"})  # kept as plain decimals
_DECIMAL = re.compile(r"-?[0-9]+\.([0-9]+)")


def told(language: Language, name: str, value: str | Sentence) -> str:
    """A value within a sentence: another sentence, a figure, a word of ours, or what somebody wrote."""
    if isinstance(value, Sentence):
        return sentence(language, value)
    decimal = _DECIMAL.fullmatch(value) if name in FIGURES else None
    if decimal:
        return number(language, Decimal(value), decimals=len(decimal[1]))
    return translate(language, value) if name in OURS and value else value


OF_OTHERS = frozenset({"reply"})  # what a server said, in its own words


def quoted(language: Language, template: str, name: str, value: str | Sentence, words: str) -> str:
    """The words of others stand in the marks of the reader's language, where the sentence itself does not set them."""
    if name not in OF_OTHERS or isinstance(value, Sentence) or not words or f"“{{{name}}}”" in template:
        return words
    return translate(language, N_("“{words}”"), words=words)


def amount(language: Language, value: Decimal, currency: str) -> str:
    """`€ 1.234,56` and its like, with the currency's sign and all its decimals, two at least."""
    digits = figure(language, abs(value), at_least=2)
    minus = "-" if value < 0 else ""
    sign = _sign(language, currency)
    return f"{minus}{digits}\u00a0{sign}" if language is Language.FR else f"{minus}{sign}\u00a0{digits}"


def number(language: Language, value: Decimal, *, decimals: int | None = None) -> str:
    """A plain number with all its own decimals, or rounded to exactly `decimals`."""
    return figure(language, value) if decimals is None else f"{value:,.{decimals}f}".translate(_signs(language))


def figure(language: Language, value: Decimal, *, at_least: int = 0) -> str:
    """A number with its own decimals, and no fewer than asked for.

    Babel knows the signs, which are asked for once: a page of an invoice has a hundred numbers, and Babel takes 30 µs for each.
    """
    whole, _, decimals = f"{value:,f}".partition(".")
    decimals = decimals.rstrip("0").ljust(at_least, "0")
    digits = f"{whole}.{decimals}" if decimals else whole
    if digits[0] == "-" and not value:
        digits = digits[1:]
    return digits.translate(_signs(language))


def decimal_sign(language: Language) -> str:
    return _signs(language)[ord(".")]


@cache
def _signs(language: Language) -> dict[int, str]:
    locale = REGION[language]
    return {ord(","): get_group_symbol(locale), ord("."): get_decimal_symbol(locale), ord("-"): get_minus_sign_symbol(locale)}


@cache
def _sign(language: Language, currency: str) -> str:
    return str(get_currency_symbol(currency, locale=REGION[language]))


@lru_cache(maxsize=4096)
def day(language: Language, value: date) -> str:
    return format_date(value, format="dd/MM/yyyy" if language is not Language.EN else "d MMM yyyy", locale=REGION[language])


def clock(language: Language, value: datetime) -> str:
    """The time of day, already in the reader's zone."""
    return format_time(value, format="HH:mm", locale=REGION[language])


def moment(language: Language, value: datetime) -> str:
    """A point in time, already in the reader's zone."""
    return format_datetime(value, format="dd/MM/yyyy HH:mm" if language is not Language.EN else "d MMM yyyy HH:mm", locale=REGION[language])
