"""The use cases, in the order of the data: the only place that knows how the stages follow each other.

importing    files -> invoices, companies, customers      (nothing is ever sent here)
  tables, customer_lists, pdf_pairs,
  pdf_invoices                           what a file holds, before it is kept
  foreseeing, keeping, new_cards         what would become of it; what becomes of it
companies    the card of an invoicing company
customers    the card of a customer
checking     the pre-flight: ready, warning, blocked
documents    PDF, XML, terms, text -> the sealed mail
sending      queue; work the queue: claim, hand over, mark, dot, record
settling     what only a person can say
"""
