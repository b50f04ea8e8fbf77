"""Which conversations have something that is not graded yet, and which of those are complete.

The view at insert keeps, for each trace, the best conversation candidate and a count of the inserts that touched it.
A conversation's watermark is the sum of its traces' counts: it only grows, and it is above the graded watermark exactly
where something came since. No clock decides that, so late batches, replays and clock skew cannot hide a span.

    trace_log (tail) -> traces touched -> their conversations now -> all their traces -> watermark against `graded`

A look at the log costs about 120 ms, so none is taken while its tables are as they were and no time has come at which
one of those that wait could be complete; an idle process rests.

The tail starts at the oldest conversation still waiting, less a margin for inserts under way; so a call costs what is
waiting, not what is stored. Tails are kept per shard, so a restart goes on there; only a shard that never ran reads the
whole log, once.
"""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from store.changes import mark_of
from store.client import Client
from store.waiting import waiting_sql

_SECOND_NS = 1_000_000_000
# An insert's rows carry the time it began and show when it ended; none takes this long (max_execution_time is 120 s).
_MARGIN_MS = 300_000
_TAIL_SECONDS = 20.0
# Look all the same once in a while: cheap, and nothing rests on the mark alone.
_REST_SECONDS = 60.0
_TABLES = ("trace_log", "trace_activity", "conversation_traces", "trace_links", "conversation_ends", "graded")
_DUE = """
WHERE ended OR last_received_ns <= {idle_before:Int64} OR waiting_since_ns <= {old_before:Int64}
ORDER BY last_received_ns, project, conversation_id
LIMIT {limit:UInt32}
"""


@dataclass(frozen=True, slots=True)
class Activity:
    """A conversation with spans that are not graded yet.

    Attributes:
        project: Whose it is.
        conversation_id: Its id.
        agent_name: The outermost agent named, empty if none.
        spans: Spans received, repeats included.
        first_start_ns: Its first span's start.
        last_end_ns: Its last span's end.
        last_received_ns: When the last of it came in.
        ended: Whether the sender or the API said that it is over.
        watermark: Grows with everything that comes in; write it with the grade.
    """

    project: str
    conversation_id: str
    agent_name: str
    spans: int
    first_start_ns: int
    last_end_ns: int
    last_received_ns: int
    ended: bool
    watermark: int


@dataclass(frozen=True, slots=True)
class _Totals:
    """What waits, as of a mark of the tables; times in ns by the senders' and receivers' clocks."""

    mark: int
    looked_at: float
    pending: int
    oldest_ns: int
    oldest_received_ns: int
    oldest_insert_ms: int


