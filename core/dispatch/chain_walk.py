"""Go along one audit chain, entry by entry, and say what does not follow."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import Row

from core import i18n
from core.database import audit
from core.database.audit_heads import GENESIS, Head
from core.errors import Sentence
from core.i18n import N_


class Kind(StrEnum):
    """What is wrong."""

    CHANGED = "changed"
    MISSING = "missing"
    INSERTED = "inserted"
    CUT = "cut"  # the end of a chain
    HEAD = "head"
    MAIL = "mail"
    FILE = "file"
    STATUS = "status"


SENTENCES = {
    "changed": N_("Entry {entry} of {day} was changed: its words are not those that were sealed."),
    "missing": N_("Entry {entry} of {day} does not follow the one before it: something was taken out, changed or moved there."),
    "inserted": N_("Entry {entry} of {day} was put in between: the chain goes on without it."),
    "added": N_("Entry {entry} of {day} was added to the end of the chain, and not by Facturier."),
    "cut": N_("At the end of the chain {count} entries are missing; the last one that is left is {entry} of {day}."),
    "gone": N_("All {count} entries of the chain are missing."),
    "head gone": N_("The head of the chain is missing, so nothing proves that its end is whole."),
    "head changed": N_("The chain does not end as its head says: its end was changed, or its head."),
    "unsealed": N_(
        "The head of the chain is not sealed with the key of this desk: it was changed or made without Facturier, or the key is another one."
    ),
}


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One thing that is not as it was written; `company_id` is empty for the chain of no company."""

    kind: Kind
    sentence: Sentence
    company_id: int | None
    entry: int | None = None
    at: datetime | None = None


class Walk:
    """Takes the entries of one chain in order; what is kept does not grow."""

    def __init__(self, chain: int) -> None:
        self.chain = chain
        self.count = 0
        self.findings = 0
        self._last: Row[Any] | None = None
        self._ends = {GENESIS}  # what the next entry may name as the one before it
        self._ends_before: set[str] = set()
        self._late: list[Row[Any]] = []  # the newest few, in case the head does not know them

    def take(self, entry: Row[Any]) -> Iterator[Finding]:
        digest = audit.digest_of(entry._asdict())
        if digest != entry.sha256:
            yield self._found(Kind.CHANGED, "changed", entry)
        elif entry.previous_sha256 not in self._ends:
            if self._last is not None and entry.previous_sha256 in self._ends_before:
                yield self._found(Kind.INSERTED, "inserted", self._last)
            else:
                yield self._found(Kind.MISSING, "missing", entry)
        self.count += 1
        self._last, self._ends_before, self._ends = entry, self._ends, {entry.sha256, digest}
        self._late = [*self._late[-KEPT:], entry]

    def end(self, head: Head | None, key: bytes | None) -> Iterator[Finding]:
        """What the head says of it."""
        if head is None:
            if self.count:
                yield self._found(Kind.HEAD, "head gone")
            return
        if not head.is_sealed(key):
            yield self._found(Kind.HEAD, "unsealed")
        end = self._last.sha256 if self._last is not None else GENESIS
        if end == head.sha256 and (self.count == head.entries or self.findings):
            return
        surplus = self.count - head.entries
        if 0 < surplus < len(self._late) and self._late[-surplus - 1].sha256 == head.sha256:
            for entry in self._late[-surplus:]:
                yield self._found(Kind.INSERTED, "added", entry)
        elif surplus < 0 and self._last is None:
            yield self._found(Kind.CUT, "gone", count=head.entries)
        elif surplus < 0:
            yield self._found(Kind.CUT, "cut", self._last, count=-surplus)
        elif not self.findings:
            yield self._found(Kind.HEAD, "head changed")

    def _found(self, kind: Kind, name: str, entry: Row[Any] | None = None, *, count: int = 0) -> Finding:
        self.findings += 1
        values: dict[str, str | Sentence] = {"count": str(count)} if count else {}
        if entry is not None:
            values |= {"entry": str(entry.id), "day": i18n.on(entry.at.date())}
        return Finding(
            kind=kind,
            sentence=Sentence(SENTENCES[name], values),
            company_id=self.chain or None,
            entry=entry.id if entry is not None else None,
            at=entry.at if entry is not None else None,
        )


KEPT = 20
