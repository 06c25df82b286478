"""A memory of what the audit chains say of mails, small enough for millions."""

from __future__ import annotations

import hashlib
from array import array
from bisect import bisect_left


class Said:
    """Things that were said, as eight bytes each."""

    def __init__(self) -> None:
        self._marks = array("Q")

    def add(self, *parts: object) -> None:
        self._marks.append(_mark(parts))

    def close(self) -> None:
        self._marks = array("Q", sorted(self._marks))

    def has(self, *parts: object) -> bool:
        mark = _mark(parts)
        place = bisect_left(self._marks, mark)
        return place < len(self._marks) and self._marks[place] == mark


def _mark(parts: tuple[object, ...]) -> int:
    text = "\0".join(str(part).lower() for part in parts)
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big")
