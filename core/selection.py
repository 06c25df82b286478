"""The ticked invoices: a set of ids, never positions in a table."""

from __future__ import annotations

from collections.abc import Collection, Sequence


def ticked(selected: frozenset[int], page_ids: Sequence[int], positions: Collection[int]) -> frozenset[int]:
    """The selection after a person changed the ticks of one page: what is on other pages or filtered away stays."""
    on_page = {page_ids[position] for position in positions if position < len(page_ids)}
    return (selected - frozenset(page_ids)) | on_page


def positions(selected: frozenset[int], page_ids: Sequence[int]) -> list[int]:
    """Where the ticked invoices are on this page."""
    return [place for place, identity in enumerate(page_ids) if identity in selected]
