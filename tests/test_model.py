"""The derived status of an invoice: green only when the server took the mail for every recipient."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.model import DeliveryStatus, DispatchStatus, Ledger, dispatch_status

D, S = DeliveryStatus, DispatchStatus


@pytest.mark.parametrize(
    ("deliveries", "expected"),
    [
        ([], S.TO_SEND),
        ([D.QUEUED], S.QUEUED),
        ([D.SENT, D.QUEUED], S.QUEUED),
        ([D.CLAIMED], S.SENDING),
        ([D.SENDING, D.SENT], S.SENDING),
        ([D.SENT, D.SENT], S.SENT),
        ([D.SENT, D.FAILED], S.PARTLY_SENT),
        ([D.SENT, D.HELD], S.PARTLY_SENT),
        ([D.SENT, D.BOUNCED], S.PARTLY_SENT),
        ([D.FAILED], S.FAILED),
        ([D.FAILED, D.HELD], S.HELD),
        ([D.FAILED, D.BOUNCED], S.FAILED),
        ([D.BOUNCED], S.BOUNCED),
        ([D.HELD], S.HELD),
        ([D.SENT, D.UNCERTAIN], S.UNCERTAIN),
        ([D.QUEUED, D.UNCERTAIN], S.UNCERTAIN),
    ],
)
def test_status_follows_from_deliveries(deliveries: list[DeliveryStatus], expected: DispatchStatus) -> None:
    assert dispatch_status(deliveries, ledger=Ledger.EMAIL) is expected


def test_without_deliveries_ledger_and_mark_decide() -> None:
    assert dispatch_status([], ledger=Ledger.PAPER) is S.TO_PRINT
    assert dispatch_status([], ledger=Ledger.PAPER, elsewhere=True) is S.ELSEWHERE


def test_a_mark_never_hides_what_has_left_or_may_have() -> None:
    assert dispatch_status([D.FAILED], ledger=Ledger.EMAIL, elsewhere=True) is S.ELSEWHERE
    for state in (D.SENT, D.UNCERTAIN, D.QUEUED, D.SENDING):
        assert dispatch_status([state], ledger=Ledger.EMAIL, elsewhere=True) is not S.ELSEWHERE


@given(st.lists(st.sampled_from(DeliveryStatus), min_size=1))
def test_green_means_all_and_nothing_doubtful_is_hidden(deliveries: list[DeliveryStatus]) -> None:
    status = dispatch_status(deliveries, ledger=Ledger.EMAIL)
    assert (status is S.SENT) == all(each is D.SENT for each in deliveries)
    assert (status is S.UNCERTAIN) == (D.UNCERTAIN in deliveries)
