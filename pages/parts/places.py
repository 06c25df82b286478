"""Where each page is."""

LEDGER, EMAIL, PAPER = "pages/ledgers/all.py", "pages/ledgers/email.py", "pages/ledgers/paper.py"
CONFIRM, OUTBOX, CATCHER = "pages/sending/confirm.py", "pages/sending/outbox.py", "pages/sending/catcher.py"
IMPORTS, CUSTOMERS, COMPANIES = "pages/records/imports.py", "pages/records/customers.py", "pages/records/companies.py"
ARCHIVE = "pages/sending/archive.py"
