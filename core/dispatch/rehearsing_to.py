"""Rehearse to oneself: the very mails that would leave, over the company's account, to one address that is no customer's."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Final

from core.connection import Stopped
from core.delivery import Wire
from core.dispatch import history, rehearsing, trial_room, trying
from core.dispatch.desk import Desk
from core.dispatch.rehearsal_files import Rehearsed
from core.dispatch.rehearsing import Rehearsal, nobody
from core.dispatch.trial_room import Room
from core.errors import LinesTaken, NoRoomToday, NoRoomYet, Sentence, TooManyToMe
from core.mailbox import parse
from core.outcome import Effect, judge

AT_ONCE = 50  # mails that a person looks at
PATIENCE_S: Final = 90.0  # longer than a full minute
LOOK_S: Final = 1.0


@dataclass(frozen=True, kw_only=True)
class Shown:
    """The rehearsal, and what the server did not take of it, by invoice."""

    rehearsal: Rehearsal
    troubles: dict[int, Sentence]


def to_me(desk: Desk, invoice_ids: Sequence[int], address: str, *, told: Callable[[int, int], None] = nobody) -> Shown:
    """Raises AddressInvalid, TrialToCustomer and TooManyToMe before anything is made. No delivery is written down."""
    mailbox = parse(address)
    trying.refuse_customers(desk, mailbox)
    if len(set(invoice_ids)) > AT_ONCE:
        raise TooManyToMe(count=len(set(invoice_ids)), limit=AT_ONCE)
    made = rehearsing.rehearse(desk, invoice_ids, destination=mailbox.addr_spec, told=lambda done, total: told(done, 2 * total))
    troubles: dict[int, Sentence] = {}
    count, steps = len(made.mails), iter(range(len(made.mails)))
    for company_id, mails in groupby(sorted(made.mails, key=lambda mail: mail.company_id), key=lambda mail: mail.company_id):
        mine, account = list(mails), desk.account(company_id)
        try:
            with trial_room.of(desk, account) as room, trying.open_wire(desk, account) as wire:
                for mail in mine:
                    told(count + next(steps), 2 * count)
                    trouble = _hand_over(room, wire, mailbox.addr_spec, mail)
                    troubles |= {mail.invoice_id: trouble} if trouble else {}
        except LinesTaken as taken:
            troubles |= dict.fromkeys((mail.invoice_id for mail in mine), taken.sentence)
    told(1, 1)
    return Shown(rehearsal=made, troubles=troubles)


def proposed(desk: Desk, invoice_ids: Sequence[int]) -> str:
    """The company's own address of the first invoice, unless it stands on a customer's card."""
    if not invoice_ids:
        return ""
    return trying.proposed_address(desk.account(history.standing(desk, invoice_ids[0]).company_id))


def _hand_over(room: Room, wire: Wire, address: str, mail: Rehearsed) -> Sentence | None:
    """From the plain sender: a notice about a rehearsal is none about the mail of a customer."""
    account, content = room.account, room.desk.archive.get(mail.seal.sha256)
    try:
        _take(room)
        handed = wire.body(account.sender, [address], content)
    except (NoRoomYet, NoRoomToday) as full:
        return full.sentence
    except Stopped as stopped:
        return trying.what_went_wrong(stopped.reply, account, address=address, cause=stopped.__cause__)
    if address in handed.refused:
        return trying.what_went_wrong(handed.refused[address], account, address=address)
    reply = wire.dot()
    return None if judge(reply) is Effect.SENT else trying.what_went_wrong(reply, account, address=address)


def _take(room: Room) -> None:
    """A minute that is full is waited for, as the workers do. Raises NoRoomYet when others fill that, too, and NoRoomToday."""
    end = time.monotonic() + PATIENCE_S
    while True:
        try:
            return room.take()
        except NoRoomYet:
            if time.monotonic() > end:
                raise
            time.sleep(LOOK_S)
