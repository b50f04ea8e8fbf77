"""One scoring process of several: `python scoring_process.py URL SCORECARD SHARDS CUT SHARD` ticks until it is killed.

`CUT` is the chance that it kills itself at a random instant of a write: between two inserts, or inside one.
"""

from __future__ import annotations

import os
import random
import signal
import sys
import threading
import time
from collections.abc import Sequence
from pathlib import Path

from conversation.errors import RetryableError
from scoring.due import Grader, Settle, Shard
from scoring.scorecard import load
from store.activity import ActivityStore
from store.client import Client, connect
from store.grades import GradedRevision, GradeStore
from store.traces import TraceStore


class CutGrades(GradeStore):
    """Writes grades, now and then only so far."""

    def __init__(self, client: Client, chance: float) -> None:
        super().__init__(client)
        self._chance = chance
        self._took = 0.1

    def write(self, revisions: Sequence[GradedRevision]) -> None:
        """Write, or die at it."""
        if random.random() < self._chance:  # noqa: S311 - picks instants, no secret
            after = random.uniform(0.0, self._took)  # noqa: S311 - as above
            threading.Timer(after, os.kill, (os.getpid(), signal.SIGKILL)).start()
        began = time.monotonic()
        super().write(revisions)
        self._took = time.monotonic() - began


def main(url: str, scorecard: str, count: int, cut: float, index: int) -> None:
    """Grade for ever."""
    client = connect(url)
    grader = Grader(
        ActivityStore(client),
        TraceStore(client),
        CutGrades(client, cut),
        load(Path(scorecard)),
        settle=Settle(idle_seconds=0),
        shard=Shard(index, count),
        batch=5,
    )
    while True:
        try:
            grader.tick(time.time_ns())
        except RetryableError:
            time.sleep(0.2)
        time.sleep(0.05)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]), float(sys.argv[4]), int(sys.argv[5]))
