"""Pass rates of the newest revisions, by agent, version, turn type, turn index or tool."""

from __future__ import annotations

from typing import Any, Literal

from conversation.errors import UsageError
from store.client import Client
from store.hours import SEALED, hours_of
from store.sql import framed
from store.statistics import pass_rate

Dimension = Literal["agent", "version", "turn_type", "turn_index", "tool"]
# Dimension: the key, the unit that counts once, and which scores have it.
SCORE_DIMENSIONS: dict[str, tuple[str, str, str]] = {
    "agent": ("toString(agent)", "attempt", "1"),
    "version": ("toString(version)", "attempt", "1"),
    "turn_type": ("toString(turn_type)", "turn", "turn IS NOT NULL"),
    "turn_index": ("toString(turn)", "turn", "turn IS NOT NULL"),
    "tool": ("toString(tool)", "tool_call_id", "tool != ''"),
}

_COUNTS = (
    "units",
    "passed",
    "failed",
    "inconclusive",
    "errors",
    "not_applicable",
    "conversations",
    "value_sum",
    "value_count",
)


class ScorecardStore:
    """Rates over all scores.

    Args:
        client: A migrated store.
    """

    def __init__(self, client: Client) -> None:
        self._client = client

    def rates(
        self,
        project: str,
        group_by: Dimension = "agent",
        agent: str | None = None,
        since_ns: int | None = None,
        until_ns: int | None = None,
    ) -> list[dict[str, Any]]:
        """One row for each group and score name, sorted.

        A unit counts once with its worst verdict: a conversation by agent and version, a turn by turn type and index, a
        tool call by tool. `pass_rate` is passed / (passed + failed) with its 95% Wilson interval; None where neither.
        """
        if group_by not in SCORE_DIMENSIONS:
            raise UsageError(f"group_by {group_by}: choose one of {', '.join(SCORE_DIMENSIONS)}")
        hours = hours_of(self._client, project, since_ns, until_ns)
        bindings = {**hours.bindings(), "dimension": group_by, "agent": agent or ""}
        rows = self._client.query(_both(group_by), bindings)
        return [_rate(group_by, row) for row in rows]


def units_sql(dimension: str) -> str:
    """Verdict counts of some hours' rows by agent, key and name; binds `hours` and the window."""
    key, unit, present = SCORE_DIMENSIONS[dimension]
    return framed("score_units", key=key, unit=unit, present=present)


def _both(dimension: str) -> str:
    sums = ", ".join(f"sum({name}) AS {name}" for name in _COUNTS)
    return f"""
SELECT key, name, {sums} FROM
(
    SELECT agent, key, name, {", ".join(_COUNTS)} FROM score_hours WHERE {SEALED} AND dimension = {{dimension:String}}
    UNION ALL
    SELECT agent, key, name, {", ".join(_COUNTS)} FROM ({units_sql(dimension)})
)
WHERE {{agent:String}} = '' OR agent = {{agent:String}}
GROUP BY key, name
ORDER BY key, name"""


def _rate(group_by: str, row: dict[str, Any]) -> dict[str, Any]:
    key: object = int(row["key"]) if group_by == "turn_index" else row["key"]
    return {
        group_by: key,
        "name": row["name"],
        "units": int(row["units"]),
        "conversations": int(row["conversations"]),
        "inconclusive": int(row["inconclusive"]),
        "errors": int(row["errors"]),
        "not_applicable": int(row["not_applicable"]),
        **pass_rate(int(row["passed"]), int(row["failed"])),
        "mean_value": row["value_sum"] / row["value_count"] if row["value_count"] else None,
    }
