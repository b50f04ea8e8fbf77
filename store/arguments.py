"""How tools were called: counts of arguments by agent, version and time, for drift. Newest revisions only."""

from __future__ import annotations

from typing import Any

from store.client import Client
from store.sql import load
from store.window import CURRENT, bound

# Distinct items listed for each path and kind of count; the rest is summed up in `unlisted`.
_MOST_ITEMS = 500


class ArgumentStore:
    """Counts over stored tool calls.

    Args:
        client: A migrated store.
    """

    def __init__(self, client: Client) -> None:
        self._client = client

    def counts(
        self,
        project: str,
        agent: str | None = None,
        version: str | None = None,
        since_ns: int | None = None,
        until_ns: int | None = None,
        *,
        tool: str | None = None,
    ) -> dict[str, Any]:
        """Counts of one window.

        Returns:
            `{"conversations", "tools": {tool: {"calls", "conversations", "before": {tool: calls}, "arguments": {path:
            {"present", "types", "values", "unlisted", "numbers", "shapes"}}}}}`. Paths are JSON pointers, elements of
            lists share `/*`; values are text, cut at 200 characters; counts are calls.
        """
        wanted = {name: value for name, value in (("agent", agent), ("version", version)) if value is not None}
        bindings = {**bound(project, since_ns, until_ns), **wanted, "most": _MOST_ITEMS}
        filters = "".join(f" AND {name} = {{{name}:String}}" for name in wanted)
        tools = self._tools(bindings, filters, tool)
        arguments = filters + (" AND tool = {tool:String}" if tool is not None else "")
        for row in self._client.query(_filled("argument_counts", arguments), {**bindings, "tool": tool or ""}):
            _add(tools[row["tool"]]["arguments"], row)
        for found in tools.values():
            for counts in found["arguments"].values():
                counts["unlisted"] = max(0, counts["present"] - sum(counts["values"].values()))
        total = self._client.query(
            f"SELECT uniqExact(attempt) AS conversations FROM conversations WHERE {CURRENT}{filters}", bindings
        )
        return {"conversations": int(total[0]["conversations"]), "tools": tools}

    def conversations(self, project: str, agent: str, version: str, since_ns: int | None = None) -> int:
        """How many conversations a release had."""
        rows = self._client.query(
            f"SELECT count() AS conversations FROM conversations WHERE {CURRENT} "
            "AND agent = {agent:String} AND version = {version:String}",
            {**bound(project, since_ns, None), "agent": agent, "version": version},
        )
        return int(rows[0]["conversations"])

    def began(self, project: str, agent: str, version: str, place: int, since_ns: int | None = None) -> int | None:
        """When the conversation at a place began (0 is a release's first), in Unix nanoseconds; None past the end."""
        rows = self._client.query(
            f"SELECT started_ns FROM conversations WHERE {CURRENT} "
            "AND agent = {agent:String} AND version = {version:String} "
            "ORDER BY started_ns LIMIT 1 OFFSET {place:UInt64}",
            {**bound(project, since_ns, None), "agent": agent, "version": version, "place": place},
        )
        return int(rows[0]["started_ns"]) if rows else None

    def _tools(self, bindings: dict[str, object], filters: str, tool: str | None) -> dict[str, dict[str, Any]]:
        tools: dict[str, dict[str, Any]] = {}
        seen: dict[str, set[int]] = {}
        for row in self._client.query(_filled("tool_counts", filters), bindings):
            if tool is not None and row["tool"] != tool:
                continue
            found = tools.setdefault(row["tool"], {"calls": 0, "conversations": 0, "before": {}, "arguments": {}})
            found["calls"] += int(row["calls"])
            found["before"][row["before"]] = int(row["calls"])
            seen.setdefault(row["tool"], set()).update(row["attempts"])
        for name, attempts in seen.items():
            tools[name]["conversations"] = len(attempts)
        return tools


def _filled(name: str, filters: str) -> str:
    return load(name).replace("{current}", CURRENT).replace("{filters}", filters)


def _add(arguments: dict[str, dict[str, Any]], row: dict[str, Any]) -> None:
    empty: dict[str, Any] = {"present": 0, "types": {}, "values": {}, "unlisted": 0, "numbers": {}, "shapes": {}}
    counts = arguments.setdefault(row["path"], empty)
    if row["what"] == "present":
        counts["present"] = int(row["calls"])
    else:
        item = row["number"] if row["what"] == "numbers" else row["item"]
        counts[row["what"]][item] = int(row["calls"])
