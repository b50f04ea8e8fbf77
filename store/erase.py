"""Removes one person: everything of every conversation that names them, and proves it by counting what is left."""

from __future__ import annotations

from dataclasses import dataclass

from store.client import Client

_BY_TRACE = ("spans", "logs", "trace_activity", "conversation_traces", "trace_links", "trace_log")
_BY_CONVERSATION = (
    "conversations",
    "turns",
    "tool_calls",
    "scores",
    "ledger",
    "attempts",
    "graded",
    "labels",
    "conversation_ends",
)
_SUMS = ("turn_hours", "score_hours", "sealed_hours")


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
        scopes: list[tuple[str, str, dict[str, object]]] = []
        for table in _BY_TRACE:
            condition = "trace_id IN (SELECT toFixedString(unhex(arrayJoin({traces:Array(String)})), 16))"
            scopes.append((table, condition, {"traces": sorted(traces)}))
        for table in _BY_CONVERSATION:
            scopes.append((table, "conversation_id IN {ids:Array(String)}", {"ids": sorted(ids)}))
        scopes.append(("argument_values", "attempt IN {attempts:Array(UInt64)}", {"attempts": sorted(attempts)}))
        for table in _SUMS:
            within = "hour IN (SELECT toDateTime(arrayJoin({hours:Array(UInt32)}), 'UTC'))"
            scopes.append((table, within, {"hours": sorted(hours)}))
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
        person = {"project": project, "user": user_id}
        graded = self._client.query(
            "SELECT DISTINCT conversation_id FROM conversations WHERE project = {project:String} AND user_id = {user:String}",
            person,
            role="jobs",
        )
        named = self._client.query(
            "SELECT lower(hex(trace_id)) AS trace, min(trace_activity.conversation).4 AS id, groupUniqArrayArray(trace_activity.sessions) AS ids "
            "FROM trace_activity WHERE project = {project:String} GROUP BY trace_id "
            "HAVING min(trace_activity.user).4 = {user:String}",
            person,
            role="jobs",
        )
        ids = {row["conversation_id"] for row in graded} | {row["id"] or row["trace"] for row in named}
        ids |= {name for row in named for name in row["ids"] if name}
        bindings = {"project": project, "ids": sorted(ids)}
        traces = {row["trace"] for row in named} | {
            row["trace"]
            for row in self._client.query(
                "SELECT DISTINCT lower(hex(trace_id)) AS trace FROM conversation_traces WHERE project = {project:String} "
                "AND conversation_id IN {ids:Array(String)} UNION DISTINCT "
                "SELECT DISTINCT lower(hex(trace_id)) AS trace FROM trace_links WHERE project = {project:String} "
                "AND conversation_id IN {ids:Array(String)}",
                bindings,
                role="jobs",
            )
        }
        traces |= {name for name in ids if len(name) == 32 and set(name) <= set("0123456789abcdef")}  # noqa: PLR2004 - a trace that is its own conversation
        marks = self._client.query(
            "SELECT DISTINCT attempt, toUnixTimestamp(hour) AS hour FROM attempts WHERE project = {project:String} "
            "AND conversation_id IN {ids:Array(String)}",
            bindings,
            role="jobs",
        )
        return ids, traces, {int(row["attempt"]) for row in marks}, {int(row["hour"]) for row in marks}
