"""Addresses are checked by syntax only, and never mended in silence."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import AddressInvalid
from core.mailbox import is_valid, parse, parse_list


@pytest.mark.parametrize(
    ("text", "addr_spec", "name"),
    [
        ("a@x.be", "a@x.be", ""),
        ("Marie Dupont <marie@x.be>", "marie@x.be", "Marie Dupont"),
        ('"Dupont, Marie" <marie@x.be>', "marie@x.be", "Dupont, Marie"),
        ("  a+tag@Sub.X.BE ", "a+tag@sub.x.be", ""),
        ("a@bücher.example", "a@xn--bcher-kva.example", ""),
    ],
)
def test_good_ones(text: str, addr_spec: str, name: str) -> None:
    mailbox = parse(text)
    assert (mailbox.addr_spec, mailbox.display_name) == (addr_spec, name)
    assert parse(str(mailbox)) == mailbox


@pytest.mark.parametrize(
    "text",
    [
        "",
        "a",
        "a@",
        "@x.be",
        "a@x",
        "a b@x.be",
        "a@x..be",
        "a..b@x.be",
        ".a@x.be",
        "a@-x.be",
        "a@x.be\nBcc: b@x.be",
        "a@x.1",
        "é@x.be",
        "a@x.be b@x.be",
    ],
)
def test_bad_ones_are_refused_as_typed(text: str) -> None:
    with pytest.raises(AddressInvalid) as refused:
        parse(text)
    assert refused.value.sentence.values["address"] == text.strip()
    assert not is_valid(text)


def test_a_list_drops_doubles_and_names_the_bad_one() -> None:
    assert [each.addr_spec for each in parse_list("a@x.be; b@x.be,\nA@x.be")] == ["a@x.be", "b@x.be"]
    with pytest.raises(AddressInvalid, match="nonsense"):
        parse_list("a@x.be, nonsense")


@given(st.text(max_size=60))
def test_no_text_gets_a_line_break_or_a_second_address_into_a_header(text: str) -> None:
    if is_valid(text):
        addr_spec = parse(text).addr_spec
        assert addr_spec.count("@") == 1
        assert not set(addr_spec) & set(" \r\n,;<>")
