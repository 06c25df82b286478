"""Notices as mail servers write them, and as nobody should: what they say, and that nothing makes the reader stumble."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core import bounce_words, bounces, i18n
from core.bounces import Failure, FoundBy, Kind, Mark
from core.model import Language
from core.records import MailAccount

NOTICES = Path(__file__).parent / "notices"
HEX = "0123456789abcdef0123456789abcdef"
MESSAGE_ID = f"<{HEX}@dubois.example>"
COMPTA = "compta@customer.example"
PATCHES = (b"\r\n\r\n", b"\x00", b"=?utf-8?B?//8=?=", b"multipart/report", b";;;", b"\xff\xfe")
ID_MARK = Mark(found_by=FoundBy.MESSAGE_ID, local=HEX, domain="dubois.example")


def notice(name: str) -> bytes:
    return (NOTICES / f"{name}.eml").read_bytes()


@pytest.mark.parametrize(
    ("name", "found_by", "status_code", "said"),
    [
        ("postfix", FoundBy.VERP, "5.1.1", "User unknown"),
        ("exim", FoundBy.MESSAGE_ID, "5.7.1", "the sender is not on our list"),
        ("exchange", FoundBy.MESSAGE_ID, "5.1.10", "RecipientNotFound"),
        ("gmail", FoundBy.MESSAGE_ID, "5.2.2", "out of storage space"),
        ("sendmail", FoundBy.MESSAGE_ID, "5.3.4", "exceeds fixed limit"),
        ("qmail", FoundBy.MESSAGE_ID, "5.1.1", ""),
    ],
)
def test_each_server_s_notice_is_understood(name: str, found_by: FoundBy, status_code: str, said: str) -> None:
    found = bounces.read(notice(name))
    [failure] = found.failures
    assert failure.addresses[0] == COMPTA
    assert failure.kind is Kind.PERMANENT
    assert failure.status_code == status_code
    assert said in failure.diagnostic
    assert found.marks[0].found_by is found_by
    assert {mark.local for mark in found.marks} == {HEX}
    assert ID_MARK in found.marks


def test_the_surest_mark_comes_first() -> None:
    marks = bounces.read(notice("postfix")).marks
    assert [mark.found_by for mark in marks] == [FoundBy.VERP, FoundBy.ENVELOPE_ID, FoundBy.MESSAGE_ID]


def test_delayed_is_temporary() -> None:
    [failure] = bounces.read(notice("postfix_delayed")).failures
    assert (failure.kind, failure.status_code, failure.addresses) == (Kind.TEMPORARY, "4.4.1", (COMPTA,))


def test_each_recipient_has_a_fate_of_its_own() -> None:
    found = bounces.read(notice("postfix_two")).failures
    assert [(each.addresses[0], each.status_code) for each in found] == [("info@full.example", "5.2.2"), ("jan@nowhere.example", "5.4.4")]


@pytest.mark.parametrize("name", ["postfix_success", "out_of_office", "answer", "read_receipt"])
def test_what_is_no_failure_is_no_notice(name: str) -> None:
    assert bounces.read(notice(name)) == bounces.Notice()


def test_giving_up_after_days_is_for_good_although_the_code_is_temporary() -> None:
    given_up = notice("postfix_delayed").replace(b"Action: delayed", b"Action: failed").replace(b"Status: 4.4.1", b"Status: 4.4.7")
    [failure] = bounces.read(given_up).failures
    assert (failure.kind, failure.status_code) == (Kind.PERMANENT, "4.4.7")
    assert "could not be reached" in str(bounce_words.came_back(failure))


def test_the_address_that_we_wrote_to_comes_before_the_one_it_was_passed_on_to() -> None:
    [failure] = bounces.read(notice("sendmail")).failures
    assert failure.addresses == (COMPTA, "gl-compta@inner.customer.example")


def test_an_address_in_the_letters_of_the_envelope_is_read_both_ways() -> None:
    raw = notice("postfix").replace(b"rfc822;compta@customer.example", b"rfc822;compta+2Bx@customer.example")
    [failure] = bounces.read(raw).failures
    assert "compta+x@customer.example" in failure.addresses


def test_a_mailer_that_says_nothing_clear_is_kept_as_other() -> None:
    raw = f"From: MAILER-DAEMON@x.example\nSubject: hm\nReferences: {MESSAGE_ID}\n\nSomething happened.\n".encode()
    found = bounces.read(raw)
    assert found.failures == (Failure(addresses=(), kind=Kind.OTHER),)
    assert found.marks == (ID_MARK,)


def test_a_status_that_says_little_gives_way_to_the_server_s_words() -> None:
    raw = notice("postfix").replace(b"Status: 5.1.1", b"Status: 5.0.0")
    assert bounces.read(raw).failures[0].status_code == "5.1.1"


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("5.1.1", "no such mailbox"),
        ("5.1.2", "no such domain"),
        ("5.4.4", "no such domain"),
        ("5.2.2", "full"),
        ("5.2.1", "switched off"),
        ("5.3.4", "too big"),
        ("5.7.26", "by its rules"),
        ("5.4.1", "could not be reached"),
        ("5.6.0", "does not take it"),
        ("", "names no reason"),
    ],
)
@pytest.mark.parametrize("language", Language)
def test_the_usual_codes_are_said_plainly(code: str, words: str, language: Language) -> None:
    failure = Failure(addresses=(COMPTA,), kind=Kind.PERMANENT, status_code=code)
    assert words in str(bounce_words.came_back(failure))
    assert i18n.sentence(language, bounce_words.came_back(failure))
    if language is not Language.EN:
        assert i18n.sentence(language, bounce_words.why(failure)) != str(bounce_words.why(failure))


# On the way out --------------------------------------------------------------------------------------------------


def test_the_return_path_names_the_mail_and_is_read_back() -> None:
    assert bounces.return_path("factures@dubois.example", MESSAGE_ID) == f"factures+{HEX}@dubois.example"
    assert bounces.envelope_id(MESSAGE_ID) == HEX


@pytest.mark.parametrize(("sender", "message_id"), [("f" * 40 + "@x.example", MESSAGE_ID), ("f@x.example", "<other@x.example>"), ("", MESSAGE_ID)])
def test_without_room_or_mark_the_sender_stays(sender: str, message_id: str) -> None:
    assert bounces.return_path(sender, message_id) == sender


def test_only_a_company_that_wants_it_gets_a_return_path_for_each_mail() -> None:
    plain, verp = MailAccount(company_id=1, envelope_from="f@x.example"), MailAccount(company_id=1, envelope_from="f@x.example", verp=True)
    assert bounces.envelope_from(plain, MESSAGE_ID) == "f@x.example"
    assert bounces.envelope_from(verp, MESSAGE_ID) == f"f+{HEX}@x.example"
    assert all(bounces.is_sender(address, account, MESSAGE_ID) for account in (plain, verp) for address in ("f@x.example", f"f+{HEX}@x.example"))
    assert not bounces.is_sender("g@x.example", verp, MESSAGE_ID)


# Hostile ---------------------------------------------------------------------------------------------------------


def _sound(raw: bytes) -> None:
    found = bounces.read(raw)
    for failure in found.failures:
        words = str(bounce_words.came_back(failure))
        assert words.isprintable() or "\x00" not in words
        assert all(len(address) <= 320 and "\x00" not in address for address in failure.addresses)
        assert len(failure.diagnostic) <= bounces.LONGEST and "\x00" not in failure.diagnostic
    assert all(len(mark.local) == 32 for mark in found.marks)


@given(st.binary(max_size=2000))
def test_any_bytes_are_taken(raw: bytes) -> None:
    _sound(raw)


@given(st.sampled_from(sorted(path.name for path in NOTICES.glob("*.eml"))), st.data())
def test_a_notice_that_was_cut_and_patched_is_taken(name: str, data: st.DataObject) -> None:
    raw = bytearray((NOTICES / name).read_bytes())
    for _ in range(data.draw(st.integers(1, 5))):
        start = data.draw(st.integers(0, len(raw)))
        end = data.draw(st.integers(start, min(start + 60, len(raw))))
        raw[start:end] = data.draw(
            st.binary(max_size=40) | st.sampled_from([b"\r\n\r\n", b"\x00", b"=?utf-8?B?//8=?=", b"multipart/report", b";;;", b"\xff\xfe"])
        )
    _sound(bytes(raw))


@pytest.mark.parametrize("piece", [b"+", b"@", b"\n ", b"\n\n", b"<", b"5.1.", b"message-id:", b"a+" + HEX.encode()])
def test_endless_repetition_does_not_take_endless_time(piece: bytes) -> None:
    _sound(b"From: mailer-daemon@x.example\nTo: " + piece * 20_000 + b"\n\n" + piece * 20_000)
    _sound(notice("postfix").replace(b"Action: failed", b"X-Odd: " + piece * 20_000 + b"\nAction: failed"))


def test_a_mail_nested_without_end_is_no_notice_and_no_crash() -> None:
    deep = b"".join(b"Content-Type: multipart/mixed; boundary=b%d\n\n--b%d\n" % (depth, depth) for depth in range(2000))
    _sound(b"From: mailer-daemon@x.example\n" + deep)
