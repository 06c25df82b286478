"""An XML invoice inside a PDF."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

FACTUR_X: Final = "factur-x.xml"  # the only name that Factur-X allows


@dataclass(frozen=True, kw_only=True)
class Enclosed:
    file_name: str
    content: bytes
    factur_x: bool = False  # CII under the name and with the metadata that Factur-X wants
