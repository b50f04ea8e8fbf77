"""Frozen references by agent and name: what drift and learned schemas compare with. The last one pinned counts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from store.client import Client
from store.documents import dumps, loads

_COLUMNS = ("project", "agent", "version", "name", "pinned_at_ns", "document")


@dataclass(frozen=True, slots=True)
class Baseline:
    """One frozen reference.

    Attributes:
        agent: Whose behaviour.
        version: The agent's version it was taken from.
        name: What it is for, such as `arguments`.
        pinned_at_ns: When.
        document: The reference itself, plain JSON.
    """

    agent: str
    version: str
    name: str
    pinned_at_ns: int
    document: Any


class BaselineStore:
    """Baselines of all projects.

    Args:
        client: A migrated store.
    """

    def __init__(self, client: Client) -> None:
        self._client = client

    def pin(self, project: str, baseline: Baseline) -> None:
        """Make a baseline the current one of its agent and name."""
        head = [project, baseline.agent, baseline.version, baseline.name, baseline.pinned_at_ns]
        self._client.insert("baselines", _COLUMNS, [[*head, dumps(baseline.document)]])

    def current(self, project: str, agent: str, name: str = "arguments") -> Baseline | None:
        """The baseline pinned last for an agent; None if none was."""
        rows = self._client.query(
            f"SELECT {', '.join(_COLUMNS)} FROM baselines WHERE project = {{project:String}} "
            "AND agent = {agent:String} AND name = {name:String} ORDER BY pinned_at_ns DESC LIMIT 1",
            {"project": project, "agent": agent, "name": name},
        )
        return _baseline(rows[0]) if rows else None

    def all(self, project: str, name: str = "arguments") -> list[Baseline]:
        """The current baseline of every agent."""
        rows = self._client.query(
            f"SELECT {', '.join(_COLUMNS)} FROM baselines WHERE project = {{project:String}} "
            "AND name = {name:String} ORDER BY agent, pinned_at_ns DESC LIMIT 1 BY agent",
            {"project": project, "name": name},
        )
        return [_baseline(row) for row in rows]


def _baseline(row: dict[str, Any]) -> Baseline:
    return Baseline(row["agent"], row["version"], row["name"], int(row["pinned_at_ns"]), loads(row["document"]))
