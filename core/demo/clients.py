"""The many customers of the demo that nobody needs to know by name: made from lists of words, the same every time."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Final

from core.demo import cards
from core.demo.cards import Cards, Client, Words
from core.model import Language
from core.sources.identifiers import slug

CUSTOMERS: Final = 250
SEED: Final = 1830
FIRST_NUMBER: Final = 9501000  # with a leading zero, beside the numbers of the customers in desk.toml
STEP: Final = 11
HOUSES: Final = 180
FEES: Final = (60, 420)  # in steps of five euros a month


@dataclass(frozen=True, kw_only=True)
class Home:
    """Where a firm finds its customers."""

    company: str
    language: Language
    english: int  # every how manieth customer speaks English; 0: none


HOMES: Final = (Home(company="mosane", language=Language.FR, english=0), Home(company="dijle", language=Language.NL, english=19))


def load() -> Cards:
    """All cards of the demo: the customers that stand out, then the many others."""
    shown = cards.read()
    others = clients(shown.words, count=CUSTOMERS - len(shown.customers), taken={client.name for client in shown.customers})
    return replace(shown, customers=shown.customers + others)


def clients(words: dict[Language, Words], *, count: int, taken: set[str]) -> tuple[Client, ...]:
    """`count` customers by turns of both firms, none called as those that are `taken`."""
    chance = random.Random(SEED)  # noqa: S311  the demo must be the same every time
    names = set(taken)
    makers = [_of(home, words, chance, names, offset) for offset, home in enumerate(HOMES)]
    return tuple(next(makers[place % len(makers)]) for place in range(count))


def _of(home: Home, words: dict[Language, Words], chance: random.Random, names: set[str], offset: int) -> Iterator[Client]:
    """One in eight a private person, one in nine a club, one in fourteen by post, one in eleven over Peppol, two in three by the quarter."""
    place = 0
    while True:
        place += 1
        language = Language.EN if home.english and place % home.english == 0 else home.language
        number = f"{FIRST_NUMBER + STEP * (2 * place + offset):08d}"
        if place % 8 == 3:
            yield _person(home, words[language], language, chance, names)
            continue
        is_club = place % 9 == 4
        postcode, city = chance.choice(words[language].towns)
        name = _new_name(words[language], chance, names, city if is_club else None)
        address = f"{chance.choice(words[language].desks)}@{slug(name.rpartition(' ')[0])}.example"
        yield Client(
            company=home.company,
            name=name,
            language=language,
            number=number,
            vat=not is_club,
            street=f"{chance.choice(words[language].streets)} {chance.randint(1, HOUSES)}",
            postcode=postcode,
            city=city,
            fee=Decimal(chance.randrange(*FEES, 5)),
            quarter=(2, None, 0, None, 2, 0)[place % 6],
            to=None if place % 14 == 5 else (address,),
            peppol_elsewhere=place % 11 == 7 and not is_club,
        )


def _person(home: Home, words: Words, language: Language, chance: random.Random, names: set[str]) -> Client:
    """A private person comes once a year, with the tax return."""
    while True:
        given, surname = chance.choice(words.given), chance.choice(words.surnames)
        if f"{given} {surname}" not in names:
            break
    names.add(f"{given} {surname}")
    postcode, city = chance.choice(words.towns)
    return Client(
        company=home.company,
        name=f"{given} {surname}",
        language=language,
        street=f"{chance.choice(words.streets)} {chance.randint(1, HOUSES)}",
        postcode=postcode,
        city=city,
        to=(f"{slug(given)}.{slug(surname)}@{words.mail}",),
    )


def _new_name(words: Words, chance: random.Random, names: set[str], town: str | None) -> str:
    """Of a club if there is a town, else of a company. What is written alike but for its form would be taken for the same."""
    while True:
        if town:
            name = f"{chance.choice(words.clubs)} {town} {words.club_form}"
        else:
            parts = [chance.choice(words.trades), chance.choice(words.surnames)]
            name = " ".join([*(parts if words.trade_first else reversed(parts)), chance.choice(words.forms)])
        domain = slug(name.rpartition(" ")[0])
        if domain not in names:
            names |= {name, domain}
            return name
