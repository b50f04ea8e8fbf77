"""Scoring processes that share one engine, get killed and are started again; what must hold of the store after that."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from conversation.verdict import LedgerState
from store.client import Client
from store.ledger import LedgerStore
from store.traces import Body

SCORERS = ("latency", "half")
CARD = "name: small\nscorers:\n  - name: latency\n  - {name: half, use: latency, sample: 0.5}\n"
PROCESS = Path(__file__).with_name("scoring_process.py")
_TEXT = '[{"role": "%s", "parts": [{"type": "text", "content": "%s"}]}]'
# Attempts whose revision was written again are no grades of their own, whether their writing was cut short or not.
_COUNTED = "attempt NOT IN (SELECT attempt FROM superseded WHERE retried)"

_NEVER = {
    "conversations with a revision twice": f"""
        SELECT conversation_id FROM conversations FINAL WHERE {_COUNTED}
        GROUP BY conversation_id, revision HAVING count() > 1""",
    "revisions without exactly one entry of each scorer": f"""
        SELECT conversation_id
        FROM
        (
            SELECT conversation_id, revision, scorer, count() AS entries FROM ledger FINAL WHERE {_COUNTED}
            GROUP BY conversation_id, revision, scorer
        )
        GROUP BY conversation_id, revision HAVING count() != {len(SCORERS)} OR max(entries) > 1""",
    "scores given twice": f"""
        SELECT conversation_id FROM scores FINAL WHERE {_COUNTED}
        GROUP BY conversation_id, revision, name, turn, tool_call_id, argument_path HAVING count() > 1""",
    "turns counted twice": """
        SELECT conversation_id FROM turns FINAL WHERE attempt NOT IN (SELECT attempt FROM superseded)
        GROUP BY conversation_id, turn HAVING count() > 1""",
    "conversations with more revisions than arrivals, or a gap between them": f"""
        SELECT conversation_id FROM conversations FINAL WHERE {_COUNTED} GROUP BY conversation_id
        HAVING max(revision) > {{most:UInt32}} OR uniqExact(revision) != max(revision)""",
}


class Fleet:
    """`count` scoring processes, each with its share of the conversations.

    Args:
        url: The engine.
        card: The scorecard file.
        count: How many.
        cut: The chance that a process is killed somewhere inside a write of grades.
    """

    def __init__(self, url: str, card: Path, count: int, cut: float = 0.0) -> None:
        self._command = [sys.executable, str(PROCESS), url, str(card), str(count), str(cut)]
        self._processes = [self._start(index) for index in range(count)]
        self.killed = 0
        self.cut_short = 0

    def kill(self, index: int) -> None:
        """End one as kill -9 does, and start it again."""
        self.restart_dead()
        index %= len(self._processes)
        self._processes[index].kill()
        self._processes[index].wait()
        self._processes[index] = self._start(index)
        self.killed += 1

    def restart_dead(self) -> None:
        """Start again those that a cut write has ended."""
        for index, process in enumerate(self._processes):
            if process.poll() is not None:
                self._processes[index] = self._start(index)
                self.cut_short += 1

    def stop(self) -> None:
        """End all."""
        for process in self._processes:
            process.kill()
            process.wait()

    def _start(self, index: int) -> subprocess.Popen[bytes]:
        return subprocess.Popen([*self._command, str(index)], stderr=subprocess.DEVNULL)


def turn_body(first: int, last: int, turn: int, now_ns: int) -> Body:
    """One turn of each of the conversations `c{first}` to `c{last - 1}`."""
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
            ("gen_ai.input.messages", _TEXT % ("user", f"question {turn}")),
            ("gen_ai.output.messages", _TEXT % ("assistant", f"answer {turn}")),
        ):
            span.attributes.add(key=key).value.string_value = value
    return Body("p", "traces", now_ns, request.SerializeToString())


def current(client: Client) -> dict[str, tuple[int, int]]:
    """(revision, turns) of each graded conversation."""
    rows = client.query(
        "SELECT conversation_id, max(revision) AS newest, argMax(turns, revision) AS so_many FROM conversations FINAL "
        "WHERE attempt NOT IN (SELECT attempt FROM superseded) GROUP BY conversation_id"
    )
    return {row["conversation_id"]: (int(row["newest"]), int(row["so_many"])) for row in rows}


def problems(client: Client, most_revisions: int) -> list[str]:
    """Everything that is not as it must be once all is graded; empty if nothing is.

    Args:
        client: The engine.
        most_revisions: How often something of a conversation came in.
    """
    found = []
    counted = LedgerStore(client).counts("p", scorers=SCORERS)
    states = sum(int(counted[state.value]) for state in LedgerState)
    if states != counted["ingested"] or counted["pending"] or counted["failed"]:
        found.append(f"the ledger does not balance: {counted}")
    for what, sql in _NEVER.items():
        rows = client.query(sql, {"most": most_revisions} if "{most" in sql else None)
        if rows:
            found.append(f"{len(rows)} {what}, such as {rows[0]['conversation_id']}")
    return found
