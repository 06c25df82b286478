"""What a check of the XML found: the rule, and what is wrong in a plain sentence."""

from __future__ import annotations

from dataclasses import dataclass

from core.errors import Sentence


@dataclass(frozen=True, kw_only=True)
class Violation:
    rule: str  # `BR-CO-15`, `EFFF-T10-R017`, `XSD`
    sentence: Sentence
