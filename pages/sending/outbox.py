"""The outbox: whether anything leaves, how far the sending is, what waits for a person, what became of each mail."""

from pages.parts import feedback, menu, outbox_batch, outbox_newest, outbox_open, outbox_rehearsals
from pages.parts.resources import t

menu.header(t("Outbox"))
outbox_batch.standstill()
with feedback.told():
    outbox_batch.show()
with feedback.told():
    outbox_open.show()
with feedback.told():
    outbox_rehearsals.show()
with feedback.told():
    outbox_newest.show()
