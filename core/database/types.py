"""Column types: amounts as integers, moments in UTC, sentences with their values, enums that refuse what they do not know."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any

from sqlalchemy import BigInteger, DateTime, Dialect, Enum, Text, TypeDecorator

from core.errors import Sentence
from core.money import from_minor, to_minor


class Amount(TypeDecorator[Decimal]):
    """`Decimal` in Python, integer hundredths in the database."""

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: Decimal | None, dialect: Dialect) -> int | None:  # noqa: ARG002
        return None if value is None else to_minor(value)

    def process_result_value(self, value: int | None, dialect: Dialect) -> Decimal | None:  # noqa: ARG002
        return None if value is None else from_minor(value)


class Moment(TypeDecorator[datetime]):
    """Aware UTC in Python; SQLite keeps it as sortable text."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        utc = value.astimezone(UTC)
        return utc.replace(tzinfo=None) if dialect.name == "sqlite" else utc

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class Said(TypeDecorator[Sentence]):
    """A sentence with its values, so that it can be read in any language later."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: Sentence | None, dialect: Dialect) -> str | None:  # noqa: ARG002
        return None if value is None else json.dumps(spread(value), ensure_ascii=False)

    def process_result_value(self, value: str | None, dialect: Dialect) -> Sentence | None:  # noqa: ARG002
        return None if value is None else gathered(json.loads(value))


def spread(sentence: Sentence) -> list[Any]:
    return [sentence.template, {name: spread(value) if isinstance(value, Sentence) else value for name, value in sentence.values.items()}]


def gathered(parts: list[Any]) -> Sentence:
    return Sentence(parts[0], {name: gathered(value) if isinstance(value, list) else value for name, value in parts[1].items()})


def one_of(kind: type[StrEnum], name: str) -> Enum:
    """A column that refuses anything but the values of the enum, on every database."""
    return Enum(
        kind,
        name=name,
        native_enum=False,
        create_constraint=True,
        length=20,
        values_callable=lambda members: [member.value for member in members],
    )
