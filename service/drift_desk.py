"""Population drift of tool arguments: pin a release, compare another with it."""

from __future__ import annotations

import time
from typing import Any

from conversation.errors import UsageError
from scoring.drift.compare import Finding, compare
from scoring.drift.counts import from_json
from store.arguments import ArgumentStore
from store.baselines import Baseline, BaselineStore
from store.times import iso
from store.verdicts import VerdictStore


class DriftDesk:
    """Baselines and drift reports of one store.

    Args:
        arguments: Counts over stored tool calls.
        baselines: Pinned references.
        verdicts: Which releases there are.
    """

    def __init__(self, arguments: ArgumentStore, baselines: BaselineStore, verdicts: VerdictStore) -> None:
        self._arguments = arguments
        self._baselines = baselines
        self._verdicts = verdicts

    def pin(self, project: str, agent: str, version: str) -> dict[str, Any]:
        """Freeze the counts of a release as its agent's reference.

        Raises:
            UsageError: The release made no tool calls.
        """
        counts = self._arguments.counts(project, agent, version)
        calls = sum(tool["calls"] for tool in counts["tools"].values())
        if not calls:
            raise UsageError(f"no stored tool calls of {agent!r} {version!r}; check both names in the console")
        now_ns = time.time_ns()
        self._baselines.pin(project, Baseline(agent, version, "arguments", now_ns, counts))
        arguments = sum(len(tool["arguments"]) for tool in counts["tools"].values())
        return {"id": f"{agent}@{version}", "pinned_at": iso(now_ns), "calls": calls, "arguments": arguments}

    def baselines(self, project: str) -> list[dict[str, Any]]:
        """The current reference of each agent."""
        return [
            {"agent": pinned.agent, "version": pinned.version, "pinned_at": iso(pinned.pinned_at_ns)}
            for pinned in self._baselines.all(project)
        ]

    def report(self, project: str, agent: str | None, version: str | None) -> dict[str, Any]:
        """Drift of a release (the newest by default) of one agent or of all agents with a baseline."""
        rows: list[dict[str, Any]] = []
        for pinned in self._baselines.all(project):
            if agent is not None and pinned.agent != agent:
                continue
            release = version or self._newest(project, pinned.agent)
            current = from_json(self._arguments.counts(project, pinned.agent, release))
            known = {"agent": pinned.agent, "version": release, "baseline": f"{pinned.agent}@{pinned.version}"}
            rows += [{**known, **_shown(found)} for found in compare(from_json(pinned.document), current)]
        return {"agent": agent, "version": version, "drift": rows}

    def _newest(self, project: str, agent: str) -> str | None:
        seen = [release for release in self._verdicts.releases().get(project, []) if release["agent"] == agent]
        return max(seen, key=lambda release: release["first_seen_ns"])["version"] if seen else None


def _shown(found: Finding) -> dict[str, Any]:
    return {
        "tool": found.tool,
        "argument": found.path or None,
        "statistic": found.kind,
        "value": found.statistic,
        "threshold": found.threshold,
        "p_value": found.p_adjusted,
        "verdict": found.state,
        "n": found.n,
        "n_reference": found.n_reference,
        "told": found.told,
    }
