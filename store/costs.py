"""What model calls took and cost, by agent, version, model, tool, turn type or intent, in the newest revisions."""

from __future__ import annotations

from typing import Any, Literal

from conversation.errors import UsageError
from store.client import Client
from store.sql import equal, framed
from store.window import bound

By = Literal["agent", "version", "model", "tool", "turn_type", "intent", "all"]
REPLY = "(reply)"
"""The key of model calls that asked for no tool."""
MOST = 1000
_COLUMNS: dict[str, str] = {
    "agent": "toString(agent)",
    "version": "toString(version)",
    "model": "toString(model)",
    "tool": "toString(tool)",
    "turn_type": "toString(turn_type)",
    "intent": "toString(intent)",
    "all": "''",
}


class CostStore:
    """Sums over model calls.

    Args:
        client: A migrated store.
    """

    def __init__(self, client: Client) -> None:
        self._client = client

    def spent(
        self,
        project: str,
        by: By = "agent",
        since_ns: int | None = None,
        until_ns: int | None = None,
        *,
        agent: str | None = None,
        version: str | None = None,
        model: str | None = None,
        turn_type: str | None = None,
        intent: str | None = None,
    ) -> list[dict[str, Any]]:
        """One row for each group, the dearest first, at most `MOST`.

        Args:
            project: Whose.
            by: What to group by. With `tool` a model call counts for the tools it asked for, in equal shares, else for
                `(reply)`: the rows add up to the whole.
            since_ns: Conversations started at or after this.
            until_ns: Conversations started before this.
            agent: Only this agent.
            version: Only this version of the agent.
            model: Only calls of this model.
            turn_type: Only turns of this type.
            intent: Only conversations of this intent.

        Returns:
            `{by, calls, turns, conversations, resolved, tokens, cost_usd, reasoning_usd, per_*_usd, unpriced_calls,
            stated_calls, prices}`. Money is None where no call's cost is known; with `unpriced_calls` it is a lower
            limit. `resolved` conversations are those that passed; `per_resolved_usd` spreads the money of all of them.
        """
        if by not in _COLUMNS:
            raise UsageError(f"by {by}: choose one of {', '.join(_COLUMNS)}")
        given = {"agent": agent, "version": version, "model": model, "turn_type": turn_type, "intent": intent}
        wanted = {name: value for name, value in given.items() if value is not None}
        tools = f"if(empty(tools), ['{REPLY}'], arrayMap(name -> toString(name), arrayDistinct(tools)))"
        shared = by == "tool"
        sql = framed(
            "costs",
            key=_COLUMNS[by],
            calls="uniqExact(cityHash64(attempt, position))" if shared else "count()",
            tool=f"arrayJoin({tools})" if shared else "''",
            share="if(empty(tools), 1., countEqual(tools, tool) / length(tools))" if shared else "1",
            filters=equal(wanted),
        )
        rows = self._client.query(sql, {**bound(project, since_ns, until_ns), **wanted, "limit": MOST})
        return [{by: row["group_key"], **_spent(row)} for row in rows]


def _spent(row: dict[str, Any]) -> dict[str, Any]:
    usd = row["usd"]
    counts = {
        "call": int(row["calls"]),
        "turn": int(row["of_turns"]),
        "conversation": int(row["of_conversations"]),
        "resolved": int(row["resolved"]),
    }
    return {
        "calls": counts["call"],
        "turns": counts["turn"],
        "conversations": counts["conversation"],
        "resolved": counts["resolved"],
        "tokens": {
            name: round(row[column])
            for name, column in (
                ("input", "given"),
                ("output", "made"),
                ("reasoning", "thought"),
                ("cached", "cached"),
                ("written", "written"),
            )
        },
        "cost_usd": usd,
        "reasoning_usd": row["thought_usd"],
        **{f"per_{name}_usd": usd / n if usd is not None and n else None for name, n in counts.items()},
        "unpriced_calls": int(row["unpriced"]),
        "stated_calls": int(row["stated"]),
        "prices": sorted(str(version) for version in row["by_prices"]),
    }
