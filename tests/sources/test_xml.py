from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import EntitiesRefused, FileEmpty, FileTooLarge, NotAnInvoice, NotXml, SourceRefused
from core.sources import ubl
from core.sources.xml import MAX_BYTES, parse, path
from tests.sources import documents

LAUGHS = "".join(f'<!ENTITY l{level} "{f"&l{level - 1};" * 10}">' for level in range(1, 12))
BILLION_LAUGHS = f'<?xml version="1.0"?>\n<!-- fun -->\n<!DOCTYPE x [<!ENTITY l0 "lol">{LAUGHS}]>\n'


def declared(encoding: str) -> str:
    xml = documents.invoice().decode().replace("Bakkerij Peeters BV", "Café Léon")
    return xml.replace('encoding="UTF-8"', f'encoding="{encoding}"')


def test_billion_laughs_are_refused_before_they_grow() -> None:
    attack = (BILLION_LAUGHS + '<Invoice a="&l11;">&l11;</Invoice>').encode()
    begin = time.perf_counter()
    with pytest.raises(EntitiesRefused) as caught:
        ubl.read(attack)
    assert time.perf_counter() - begin < 0.1
    assert caught.value.place == "line 3"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32"])
@pytest.mark.parametrize(
    "doctype",
    [
        '<!DOCTYPE x SYSTEM "file:///etc/hostname">',
        '<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/hostname">]>',
        '<!DOCTYPE x [<!ENTITY % p SYSTEM "http://127.0.0.1:1/x"> %p;]>',
        "<!DOCTYPE x>",
    ],
)
def test_no_doctype_passes_in_any_encoding(encoding: str, doctype: str) -> None:
    with pytest.raises(EntitiesRefused):
        parse(f"<?pi?>  <!-- <x> -->{doctype}<x>&e;</x>".encode(encoding))


def test_a_doctype_cannot_hide_behind_a_forbidden_character() -> None:
    with pytest.raises(EntitiesRefused):
        parse(b'\x01<!DOC\x02TYPE x [<!ENTITY e "e">]><x>&e;</x>')


def test_a_comment_may_say_doctype() -> None:
    root, _ = parse(b"<!-- <!DOCTYPE x> --><x><![CDATA[<!DOCTYPE y>]]></x>")
    assert root.text == "<!DOCTYPE y>"


@pytest.mark.parametrize(
    ("encoding", "mark"),
    [
        ("UTF-16", b""),
        ("UTF-16LE", b""),
        ("UTF-16BE", b""),
        ("ISO-8859-1", b""),
        ("windows-1252", b""),
        ("ISO-8859-15", b""),
        ("UTF-8", b"\xef\xbb\xbf"),
        ("UTF-32", b""),
    ],
)
def test_other_encodings(encoding: str, mark: bytes) -> None:
    data = mark + declared(encoding).encode(encoding)
    source = ubl.read(data)
    assert source.invoice.buyer.name == "Café Léon"
    assert source.xml == data


def test_utf_8_that_says_utf_16_is_what_its_bytes_say() -> None:
    assert ubl.read(declared("UTF-16").encode()).invoice.buyer.name == "Café Léon"


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"%PDF-1.7\n%", "it is a PDF"),
        (b"PK\x03\x04\x14\x00", "it is a ZIP archive"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "it is an Office document"),
        (b"number;date;total", "it does not begin with a tag"),
        (b"\x00\x01\x02", "it does not begin with a tag"),
        ("<x>é</x>".encode("latin-1"), "its characters are not in the encoding that it claims"),
        (b"<x>&secret;</x>", "it uses an entity that it does not define"),
        (b"<x><y></x>", "a tag is closed that is not the one that was opened"),
        (b"<x><y>", "it ends too early; it was probably cut off"),
        (b"<x><y", "it ends too early; it was probably cut off"),
        (b"<x>a & b</x>", "a < or & in a text is not written as an entity"),
        (b"<x/><y/>", "something follows after its end"),
        (b"<x y=1/>", "it is damaged here"),
        (b'<?xml version="1.0" encoding="klingon"?><x/>', "its encoding “klingon” is not supported"),
        (b'<?xml version="1.0" encoding="zip"?><x/>', "its encoding “zip” is not supported"),
        ("<x>".encode("utf-16") + b"\x00", "it is not the utf-16-le text that it claims to be"),
    ],
)
def test_what_is_no_xml(data: bytes, why: str) -> None:
    with pytest.raises(NotXml) as caught:
        parse(data)
    assert str(caught.value.sentence.values["why"]) == why
    assert caught.value.place == "line 1"


