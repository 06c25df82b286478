"""Long lists of ids, in pieces that every database takes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

CHUNK = 500
LARGE = 30_000  # SQLite binds at most 32,766 values


def chunks(items: Sequence[int], size: int = CHUNK) -> Iterable[Sequence[int]]:
    for start in range(0, len(items), size):
        yield items[start : start + size]
