"""Drift of an agent's tool calls as an incident and as gauges.

The gauges carry, for each argument, the statistic that is furthest over its threshold. A statistic above its threshold
that chance explains (it did not survive the false-discovery procedure) is shown at the threshold, so that the rule
`statistic > threshold` says the same as the drift report.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence

from alerts import incidents
from alerts.families import Operations
from alerts.labels import LabelCap
from scoring.drift.compare import Finding

KIND = "drift"
TOOL_ITSELF = "(calls)"
"""Label of what is about a tool's calls, not one argument: their rate and order."""
_SHOWN = 3


def incident(agent: str, version: str, baseline: str, found: Sequence[Finding], since_ns: int) -> incidents.Finding:
    """One incident for all that drifts in a release.

    Args:
        agent: The agent.
        version: Its release.
        baseline: The release it is measured against.
        found: What drifts, furthest first; at least one.
        since_ns: Begin of the stretch that was tested.
    """
    places = list(dict.fromkeys(_place(one) for one in found))
    more = f" and {len(places) - _SHOWN} more" if len(places) > _SHOWN else ""
    told = "; ".join(f"{_place(one)}: {one.kind.replace('_', ' ')}, {one.told}" for one in found[:_SHOWN])
    return incidents.Finding(
        kind=KIND,
        key=f"{agent}/{version}",
        title=f"{agent} {version} calls tools otherwise than {baseline}: {', '.join(places[:_SHOWN])}{more}",
        severity="ticket",
        summary=told,
        labels={"alertname": "FloorlineArgumentDrift", "agent": agent, "version": version, "tool": found[0].tool},
        since_ns=since_ns,
        failing=False,
    )


def _place(found: Finding) -> str:
    return f"{found.tool} {found.path}" if found.path else f"{found.tool} {TOOL_ITSELF}"


class DriftGauges:
    """Keeps the drift gauges.

    Args:
        operations: Where they are.
    """

    def __init__(self, operations: Operations) -> None:
        self._operations = operations
        self._labels = LabelCap(lambda label: operations.capped.labels(label).inc())
        self._shown: dict[str, set[tuple[str, str, str]]] = defaultdict(set)

    def show(self, agent: str, found: Iterable[Finding]) -> None:
        """Set the series of an agent and drop those that nothing speaks of any more."""
        name = self._labels.admit("agent", agent)
        worst: dict[tuple[str, str, str], tuple[float, float, float]] = {}
        for one in found:
            if one.state == "not_enough_data":
                continue
            tool = self._labels.admit("tool", one.tool, agent)
            series = (name, tool, self._labels.admit("argument", one.path or TOOL_ITSELF, f"{agent}/{one.tool}"))
            value = one.statistic if one.state == "drift" else min(one.statistic, one.threshold)
            excess = value / one.threshold if one.threshold else value
            if series not in worst or excess > worst[series][0]:
                worst[series] = (excess, value, one.threshold)
        for series, (_, value, threshold) in worst.items():
            self._operations.drift.labels(*series).set(value)
            self._operations.drift_threshold.labels(*series).set(threshold)
        for series in self._shown[agent] - set(worst):
            self._operations.drift.remove(*series)
            self._operations.drift_threshold.remove(*series)
        self._shown[agent] = set(worst)
