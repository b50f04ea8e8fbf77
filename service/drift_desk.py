"""Population drift of tool arguments: pin a release, compare another with it, and watch the newest one.

The report compares all of a release so far, for people who look. The watch tests one full block of conversations after
the other (`scoring.drift.blocks`), each once, and raises gauges and an incident; both last until a later block, another
release or another baseline shows no drift.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from typing import Any

from alerts import drift as alarms
from alerts.drift import DriftGauges
from conversation.errors import UsageError
from scoring.drift import blocks
from scoring.drift.compare import Finding, compare
from scoring.drift.counts import from_json
from service.incident_desk import IncidentDesk
from store.arguments import ArgumentStore
from store.baselines import Baseline, BaselineStore
from store.times import iso
from store.verdicts import VerdictStore


@dataclass(frozen=True, slots=True)
class Look:
    """What the last look at an agent saw: its release, the block that was tested, and what was found in it.

    `block` is None while the release has too few conversations; `pinned_at_ns` is the baseline's.
    """

    agent: str
    version: str
    baseline: str
    pinned_at_ns: int
    conversations: int
    block: tuple[int, int] | None
    since_ns: int
    until_ns: int | None
    found: tuple[Finding, ...]

    @property
    def drifting(self) -> list[Finding]:
        """What drifts, furthest first."""
        return [one for one in self.found if one.state == "drift"]

    def shown(self) -> dict[str, Any]:
        """For the API: how far the watch has come and what it says."""
        tested = self.block is not None
        return {
            "agent": self.agent,
            "version": self.version,
            "baseline": f"{self.agent}@{self.baseline}",
            "conversations": self.conversations,
            "tested": list(self.block) if self.block else None,
            "tested_since": iso(self.since_ns) if tested else None,
            "tested_until": iso(self.until_ns) if tested and self.until_ns is not None else None,
            "next_test_at": blocks.next_at(self.conversations),
            "state": "not_enough_data" if not tested else "drift" if self.drifting else "ok",
            "drifting": [{"tool": one.tool, "argument": one.path or None, "told": one.told} for one in self.drifting],
        }


class DriftDesk:
    """Baselines and drift reports of one store.

    Args:
        arguments: Counts over stored tool calls.
        baselines: Pinned references.
        verdicts: Which releases there are.
        incidents: Where lasting drift is reported.
        gauges: Where it is shown to Prometheus.
    """

    def __init__(
        self,
        arguments: ArgumentStore,
        baselines: BaselineStore,
        verdicts: VerdictStore,
        incidents: IncidentDesk,
        gauges: DriftGauges,
    ) -> None:
        self._arguments = arguments
        self._baselines = baselines
        self._verdicts = verdicts
        self._incidents = incidents
        self._gauges = gauges
        self._looks: dict[tuple[str, str], Look] = {}
        self.pins = 0

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
        self.pins += 1
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
            since = _own_traffic(pinned, release)
            current = from_json(self._arguments.counts(project, pinned.agent, release, since))
            known = {"agent": pinned.agent, "version": release, "baseline": f"{pinned.agent}@{pinned.version}"}
            rows += [{**known, **_shown(found)} for found in compare(from_json(pinned.document), current)]
        watched = [look.shown() for (owner, _), look in sorted(self._looks.items()) if owner == project]
        watch = [look for look in watched if agent is None or look["agent"] == agent]
        return {"agent": agent, "version": version, "watch": watch, "drift": rows}

    def watch(self) -> None:
        """Test every block of conversations that has become full; set the gauges, open and close incidents."""
        for project in self._verdicts.releases():
            looks = [look for pinned in self._baselines.all(project) if (look := self._look(project, pinned))]
            gone = {key for key in self._looks if key[0] == project} - {(project, look.agent) for look in looks}
            for key in gone:
                del self._looks[key]
                self._gauges.show(key[1], ())
            for look in looks:
                if self._looks.get((project, look.agent)) != look:
                    self._looks[project, look.agent] = look
                    self._gauges.show(look.agent, look.found)
            drifting = [look for look in looks if look.drifting]
            self._incidents.report(
                project,
                alarms.KIND,
                [
                    alarms.incident(look.agent, look.version, look.baseline, look.drifting, look.since_ns)
                    for look in drifting
                ],
            )

    def _look(self, project: str, pinned: Baseline) -> Look | None:
        """The newest full block of the agent's newest release; the last look again while no further one is full."""
        release = self._newest(project, pinned.agent)
        if release is None:
            return None
        since = _own_traffic(pinned, release)
        count = self._arguments.conversations(project, pinned.agent, release, since)
        block = blocks.last_full(count)
        known = self._looks.get((project, pinned.agent))
        same = (pinned.version, pinned.pinned_at_ns, release, block)
        if known and same == (known.baseline, known.pinned_at_ns, known.version, known.block):
            return replace(known, conversations=count)
        begin, end = since or 0, None
        found: tuple[Finding, ...] = ()
        if block:
            begin = self._arguments.began(project, pinned.agent, release, block[0], since) or begin
            end = self._arguments.began(project, pinned.agent, release, block[1], since)
            counts = self._arguments.counts(project, pinned.agent, release, begin, end)
            found = tuple(compare(from_json(pinned.document), from_json(counts)))
        return Look(
            agent=pinned.agent,
            version=release,
            baseline=pinned.version,
            pinned_at_ns=pinned.pinned_at_ns,
            conversations=count,
            block=block,
            since_ns=begin,
            until_ns=end,
            found=found,
        )

    def _newest(self, project: str, agent: str) -> str | None:
        seen = [release for release in self._verdicts.releases().get(project, []) if release["agent"] == agent]
        return max(seen, key=lambda release: release["first_seen_ns"])["version"] if seen else None


def _own_traffic(pinned: Baseline, release: str | None) -> int | None:
    """From when on a release's traffic counts: the baseline's own release only with what came after the pin."""
    return pinned.pinned_at_ns if release == pinned.version else None


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
