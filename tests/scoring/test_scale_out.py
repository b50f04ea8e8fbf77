"""Several scoring processes against one engine behind HTTP, one of them killed again and again."""

from __future__ import annotations

import time
from collections import Counter
from pathlib import Path

import pytest

from scoring.due import Grader, Settle
from scoring.scorecard import load
from store.activity import ActivityStore
from store.client import Client, connect
from store.grades import GradeStore
from store.migrate import migrate
from store.traces import TraceStore
from tests.support.engine import EngineServer
from tests.support.fleet import CARD, Fleet, current, problems, turn_body

CONVERSATIONS = 60


@pytest.mark.slow
@pytest.mark.parametrize("shards", [2, 4])
def test_processes_share_the_work_and_survive_kills_with_everything_graded_once(
    engine_server: EngineServer, tmp_path: Path, shards: int
) -> None:
    card = tmp_path / "card.yaml"
    card.write_text(CARD)
    client = connect(engine_server.url())
    migrate(client)
    traces = TraceStore(client)
    fleet = Fleet(engine_server.url(), card, shards, cut=0.3)
    try:
        for turn in range(2):
            for part in range(4):
                first, last = part * CONVERSATIONS // 4, (part + 1) * CONVERSATIONS // 4
                traces.load([turn_body(first, last, turn, time.time_ns())], f"{turn}.{part}")
                time.sleep(0.5)
                fleet.kill(turn * 4 + part)
        deadline = time.monotonic() + 120
        while time.monotonic() < deadline:
            fleet.restart_dead()
            found = current(client)
            if len(found) == CONVERSATIONS and all(turns == 2 for _, turns in found.values()):
                break
            time.sleep(0.5)
        assert Counter(turns for _, turns in current(client).values()) == {2: CONVERSATIONS}
    finally:
        fleet.stop()
    # What a process that was killed in the end left half written is due again, and whole after that.
    Grader(ActivityStore(client), traces, GradeStore(client), load(card), settle=Settle(idle_seconds=0)).tick(
        time.time_ns()
    )
    assert problems(client, most_revisions=2) == []
    client.close()


def test_the_real_store_ends_as_the_model_says(engine: Client, tmp_path: Path) -> None:
    card = tmp_path / "card.yaml"
    card.write_text(CARD)
    traces, activity = TraceStore(engine), ActivityStore(engine)
    now = 1_763_690_000_000_000_000
    grader = Grader(activity, traces, GradeStore(engine), load(card), settle=Settle(idle_seconds=30))
    traces.load([turn_body(0, 20, 0, now)], "a")
    assert grader.tick(now + 10**9) == 0
    activity.end("p", "c3", now + 2 * 10**9)
    assert grader.tick(now + 2 * 10**9) == 1
    assert grader.tick(now + 31 * 10**9) == 19
    assert problems(engine, most_revisions=2) == []
    traces.load([turn_body(0, 20, 0, now)], "the same spans under another token")
    traces.load([turn_body(0, 5, 1, now)], "b")
    assert grader.tick(now + 120 * 10**9) == 5
    assert Counter(current(engine).values()) == {(1, 1): 15, (2, 2): 5}
    assert grader.tick(now + 3600 * 10**9) == 0
    assert problems(engine, most_revisions=2) == []
