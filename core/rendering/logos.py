"""A company's logo as PDF/A allows it, made ready once for all invoices that carry it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from io import BytesIO
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from fpdf import FPDF

_PIXELS: Final = 640  # 62 mm at 260 dots per inch


@dataclass(frozen=True, kw_only=True)
class Logo:
    width: int  # pixels
    height: int
    stored: Any  # the compressed image as fpdf2 keeps it

    def put_into(self, document: FPDF) -> str:
        """The name by which the document's `image()` finds the logo without reading and compressing it again."""
        name = "logo"
        images = document.image_cache.images
        if name not in images:
            images[name] = type(self.stored)(self.stored | {"i": len(images) + 1, "usages": 0, "iccp_i": None})
        return name


@lru_cache(maxsize=32)
def logo(content: bytes) -> Logo | None:
    """The logo in RGB, since a CMYK picture would need a profile of its own; None if Pillow cannot read it."""
    from fpdf.image_parsing import get_img_info
    from PIL import Image, ImageOps

    try:
        image: Any = ImageOps.exif_transpose(Image.open(BytesIO(content)))
        image.thumbnail((_PIXELS, _PIXELS))
        is_clear = image.mode in ("RGBA", "LA", "PA") or "transparency" in image.info
        image = image.convert("RGBA" if is_clear else "RGB")
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError):
        return None  # an invoice without its logo is better than none
    image.info.pop("icc_profile", None)
    if is_clear:
        return Logo(width=image.width, height=image.height, stored=get_img_info("logo", image))
    packed = BytesIO()
    image.save(packed, "JPEG" if content.startswith(b"\xff\xd8") else "PNG", quality=92)
    return Logo(width=image.width, height=image.height, stored=get_img_info("logo", packed))
