"""Read the notices about mails that did not arrive: the delivery turns to bounced, and the address is warned of."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import date, timedelta

import structlog
from sqlalchemy.exc import SQLAlchemyError

from core import bounces, incoming
from core.bounces import Notice
from core.database import bounce_rows, grants
from core.dispatch import providers, signing
from core.dispatch.came_back import Arrived, Early, Found, Taking
from core.dispatch.desk import Desk
from core.errors import FacturierError, Sentence, SignedOut, SignInAway, SignInWithoutMailbox
from core.i18n import N_
from core.records import BounceMailbox, Login, OAuthProvider

log = structlog.get_logger()

PATIENCE_S = 20
AT_ONCE = 50  # mails in one transaction
PORTIONS = 20  # of one reading: the next goes on where this one stopped
LEEWAY = timedelta(days=2)  # between our clock and that of the mailbox, and their time zones
NO_MAILBOX = N_("The company has no mailbox to read yet: fill in server, port and user, and save them.")
CHANGED_MEANWHILE = N_("The settings of the mailbox changed while it was read. The next reading uses the new ones.")
CANNOT_BE_KEPT = N_("What came back cannot be kept: {why}")


@dataclass(frozen=True, kw_only=True)
class Reading:
    """What one look into the mailbox brought."""

    mails: int = 0
    found: tuple[Found, ...] = ()
    trouble: Sentence | None = None
    is_all: bool = True  # nothing newer waits


# The mailbox -----------------------------------------------------------------------------------------------------


def mailbox(desk: Desk, company_id: int) -> BounceMailbox:
    """With its password in clear; never kept, never logged. One without a password is opened with the sign-in of the mail account, where it fits."""
    with desk.database.read() as connection:
        row, grant = bounce_rows.mailbox_row(connection, company_id), grants.row(connection, company_id)
    if row is None:
        return BounceMailbox(company_id=company_id)
    account = desk.account(company_id)
    fits = account.login is Login.OAUTH2 and grant is not None and (row.host or "").lower() == providers.imap_of(OAuthProvider(grant.provider))
    return bounce_rows.to_mailbox(
        row,
        desk.opened(row.password_encrypted) if row.password_encrypted else "",
        login=Login.OAUTH2 if fits and not row.password_encrypted else Login.PASSWORD,
        signs_in_as=account.user or (grant.signed_in_as if grant is not None else None) or "",
    )


def proposed(desk: Desk, company_id: int) -> BounceMailbox:
    """What is likely where none is set: whoever signs in for sending reads with the same sign-in."""
    account = desk.account(company_id)
    if account.login is not Login.OAUTH2:
        return BounceMailbox(company_id=company_id)
    with desk.database.read() as connection:
        grant = grants.row(connection, company_id)
    host = providers.imap_of(OAuthProvider(grant.provider) if grant is not None else OAuthProvider.MICROSOFT)
    return BounceMailbox(company_id=company_id, host=host, user=account.user, login=Login.OAUTH2)


def try_mailbox(desk: Desk, company_id: int) -> Sentence | None:
    """Log in and look into the folder; nothing is read. What stands in the way, if anything does."""
    box = mailbox(desk, company_id)
    if not box.is_set:
        return Sentence(NO_MAILBOX)
    try:
        with _opened(desk, box):
            return None
    except incoming.Trouble as trouble:
        return trouble.sentence
    except (SignedOut, SignInAway, SignInWithoutMailbox) as error:
        return error.sentence


def _opened(desk: Desk, box: BounceMailbox) -> AbstractContextManager[incoming.Folder]:
    token = signing.reader(desk, box.company_id) if box.login is Login.OAUTH2 else None
    return incoming.opened(box, timeout_s=min(PATIENCE_S, desk.settings.connect_timeout_s), token=token)


# Reading ---------------------------------------------------------------------------------------------------------


def read_all(desk: Desk) -> dict[int, Reading]:
    """Every mailbox of the desk; one that fails, however it fails, does not stop the others."""
    try:
        with desk.database.read() as connection:
            ids = bounce_rows.read_companies(connection)
    except SQLAlchemyError as error:
        log.warning("no mailbox read", error=f"{type(error).__name__}: {error}")
        return {}
    readings = {}
    for company_id in ids:
        try:
            readings[company_id] = read(desk, company_id)
        except Exception:  # a company's mailbox is like a single invoice: it must not stop the others
            log.exception("mailbox not read", company_id=company_id)
    return readings


def read(desk: Desk, company_id: int) -> Reading:
    """Read what is newer than at the last time. Trouble is kept and returned, not raised; reading again changes nothing."""
    try:
        reading = _read(desk, company_id)
    except incoming.Trouble as trouble:
        reading = Reading(trouble=trouble.sentence)
    except FacturierError as error:
        reading = Reading(trouble=error.sentence)
    except (OSError, SQLAlchemyError) as error:
        log.warning("mailbox not read", company_id=company_id, error=f"{type(error).__name__}: {error}")
        reading = Reading(trouble=Sentence(CANNOT_BE_KEPT, {"why": type(error).__name__}))
    try:
        with desk.database.write() as connection:
            if bounce_rows.mailbox_row(connection, company_id) is not None:
                bounce_rows.set_mailbox(connection, company_id, {"trouble": reading.trouble} | ({} if reading.trouble else {"read_at": desk.now()}))
    except SQLAlchemyError as error:  # the database is gone: the next reading says so, or all is well again
        log.warning("mailbox not noted", company_id=company_id, error=f"{type(error).__name__}: {error}")
    return reading


def _read(desk: Desk, company_id: int) -> Reading:
    box = mailbox(desk, company_id)
    if not box.is_set:
        return Reading(trouble=Sentence(NO_MAILBOX))
    found, mails = list[Found](), 0
    with _opened(desk, box) as folder:
        last_uid = box.last_uid if box.uid_validity == folder.uid_validity else 0
        since = _first_day(desk, company_id) if last_uid == 0 else None
        for _ in range(PORTIONS):
            uids = folder.newer(last_uid, since=since, limit=AT_ONCE)
            if not uids:
                return Reading(mails=mails, found=tuple(found))
            portion = [_looked_at(desk, uid, folder.fetch(uid)) for uid in uids]
            new, done = _take_up(desk, box, folder.uid_validity, last_uid, portion)
            found, mails = [*found, *new], mails + sum(uid <= done for uid in uids)
            if done < uids[-1]:
                return Reading(mails=mails, found=tuple(found), is_all=False)
            last_uid = done
    return Reading(mails=mails, found=tuple(found), is_all=False)


def _first_day(desk: Desk, company_id: int) -> date | None:
    """Nothing can have come back before the first mail left: a mailbox of many years is not read from its beginning."""
    with desk.database.read() as connection:
        first = bounce_rows.first_queued_at(connection, bounce_rows.sharing(connection, company_id))
    return ((first or desk.now()) - LEEWAY).date()


def _looked_at(desk: Desk, uid: int, arrived: incoming.Arrived | None) -> Arrived:
    """A notice is kept as it came, before a row names it; other mails are nobody's business."""
    notice = bounces.read(arrived.content) if arrived else Notice()
    if arrived is None or not notice.failures:
        return Arrived(uid)
    return Arrived(uid, notice, desk.archive.put(arrived.content))


def _take_up(desk: Desk, box: BounceMailbox, uid_validity: int, last_uid: int, portion: Sequence[Arrived]) -> tuple[list[Found], int]:
    """Rows, deliveries and how far the mailbox is read, in one transaction. Returns what is new, and the last UID that is done."""
    with desk.database.write() as connection:
        row = bounce_rows.mailbox_row(connection, box.company_id, lock=True)
        if row is None or (row.host, row.user or "", row.folder) != (box.host, box.user, box.folder):
            raise incoming.Trouble(Sentence(CHANGED_MEANWHILE))
        found, done, taken = list[Found](), last_uid, Taking(desk, connection, box.company_id)
        for arrived in portion:
            try:
                found += taken.up(arrived)
            except Early:
                break
            done = arrived.uid
        bounce_rows.set_mailbox(connection, box.company_id, {"uid_validity": uid_validity, "last_uid": done})
    return found, done
