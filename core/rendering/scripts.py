"""Letters that the house typeface lacks: from which other typeface they come, and how right-to-left scripts are set."""

from __future__ import annotations

import re
from functools import cache, lru_cache
from pathlib import Path
from typing import Final

FOLDER: Final = Path(__file__).parents[2] / "data" / "fonts"
# Signs, Arabic, Hebrew, Armenian, Georgian; then Chinese, Japanese, Korean
FALLBACKS: Final = ("DejaVuSans.ttf", "DroidSansFallback.ttf")
_RIGHT_TO_LEFT: Final = re.compile(r"[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufeff]")


@cache
def coverage(name: str) -> frozenset[str]:
    """The characters of a fallback; 0.1 s, once per process that needs it."""
    from fontTools.ttLib import TTFont

    with TTFont(FOLDER / name, lazy=True) as font:
        return frozenset(map(chr, font.getBestCmap() or ()))


def from_elsewhere(characters: frozenset[str]) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """Which fallback has which of these characters, in order; those that none has are in none."""
    left, found = set(characters), []
    for name in FALLBACKS:
        if mine := tuple(sorted(left & coverage(name))):
            found.append((name, mine))
            left -= set(mine)
    return tuple(found)


def joined(text: str) -> str:
    """Arabic letters in the forms that they take beside each other, still in the order in which they are read."""
    if not _RIGHT_TO_LEFT.search(text):
        return text
    from arabic_reshaper import reshape

    return str(reshape(text))


@lru_cache(maxsize=1024)
def ordered(line: str) -> str:
    """A line in the order in which it is drawn from the left (Unicode annex 9)."""
    if not _RIGHT_TO_LEFT.search(line):
        return line
    from bidi.algorithm import get_display

    return str(get_display(line))
