"""The slowest turns of a window, and each model call's tokens against its seconds."""

from __future__ import annotations

from typing import Any, Literal

from conversation.errors import UsageError
from store.client import Client
from store.sql import equal, framed
from store.times import iso
from store.window import bound

Measure = Literal["duration", "first_token"]
MEASURES = ("duration", "first_token")


class SlowTurnStore:
    """Single turns and calls of the newest revisions.

    Args:
        client: A migrated store.
    """

    def __init__(self, client: Client) -> None:
        self._client = client

    def slowest(
        self,
        project: str,
        since_ns: int | None = None,
        until_ns: int | None = None,
        *,
        measure: Measure = "duration",
        agent: str | None = None,
        version: str | None = None,
        model: str | None = None,
        turn_type: str | None = None,
        channel: str | None = None,
        limit: int = 20,
    ) -> list[dict[str, Any]]:
        """The turns customers waited longest for: to the whole reply, or to its first words.

        Args:
            project: Whose.
            since_ns: Conversations started at or after this.
            until_ns: Conversations started before this.
            measure: What to rank by.
            agent: Only this agent.
            version: Only this version of the agent.
            model: Only turns answered by this model.
            turn_type: Only turns of this type.
            channel: Only this channel.
            limit: Most turns.
        """
        if measure not in MEASURES:
            raise UsageError(f"measure {measure}: choose one of {', '.join(MEASURES)}")
        given = {"agent": agent, "version": version, "model": model, "type": turn_type, "channel": channel}
        wanted = {name: value for name, value in given.items() if value is not None}
        sql = framed("slowest_turns", measure=f"{measure}_seconds", filters=equal(wanted))
        rows = self._client.query(sql, {**bound(project, since_ns, until_ns), **wanted, "limit": limit})
        return [_turn(row) for row in rows]

    def thinking(
        self,
        project: str,
        since_ns: int | None = None,
        until_ns: int | None = None,
        *,
        agent: str | None = None,
        version: str | None = None,
        model: str | None = None,
        limit: int = 5000,
    ) -> list[dict[str, Any]]:
        """Model calls, the newest first: of models that report reasoning tokens at all, their tokens and seconds."""
        given = {"agent": agent, "version": version, "model": model}
        wanted = {name: value for name, value in given.items() if value is not None}
        return self._client.query(
            framed("thinking", filters=equal(wanted)), {**bound(project, since_ns, until_ns), **wanted, "limit": limit}
        )


def _turn(row: dict[str, Any]) -> dict[str, Any]:
    return {
        "conversation_id": row["conversation_id"],
        "turn": int(row["turn"]),
        "turn_type": row["type"],
        "agent": {"name": row["agent"], "version": row["version"]},
        "model": row["model"],
        "channel": row["channel"],
        "started_at": iso(int(row["turn_started_ns"])),
        "first_token_seconds": row["first_token_seconds"],
        "duration_seconds": row["duration_seconds"],
        "reasoning_tokens": int(row["reasoning_tokens"]),
        "cost_usd": row["cost_usd"],
        "seconds_by_kind": dict(row["segments"]),
    }
