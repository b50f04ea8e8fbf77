from __future__ import annotations

from conversation.verdict import Score, Verdict
from scoring.aggregates.degradation import by_turn


def test_turns_are_counted_in_their_buckets_with_intervals() -> None:
    scores = [Score("d", Verdict.PASS, turn=turn) for turn in (0, 1, 2, 3, 7, 8, 14, 15, 24, 25, 60)]
    scores += [Score("d", Verdict.FAIL, turn=25), Score("d", Verdict.ERROR, turn=0), Score("d", Verdict.FAIL)]
    rows = by_turn(scores)
    assert [(row.label, row.passed, row.failed) for row in rows] == [
        ("1-3", 3, 0),
        ("4-8", 2, 0),
        ("9-15", 2, 0),
        ("16-25", 2, 0),
        ("26+", 2, 1),
    ]
    last = rows[-1].rate
    assert last is not None
    assert last.low < last.value < last.high


def test_only_the_named_score_counts_and_empty_buckets_have_no_rate() -> None:
    rows = by_turn([Score("other", Verdict.PASS, turn=0)], "d")
    assert all(row.rate is None for row in rows)
