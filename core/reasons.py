"""The short lists of reasons that people choose from; what is kept is the message id, so that each reads it in their own language."""

from __future__ import annotations

from core.errors import Sentence
from core.i18n import N_

ELSEWHERE = (N_("Sent before Facturier was used"), N_("Sent over Peppol"), N_("Handed over in person"), N_("Sent by post"))
HOLD = (N_("Amount to be checked"), N_("Waits for the customer's order number"), N_("Disputed by the customer"), N_("Wrong customer or address"))
SENT = (N_("The customer confirms"), N_("The server's log shows it"), N_("Delivered by another way"))
AGAIN = (N_("The customer does not have it"), N_("The server's log does not show it"), N_("The address works again"))
LOST = AGAIN[:2]
ONCE_MORE = (N_("The customer asks for it again"), N_("It went to a wrong address"), N_("The customer's mailbox lost it"))
CAME_BACK = (N_("A non-delivery notice came in"), N_("The address does not exist any more"), N_("The customer's mailbox is full"))
PAUSE = (N_("The mail server is being worked on"), N_("Nothing shall leave before it was checked"))
MISTAKEN = N_("It was marked by mistake")
KNOWN = frozenset((*ELSEWHERE, *HOLD, *SENT, *AGAIN, *ONCE_MORE, *CAME_BACK, *PAUSE, MISTAKEN))


def said(reason: str) -> str | Sentence:
    """A known reason is translated where it is read; other words stay as they were typed."""
    return Sentence(reason) if reason in KNOWN else reason
