"""Verify that nothing was changed: the audit chains, the sealed mails, the named files, the stored statuses. Reads only."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row

from core import styling
from core.database import audit, audit_heads, evidence, parties
from core.database.audit_heads import ROSTER, Head, roster_digest
from core.dispatch.chain_walk import Finding, Kind, Walk
from core.dispatch.desk import Desk
from core.dispatch.said import Said
from core.errors import ArchiveDamaged, Sentence
from core.i18n import N_
from core.model import DeliveryStatus, DispatchStatus

PAGE = 500
MOST = 1000  # findings that are told one by one
SETTLED_AS_SENT = "settled: sent"

NOT_AN_ENTRY = N_("Invoice {number} stands as sent to {recipient}, but no entry of the chain says so of this mail ({message_id}).")
NO_MAIL = N_("Entry {entry} is about the mail {message_id} ({subject}), which is not there any more.")
OTHER_MAIL = N_("Entry {entry} is about the mail {message_id} ({subject}); another mail than the one that was sealed then stands there now.")
MAIL_GONE = N_("The sealed mail {message_id} of invoice {number} is missing in the archive.")
MAIL_CHANGED = N_("The sealed mail {message_id} of invoice {number} was changed in the archive.")
FILE_GONE = N_("A file is missing in the archive: {what} ({sha256}).")
FILE_CHANGED = N_("A file was changed in the archive: {what} ({sha256}).")
STATUS_DIFFERS = N_("Invoice {number} stands as “{stands}”, but its mails say “{follows}”.")
CHAINS_DIFFER = N_("A chain was taken away or added: the desk wrote down {stated}, and there are {count}.")
CHAINS_UNKNOWN = N_("The list of chains is missing or not sealed with the key of this desk, so a whole chain may have been taken away.")
UNCHANGED = N_("Entries: {entries}, mails: {mails}, files: {files}. Nothing was changed.")
UNCHANGED_SO_FAR = N_("Entries: {entries}, mails: {mails}. Nothing was changed; the archived files were not read.")
CHANGED = N_("Entries: {entries}, mails: {mails}, files: {files}. Not as they were written: {count}.")
FILES: Mapping[str, str] = {
    "xml": N_("the source XML of invoice {number}"),
    "pdf": N_("the PDF of invoice {number}"),
    "logo": N_("the logo of {company}"),
    "terms": N_("the terms of sale of {company}"),
    "notice": N_("a notice of non-delivery to {company}"),
    "rehearsal": N_("a rehearsed mail of {company}"),
}


@dataclass(frozen=True, kw_only=True)
class Chain:
    """How one chain ends: kept outside of the desk, these figures prove it against anybody."""

    company: str
    entries: int
    sha256: str


@dataclass(frozen=True, kw_only=True)
class Report:
    entries: int
    mails: int
    files: int
    findings: Sequence[Finding]  # the first thousand
    more: int  # that are counted only
    chains: Sequence[Chain]
    was_read: bool  # the files too
    companies: Mapping[int, str] = field(repr=False)  # names by id

    def company(self, finding: Finding) -> str:
        return self.companies.get(finding.company_id or 0, "")

    @property
    def summary(self) -> Sentence:
        counted = {"entries": f"{self.entries}", "mails": f"{self.mails}", "files": f"{self.files}"}
        if self.findings:
            return Sentence(CHANGED, counted | {"count": f"{len(self.findings) + self.more}"})
        return Sentence(UNCHANGED if self.was_read else UNCHANGED_SO_FAR, counted)


Progress = Callable[[int, int], None]  # done, of how many


def verify(desk: Desk, *, quick: bool = False, progress: Progress = lambda _done, _total: None) -> Report:
    """Go through everything; `quick` leaves out reading the files."""
    work = _Work(desk, quick=quick, progress=progress)
    for finding in work.all():
        work.keep(finding)
    return work.report()


class _Work:
    """One run: what it counts, what it found, and which mails the chains speak of."""

    def __init__(self, desk: Desk, *, quick: bool, progress: Progress) -> None:
        self.desk, self.quick, self.progress = desk, quick, progress
        self.key = desk.database.audit_key() if desk.database.audit_key else None
        self.entries = self.mails = self.files = self.more = self.done = 0
        self.findings: list[Finding] = []
        self.chains: list[Chain] = []
        self.said = Said()
        self.recorded_since: dict[int, datetime] = {}
        self.read_to: dict[int, int] = {}  # the last entry of each chain
        with desk.database.read() as connection:
            self.total = max(1, sum(evidence.sizes(connection)))
            self.companies = {company.id: company.name for company in parties.load_companies(connection).values()}

    def all(self) -> Iterator[Finding]:
        yield from self._chains()
        self.said.close()
        yield from self._mails()
        if not self.quick:
            yield from self._files_of_invoices()
            yield from self._other_files()
        yield from self._statuses()

    def keep(self, finding: Finding) -> None:
        if len(self.findings) < MOST:
            self.findings.append(finding)
        else:
            self.more += 1

    def report(self) -> Report:
        self.progress(self.total, self.total)
        return Report(
            entries=self.entries,
            mails=self.mails,
            files=self.files,
            findings=self.findings,
            more=self.more,
            chains=self.chains,
            was_read=not self.quick,
            companies=self.companies,
        )

    def _step(self, count: int) -> None:
        self.done += count
        self.progress(min(self.done, self.total), self.total)

    # Chains

    def _chains(self) -> Iterator[Finding]:
        with self.desk.database.read() as connection:
            known, heads = audit_heads.chains(connection), audit_heads.heads(connection)
        roster = heads.pop(ROSTER, None)
        yield from self._roster(roster, heads)
        for chain in sorted(known | heads.keys()):
            yield from self._chain(chain)

    def _roster(self, roster: Head | None, heads: Mapping[int, Head]) -> Iterator[Finding]:
        if roster is None or not roster.is_sealed(self.key):
            if roster is not None or heads:
                yield Finding(kind=Kind.HEAD, sentence=Sentence(CHAINS_UNKNOWN), company_id=None)
        elif roster.sha256 != roster_digest(heads.keys()):
            values = {"stated": str(roster.entries), "count": str(len(heads))}
            yield Finding(kind=Kind.HEAD, sentence=Sentence(CHAINS_DIFFER, values), company_id=None)

    def _chain(self, chain: int) -> Iterator[Finding]:
        """The last page and the head are read at one moment: what is written meanwhile does not confuse."""
        walk, after = Walk(chain), 0
        while True:
            with self.desk.database.read() as connection:
                page = evidence.entries(connection, chain, after=after, limit=PAGE)
                head = audit_heads.head(connection, chain)
                about = list(self._about_mails(connection, chain, page))
            for entry in page:
                yield from walk.take(entry)
                after = entry.id
            yield from about
            self._step(len(page))
            if len(page) < PAGE:
                break
        self.read_to[chain] = after
        yield from walk.end(head, self.key)
        self.entries += walk.count
        if head is not None:
            self.chains.append(Chain(company=self.companies.get(chain, ""), entries=head.entries, sha256=head.sha256))

    def _about_mails(self, connection: Connection, chain: int, page: Sequence[Row[Any]]) -> Iterator[Finding]:
        """Every entry about a mail has that mail; what it says is remembered for the mails."""
        spoken = {entry.id: audit.evidence(entry.why) for entry in page if entry.what in _SETTLED}
        mails = evidence.mails_by_message_id(connection, {each[0] for each in spoken.values() if each})
        for entry in page:
            if entry.what == SETTLED_AS_SENT:
                self.said.add(chain, entry.subject)
            about = spoken.get(entry.id)
            if about is None:
                continue
            message_id, digest = about
            self.recorded_since.setdefault(chain, entry.at)
            if entry.what == "sent":
                for recipient in audit.recipients_of(entry.subject):
                    self.said.add(message_id, digest, recipient)
            mail = mails.get(message_id)
            if mail is None or (entry.what in _HANDED_OVER and mail.sealed_sha256 != digest):
                values = {"entry": str(entry.id), "message_id": message_id, "subject": entry.subject}
                sentence = Sentence(NO_MAIL if mail is None else OTHER_MAIL, values)
                yield Finding(kind=Kind.MAIL, sentence=sentence, company_id=chain or None, entry=entry.id, at=entry.at)

    # Mails and files

    def _mails(self) -> Iterator[Finding]:
        after = 0
        while True:
            with self.desk.database.read() as connection:
                page = evidence.sealed_mails(connection, after=after, limit=PAGE)
                sent = evidence.taken(connection, [row.id for row in page])
            for row in page:
                yield from self._unsaid(row, sent.get(row.id, {}))
                named = {"message_id": row.message_id, "number": row.number}
                yield from self._read(row.company_id, row.sealed_sha256, named, MAIL_GONE, MAIL_CHANGED)
            self.mails += len(page)
            self._step(len(page))
            if not page:
                return
            after = page[-1].id

    def _unsaid(self, mail: Row[Any], sent: Mapping[str, datetime]) -> Iterator[Finding]:
        """What stands as sent, and became so since the chain says such things, stands in it, or a person settled it."""
        since = self.recorded_since.get(mail.company_id)
        if since is None or max(mail.queued_at, mail.handed_at or mail.queued_at) < since:
            return
        for recipient, at in sent.items():
            by_hand = (mail.company_id, audit.sent_subject(mail.number, [recipient]))
            said = self.said.has(mail.message_id, mail.sealed_sha256, recipient) or self.said.has(*by_hand)
            if not said and at >= since and not self._said_meanwhile(mail, recipient):
                values = {"number": mail.number, "recipient": recipient, "message_id": mail.message_id}
                yield Finding(kind=Kind.MAIL, sentence=Sentence(NOT_AN_ENTRY, values), company_id=mail.company_id, at=mail.handed_at)

    def _said_meanwhile(self, mail: Row[Any], recipient: str) -> bool:
        """What left while the chains were read stands behind where they were read to."""
        start, whats = f"{mail.message_id} sha256:{mail.sealed_sha256}", ("sent", SETTLED_AS_SENT)
        subject = audit.sent_subject(mail.number, [recipient])
        with self.desk.database.read() as connection:
            newer = evidence.newer(connection, mail.company_id, since=self.read_to.get(mail.company_id, 0), whats=whats)
        return any(
            entry.subject == subject
            if entry.what == SETTLED_AS_SENT
            else entry.why.startswith(start) and recipient in audit.recipients_of(entry.subject)
            for entry in newer
        )

    def _files_of_invoices(self) -> Iterator[Finding]:
        after = (0, 0)
        while True:
            with self.desk.database.read() as connection:
                page = evidence.files_of_invoices(connection, after=after, limit=PAGE)
            for row in page:
                for name, digest in (("xml", row.xml_sha256), ("pdf", row.pdf_sha256)):
                    if digest:
                        yield from self._file(row.company_id, name, digest, {"number": row.number})
            self._step(len(page))
            if not page:
                return
            after = (page[-1].invoice_id, page[-1].version)

    def _other_files(self) -> Iterator[Finding]:
        with self.desk.database.read() as connection:
            for company_id, name, digest in evidence.other_files(connection):
                yield from self._file(company_id, name, digest, {"company": self.companies.get(company_id, "")})

    def _file(self, company_id: int, name: str, digest: str, values: Mapping[str, str]) -> Iterator[Finding]:
        self.files += 1
        named: dict[str, str | Sentence] = {"what": Sentence(FILES[name], values), "sha256": digest}
        yield from self._read(company_id, digest, named, FILE_GONE, FILE_CHANGED)

    def _read(self, company_id: int, digest: str, values: Mapping[str, str | Sentence], gone: str, changed: str) -> Iterator[Finding]:
        if self.quick:
            return
        try:
            self.desk.archive.get(digest)
        except ArchiveDamaged as damaged:
            missing = isinstance(damaged.__cause__, FileNotFoundError)
            yield Finding(kind=Kind.FILE, sentence=Sentence(gone if missing else changed, values), company_id=company_id)

    # Statuses

    def _statuses(self) -> Iterator[Finding]:
        after = 0
        while True:
            with self.desk.database.read() as connection:
                last, differing = evidence.statuses(connection, after=after, limit=PAGE)
            for row, follows in differing:
                values = {"number": row.number, "stands": _named(row.status), "follows": _named(follows)}
                yield Finding(kind=Kind.STATUS, sentence=Sentence(STATUS_DIFFERS, values), company_id=row.company_id)
            self._step(PAGE)
            if not last:
                return
            after = last


_SETTLED = frozenset(status.value for status in audit.SETTLED)
_HANDED_OVER = frozenset({DeliveryStatus.SENT.value, DeliveryStatus.UNCERTAIN.value})  # what was refused before may leave as another file later


def _named(status: DispatchStatus) -> Sentence:
    return Sentence(styling.LOOKS[status].label)
