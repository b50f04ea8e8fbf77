"""Pass rates of whole conversations: the verdict their scores add up to, by agent or release, and over time."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, Literal

from store.client import Client
from store.sql import framed, load
from store.statistics import pass_rate
from store.window import bound

By = Literal["agent", "version"]
_KEYS = {"agent": "toString(agent)", "version": "toString(version)"}


class VerdictStore:
    """Verdicts of the newest revisions.

    Args:
        client: A migrated store.
    """

    def __init__(self, client: Client) -> None:
        self._client = client

    def rates(
        self,
        project: str,
        by: By = "version",
        agent: str | None = None,
        since_ns: int | None = None,
        until_ns: int | None = None,
    ) -> list[dict[str, Any]]:
        """One row a group, sorted; `pass_rate` is passed / (passed + failed) with its 95% Wilson interval.

        `per_resolved_usd` is the known cost of all conversations for each that passed, a lower limit where
        `unpriced_calls` is not 0.
        """
        return [
            {by: row["key"], **_rate(row)}
            for row in self._rows(project, by, "toUInt32(0)", agent=agent, since_ns=since_ns, until_ns=until_ns)
        ]

    def over_time(
        self, project: str, agent: str | None = None, since_ns: int | None = None, until_ns: int | None = None
    ) -> list[dict[str, Any]]:
        """One row for each hour and release, in order; `at` is the hour's start in ISO 8601."""
        rows = self._rows(
            project, "version", "toUnixTimestamp(hour)", agent=agent, since_ns=since_ns, until_ns=until_ns
        )
        return [
            {
                "at": datetime.fromtimestamp(int(row["bucket"]), UTC).isoformat(),
                "version": row["key"],
                **_rate(row),
            }
            for row in rows
        ]

    def releases(self) -> dict[str, list[dict[str, Any]]]:
        """Outcomes of each release by project: agent, version, first_seen_ns, passed, failed."""
        found: dict[str, list[dict[str, Any]]] = {}
        for row in self._client.query(load("verdict_releases"), role="jobs"):
            numbers = {name: int(row[name]) for name in ("first_seen_ns", "passed", "failed")}
            release = {"agent": row["agent_name"], "version": row["agent_version"], **numbers}
            found.setdefault(row["of_project"], []).append(release)
        return found

    def _rows(
        self, project: str, by: By, bucket: str, *, agent: str | None, since_ns: int | None, until_ns: int | None
    ) -> list[dict[str, Any]]:
        bounds = {**bound(project, since_ns, until_ns), "agent": agent or ""}
        return self._client.query(framed("verdict_rates", key=_KEYS[by], bucket=bucket), bounds)


def _rate(row: dict[str, Any]) -> dict[str, Any]:
    return {
        "conversations": int(row["conversations"]),
        "inconclusive": int(row["inconclusive"]),
        "cost_usd": row["usd"],
        "per_resolved_usd": row["usd"] / int(row["passed"]) if row["usd"] is not None and int(row["passed"]) else None,
        "unpriced_calls": int(row["unpriced"]),
        **pass_rate(int(row["passed"]), int(row["failed"])),
    }
