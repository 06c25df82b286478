"""PDF files for tests that attach or keep some."""

from __future__ import annotations

from io import BytesIO

import pypdf


def pdf(pages: int = 2, *, password: str = "") -> bytes:
    """A real one with empty pages, encrypted when there is a password."""
    writer, content = pypdf.PdfWriter(), BytesIO()
    for _ in range(pages):
        writer.add_blank_page(200, 200)
    if password:
        writer.encrypt(password)
    writer.write(content)
    return content.getvalue()
