"""The files on a company's card: the terms of sale and the logo, looked at by their bytes before they are kept."""

from __future__ import annotations

from io import BytesIO
from typing import Any

import pypdf
from PIL import Image, ImageOps

from core.dispatch.desk import Desk
from core.dispatch.values import Value
from core.errors import Sentence, TermsInvalid
from core.i18n import N_
from core.model import Language
from core.records import Company

MIB = 1024 * 1024
TERMS_LARGE = N_("{file} is {size} MB; at most {limit} MB can be attached.")
NOT_A_PDF = N_("the file is not a PDF.")
ENCRYPTED = N_("the PDF is encrypted or protected with a password. Save it once more without protection, then choose that file.")
DAMAGED = N_("the PDF is damaged and cannot be opened. Save it once more as a PDF, then choose that file.")
NO_PAGES = N_("the PDF has no pages.")


def terms_columns(desk: Desk, value: Value) -> dict[str, Any]:
    """A PDF with pages in it, as it is kept; an empty value takes the terms away. Raises TermsInvalid."""
    if value.content in ("", b""):
        return {"terms_sha256": None, "terms_name": None, "terms_size": None}
    content = value.file()
    look_at_terms(desk, value.file_name, content)
    return {"terms_sha256": desk.archive.put(content), "terms_name": value.file_name or "terms.pdf", "terms_size": len(content)}


def look_at_terms(desk: Desk, file_name: str, content: bytes) -> int:
    """How many pages the PDF has, when it can be attached. Keeps nothing. Raises TermsInvalid."""
    limit = desk.settings.terms_limit
    if len(content) > limit:
        size, most = f"{len(content) / MIB:.1f}", f"{limit / MIB:g}"
        raise TermsInvalid(why=Sentence(TERMS_LARGE, {"file": file_name or "terms.pdf", "size": size, "limit": most}))
    return pdf_pages(content)


def pdf_pages(content: bytes) -> int:
    """How many pages a PDF has. Raises TermsInvalid when it is none."""
    if b"%PDF-" not in content[:1024]:
        raise TermsInvalid(why=Sentence(NOT_A_PDF))
    try:
        reader = pypdf.PdfReader(BytesIO(content))
        pages = 0 if reader.is_encrypted else len(reader.pages)
    except Exception as error:
        raise TermsInvalid(why=Sentence(DAMAGED)) from error
    if reader.is_encrypted:
        raise TermsInvalid(why=Sentence(ENCRYPTED))
    if pages == 0:
        raise TermsInvalid(why=Sentence(NO_PAGES))
    return pages


def terms(desk: Desk, company: Company, language: Language) -> bytes:
    """The kept PDF, or nothing."""
    kept = company.terms.get(language)
    return desk.archive.get(kept.sha256) if kept else b""


def logo_column(desk: Desk, value: Value) -> str | None:
    """The logo as an upright RGB picture: a CMYK one would be missing from the PDF without a word. An empty value takes it away."""
    if value.content in ("", b""):
        return None
    try:
        with Image.open(BytesIO(value.file()), formats=("PNG", "JPEG")) as image:
            upright: Any = ImageOps.exif_transpose(image)
            upright.thumbnail((1200, 1200))
            picture = upright.convert("RGBA" if "A" in upright.getbands() or "transparency" in upright.info else "RGB")
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        raise value.refuse(N_("it is not a picture (PNG or JPEG)")) from error
    kept = BytesIO()
    picture.save(kept, "PNG", optimize=True, icc_profile=None)
    return desk.archive.put(kept.getvalue())


def logo(desk: Desk, company: Company) -> bytes:
    return desk.archive.get(company.logo_sha256) if company.logo_sha256 else b""
