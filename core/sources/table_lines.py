"""Lines of an invoice from the rows of a table, each exact and with a VAT category that says why where there is no VAT."""

from __future__ import annotations

from decimal import Decimal

from core.errors import Sentence
from core.i18n import N_
from core.model import ZERO, AllowanceCharge, Line
from core.money import CENT, round_half_up
from core.sources.table import Cell
from core.sources.table_columns import folded
from core.sources.table_rows import Rows
from core.sources.table_values import CellInvalid, number, shown, text

NO_AMOUNT = N_("This line has neither a price nor an amount.")
AMOUNT_DIFFERS = N_("Quantity and price give {sum}, but the amount says {stated}.")
RATE_NEEDED = N_("The VAT rate is missing.")
WHY_NO_VAT = N_(
    "At 0 % VAT the table must say why, in a column for the VAT category: E exempt, AE reverse charge, Z zero rate, K intra-community, "
    "G export, O outside VAT."
)
RATE_AND_CATEGORY = N_("VAT category {category} goes with a rate of 0 %, not {rate} %.")
NO_CATEGORY = N_("“{value}” is no VAT category: S, E, AE, Z, K, G or O is expected.")
NO_RATE = N_("“{value}” is no VAT rate.")
NO_DISCOUNT = N_("“{value}” is no discount in percent.")
UNSURE_DISCOUNT = N_("“{value}” can be {low} % or {high} %. Give the amount of the line too, or write it with a percent sign: {high} %.")
NO_PRICE = N_("The quantity is 0, but there is an amount.")
UNIT_UNKNOWN = N_("Line {lines}: the unit is not known, so pieces were taken.")

_FREE = frozenset({"E", "AE", "Z", "K", "G", "O"})
_CATEGORIES = {
    "S": "s normal standard assujetti belast tauxnormal",
    "E": "e exempt exonere exoneree exempte vrijgesteld vrijstelling exonerationtva franchise",
    "AE": "ae autoliquidation cocontractant medecontractant verlegd btwverlegd reversecharge report reportdeperception",
    "Z": "z zero zerorate tauxzero nultarief taux0",
    "K": "k ic intracom intracommunautaire intracommunautair intracommunity icl intracommunautairelevering livraisonintracommunautaire",
    "G": "g export exportation uitvoer",
    "O": "o horschamp nonsoumis outofscope notsubject nietonderworpen buitentoepassingsgebied",
}
_CATEGORY_OF = {word: category for category, words in _CATEGORIES.items() for word in words.split()}
_UNITS = {
    "C62": "c62 piece pieces pce pces pc pcs p stuk stuks st unite unites u un unit units eenheid eenheden ea each",
    "HUR": "hur h heure heures uur uren u hr hrs hour hours",
    "DAY": "day d jour jours j dag dagen days",
    "MON": "mon mois maand maanden month months",
    "ANN": "ann an annee annees jaar year years",
    "MIN": "min minute minutes minuut minuten",
    "KMT": "kmt km kilometre kilometres kilometer kilometers",
    "MTR": "mtr m metre metres meter meters",
    "MTK": "mtk m2 metrecarre",
    "MTQ": "mtq m3 metrecube",
    "KGM": "kgm kg kilo kilogramme kilogram",
    "GRM": "grm g gramme gram",
    "TNE": "tne t tonne tonnes ton",
    "LTR": "ltr l litre litres liter liters",
    "KWH": "kwh",
    "MWH": "mwh",
    "LS": "ls forfait forfaitaire lump lumpsum",
    "BX": "bx boite boites doos dozen box boxes",
    "PR": "pr paire paires paar pair",
    "SET": "set jeu",
    "E48": "e48 service prestation prestations dienst",
    "WEE": "wee semaine semaines week weken weeks",
    "P1": "p1 pct percent",
}
_UNIT_OF = {word: code for code, words in reversed(_UNITS.items()) for word in words.split()} | {"u": "C62", "uur": "HUR"}
_FINE = Decimal("0.000001")


def read_lines(rows: Rows) -> tuple[tuple[Line, ...], tuple[str, ...]]:
    """The lines, and the ids of those whose unit is not known; what is wrong with a line is blamed."""
    lines = tuple(line for place, row in enumerate(rows.numbers, 1) if (line := _line(rows, row, str(place))))
    unknown = (str(place) for place, row in enumerate(rows.numbers, 1) if (unit := text(rows.cell(row, "unit"))) and unit_code(unit) is None)
    return lines, tuple(unknown)


def _line(rows: Rows, row: int, identity: str) -> Line | None:
    before = len(rows.problems)
    quantity = rows.decimal(row, "quantity") if rows.cell(row, "quantity") != "" else Decimal(1)
    price, amount = rows.decimal(row, "net_price"), rows.decimal(row, "net_amount")
    amount = None if amount is None else round_half_up(amount)  # a spreadsheet shows cents and holds more
    discount = _discount(rows, row, quantity, price, amount)
    category, rate = _vat(rows, row)
    if quantity is None or len(rows.problems) > before:
        return None
    figures = _figures(rows, row, quantity, price, amount, discount)
    if figures is None:
        return None
    price, amount, allowances = figures
    return Line(
        id=identity,
        name=text(rows.cell(row, "description")) or "-",
        quantity=quantity,
        unit_code=unit_code(text(rows.cell(row, "unit"))) or "C62",
        net_amount=amount,
        net_price=price,
        vat_category=category,
        vat_rate=rate,
        exemption_reason=text(rows.cell(row, "exemption_reason")) or None if category in _FREE - {"Z"} else None,
        allowances_charges=allowances,
    )


