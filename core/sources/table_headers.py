"""The headers that are recognised; docs/import.md lists them, and a test keeps it true."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, kw_only=True)
class Heading:
    """What a field holds, and the words that stand for it; the first of each language is its name on the screen."""

    about: str
    french: tuple[str, ...]
    dutch: tuple[str, ...]
    english: tuple[str, ...]


def _heading(about: str, *, fr: str, nl: str, en: str) -> Heading:
    french, dutch, english = (tuple(words.split(", ")) for words in (fr, nl, en))
    return Heading(about=about, french=french, dutch=dutch, english=english)


INVOICES: Final[Mapping[str, Heading]] = {
    "seller_name": _heading(
        "Name of the invoicing company",
        fr="Vendeur, Société facturante, Nom du vendeur, Émetteur",
        nl="Verkoper, Facturerende vennootschap, Naam verkoper, Leverancier",
        en="Seller, Seller name, Invoicing company, Supplier",
    ),
    "seller_vat_id": _heading(
        "Its VAT number",
        fr="TVA vendeur, N° TVA vendeur, Numéro de TVA du vendeur",
        nl="BTW verkoper, BTW-nummer verkoper",
        en="Seller VAT, Seller VAT number, Seller VAT ID",
    ),
    "seller_enterprise_number": _heading(
        "Its enterprise number",
        fr="BCE vendeur, N° entreprise vendeur, Numéro d'entreprise du vendeur",
        nl="KBO verkoper, Ondernemingsnummer verkoper",
        en="Seller enterprise number, Seller company number",
    ),
    "seller_street": _heading(
        "Its street and house number", fr="Rue vendeur, Adresse vendeur", nl="Straat verkoper, Adres verkoper", en="Seller street, Seller address"
    ),
    "seller_postcode": _heading("Its postcode", fr="Code postal vendeur, CP vendeur", nl="Postcode verkoper", en="Seller postcode"),
    "seller_city": _heading("Its town", fr="Ville vendeur, Localité vendeur", nl="Gemeente verkoper, Stad verkoper", en="Seller city, Seller town"),
    "seller_country": _heading("Its country", fr="Pays vendeur", nl="Land verkoper", en="Seller country"),
    "number": _heading(
        "Number of the invoice",
        fr="Numéro, N°, N° facture, Numéro de facture, Facture n°, Facture, N° de facture, N° pièce, N° document, Numéro document",
        nl="Nummer, Nr, Factuurnummer, Factuurnr, Factuur, Documentnummer, Nr factuur",
        en="Number, No, Invoice number, Invoice no, Invoice, Document number",
    ),
    "type": _heading(
        "Invoice or credit note; without it, the sign of the total decides",
        fr="Type, Type de document, Nature, Sorte",
        nl="Soort, Documenttype, Type document",
        en="Type, Document type, Type code, Kind",
    ),
    "issue_date": _heading(
        "Date of the invoice",
        fr="Date, Date facture, Date de facture, Date de facturation, Date d'émission, Date document",
        nl="Datum, Factuurdatum, Documentdatum",
        en="Date, Invoice date, Issue date, Document date",
    ),
    "due_date": _heading(
        "Date by which it is to be paid",
        fr="Échéance, Date d'échéance, Date échéance, À payer pour le",
        nl="Vervaldatum, Vervaldag, Te betalen voor",
        en="Due date, Due, Payment due",
    ),
    "currency": _heading("Currency; EUR when empty", fr="Devise, Monnaie", nl="Munt, Valuta, Munteenheid", en="Currency, Currency code"),
    "buyer_name": _heading(
        "Name of the customer",
        fr="Client, Nom du client, Nom client, Acheteur, Destinataire, Nom, Raison sociale",
        nl="Klant, Naam klant, Klantnaam, Koper, Afnemer, Naam",
        en="Customer, Customer name, Buyer, Buyer name, Client name, Name",
    ),
    "buyer_vat_id": _heading(
        "VAT number of the customer",
        fr="N° TVA, Numéro de TVA, TVA client, N° TVA client, N° de TVA, N° TVA du client, N° de TVA du client",
        nl="BTW-nummer, BTW nr, BTW-nummer klant, BTW klant",
        en="VAT number, VAT ID, VAT no, Customer VAT number, Customer VAT, Buyer VAT number",
    ),
    "buyer_enterprise_number": _heading(
        "Enterprise number of the customer",
        fr="N° entreprise, Numéro d'entreprise, BCE, N° BCE, N° d'entreprise, BCE client",
        nl="Ondernemingsnummer, KBO, KBO-nummer, KBO nummer klant",
        en="Enterprise number, Company number, CBE number",
    ),
    "buyer_street": _heading(
        "Street and house number of the customer",
        fr="Rue, Adresse, Adresse client, Rue et numéro, Rue client",
        nl="Straat, Adres, Straat en nummer, Adres klant, Straat klant",
        en="Street, Address, Customer address, Customer street",
    ),
    "buyer_postcode": _heading(
        "Postcode of the customer",
        fr="Code postal, CP, Code postal client",
        nl="Postcode, Postnummer, Postcode klant",
        en="Postcode, Postal code, ZIP, ZIP code, Customer postcode",
    ),
    "buyer_city": _heading(
        "Town of the customer",
        fr="Ville, Localité, Commune, Ville client",
        nl="Gemeente, Stad, Plaats, Woonplaats, Gemeente klant",
        en="City, Town, Customer city",
    ),
    "buyer_country": _heading(
        "Country of the customer, as a code or a word; when empty, that of the VAT number, else that of the seller",
        fr="Pays, Code pays, Pays client",
        nl="Land, Landcode, Land klant",
        en="Country, Country code, Customer country",
    ),
    "buyer_email": _heading(
        "E-mail address of the customer: only a suggestion for a new card",
        fr="E-mail, Email, Mail, Courriel, Adresse e-mail, E-mail client",
        nl="E-mail, E-mailadres, E-mail klant",
        en="E-mail, Email, E-mail address, Customer e-mail",
    ),
    "language": _heading(
        "Language of the customer, for a new card: fr, nl or en",
        fr="Langue, Langue client",
        nl="Taal, Taal klant, Taalcode",
        en="Language, Customer language",
    ),
    "buyer_reference": _heading(
        "Reference of the customer",
        fr="Référence client, Réf. client, Votre référence, V/Réf",
        nl="Referentie klant, Klantreferentie, Uw referentie, Uw ref",
        en="Buyer reference, Customer reference, Your reference",
    ),
    "order_reference": _heading(
        "Number of the customer's order",
        fr="Bon de commande, N° commande, Commande, N° de commande, Numéro de commande",
        nl="Bestelbon, Bestelnummer, Ordernummer, Order",
        en="Order reference, Order number, Purchase order, PO number, PO",
    ),
    "description": _heading(
        "What was delivered or done",
        fr="Description, Libellé, Désignation, Article, Prestation, Objet",
        nl="Omschrijving, Beschrijving, Artikel, Prestatie",
        en="Description, Item, Line description, Article name",
    ),
    "quantity": _heading("Quantity; 1 when empty", fr="Quantité, Qté, Nombre", nl="Aantal, Hoeveelheid", en="Quantity, Qty"),
    "unit": _heading(
        "Unit: hours, pieces, km…, or a code of UN/ECE Recommendation 20",
        fr="Unité, Unité de mesure",
        nl="Eenheid, Maateenheid",
        en="Unit, Unit code, Unit of measure",
    ),
    "net_price": _heading(
        "Price of one unit without VAT",
        fr="Prix unitaire, Prix unitaire HTVA, PU HTVA, PU, Prix HTVA, Prix unitaire HT, Prix",
        nl="Eenheidsprijs, Prijs, Eenheidsprijs excl. btw, Stukprijs, Prijs excl. btw",
        en="Unit price, Price, Net price, Unit price excl. VAT",
    ),
    "discount_percentage": _heading(
        "Discount on the line in percent",
        fr="Remise, Remise %, % remise, Ristourne %",
        nl="Korting, Korting %, % korting",
        en="Discount, Discount %, Discount percentage",
    ),
    "net_amount": _heading(
        "Amount of the line without VAT; with a price and a quantity it must agree with them",
        fr="Montant HTVA, Montant HT, Montant hors TVA, Montant ligne HTVA, Net ligne, Montant net",
        nl="Bedrag excl. btw, Bedrag exclusief btw, Lijnbedrag, Netto bedrag, Nettobedrag",
        en="Net amount, Line amount, Amount excl. VAT, Line total, Amount without VAT",
    ),
    "vat_rate": _heading(
        "VAT rate in percent",
        fr="Taux TVA, TVA %, % TVA, Taux de TVA, Taux",
        nl="BTW-tarief, BTW %, % BTW, BTW-percentage, Btw-voet, Tarief",
        en="VAT rate, VAT %, % VAT, VAT percentage",
    ),
    "vat_category": _heading(
        "VAT category, needed at 0 %: E exempt, AE reverse charge, Z zero rate, K intra-community, G export, O outside VAT",
        fr="Catégorie TVA, Code TVA, Régime TVA",
        nl="BTW-categorie, BTW-code, BTW-regime",
        en="VAT category, VAT code, VAT category code",
    ),
    "exemption_reason": _heading(
        "Why there is no VAT, in words",
        fr="Motif d'exonération, Motif d'exemption, Mention TVA",
        nl="Reden vrijstelling, Vrijstellingsreden, BTW-vermelding",
        en="Exemption reason, VAT exemption reason",
    ),
    "payment_reference": _heading(
        "Structured communication or other payment reference",
        fr="Communication, Communication structurée, Référence de paiement, VCS",
        nl="Mededeling, Gestructureerde mededeling, Betalingsreferentie, OGM",
        en="Payment reference, Structured communication, Remittance",
    ),
    "iban": _heading(
        "Account to pay to; that of the company's card when empty",
        fr="IBAN, Compte, N° de compte, Compte bancaire",
        nl="IBAN, Rekening, Rekeningnummer",
        en="IBAN, Account, Bank account",
    ),
    "bic": _heading("BIC of that account", fr="BIC, SWIFT", nl="BIC, SWIFT", en="BIC, SWIFT"),
    "total_without_vat": _heading(
        "Total of the invoice without VAT, checked",
        fr="Total HTVA, Total HT, Total hors TVA, Total facture HTVA",
        nl="Totaal excl. btw, Totaal exclusief btw, Totaal factuur excl. btw",
        en="Total without VAT, Total excl. VAT, Invoice total excl. VAT",
    ),
    "vat_total": _heading(
        "VAT of the invoice, checked",
        fr="Total TVA, Montant TVA, TVA totale",
        nl="Totaal btw, Bedrag btw, Btw-bedrag",
        en="VAT total, Total VAT, VAT amount",
    ),
    "total_with_vat": _heading(
        "Total of the invoice with VAT, checked",
        fr="Total TVAC, Total TTC, Total TVA comprise, Montant TVAC, Total facture, Total",
        nl="Totaal incl. btw, Totaal inclusief btw, Bedrag incl. btw, Totaal",
        en="Total with VAT, Total incl. VAT, Amount incl. VAT, Invoice total, Total",
    ),
    "preceding_invoice": _heading(
        "Number of the invoice that a credit note corrects",
        fr="Facture d'origine, Facture créditée, N° facture d'origine, Réf. facture",
        nl="Oorspronkelijke factuur, Gecrediteerde factuur",
        en="Preceding invoice, Credited invoice, Original invoice",
    ),
    "note": _heading(
        "Note on the invoice",
        fr="Note, Notes, Remarque, Remarques, Commentaire",
        nl="Opmerking, Opmerkingen, Nota",
        en="Note, Notes, Remark, Remarks, Comment",
    ),
}

CUSTOMERS: Final[Mapping[str, Heading]] = {
    "key": _heading("Key of the card in Facturier", fr="Clé, Clé client", nl="Sleutel, Klantsleutel", en="Key, Customer key"),
    "vat_id": _heading("VAT number", fr="N° TVA, Numéro de TVA, TVA, N° de TVA", nl="BTW-nummer, BTW, BTW nr", en="VAT number, VAT ID, VAT, VAT no"),
    "enterprise_number": _heading(
        "Enterprise number",
        fr="N° entreprise, Numéro d'entreprise, BCE, N° BCE, N° d'entreprise",
        nl="Ondernemingsnummer, KBO, KBO-nummer",
        en="Enterprise number, Company number, CBE number",
    ),
    "name": _heading(
        "Name; needed for a new card",
        fr="Nom, Client, Nom du client, Nom client, Raison sociale, Société",
        nl="Naam, Klant, Klantnaam, Naam klant, Bedrijf, Firma",
        en="Name, Customer, Customer name, Company",
    ),
    "street": _heading("Street and house number", fr="Rue, Adresse, Rue et numéro", nl="Straat, Adres, Straat en nummer", en="Street, Address"),
    "postcode": _heading("Postcode", fr="Code postal, CP", nl="Postcode, Postnummer", en="Postcode, Postal code, ZIP, ZIP code"),
    "city": _heading("Town", fr="Ville, Localité, Commune", nl="Gemeente, Stad, Plaats, Woonplaats", en="City, Town"),
    "country": _heading("Country, as a code or a word", fr="Pays, Code pays", nl="Land, Landcode", en="Country, Country code"),
    "language": _heading("fr, nl or en, or the word", fr="Langue", nl="Taal, Taalcode", en="Language"),
    "wants_email": _heading(
        "Wants invoices by e-mail: yes or no",
        fr="Par e-mail, Factures par e-mail, Envoi par e-mail, Facture par mail, Veut e-mail",
        nl="Per e-mail, Facturen per e-mail, Verzenden per e-mail, Factuur per mail",
        en="Wants e-mail, By e-mail, Invoices by e-mail, Wants invoices by e-mail",
    ),
    "to": _heading(
        "E-mail addresses for the invoices, separated by ; or ,",
        fr="E-mail, Email, Mail, Courriel, Adresse e-mail, À, E-mail facturation",
        nl="E-mail, E-mailadres, Aan, E-mail facturatie",
        en="To, E-mail, Email, E-mail address, Billing e-mail",
    ),
    "cc": _heading("Addresses in copy", fr="Cc, Copie, Copie à", nl="Cc, Kopie, Kopie aan", en="Cc, Copy to"),
    "bcc": _heading("Addresses in blind copy", fr="Cci, Bcc, Copie cachée", nl="Bcc, Blinde kopie", en="Bcc, Blind copy"),
    "xml": _heading("XML beside the PDF: efff3, bis3, original or none", fr="XML, Format XML", nl="XML, XML-formaat", en="XML, XML format"),
    "peppol_elsewhere": _heading(
        "Gets the invoice over Peppol by another program: yes or no",
        fr="Peppol, Peppol ailleurs, Peppol envoyé ailleurs",
        nl="Peppol, Peppol elders, Peppol elders verzonden",
        en="Peppol, Peppol elsewhere",
    ),
    "notes": _heading(
        "Notes of the desk",
        fr="Notes, Note, Remarque, Remarques, Commentaire",
        nl="Opmerking, Opmerkingen, Nota, Notities",
        en="Notes, Note, Remarks, Comment",
    ),
}