def test_truncated_xml_says_where_it_ends() -> None:
    xml = documents.invoice()
    with pytest.raises(NotXml) as caught:
        ubl.read(xml[: xml.index(b"<cac:LegalMonetaryTotal>")])
    lines = xml[: xml.index(b"<cac:LegalMonetaryTotal>")].count(b"\n") + 1
    assert caught.value.place == f"line {lines}"


@pytest.mark.parametrize(
    ("data", "root", "place"),
    [
        (b"<!DOCTYPE html>\n<html><body><br></body></html>", "html", "line 1"),
        (b"\n<!doctype HTML PUBLIC 'x'><HTML>", "html", "line 2"),
        (b"<rsm:CrossIndustryInvoice xmlns:rsm='urn:x'/>", "CrossIndustryInvoice", "line 1"),
        (b"\n\n<Invoice/>", "Invoice of no namespace", "line 3"),
        (b"<Invoice xmlns='urn:ubl-1'/>", "Invoice of urn:ubl-1", "line 1"),
        (b"<Order xmlns='urn:oasis:names:specification:ubl:schema:xsd:Order-2'/>", "Order", "line 1"),
    ],
)
def test_what_is_no_invoice(data: bytes, root: str, place: str) -> None:
    with pytest.raises(NotAnInvoice) as caught:
        ubl.read(data)
    assert caught.value.sentence.values["root"] == root
    assert caught.value.place == place


def test_size() -> None:
    with pytest.raises(FileEmpty):
        parse(b"")
    with pytest.raises(FileTooLarge) as caught:
        parse(b" " * (MAX_BYTES + 1))
    assert caught.value.sentence.values == {"size": "30.1", "limit": "30"}


def test_a_value_above_the_parsers_own_limit_is_read() -> None:
    root, _ = parse(b"<x>" + b"a" * 12_000_000 + b"</x>")
    assert len(root.text or "") == 12_000_000


def test_deep_nesting_is_refused() -> None:
    with pytest.raises(NotXml):
        parse(b"<a>" * 200_000)


def test_forbidden_characters_are_left_out_and_counted() -> None:
    root, count = parse(b"<x>a\x0bb&#11;c&#x1F;d&#10;e\xef\xbf\xbe</x>")
    assert (root.text, count) == ("abcd\ne", 4)


def test_comments_and_cdata_do_not_cut_a_value() -> None:
    root, _ = parse(b"<x>1<!-- no -->2<?pi?>3<![CDATA[4]]>5</x>")
    assert root.text == "12345"


def test_the_path_of_an_element() -> None:
    root, _ = parse(b"<a><b><c/></b></a>")
    assert (path(root), path(root[0][0])) == ("a", "b/c")


@given(st.binary(max_size=300))
def test_garbage_is_refused_in_words(data: bytes) -> None:
    with pytest.raises(SourceRefused) as caught:
        ubl.read(data)
    assert str(caught.value)


@given(st.integers(min_value=0, max_value=len(documents.invoice()) - 1), st.integers(min_value=0, max_value=255))
def test_one_wrong_byte_is_read_or_refused(position: int, byte: int) -> None:
    xml = documents.invoice()
    try:
        told = ubl.read(xml[:position] + bytes([byte]) + xml[position + 1 :]).invoice.number
    except SourceRefused as refused:
        told = refused.place
    assert told
