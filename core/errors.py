"""What can go wrong, each with the values that its sentence needs."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Sentence:
    """A sentence for a person: an English template and the values that fill it.

    The template is the gettext message id, so that the same sentence can be read in another language later on. A value can be
    a sentence of its own.
    """

    template: str
    values: Mapping[str, str | Sentence] = field(default_factory=dict)

    def __str__(self) -> str:
        return fill(self.template, self.values)


def fill(template: str, values: Mapping[str, object]) -> str:
    """Put the values into the template; `{name}` is the only syntax, so that values can hold anything."""
    return _PLACE.sub(lambda place: str(values.get(place[1], place[0])), template)


_PLACE = re.compile(r"\{(\w+)\}")


def joined(sentences: Sequence[Sentence]) -> Sentence:
    """Several sentences as one."""
    names = [f"part{place}" for place in range(len(sentences))]
    return Sentence(" ".join("{" + name + "}" for name in names), dict(zip(names, sentences, strict=True)))


class FacturierError(Exception):
    """An error whose sentence a bookkeeper can act on. Subclasses give `template` and take its values."""

    template = "Something went wrong."

    def __init__(self, **values: object) -> None:
        self.sentence = Sentence(self.template, {name: value if isinstance(value, Sentence) else str(value) for name, value in values.items()})
        super().__init__(str(self.sentence))


# The command line and the database -------------------------------------------------------------------------------


class UsageError(FacturierError):
    """The request itself is wrong (exit 2)."""


class DatabaseMissing(FacturierError):
    template = "There is no database yet. Run “python -m core init” first."


class DatabaseOutdated(FacturierError):
    template = "The database was made by another version of Facturier. Run “python -m core init” to bring it up to date."


class InvoiceUnknown(UsageError):
    template = "No invoice has the number {number}."


class InvoiceAmbiguous(UsageError):
    template = "Several invoices have the number {number}: {candidates}. Narrow it down with --company, --year or --type."


class CompanyUnknown(UsageError):
    template = "No invoicing company has the key {key}. Known: {known}."


class CustomerUnknown(UsageError):
    template = "No customer has the key {key}."


class DeliveryUnknown(UsageError):
    template = "There is no delivery {delivery}."


class MailUnknown(UsageError):
    template = "There is no such mail in the archive ({mail}): nothing of it was sealed yet, or it was taken back."


class DeliveryNotOpen(UsageError):
    template = "Delivery {delivery} is “{status}”; only uncertain or failed ones are settled by hand."


class DeliveryNotSent(UsageError):
    template = "The mail to {recipient} is not marked as sent, so it cannot have come back."


class ResendImpossible(UsageError):
    template = "The sealed mail of invoice {number} cannot go again: {why}. Settle it as not arrived, then send it from the ledger."


class SettledSince(UsageError):
    template = "Something else became of invoice {number} to {recipient} meanwhile; it stays as it is."


class SettingUnknown(UsageError):
    template = "There is no setting “{name}”. Did you mean “{nearest}”?"


class SettingInvalid(UsageError):
    template = "“{value}” is no good value for {name}: {why}"


class ReasonMissing(UsageError):
    template = "Please give a reason."


class RehearsalUnknown(UsageError):
    template = "There is no rehearsal {rehearsal}."


class BatchUnknown(UsageError):
    template = "There is no batch {batch}."


class BatchDone(UsageError):
    template = "Nothing of batch {batch} waits any more: it has left, was cancelled, or waits for you in the outbox."


class BatchNotHeld(UsageError):
    template = "Nobody holds batch {batch}."


class BatchHeld(UsageError):
    template = "Batch {batch} is held. Resume it first."


class BatchBegan(UsageError):
    template = "Batch {batch} has begun to leave, so its time cannot be changed. Hold or cancel what has not left."


class TimeInvalid(UsageError):
    template = "“{text}” is no date with a time. Write it as 2026-11-25 08:00."


class TimeNeverComes(UsageError):
    template = "There is no {text} in {zone}: the clocks are put forward then. Choose another time."


class TimePast(UsageError):
    template = "{text} is over already. Choose a time to come."


class TimeTooFar(UsageError):
    template = "{text} is more than {days} days away. Choose an earlier time."


# Sources ---------------------------------------------------------------------------------------------------------


class SourceRefused(FacturierError):
    """A file that cannot become an invoice. `place` is a line or an element, in words."""

    def __init__(self, *, place: str = "", **values: object) -> None:
        super().__init__(**values)
        self.place = place


class FileTooLarge(SourceRefused):
    template = "The file is {size} MB; more than {limit} MB is refused."


class FileEmpty(SourceRefused):
    template = "The file is empty."


class FileNotReadable(SourceRefused):
    template = "The file cannot be read: {why}"


class NotXml(SourceRefused):
    template = "This is not well-formed XML: {why}"


class EntitiesRefused(SourceRefused):
    template = "The XML brings a DTD or entities of its own, which can hide or inflate content. Ask for the file without them."


class NotAnInvoice(SourceRefused):
    template = "The root element is “{root}”; an Invoice or CreditNote of UBL or a CrossIndustryInvoice is expected."


class ElementMissing(SourceRefused):
    template = "{term} is missing ({element})."


class ValueInvalid(SourceRefused):
    template = "{term} is “{value}”, which is no {expected}."


class FormatUnsupported(SourceRefused):
    template = "Files ending in “{ending}” are not imported yet."


class SameNumberOtherInvoice(SourceRefused):
    template = "{company} already has a different invoice {number} of {year}, and it has left or is about to ({status}). It was not replaced."


class SameNumberOtherFile(SourceRefused):
    template = (
        "{company} already has a different invoice {number} of {year}, imported from {former}. Two invoices cannot share a number. "
        "If this one corrects it, import it under the same file name or choose “replace”."
    )


class OtherCompany(SourceRefused):
    template = "Invoice {number} is from {seller}, not from {company}."


# Documents and sending -------------------------------------------------------------------------------------------


class TextInvalid(FacturierError):
    template = "The accompanying text cannot be used: {why}"


class KeywordUnknown(TextInvalid):
    template = "The accompanying text uses the keyword “{keyword}”, which does not exist. The nearest is “{nearest}”."


class TermsInvalid(FacturierError):
    template = "The terms of sale cannot be used: {why}"


class AddressInvalid(FacturierError):
    template = "“{address}” is not an e-mail address."


class DocumentImpossible(FacturierError):
    template = "The document of invoice {number} cannot be made: {why}"


class TotalsDiffer(FacturierError):
    template = "Invoice {number} is stopped: for “{term}” its {document} says {stated}, the ledger {total}. That is a mistake of the program."


class QueueUnknown(FacturierError):
    template = "FACTURIER_QUEUE_URL {url} is of no known kind; sqlite:///…, postgresql://… and redis://… are."


class PeerMissing(FacturierError):
    template = "{peer} is not installed; without it this figure cannot be measured."


class AccountUnset(FacturierError):
    template = "{company} has no mail account yet: fill in server, port and sender, and save them."


class TrialToCustomer(FacturierError):
    template = "{address} stands on the card of the customer {customer}. A test goes only to yourself; choose an address of your own."


class TooManyToMe(FacturierError):
    template = "{count} mails are too many for one mailbox: at most {limit} go to yourself at once. Take the rehearsal as files instead."


class NotOnTheCard(UsageError):
    template = "{address} does not stand on the card of {customer}. Known there: {known}."


class ChangedSincePreview(FacturierError):
    template = "Invoice {number} was not sent. {what} changed since the preview. Please look again."


class ArchiveDamaged(FacturierError):
    template = "The archived file {sha256} is missing or was changed."


class ArchiveAway(FacturierError):
    template = (
        "The archive is not there: {folder} is missing or empty. Is its volume mounted? Nothing is lost; what is queued leaves once it is back."
    )


class SecretUnreadable(FacturierError):
    template = (
        "The stored passwords cannot be read with this key. Put the former key back (FACTURIER_SECRET_KEY or data/var/secret.key), "
        "or enter the passwords again."
    )


class OAuthUnset(FacturierError):
    template = "{company}: choose Microsoft or Google and fill in the application (client) ID, then sign in."


class SignedOut(FacturierError):
    template = "Nobody is signed in for this account, or the provider ended the sign-in. Sign in again at the company's mail account."


class SignInWithoutMailbox(FacturierError):
    template = "The sign-in for this account does not cover reading a mailbox. Sign in again at the company's mail account; then it does."


class SignInAway(FacturierError):
    template = "The sign-in server of {provider} does not answer."


class SignInRefused(FacturierError):
    template = "{provider} refuses the sign-in: {why}"


class LinesTaken(FacturierError):
    template = (
        "All connections that the account may have at once ({count}) are in use by mails that are leaving. Try again when they have left, or hold "
        "them for a moment."
    )


class NoRoomYet(FacturierError):
    template = "The account has used the mails that its provider allows in a minute. Nothing was sent; try again in {seconds} seconds."


class NoRoomToday(FacturierError):
    template = (
        "The account has used the {count} recipients that its provider allows in 24 hours. Nothing was sent; there is room again on {day} at {clock}."
    )


class LeaseLost(FacturierError):
    template = "Another worker took over message {message_id}; this one lets go."
