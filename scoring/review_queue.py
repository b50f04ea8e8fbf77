"""Which conversations people should look at next: by risk, where scorers disagree, or at random.

Labels taken by risk or disagreement alone say nothing about the rest of the traffic; the random ones do, so the mixed
queue takes from all three in turn.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from conversation.verdict import Verdict
from scoring.sampling import position

Order = Literal["risk", "disagreement", "random", "mixed"]


@dataclass(frozen=True, slots=True)
class Candidate:
    """A conversation that may be reviewed; `verdicts` by scorer."""

    conversation_id: str
    risk: float
    verdicts: Mapping[str, Verdict]
    labelled: bool = False


def disagreement(verdicts: Iterable[Verdict]) -> float:
    """How much scorers disagree, in 0-1: the entropy of pass against fail in bits; unsure ones count half to each."""
    found = Counter(verdicts)
    unsure = found[Verdict.INCONCLUSIVE] / 2
    passed, failed = found[Verdict.PASS] + unsure, found[Verdict.FAIL] + unsure
    total = passed + failed
    return -sum(part / total * math.log2(part / total) for part in (passed, failed) if part) if total else 0.0


def queue(candidates: Iterable[Candidate], order: Order, limit: int, seed: str = "") -> list[Candidate]:
    """The next conversations to label; labelled ones are left out. The same seed gives the same random order.

    Args:
        candidates: All that could be reviewed.
        order: What to sort by; `mixed` takes the best of each order in turn.
        limit: How many.
        seed: Chooses the random order.
    """
    fresh = [candidate for candidate in candidates if not candidate.labelled]
    keys: dict[str, Callable[[Candidate], tuple[float, str]]] = {
        "risk": lambda each: (-each.risk, each.conversation_id),
        "disagreement": lambda each: (-disagreement(each.verdicts.values()), each.conversation_id),
        "random": lambda each: (position(each.conversation_id, f"review{seed}"), each.conversation_id),
    }
    if order != "mixed":
        return sorted(fresh, key=keys[order])[:limit]
    return _interleaved([sorted(fresh, key=key) for key in keys.values()], limit)


def _interleaved(orders: Sequence[Sequence[Candidate]], limit: int) -> list[Candidate]:
    """The first of each order, then the second, without repeats."""
    taken: dict[str, Candidate] = {}
    for row in zip(*orders, strict=True):
        for candidate in row:
            taken.setdefault(candidate.conversation_id, candidate)
    return list(taken.values())[:limit]
