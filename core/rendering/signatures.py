"""A signature that somebody pasted into the accompanying text: the customer would read it twice."""

from __future__ import annotations


def repeated(body: str, signature: str) -> int:
    """How many of the signature's first lines stand once more at the end of the text; 0 when none. Spacing and case do not matter."""
    ours, written = _lines(signature), _lines(body)
    for count in range(min(len(ours), len(written)), 0, -1):
        if written[-count:] == ours[:count]:
            return count
    return 0


def without(body: str, signature: str) -> str:
    """The text without what `repeated` finds at its end, nor the `--` that mail programs put before it."""
    kept = body.splitlines()
    for _ in range(repeated(body, signature)):
        while not _folded(kept.pop()):
            pass
    while kept and _folded(kept[-1]) in ("", "--"):
        kept.pop()
    return "\n".join(kept)


def _lines(text: str) -> list[str]:
    return [line for line in map(_folded, text.splitlines()) if line]


def _folded(line: str) -> str:
    return " ".join(line.casefold().split())
