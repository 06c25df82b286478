"""The keywords of an accompanying text, and which one a person meant by a word that is none."""

from __future__ import annotations

import difflib
import unicodedata
from collections.abc import Mapping
from functools import cache
from typing import Final

from core.i18n import N_, translate
from core.model import Language

# In the order of the drop-down, by group; the label is what a bookkeeper calls it.
GROUPS: Final[Mapping[str, Mapping[str, str]]] = {
    N_("Invoice"): {
        "number": N_("Number"),
        "issue_date": N_("Issue date"),
        "period": N_("Period"),
        "document": N_("“invoice” or “credit note”"),
        "is_credit_note": N_("Only on a credit note: …"),
        "preceding_invoice": N_("Invoice that is credited"),
        "order_reference": N_("Order reference"),
        "contract_reference": N_("Contract reference"),
        "xml_file": N_("Name of the XML file"),
    },
    N_("Amounts"): {
        "total_with_vat": N_("Total with VAT"),
        "total_without_vat": N_("Total without VAT"),
        "vat_total": N_("VAT"),
        "amount_due": N_("Amount due"),
        "currency": N_("Currency"),
    },
    N_("Payment"): {
        "due_date": N_("Due date"),
        "payment_terms": N_("Payment terms"),
        "payment_reference": N_("Payment reference"),
        "iban": N_("IBAN"),
        "payment_qr": N_("QR code for paying"),
    },
    N_("Customer"): {
        "buyer": N_("Customer's name"),
        "contact": N_("Customer's contact"),
        "buyer_vat": N_("Customer's VAT number"),
        "buyer_reference": N_("Customer's reference"),
    },
    N_("Our company"): {
        "seller": N_("Our name"),
        "seller_vat": N_("Our VAT number"),
        "seller_email": N_("Our e-mail address"),
    },
}
KEYWORDS: Final[Mapping[str, str]] = {name: label for group in GROUPS.values() for name, label in group.items()}
CONDITIONS: Final = frozenset({"is_credit_note"})  # only asked, never printed
PICTURES: Final = frozenset({"payment_qr"})


def written(name: str) -> tuple[str, str]:
    """How a keyword stands in a text: what comes before and after the words it takes in."""
    return ("{% if " + name + " %}", "{% endif %}") if name in CONDITIONS else ("{{ " + name + " }}", "")


# What bookkeepers type instead, in French, Dutch and English, as `folded` leaves it.
ALIASES: Mapping[str, str] = {
    "number": "numero no nr num numero_facture numero_de_facture nummer factuurnummer facture factuur invoice invoice_number",
    "issue_date": "date datum date_facture date_de_facture date_d_emission emission factuurdatum uitgiftedatum invoice_date",
    "due_date": "echeance date_echeance date_d_echeance date_limite vervaldatum vervaldag uiterste_datum deadline payment_date",
    "total_with_vat": "total montant montant_total total_tvac montant_tvac tvac total_ttc montant_ttc ttc totaal bedrag totaalbedrag "
    "totaal_incl_btw totaal_met_btw incl_btw btw_inbegrepen amount total_amount grand_total",
    "total_without_vat": "htva total_htva montant_htva hors_tva total_ht montant_ht ht sous_total excl_btw totaal_excl_btw totaal_zonder_btw "
    "zonder_btw subtotaal net net_amount subtotal",
    "vat_total": "tva montant_tva montant_de_la_tva total_tva btw btw_bedrag bedrag_btw vat vat_amount",
    "amount_due": "solde solde_du reste_a_payer a_payer net_a_payer montant_du saldo te_betalen openstaand openstaand_saldo balance to_pay",
    "currency": "devise monnaie munt munteenheid valuta",
    "payment_reference": "communication communication_structuree reference reference_paiement reference_de_paiement vcs mededeling "
    "gestructureerde_mededeling ogm betalingsreferentie betaalreferentie structured_communication",
    "iban": "seller_iban notre_iban onze_iban compte compte_bancaire numero_de_compte rekening rekeningnummer bankrekening account "
    "account_number bank_account",
    "buyer": "client nom_client nom_du_client nom acheteur destinataire klant naam_klant naam_van_de_klant klantnaam naam koper customer "
    "customer_name name",
    "contact": "personne_de_contact contact_client contactpersoon tav attention contact_name",
    "seller": "vendeur societe notre_nom notre_societe emetteur fournisseur verkoper vennootschap bedrijf onze_naam leverancier company "
    "company_name supplier",
    "buyer_reference": "reference_client votre_reference klantreferentie uw_referentie customer_reference your_reference",
    "order_reference": "commande bon_de_commande numero_de_commande bestelling bestelbon bestelnummer order order_number purchase_order po",
    "preceding_invoice": "facture_creditee facture_d_origine facture_precedente oorspronkelijke_factuur gecrediteerde_factuur original_invoice "
    "credited_invoice",
    "xml_file": "xml fichier fichier_xml nom_du_fichier bestand xml_bestand bestandsnaam file file_name",
    "period": "periode date_de_prestation mois periode_de_facturation factuurperiode maand month invoice_period billing_period",
    "contract_reference": "contrat numero_de_contrat reference_contrat reference_du_contrat contractnummer contractreferentie contract "
    "contract_number",
    "payment_terms": "conditions conditions_de_paiement delai delai_de_paiement betalingsvoorwaarden betalingstermijn betaaltermijn terms",
    "payment_qr": "qr code_qr qr_code qrcode code_de_paiement qr_paiement epc betaalcode qr_betaling betaal_qr payment_code scan_to_pay",
    "buyer_vat": "tva_client tva_du_client numero_tva_client numero_de_tva_du_client btw_klant btw_nummer_klant customer_vat "
    "customer_vat_number vat_customer",
    "seller_vat": "notre_tva notre_numero_de_tva numero_tva numero_de_tva tva_vendeur ons_btw_nummer btw_nummer our_vat vat_number company_vat",
    "seller_email": "email mail courriel e_mail notre_email notre_adresse_e_mail adresse_e_mail ons_e_mailadres e_mailadres mailadres our_email "
    "company_email email_address",
    "is_credit_note": "est_note_de_credit si_note_de_credit note_de_credit is_creditnota creditnota als_creditnota credit_note if_credit_note",
    "document": "type type_de_document soort soort_document document_type",
}


def folded(word: str) -> str:
    """`Date d’échéance` → `date_d_echeance`."""
    plain = "".join(character for character in unicodedata.normalize("NFKD", word.casefold()) if not unicodedata.combining(character))
    return "_".join("".join(character if character.isalnum() else " " for character in plain).split())


@cache
def _meant() -> Mapping[str, str]:
    """All words that lead to a keyword: its name, its label in three languages, its aliases."""
    found = {folded(name): name for name in KEYWORDS}
    for name, label in KEYWORDS.items():
        for language in Language:
            found.setdefault(folded(translate(language, label)), name)
    for name, words in ALIASES.items():
        for word in words.split():
            found.setdefault(word, name)
    return found


def nearest(word: str) -> str:
    """The keyword that was most likely meant."""
    known, asked = _meant(), folded(word)
    if asked in known:
        return known[asked]
    close = difflib.get_close_matches(asked, known, n=1, cutoff=0.0)
    return known[close[0]] if close else next(iter(KEYWORDS))
