"""Removes one person: everything of every conversation that names them, and proves it by counting what is left."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from store.client import Client
from store.sql import load
from store.traces import is_trace_id

_BY_TRACE = ("spans", "logs", "trace_activity", "conversation_traces", "trace_links", "trace_log")
_BY_CONVERSATION = (
    "conversations",
    "turns",
    "tool_calls",
    "model_calls",
    "scores",
    "ledger",
    "attempts",
    "graded",
    "labels",
    "conversation_ends",
)
_SUMS = (
    "turn_hours",
    "segment_hours",
    "score_hours",
    "sealed_hours",
    "turn_days",
    "segment_days",
    "sealed_days",
)


@dataclass(frozen=True, slots=True)
class Erased:
    """Rows of one table that were of the person: removed, and left afterwards (0 unless something went wrong)."""

    where: str
    removed: int
    left: int


class EraseStore:
    """Erases people.

    Args:
        client: A migrated store.
    """

    def __init__(self, client: Client) -> None:
        self._client = client

    def conversations(self, project: str, user_id: str) -> list[str]:
        """Ids of the conversations that name a user."""
        return sorted(self._found(project, user_id)[0])

    def erase(self, project: str, user_id: str) -> list[Erased]:
        """Remove a user; one line for each table, also where there was nothing.

        Removes whole conversations: their words are the person's, whoever typed them. Sums of their hours are dropped
        and made again without them.
        """
        ids, traces, attempts, hours = self._found(project, user_id)
        by_trace = "trace_id IN (SELECT toFixedString(unhex(arrayJoin({traces:Array(String)})), 16))"
        by_attempt = "attempt IN {attempts:Array(UInt64)}"
        days = {hour // 86_400 * 86_400 for hour in hours}
        by_hour = "hour IN (SELECT toDateTime(arrayJoin({hours:Array(UInt32)}), 'UTC'))"
        scopes: list[tuple[str, str, Mapping[str, object]]] = [
            *((table, by_trace, {"traces": sorted(traces)}) for table in _BY_TRACE),
            *((table, "conversation_id IN {ids:Array(String)}", {"ids": sorted(ids)}) for table in _BY_CONVERSATION),
            ("argument_values", by_attempt, {"attempts": sorted(attempts)}),
            *((table, by_hour, {"hours": sorted(hours | days)}) for table in _SUMS),
        ]
        return [self._erase(table, condition, {"project": project, **values}) for table, condition, values in scopes]

    def _erase(self, table: str, condition: str, bindings: dict[str, object]) -> Erased:
        where = f"project = {{project:String}} AND {condition}"
        removed = self._count(table, where, bindings)
        if removed:
            self._client.command(
                f"DELETE FROM {table} WHERE {where}", bindings, settings={"lightweight_deletes_sync": 2}
            )
            # A lightweight delete only hides rows; the words themselves must go from disk too.
            self._client.command(f"ALTER TABLE {table} APPLY DELETED MASK", settings={"mutations_sync": 2})
        return Erased(table, removed, self._count(table, where, bindings) if removed else 0)

    def _count(self, table: str, where: str, bindings: dict[str, object]) -> int:
        return int(self._client.query(f"SELECT count() AS n FROM {table} WHERE {where}", bindings, role="jobs")[0]["n"])

    def _found(self, project: str, user_id: str) -> tuple[set[str], set[str], set[int], set[int]]:
        """Conversation ids, hex trace ids, attempts and hours of a user."""
        person: dict[str, object] = {"project": project, "user": user_id}
        named = self._rows("erase_traces", person)
        ids = {row["conversation_id"] for row in self._rows("erase_conversations", person)}
        ids |= {row["id"] or row["trace"] for row in named}
        ids |= {name for row in named for name in row["ids"] if name}
        theirs: dict[str, object] = {"project": project, "ids": sorted(ids)}
        traces = {row["trace"] for row in named} | {row["trace"] for row in self._rows("erase_more_traces", theirs)}
        traces |= {name for name in ids if is_trace_id(name)}
        marks = self._rows("erase_attempts", theirs)
        return ids, traces, {int(row["attempt"]) for row in marks}, {int(row["hour"]) for row in marks}

    def _rows(self, query: str, bindings: dict[str, object]) -> list[dict[str, Any]]:
        return self._client.query(load(query), bindings, role="jobs")
