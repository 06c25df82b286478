"""The rules of EN 16931 in plain sentences; the official English text where a rule is too rare to have one of ours."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Final

from core.errors import Sentence
from core.i18n import N_

NOT_XML: Final = N_("The XML cannot be read: {why}")
OTHER: Final = N_("Rule {rule} is broken: {text}")
FACTUR_X: Final = N_("A value is not on its official list: {text}")
ON_LINES: Final = N_("{what} (line {lines})")
_LINES_NAMED: Final = 10

_SUMS: Final = {
    "BR-CO-10": N_("The amounts of the lines do not add up to their stated sum (BT-106)."),
    "BR-CO-11": N_("The allowances do not add up to their stated sum (BT-107)."),
    "BR-CO-12": N_("The charges do not add up to their stated sum (BT-108)."),
    "BR-CO-13": N_("Lines, allowances and charges do not give the stated total without VAT (BT-109)."),
    "BR-CO-14": N_("The VAT of the groups does not add up to the stated VAT (BT-110)."),
    "BR-CO-15": N_("The total without VAT and the VAT do not give the stated total with VAT (BT-112)."),
    "BR-CO-16": N_("The total with VAT, what was paid and the rounding do not give the stated amount due (BT-115)."),
    "BR-CO-17": N_("The VAT of a group is not its taxable amount times its rate (BT-117)."),
}
_OTHERS: Final = {
    "BR-16": N_("There is no invoice line."),
    "BR-27": N_("A unit price is negative (BT-146)."),
    "BR-28": N_("A gross unit price is negative (BT-148)."),
    "BR-29": N_("The invoicing period ends before it begins."),
    "BR-30": N_("The period of a line ends before it begins."),
    "BR-50": N_("A credit transfer is asked for without an account (BT-84)."),
    "BR-53": N_("The VAT in the accounting currency is missing (BT-111)."),
    "BR-61": N_("A credit transfer is asked for without an account (BT-84)."),
    "BR-CO-03": N_("The VAT date is stated both as a date and as a code (BT-7, BT-8)."),
    "BR-CO-04": N_("A line has no VAT category (BT-151)."),
    "BR-CO-09": N_("A VAT number does not begin with its country (BT-31, BT-48, BT-63)."),
    "BR-CO-18": N_("There is no VAT breakdown."),
    "BR-CO-19": N_("The invoicing period has neither a beginning nor an end."),
    "BR-CO-25": N_("Something is to be paid, but neither a due date nor payment terms are stated (BT-9, BT-20)."),
    "BR-CO-26": N_("The seller has neither a VAT number nor a registration number (BT-29, BT-30, BT-31)."),
}
_MISSING: Final = N_("{term} is missing.")
_TERMS: Final = {
    "BR-01": N_("Specification (BT-24)"),
    "BR-02": N_("Invoice number (BT-1)"),
    "BR-03": N_("Issue date (BT-2)"),
    "BR-04": N_("Type of the document (BT-3)"),
    "BR-05": N_("Currency (BT-5)"),
    "BR-06": N_("Seller name (BT-27)"),
    "BR-07": N_("Buyer name (BT-44)"),
    "BR-08": N_("Seller address (BG-5)"),
    "BR-09": N_("Seller country (BT-40)"),
    "BR-10": N_("Buyer address (BG-8)"),
    "BR-11": N_("Buyer country (BT-55)"),
    "BR-12": N_("Sum of the lines (BT-106)"),
    "BR-13": N_("Total without VAT (BT-109)"),
    "BR-14": N_("Total with VAT (BT-112)"),
    "BR-15": N_("Amount due (BT-115)"),
    "BR-17": N_("Payee name (BT-59)"),
    "BR-18": N_("Name of the tax representative (BT-62)"),
    "BR-19": N_("Address of the tax representative (BG-12)"),
    "BR-20": N_("Country of the tax representative (BT-69)"),
    "BR-21": N_("Line number (BT-126)"),
    "BR-22": N_("Invoiced quantity (BT-129)"),
    "BR-23": N_("Unit of measure (BT-130)"),
    "BR-24": N_("Line net amount (BT-131)"),
    "BR-25": N_("Item name (BT-153)"),
    "BR-26": N_("Item net price (BT-146)"),
    "BR-49": N_("Means of payment (BT-81)"),
    "BR-52": N_("Reference of a supporting document (BT-122)"),
    "BR-55": N_("Number of the preceding invoice (BT-25)"),
    "BR-56": N_("VAT number of the tax representative (BT-63)"),
    "BR-57": N_("Country of delivery (BT-80)"),
    "BR-62": N_("Scheme of the seller's electronic address (BT-34)"),
    "BR-63": N_("Scheme of the buyer's electronic address (BT-49)"),
    "BR-64": N_("Scheme of an item's standard number (BT-157)"),
    "BR-65": N_("Scheme of an item's classification (BT-158)"),
}
_REASON: Final = N_("An allowance or a charge has no reason.")
_DECIMALS: Final = N_("An amount has more than two decimals.")
_CODES: Final = {
    "BR-CL-01": N_("Type of the document (BT-3)"),
    "BR-CL-03": N_("Currency of an amount"),
    "BR-CL-04": N_("Currency (BT-5)"),
    "BR-CL-05": N_("Accounting currency (BT-6)"),
    "BR-CL-10": N_("Scheme of an identifier"),
    "BR-CL-11": N_("Scheme of a registration number"),
    "BR-CL-14": N_("Country"),
    "BR-CL-16": N_("Means of payment (BT-81)"),
    "BR-CL-17": N_("VAT category"),
    "BR-CL-18": N_("VAT category"),
    "BR-CL-19": N_("Reason code of an allowance"),
    "BR-CL-20": N_("Reason code of a charge"),
    "BR-CL-22": N_("Exemption code (BT-121)"),
    "BR-CL-23": N_("Unit of measure (BT-130)"),
    "BR-CL-25": N_("Scheme of an electronic address (BT-34, BT-49)"),
}
_NOT_IN_LIST: Final = N_("{term}: the code is not in its official list.")
_BY_CATEGORY: Final = re.compile(r"BR-(S|Z|E|AE|IC|G|O|AF|AG)-(\d+)")
# The rules of each category are numbered alike: 01 breakdown, 02–04 numbers, 05–07 rate, 08 sum, 09 VAT, 10 reason, from 11 on alone
_CATEGORY_RULES: Final[Mapping[int, str]] = MappingProxyType(
    {
        1: N_("VAT category {category} is used, but its group of the VAT breakdown is missing or stated more than once."),
        2: N_("VAT category {category}: a VAT number of seller or buyer is missing, or must not be there."),
        5: N_("VAT category {category}: the rate does not fit it."),
        8: N_("VAT category {category}: the taxable amount of the group is not the sum of its lines, allowances and charges."),
        9: N_("VAT category {category}: the VAT of the group does not fit its taxable amount and rate."),
        10: N_("VAT category {category}: the reason why no VAT is charged is missing, or must not be there."),
        11: N_("Something that is not subject to VAT stands beside VAT of another category."),
    }
)
_DELIVERY: Final = {
    "BR-IC-11": N_("An intra-Community supply states neither a delivery date nor a period."),
    "BR-IC-12": N_("An intra-Community supply does not state the country of delivery."),
}
_NAMES: Final = {"IC": "K", "AF": "L", "AG": "M"}  # how the rules call the codes of UNCL5305


def sentence(rule: str, text: str, lines: Sequence[str] = ()) -> Sentence:
    """What is wrong, in our words where there are some; `text` is the official one, `lines` are the lines where it is so."""
    other = Sentence(FACTUR_X, {"text": text}) if rule.startswith("FX-SCH-") else Sentence(OTHER, {"rule": rule, "text": text})
    what = _plain(rule) or other
    if not lines:
        return what
    named = ", ".join(lines[:_LINES_NAMED]) + ("…" if len(lines) > _LINES_NAMED else "")
    return Sentence(ON_LINES, {"what": what, "lines": named})


def _plain(rule: str) -> Sentence | None:
    if template := _SUMS.get(rule) or _OTHERS.get(rule) or _DELIVERY.get(rule):
        return Sentence(template)
    if term := _TERMS.get(rule):
        return Sentence(_MISSING, {"term": term})
    if term := _CODES.get(rule):
        return Sentence(_NOT_IN_LIST, {"term": term})
    if rule.startswith("BR-DEC-") or rule == "UBL-DT-01":
        return Sentence(_DECIMALS)
    if rule in {"BR-33", "BR-38", "BR-42", "BR-44", "BR-CO-21", "BR-CO-22", "BR-CO-23", "BR-CO-24"}:
        return Sentence(_REASON)
    return _of_category(rule)


def _of_category(rule: str) -> Sentence | None:
    match = _BY_CATEGORY.fullmatch(rule)
    if match is None:
        return None
    number = int(match[2])
    family = next((first for first, last in ((1, 1), (2, 4), (5, 7), (8, 8), (9, 9), (10, 10), (11, 14)) if first <= number <= last), 0)
    template = _CATEGORY_RULES.get(family)
    return Sentence(template, {"category": _NAMES.get(match[1], match[1])}) if template else None
