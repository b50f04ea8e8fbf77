from __future__ import annotations

import pytest

from conversation.verdict import LedgerEntry, LedgerState
from scoring import ledger


@pytest.mark.parametrize("state", list(LedgerState))
def test_every_state_has_an_answer_to_why_it_was_not_scored(state: LedgerState) -> None:
    told = ledger.explain(LedgerEntry("judge", state, "because", "1"), "judge", 2)
    assert told.startswith("judge (version 1) on revision 2: ")
    assert told.endswith(": because")


def test_a_scorer_that_was_not_in_the_scorecard_has_an_answer_too() -> None:
    assert "was not in the scorecard" in ledger.explain(None, "judge", 1)


def test_counts_name_every_state_and_the_difference_is_what_is_missing() -> None:
    counted = ledger.counts([*ledger.pending(["a", "b"]), *ledger.failed(["a"], "why")])
    assert set(counted) == set(LedgerState)
    assert counted[LedgerState.PENDING] == 2
    assert ledger.difference(counted, conversations=2, scorers=2) == -1
