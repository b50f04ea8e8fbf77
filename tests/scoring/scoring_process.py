"""One scoring process of several: `python scoring_process.py URL SHARD SHARDS SCORECARD` ticks until it is killed."""

from __future__ import annotations

import sys
import time
from pathlib import Path

from conversation.errors import RetryableError
from scoring.due import Grader, Settle, Shard
from scoring.scorecard import load
from store.activity import ActivityStore
from store.client import connect
from store.grades import GradeStore
from store.traces import TraceStore


def main(url: str, index: int, count: int, scorecard: str) -> None:
    """Grade for ever."""
    client = connect(url)
    grader = Grader(
        ActivityStore(client),
        TraceStore(client),
        GradeStore(client),
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
    main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), sys.argv[4])
