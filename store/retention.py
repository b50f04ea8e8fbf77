"""Forgets what is older than its days: whole partitions at once where they are old, single rows in the rest."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from store.client import Client

_DAY_NS = 86_400_000_000_000
# Table: the column of nanoseconds that dates it. Traces go by the time they were received, grades by their start.
_TRACES = {
    "spans": "received_ns",
    "logs": "received_ns",
    "trace_activity": "last_received_ns",
    "conversation_traces": "last_received_ns",
    "trace_links": "linked_at_ns",
    "conversation_ends": "at_ns",
}
_GRADES = {
    "conversations": "started_ns",
    "turns": "started_ns",
    "tool_calls": "started_ns",
    "model_calls": "started_ns",
    "argument_values": "started_ns",
    "scores": "started_ns",
    "ledger": "started_ns",
}
_BY_HOUR = (
    "attempts",
    "superseded",
    "graded",
    "hour_touches",
    "sealed_hours",
    "turn_hours",
    "segment_hours",
    "score_hours",
    "turn_days",
    "segment_days",
    "sealed_days",
)


@dataclass(frozen=True, slots=True)
class Retention:
    """How long what is kept, in days; None keeps for ever.

    Attributes:
        traces_days: Spans, log records and what they say of conversations.
        grades_days: Conversations, turns, tool calls, scores, ledger and sums. Human labels are kept.
    """

    traces_days: float | None = 30
    grades_days: float | None = 365


class RetentionStore:
    """Applies retention.

    Args:
        client: A migrated store.
    """

    def __init__(self, client: Client) -> None:
        self._client = client

    def apply(self, retention: Retention, now_ns: int) -> dict[str, int]:
        """Delete what is too old; returns the rows deleted by table, tables without any left out."""
        deleted: dict[str, int] = {}
        if retention.traces_days is not None:
            before = now_ns - int(retention.traces_days * _DAY_NS)
            for table, column in _TRACES.items():
                deleted[table] = self._delete(table, f"{column} < {{before:UInt64}}", {"before": max(0, before)})
            seconds = {"before": max(0, before) // 1_000_000_000}
            deleted["trace_log"] = self._delete(
                "trace_log", "inserted_at < toDateTime({before:UInt32}, 'UTC')", seconds
            )
        if retention.grades_days is not None:
            before = now_ns - int(retention.grades_days * _DAY_NS)
            for table, column in _GRADES.items():
                deleted[table] = self._delete(table, f"{column} < {{before:UInt64}}", {"before": max(0, before)})
            # The last hour may be younger in part: its marks stay until it is old as a whole.
            hour = {"before": max(0, before) // 3_600_000_000_000 * 3600}
            for table in _BY_HOUR:
                deleted[table] = self._delete(table, "hour < toDateTime({before:UInt32}, 'UTC')", hour)
        self._drop_old_sums()
        return {table: count for table, count in deleted.items() if count}

    def _delete(self, table: str, condition: str, bindings: dict[str, Any]) -> int:
        found = self._client.query(f"SELECT count() AS n FROM {table} WHERE {condition}", bindings, role="jobs")
        if not found[0]["n"]:
            return 0
        for partition in self._old_partitions(table, condition, bindings):
            self._client.command(
                f"ALTER TABLE {table} DROP PARTITION ID {{partition:String}}", {"partition": partition}
            )
        self._client.command(
            f"DELETE FROM {table} WHERE {condition}", bindings, settings={"lightweight_deletes_sync": 2}
        )
        return int(found[0]["n"])

    def _old_partitions(self, table: str, condition: str, bindings: dict[str, Any]) -> list[str]:
        rows = self._client.query(
            f"SELECT _partition_id AS id FROM {table} GROUP BY id "
            f"HAVING id != 'all' AND countIf(NOT ({condition})) = 0",
            bindings,
            role="jobs",
        )
        return [row["id"] for row in rows]

    def _drop_old_sums(self) -> None:
        """Sums of hours that were summed up again since are never read; remove them."""
        for table, seals in (
            ("turn_hours", "sealed_hours"),
            ("segment_hours", "sealed_hours"),
            ("score_hours", "sealed_hours"),
            ("turn_days", "sealed_days"),
            ("segment_days", "sealed_days"),
        ):
            stale = (
                "(project, hour, sealed_at) NOT IN "
                f"(SELECT project, hour, max({seals}.sealed_at) FROM {seals} GROUP BY project, hour)"
            )
            found = self._client.query(f"SELECT count() AS n FROM {table} WHERE {stale}", role="jobs")
            if found[0]["n"]:
                self._client.command(f"DELETE FROM {table} WHERE {stale}", settings={"lightweight_deletes_sync": 2})
