"""Long lists of ids or digests, in pieces that every database takes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TypeVar

CHUNK = 500
T = TypeVar("T")
LARGE = 30_000  # SQLite binds at most 32,766 values


def chunks(items: Sequence[T], size: int = CHUNK) -> Iterable[Sequence[T]]:
    for start in range(0, len(items), size):
        yield items[start : start + size]
