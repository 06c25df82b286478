"""The figures of the desk, measured: medians after a warm-up, as JSON (`python -m core bench …`).

filling   a database with as many invoices as asked for
ledger    the ledger page at that size: use cases, then the page in a real Chromium, beside a plain st.dataframe
rendering PDF, XML, whole mails and the official rules, beside what others use (peers)
"""
