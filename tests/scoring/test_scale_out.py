"""Several scoring processes against one engine behind HTTP, one of them killed again and again."""

from __future__ import annotations

import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from conversation.verdict import LedgerState
from scoring.due import Grader, Settle
from scoring.scorecard import load
from store.activity import ActivityStore
from store.client import Client, connect
from store.grades import GradeStore
from store.ledger import LedgerStore
from store.migrate import migrate
from store.traces import Body, TraceStore
from tests.support.engine import EngineServer

PROCESS = Path(__file__).with_name("scoring_process.py")
CARD = "name: small\nscorers:\n  - name: latency\n  - {name: half, use: latency, sample: 0.5}\n"
CONVERSATIONS = 60
TEXT = '[{"role": "%s", "parts": [{"type": "text", "content": "%s"}]}]'


def _body(first: int, last: int, turn: int, now_ns: int) -> Body:
    """One turn of each of these conversations."""
    request = ExportTraceServiceRequest()
    spans = request.resource_spans.add().scope_spans.add().spans
    for number in range(first, last):
        span = spans.add(
            trace_id=(number * 100 + turn + 1).to_bytes(16),
            span_id=(number * 100 + turn + 1).to_bytes(8),
            name="chat model",
            start_time_unix_nano=now_ns + turn * 10**9,
            end_time_unix_nano=now_ns + turn * 10**9 + 10**8,
        )
        for key, value in (
            ("gen_ai.operation.name", "chat"),
            ("gen_ai.conversation.id", f"c{number}"),
            ("gen_ai.agent.name", "shop"),
            ("gen_ai.input.messages", TEXT % ("user", f"question {turn}")),
            ("gen_ai.output.messages", TEXT % ("assistant", f"answer {turn}")),
        ):
            span.attributes.add(key=key).value.string_value = value
    return Body("p", "traces", now_ns, request.SerializeToString())


def _current(client: Client) -> dict[str, tuple[int, int]]:
    """(revision, turns) of each graded conversation."""
    rows = client.query(
        "SELECT conversation_id, max(revision) AS newest, argMax(turns, revision) AS so_many FROM conversations FINAL "
        "WHERE attempt NOT IN (SELECT attempt FROM superseded) GROUP BY conversation_id"
    )
    return {row["conversation_id"]: (int(row["newest"]), int(row["so_many"])) for row in rows}


def _balanced(client: Client) -> None:
    """The ledger's states add up to what came in, and no conversation counts twice."""
    counted = LedgerStore(client).counts("p", scorers=("latency", "half"))
    assert sum(int(counted[state.value]) for state in LedgerState) == counted["ingested"]
    doubled = client.query(
        "SELECT conversation_id FROM conversations FINAL WHERE attempt NOT IN (SELECT attempt FROM superseded) "
        "GROUP BY conversation_id, revision HAVING count() > 1"
    )
    assert doubled == []


@pytest.mark.slow
@pytest.mark.parametrize("shards", [2, 4])
def test_processes_share_the_work_and_survive_kills_with_everything_graded_once(
    engine_server: EngineServer, tmp_path: Path, shards: int
) -> None:
    card = tmp_path / "card.yaml"
    card.write_text(CARD)
    client = connect(engine_server.url())
    processes: list[subprocess.Popen[bytes]] = []

    def start(index: int) -> subprocess.Popen[bytes]:
        command = [sys.executable, str(PROCESS), engine_server.url(), str(index), str(shards), str(card)]
        return subprocess.Popen(command, stderr=subprocess.DEVNULL)

    try:
        migrate(client)
        traces = TraceStore(client)
        processes = [start(index) for index in range(shards)]
        for turn in range(2):
            for part in range(4):
                first, last = part * CONVERSATIONS // 4, (part + 1) * CONVERSATIONS // 4
                traces.load([_body(first, last, turn, time.time_ns())], f"{turn}.{part}")
                time.sleep(0.5)
                victim = (turn * 4 + part) % shards
                processes[victim].kill()
                processes[victim].wait()
                processes[victim] = start(victim)
        deadline = time.monotonic() + 120
        while time.monotonic() < deadline:
            found = _current(client)
            if len(found) == CONVERSATIONS and all(turns == 2 for _, turns in found.values()):
                break
            time.sleep(0.5)
        assert Counter(turns for _, turns in _current(client).values()) == {2: CONVERSATIONS}
        _balanced(client)
    finally:
        for process in processes:
            process.kill()
            process.wait()
        client.close()


def test_the_real_store_ends_as_the_model_says(engine: Client, tmp_path: Path) -> None:
    card = tmp_path / "card.yaml"
    card.write_text(CARD)
    traces, activity = TraceStore(engine), ActivityStore(engine)
    now = 1_763_690_000_000_000_000
    grader = Grader(activity, traces, GradeStore(engine), load(card), settle=Settle(idle_seconds=30))
    traces.load([_body(0, 20, 0, now)], "a")
    assert grader.tick(now + 10**9) == 0
    activity.end("p", "c3", now + 2 * 10**9)
    assert grader.tick(now + 2 * 10**9) == 1
    assert grader.tick(now + 31 * 10**9) == 19
    _balanced(engine)
    traces.load([_body(0, 20, 0, now)], "the same spans under another token")
    traces.load([_body(0, 5, 1, now)], "b")
    assert grader.tick(now + 120 * 10**9) == 5
    assert Counter(_current(engine).values()) == {(1, 1): 15, (2, 2): 5}
    assert grader.tick(now + 3600 * 10**9) == 0
    _balanced(engine)
