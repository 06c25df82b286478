"""Rehearsals by command: the mails as files, or to oneself."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from core.app import App
from core.commands.arguments import numbers_of
from core.commands.output import Output, show, show_one
from core.commands.shell import DONE, SOME_REFUSED, complain
from core.errors import Sentence


def rehearse(opened: App, ids: Sequence[int], folder: Path | None, address: str | None, output: Output) -> int:
    """Make everything that would leave, into a folder or to one's own address; nothing is queued."""
    from core.dispatch import rehearsing, rehearsing_to

    files: list[Path] = []
    refused: Mapping[int, Sentence]
    if folder is not None:
        made, files = rehearsing.into_folder(opened.desk, ids, folder)
        refused = made.refused
    else:
        shown = rehearsing_to.to_me(opened.desk, ids, address or "")
        made, refused = shown.rehearsal, {**shown.rehearsal.refused, **shown.troubles}
    known = numbers_of(opened, ids)
    not_sent = [{"number": known[invoice_id], "reason": str(why)} for invoice_id, why in refused.items()]
    result: dict[str, Any] = {"batch": None, "queued": [], "not_queued": not_sent, "rehearsal": made.id or None}
    result |= {"rehearsed": [mail.number for mail in made.mails], "files": [str(path) for path in files]}
    show_one(result, Output.JSON) if output is Output.JSON else _tell(result, files)
    return SOME_REFUSED if not_sent else DONE


def _tell(result: Mapping[str, Any], files: Sequence[Path]) -> None:
    """Say in words what was made, and where it is."""
    place = f" in {files[-1].parent}" if files else ""
    complain.print(f"Rehearsal {result['rehearsal'] or '–'}: {len(result['rehearsed'])} mails{place}, nothing was sent to a customer.")
    if result["rehearsal"]:
        complain.print(f"Send just these: python -m core send --rehearsed {result['rehearsal']}")
    if result["not_queued"]:
        show(result["not_queued"], Output.TABLE)
