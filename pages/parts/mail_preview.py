"""Show a mail's HTML so that nothing in it can run, load, leak or lead away.

A frame without scripts, and a policy inside the document that allows nothing from outside. A click on a link would still
leave the frame, so links and forms are taken out first.
"""

from __future__ import annotations

import base64
from collections.abc import Iterable
from functools import cache
from typing import Any, Final, Protocol

import lxml.html
import streamlit as st

DRAWN: Final = frozenset({"image/png", "image/jpeg", "image/gif"})  # nothing that could hold more than a picture
POLICY = (
    "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; img-src data:; style-src 'unsafe-inline'; "
    "form-action 'none'; base-uri 'none'\">"
)
_CSS = "iframe { width: 100%; min-height: 220px; border: 1px solid var(--st-border-color); border-radius: .5rem; background: #fff }"
_SCRIPT = """
export default function ({ parentElement, data }) {
  const holder = parentElement.querySelector(".mail");
  let frame = holder.querySelector("iframe");
  if (!frame) {
    frame = document.createElement("iframe");
    frame.setAttribute("sandbox", "allow-same-origin");
    frame.setAttribute("referrerpolicy", "no-referrer");
    frame.addEventListener("load", () => {
      const page = frame.contentDocument && frame.contentDocument.documentElement;
      if (page) frame.style.height = Math.min(900, page.scrollHeight + 8) + "px";
    });
    holder.append(frame);
  }
  frame.title = data.title;
  if (frame.srcdoc !== data.html) frame.srcdoc = data.html;
}
"""


@cache
def _component() -> Any:
    return st.components.v2.component("mail_preview", html='<div class="mail"></div>', css=_CSS, js=_SCRIPT)


class Picture(Protocol):
    """What lies in the mail and is shown in its text."""

    @property
    def content_id(self) -> str: ...
    @property
    def mime_type(self) -> str: ...
    @property
    def content(self) -> bytes: ...


def harmless(html: str, pictures: Iterable[Picture] = ()) -> str:
    """The same mail without anything that runs, is sent, or leads elsewhere; its own pictures are written into it."""
    page: Any = lxml.html.document_fromstring(html or "<p></p>")
    for element in list(page.iter("script", "iframe", "object", "embed", "base", "meta", "link", "form")):
        element.drop_tag() if element.tag == "form" else element.drop_tree()
    for element in page.iter():
        for name in list(element.attrib):
            if name.endswith("href") or name in ("action", "formaction", "ping", "target", "background") or name.startswith("on"):
                del element.attrib[name]
    own = {f"cid:{picture.content_id}": _written_in(picture) for picture in pictures if picture.mime_type in DRAWN}
    for image in page.iter("img"):
        if image.get("src") in own:
            image.set("src", own[image.get("src")])
    return POLICY + str(lxml.html.tostring(page, encoding="unicode"))


def _written_in(picture: Picture) -> str:
    return f"data:{picture.mime_type};base64,{base64.b64encode(picture.content).decode('ascii')}"


def show(html: str, pictures: Iterable[Picture] = (), *, title: str, key: str) -> None:
    _component()(data={"html": harmless(html, pictures), "title": title}, key=key)
