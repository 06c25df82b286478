"""Values that people type or choose for a card: read, checked, refused with a sentence."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import TypeVar

from core.errors import AddressInvalid, Sentence, SettingInvalid, SettingUnknown
from core.i18n import N_
from core.mailbox import Mailbox, parse, parse_list

Kind = TypeVar("Kind", bound=StrEnum)
TRUE = frozenset({"true", "yes", "1", "on"})
FALSE = frozenset({"false", "no", "0", "off"})


@dataclass(frozen=True)
class Value:
    """What stands behind NAME=: text as typed, or the bytes of a file."""

    name: str
    content: str | bytes
    file_name: str = ""

    def refuse(self, why: str | Sentence, **values: str) -> SettingInvalid:
        shown = self.file_name or (self.content if isinstance(self.content, str) else "…")
        return SettingInvalid(name=self.name, value=shown, why=why if isinstance(why, Sentence) else Sentence(why, values))

    def text(self) -> str:
        if isinstance(self.content, str):
            return self.content
        try:
            return self.content.decode("utf-8-sig")
        except UnicodeDecodeError as error:
            raise self.refuse(N_("the file is not UTF-8 text")) from error

    def line(self) -> str:
        """One line; a trailing line break, as editors leave in files, is not part of it."""
        text = self.text().strip("\r\n")
        if re.search(r"[\x00-\x1f\x7f]", text):
            raise self.refuse(N_("it must be one line"))
        return text

    def file(self) -> bytes:
        if isinstance(self.content, str):
            raise self.refuse(N_("a file is expected: NAME=@FILE"))
        return self.content

    def boolean(self) -> bool:
        word = self.line().strip().lower()
        if word not in TRUE | FALSE:
            raise self.refuse(N_("true or false is expected"))
        return word in TRUE

    def whole(self, low: int, high: int) -> int:
        word = self.line().strip()
        if not word.isdigit() or not low <= int(word) <= high:
            raise self.refuse(N_("a whole number from {low} to {high} is expected"), low=str(low), high=str(high))
        return int(word)

    def one_of(self, kind: type[Kind], allowed: Iterable[Kind] | None = None) -> Kind:
        choices = list(allowed if allowed is not None else kind)
        word = self.line().strip().lower()
        for choice in choices:
            if choice.value == word:
                return choice
        raise self.refuse(N_("one of {choices} is expected"), choices=", ".join(sorted(choice.value for choice in choices)))

    def day(self) -> date | None:
        word = self.line().strip()
        if not word:
            return None
        try:
            return date.fromisoformat(word)
        except ValueError as error:
            raise self.refuse(N_("a date like 2026-01-31 is expected")) from error

    def mailbox(self) -> Mailbox | None:
        word = self.line().strip()
        return self._parsed(word) if word else None

    def mailboxes(self) -> tuple[Mailbox, ...]:
        try:
            return parse_list(self.text())
        except AddressInvalid as error:
            raise self.refuse(error.sentence) from error

    def _parsed(self, word: str) -> Mailbox:
        try:
            return parse(word)
        except AddressInvalid as error:
            raise self.refuse(error.sentence) from error


def unknown(name: str, known: Iterable[str]) -> SettingUnknown:
    close = difflib.get_close_matches(name, list(known), n=1, cutoff=0.0)
    return SettingUnknown(name=name, nearest=close[0] if close else "")