class ActivityStore:
    """Finds conversations to grade. Thread-safe.

    Args:
        client: A migrated store.
        monotonic: Seconds that only grow, for how often to move the tail.
    """

    def __init__(self, client: Client, *, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._client = client
        self._monotonic = monotonic
        self._lock = threading.Lock()
        self._tails: dict[tuple[int, int], tuple[int, float]] = {}
        self._known: dict[tuple[int, int], _Totals] = {}

    def due(
        self,
        now_ns: int,
        *,
        idle_seconds: float,
        max_age_seconds: float,
        limit: int = 200,
        shard: int = 0,
        shards: int = 1,
    ) -> list[Activity]:
        """Conversations that are complete and not graded up to date, those waiting longest first.

        Complete: its end was said, nothing came for `idle_seconds`, or `max_age_seconds` have passed since its first
        span was received or it was last graded, whichever is later.
        """
        idle_ns, max_age_ns = int(idle_seconds * _SECOND_NS), int(max_age_seconds * _SECOND_NS)
        if self._resting(now_ns - idle_ns, now_ns - max_age_ns, shard, shards):
            return []
        self._move_tail(shard, shards)
        bound = {
            "idle_before": now_ns - idle_ns,
            "old_before": now_ns - max_age_ns,
            "limit": limit,
        }
        rows = self._client.query(
            f"SELECT * FROM ({waiting_sql()}) {_DUE}", {**bound, **self._scope(shard, shards)}, role="jobs"
        )
        if not rows:
            self._totals(shard, shards)
        return [_activity(row) for row in rows]

    def end(self, project: str, conversation_id: str, at_ns: int) -> None:
        """Note that a conversation is over; it is due at once."""
        columns = ["project", "conversation_id", "at_ns"]
        self._client.insert("conversation_ends", columns, [(project, conversation_id, at_ns)])

    def backlog(self, now_ns: int, *, shard: int = 0, shards: int = 1) -> dict[str, Any]:
        """What waits to be graded, complete or not: `pending` conversations and `oldest_seconds` of waiting."""
        self._move_tail(shard, shards)
        totals = self._totals(shard, shards)
        oldest = (now_ns - totals.oldest_ns) / _SECOND_NS if totals.pending else 0.0
        return {"pending": totals.pending, "oldest_seconds": max(0.0, oldest)}

    def _resting(self, idle_before_ns: int, old_before_ns: int, shard: int, shards: int) -> bool:
        """Whether nothing can be due: nothing changed since the last look, and what waited then must wait on."""
        with self._lock:
            known = self._known.get((shard, shards))
        if known is None or (
            known.pending and (known.oldest_received_ns <= idle_before_ns or known.oldest_ns <= old_before_ns)
        ):
            return False
        rested = self._monotonic() - known.looked_at
        return rested < _REST_SECONDS and mark_of(self._client, _TABLES) == known.mark

    def _move_tail(self, shard: int, shards: int) -> None:
        """Move the start of the log's tail up now and then."""
        with self._lock:
            _, moved_at = self._tails.get((shard, shards), (0, -math.inf))
        if self._monotonic() - moved_at < _TAIL_SECONDS:
            return
        totals = self._totals(shard, shards)
        since_ms = totals.oldest_insert_ms - _MARGIN_MS
        with self._lock:
            self._tails[shard, shards] = (since_ms, self._monotonic())
        self._client.insert("activity_tails", ["shard", "shards", "since_ms"], [(shard, shards, since_ms)])

    def _totals(self, shard: int, shards: int) -> _Totals:
        """What waits, looked up again only where something changed."""
        mark, now = mark_of(self._client, _TABLES), self._monotonic()
        with self._lock:
            known = self._known.get((shard, shards))
        if known is not None and known.mark == mark and now - known.looked_at < _REST_SECONDS:
            return known
        select = (
            "SELECT count() AS pending, min(waiting_since_ns) AS oldest_ns, "
            "min(last_received_ns) AS oldest_received_ns, "
            "if(pending > 0, min(inserted_ms), toUnixTimestamp64Milli(now64(3))) AS oldest_insert_ms "
            f"FROM ({waiting_sql()})"
        )
        row = self._client.query(select, self._scope(shard, shards), role="jobs")[0]
        totals = _Totals(mark, now, **{name: int(value) for name, value in row.items()})
        with self._lock:
            self._known[shard, shards] = totals
        return totals

    def _scope(self, shard: int, shards: int) -> dict[str, object]:
        with self._lock:
            known = self._tails.get((shard, shards))
        since_ms = known[0] if known else self._kept_tail(shard, shards)
        return {"since_ms": since_ms, "shard": shard, "shards": shards}

    def _kept_tail(self, shard: int, shards: int) -> int:
        """The tail an earlier process of this shard reached; 0 where there was none."""
        rows = self._client.query(
            "SELECT max(since_ms) AS since_ms FROM activity_tails "
            "WHERE shard = {shard:UInt32} AND shards = {shards:UInt32}",
            {"shard": shard, "shards": shards},
            role="jobs",
        )
        return int(rows[0]["since_ms"])


def _activity(row: dict[str, Any]) -> Activity:
    return Activity(
        project=row["project"],
        conversation_id=row["conversation_id"],
        agent_name=row["agent_name"],
        spans=int(row["spans"]),
        first_start_ns=int(row["first_start_ns"]),
        last_end_ns=int(row["last_end_ns"]),
        last_received_ns=int(row["last_received_ns"]),
        ended=bool(row["ended"]),
        watermark=int(row["watermark"]),
    )
