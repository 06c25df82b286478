"""What a document is called on the customer's disk."""

from __future__ import annotations

import hashlib
import re
import unicodedata


def safe(text: str) -> str:
    """A file name on any system: what could be a path or hide an ending becomes a dash."""
    return re.sub(r"[^\w.()-]+", "-", unicodedata.normalize("NFC", text)).strip("-.") or f"document-{_mark(text)}"


def plain(number: str) -> str:
    """Letters, digits and dashes, as e-FFF wants them (FORMATS); a number that has none of these still has a name of its own."""
    return re.sub(r"[^A-Za-z0-9-]", "", number).strip("-") or _mark(number)


def _mark(text: str) -> str:
    return hashlib.sha256(text.encode(errors="replace")).hexdigest()[:8]
