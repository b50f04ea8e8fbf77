"""Pass rates by how far into a conversation a turn is."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from conversation.verdict import Score, Verdict
from scoring.statistics import Interval, wilson

# First turns of the buckets, counted from 1; the last bucket is open.
BUCKETS = ((1, 3), (4, 8), (9, 15), (16, 25), (26, None))


@dataclass(frozen=True, slots=True)
class TurnBucket:
    """Passes and failures of turns in a range; `rate` is None where there are none."""

    label: str
    passed: int
    failed: int
    rate: Interval | None


def by_turn(scores: Iterable[Score], name: str | None = None) -> list[TurnBucket]:
    """Pass rate with Wilson's interval at turns 1-3, 4-8, 9-15, 16-25 and later.

    Args:
        scores: Scores of any conversations; those without a turn and verdicts but pass and fail are left out.
        name: Only scores of this name; None takes all.
    """
    counts = [[0, 0] for _ in BUCKETS]
    for score in scores:
        if score.turn is None or (name is not None and score.name != name):
            continue
        if score.verdict in {Verdict.PASS, Verdict.FAIL}:
            counts[_place(score.turn + 1)][score.verdict is Verdict.FAIL] += 1
    return [
        TurnBucket(_label(low, high), passed, failed, wilson(passed, passed + failed) if passed + failed else None)
        for (low, high), (passed, failed) in zip(BUCKETS, counts, strict=True)
    ]


def _place(turn: int) -> int:
    return next(place for place, (_, high) in enumerate(BUCKETS) if high is None or turn <= high)


def _label(low: int, high: int | None) -> str:
    return f"{low}+" if high is None else f"{low}-{high}"
