"""Three workers killed with -9 and frozen past their leases, 1,000 mails with mixed faults: nothing twice, nothing falsely sent."""

from __future__ import annotations

from pathlib import Path

from tests import kill

MAILS = 1000


def test_killed_workers_send_nothing_twice_and_claim_nothing_falsely(desk_folder: Path, database_url: str) -> None:
    outcome = kill.run(desk_folder, mails=MAILS, workers=3, database_url=database_url)
    assert outcome.mails == MAILS
    assert outcome.kills + outcome.frozen >= 8, "the workers were not disturbed enough to prove anything"
    assert outcome.twice == 0
    assert outcome.falsely_sent == 0
    assert outcome.falsely_failed == 0
    assert outcome.wrong_content == 0
    assert outcome.open == 0
    assert outcome.found_by_verify == 0
    recipients = MAILS + len(range(0, MAILS, 7))
    assert outcome.sent + outcome.failed + outcome.uncertain == recipients
    doubtful_by_design = 2 * recipients // len(kill.FAULTS) + 10  # dropafter and dropnot, and their second recipients
    lines = int(kill.ENVIRONMENT["FACTURIER_LINES"])  # each may have one mail between dot and answer when it dies
    assert outcome.uncertain <= doubtful_by_design + lines * (outcome.kills + outcome.frozen)
    assert outcome.sent > recipients // 2