def _figures(
    rows: Rows, row: int, quantity: Decimal, price: Decimal | None, amount: Decimal | None, discount: Decimal
) -> tuple[Decimal, Decimal, tuple[AllowanceCharge, ...]] | None:
    """Net price, net amount and the discount between them, where they agree."""
    if price is None:
        return _without_price(rows, row, quantity, amount)
    gross = round_half_up(quantity * price)
    reduction = round_half_up(gross * discount / 100)
    expected = gross - reduction
    if amount is not None and abs(amount - expected) > max(CENT, _price_slack(quantity, price)):
        rows.blame(row, "net_amount", Sentence(AMOUNT_DIFFERS, {"sum": f"{expected:.2f}", "stated": f"{amount:.2f}"}))
        return None
    stated = expected if amount is None else amount
    allowance = AllowanceCharge(is_charge=False, amount=reduction, base_amount=gross, percentage=discount, reason_code="95")
    return price, stated, (allowance,) if reduction else ()


def _discount(rows: Rows, row: int, quantity: Decimal | None, price: Decimal | None, amount: Decimal | None) -> Decimal:
    """In percent. A cell of the spreadsheet that shows 10 % holds 0.1, which the amount of the line must tell from 0.1 %."""
    stated = rows.decimal(row, "discount_percentage") or ZERO
    cell = rows.cell(row, "discount_percentage")
    if not 0 <= stated <= 100:
        rows.blame(row, "discount_percentage", Sentence(NO_DISCOUNT, {"value": shown(cell)}))
    if not 0 < stated < 1 or (isinstance(cell, str) and "%" in cell) or price is None or quantity is None:
        return stated
    if amount is None:
        values = {"value": shown(cell), "low": f"{stated.normalize():f}", "high": f"{(stated * 100).normalize():f}"}
        rows.blame(row, "discount_percentage", Sentence(UNSURE_DISCOUNT, values))
        return stated
    gross = quantity * price
    return min(stated, stated * 100, key=lambda percent: abs(gross - gross * percent / 100 - amount))


def _price_slack(quantity: Decimal, price: Decimal) -> Decimal:
    """What a price rounded to its last decimal can make, never more than half a cent a piece."""
    exponent = price.as_tuple().exponent
    digits = max(2, -exponent) if isinstance(exponent, int) else 2
    return abs(quantity) * Decimal(5).scaleb(-digits - 1)


def _without_price(rows: Rows, row: int, quantity: Decimal, amount: Decimal | None) -> tuple[Decimal, Decimal, tuple[AllowanceCharge, ...]] | None:
    """The price follows from the amount, after any discount."""
    if amount is None:
        rows.blame(row, "net_price" if "net_price" in rows.columns.places else "net_amount", Sentence(NO_AMOUNT))
        return None
    if not quantity:
        if amount:
            rows.blame(row, "quantity", Sentence(NO_PRICE))
            return None
        return ZERO, amount, ()
    price = amount / quantity
    return (price if price == price.quantize(CENT) else price.quantize(_FINE)), amount, ()


# VAT ------------------------------------------------------------------------------------------------------------


def _vat(rows: Rows, row: int) -> tuple[str, Decimal | None]:
    """Category and rate; a rate alone says S, no rate alone says nothing."""
    stated = rows.read(row, "vat_category", _category)
    rate = rows.read(row, "vat_rate", lambda cell: _rate(cell, rows.mark))
    if stated in _FREE:
        if rate:
            rows.blame(row, "vat_rate", Sentence(RATE_AND_CATEGORY, {"category": stated, "rate": f"{rate.normalize():f}"}))
        return stated, None if stated == "O" else ZERO
    if rate is None:
        rows.blame(row, "vat_rate", Sentence(RATE_NEEDED))
    elif rate == 0:
        rows.blame(row, "vat_category" if "vat_category" in rows.columns.places else "vat_rate", Sentence(WHY_NO_VAT))
    return "S", rate


def _category(cell: Cell) -> str:
    category = _CATEGORY_OF.get(folded(text(cell)))
    if category is None:
        raise CellInvalid(NO_CATEGORY, value=shown(cell))
    return category


def _rate(cell: Cell, mark: str | None) -> Decimal:
    """In percent; a cell of the spreadsheet that shows 21 % holds 0.21."""
    rate = number(cell, mark)
    if 0 < rate < 1 and not (isinstance(cell, str) and "%" in cell):
        rate *= 100
    if not 0 <= rate < 100:
        raise CellInvalid(NO_RATE, value=shown(cell))
    return rate.normalize() if rate.normalize().as_tuple().exponent in (-2, -1, 0) else Decimal(f"{rate.normalize():f}")


def unit_code(stated: str) -> str | None:
    """UN/ECE Recommendation 20; None for a unit that is not known."""
    return _UNIT_OF.get(folded(stated))
