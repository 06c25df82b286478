"""Cards: the invoicing companies, the customers, and their settings."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from core.commands.arguments import Assignments, values
from core.commands.output import Format, Output, show, show_one
from core.commands.shell import DONE, opened_app
from core.model import DocumentType, RecipientRole
from core.records import BounceMailbox, Company, Customer, Grant, Limits, MailAccount, PdfChoice
from core.settings import MIB


def company_list(output: Format = Output.TABLE) -> int:
    """The invoicing companies."""
    from core.dispatch import companies

    show([_company(company) for company in companies.list_companies(opened_app().desk)], output)
    return DONE


def company_show(key: str, output: Format = Output.TABLE) -> int:
    """One company with all its settings; never its password."""
    from core.dispatch import bouncing, companies, signing

    desk = opened_app().desk
    company = companies.find(desk, key)
    kinds = {kind: name for name, kind in companies.KINDS.items()}
    account, mailbox = desk.account(company.id), bouncing.mailbox(desk, company.id)
    sends = _account(account) | _grant(signing.grant(desk, company.id)) | _limits(account.limits)
    show_one(_company(company) | sends | _mailbox(mailbox) | _papers(company, kinds), output)
    return DONE


def company_set(key: str, settings: Assignments) -> int:
    """Set values; @FILE takes the content of a file."""
    from core.dispatch import companies

    companies.change(opened_app().desk, key, values(settings))
    return DONE


def customer_list(output: Format = Output.TABLE) -> int:
    """The customers."""
    from core.dispatch import customers

    show([_customer(customer) for customer in customers.list_customers(opened_app().desk)], output)
    return DONE


def customer_show(key: str, output: Format = Output.TABLE) -> int:
    """One customer, and why the invoices fall in which ledger."""
    from core.dispatch import customers

    customer = customers.find(opened_app().desk, key)
    why = {"why": str(customers.why(customer)), "suggested_email": customer.suggested_email, "notes": customer.notes}
    show_one(_customer(customer) | why, output)
    return DONE


def customer_set(key: str, settings: Assignments) -> int:
    """Set values: wants_email to cc bcc language xml peppol_elsewhere notes name."""
    from core.dispatch import customers

    customers.change(opened_app().desk, key, values(settings))
    return DONE


def _company(company: Company) -> dict[str, Any]:
    """Who the company is."""
    return {
        "key": company.key,
        "name": company.name,
        "vat_id": company.vat_id,
        "enterprise_number": company.enterprise_number,
        "language": company.language.value,
        "iban": company.iban,
        "bic": company.bic,
    }


def _account(account: MailAccount) -> dict[str, Any]:
    """How the company sends; of the password only that there is one."""
    return {
        "smtp.host": account.host or None,
        "smtp.port": account.port or None,
        "smtp.security": account.security.value,
        "smtp.user": account.user or None,
        "smtp.login": account.login.value,
        "smtp.password": "set" if account.password else None,
        "mail.from": str(account.from_mailbox) if account.from_mailbox else None,
        "mail.reply_to": str(account.reply_to) if account.reply_to else None,
        "mail.envelope_from": account.envelope_from or None,
        "mail.archive": account.archive_address or None,
        "account.paused": str(account.paused_because) if account.paused_because else None,
    }


def _grant(grant: Grant) -> dict[str, Any]:
    """Through what the company signs in; of secret and tokens only that there are some."""
    return {
        "oauth.provider": grant.provider.value if grant.is_set else None,
        "oauth.tenant": grant.tenant or None,
        "oauth.client_id": grant.client_id or None,
        "oauth.client_secret": "set" if grant.client_secret else None,
        "oauth.signed_in": grant.is_signed_in,
        "oauth.signed_in_as": grant.signed_in_as or None,
        "oauth.signed_in_at": grant.signed_in_at,
    }


def _limits(limits: Limits) -> dict[str, Any]:
    """What the provider lets the account do; the size in MB."""
    return {
        "limits.per_minute": limits.per_minute,
        "limits.per_day": limits.per_day,
        "limits.connections": limits.connections,
        "limits.size": limits.size // MIB if limits.size else None,
    }


def _mailbox(mailbox: BounceMailbox) -> dict[str, Any]:
    """Where what comes back is read."""
    return {
        "bounces.host": mailbox.host or None,
        "bounces.port": mailbox.port or None,
        "bounces.security": mailbox.security.value,
        "bounces.user": mailbox.user or None,
        "bounces.password": "set" if mailbox.password else None,
        "bounces.login": mailbox.login.value,
        "bounces.folder": mailbox.folder,
        "bounces.verp": mailbox.verp,
        "bounces.read_at": mailbox.read_at,
        "bounces.trouble": str(mailbox.trouble) if mailbox.trouble else None,
    }


def _papers(company: Company, kinds: Mapping[DocumentType, str]) -> dict[str, Any]:
    """What the company writes: texts, signatures, terms, legal mentions; and whose PDF leaves."""
    papers: dict[str, Any] = {}
    for (language, kind), text in company.texts.items():
        papers[f"text.{language}.{kinds[kind]}.subject"] = text.subject
        papers[f"text.{language}.{kinds[kind]}.body"] = text.body
    papers |= {f"signature.{language}": signature for language, signature in company.signatures.items()}
    papers |= {f"terms.{language}": terms.name for language, terms in company.terms.items()}
    papers["pdf"] = (PdfChoice.RENDERED if company.renders_pdf else PdfChoice.SUPPLIED).value
    return papers | {f"mention.{language}.{subject}": words for (language, subject), words in company.mentions.items()}


def _customer(customer: Customer) -> dict[str, Any]:
    """Who the customer is, and what goes to whom."""
    roles = (RecipientRole.TO, RecipientRole.CC, RecipientRole.BCC)
    return {
        "key": customer.key,
        "name": customer.name,
        "vat_id": customer.vat_id,
        "language": customer.language.value,
        "wants_email": customer.wants_email,
        **{role.value: [mailbox.addr_spec for mailbox in customer.mailboxes(role)] for role in roles},
        "xml": customer.xml_format.value,
        "peppol_elsewhere": customer.peppol_elsewhere,
    }
