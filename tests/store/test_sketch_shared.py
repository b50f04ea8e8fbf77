"""Percentiles from bins against exact ones, on real waiting times."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from pathlib import Path

import numpy as np
import pytest

from conversation import transcript
from store.sketch import LOG_GAMMA, Sketch

pytestmark = pytest.mark.shared


def test_p99_of_the_shared_conversations_is_within_one_per_cent_of_exact(shared_dir: Path) -> None:
    seconds: dict[str, list[float]] = defaultdict(list)
    for conversation in transcript.read(shared_dir / "conversations" / "natural.jsonl.gz"):
        for turn in conversation.turns:
            if turn.duration_seconds:
                seconds[turn.type].append(turn.duration_seconds)
    assert len(seconds) == 3
    for values in seconds.values():
        sketch = Sketch(Counter(math.ceil(math.log(value) / LOG_GAMMA) for value in values))
        for level in (0.5, 0.95, 0.99):
            assert sketch.quantile(level) == pytest.approx(float(np.percentile(values, 100 * level)), rel=0.01)
