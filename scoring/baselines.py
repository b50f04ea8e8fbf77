"""Pins the reference that drift is measured from, and measures a window of traffic against it.

The reference is a release, not "last week": against a moving reference slow drift hides. It stays until the next pin.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from conversation.errors import UsageError
from scoring.drift.compare import DriftSettings, Finding, compare
from scoring.drift.counts import from_json
from store.arguments import ArgumentStore
from store.baselines import Baseline, BaselineStore

NAME = "arguments"


@dataclass(frozen=True, slots=True)
class DriftReport:
    """What a window looks like against the pinned baseline.

    Attributes:
        agent: The agent.
        version: The release looked at, empty for all.
        baseline: The release and time of the reference, `version@pinned_at_ns`; empty where none is pinned.
        conversations: Conversations in the window.
        findings: Drift first; empty where there is no baseline.
    """

    agent: str
    version: str
    baseline: str
    conversations: int
    findings: tuple[Finding, ...]

    def to_json(self) -> dict[str, Any]:
        """The report as the API shows it."""
        shown = asdict(self)
        shown["findings"] = [
            {**item, "verdict": item.pop("state"), "argument": item.pop("path")} for item in shown["findings"]
        ]
        return shown


def pin(
    arguments: ArgumentStore,
    baselines: BaselineStore,
    project: str,
    agent: str,
    version: str,
    *,
    now_ns: int,
    since_ns: int | None = None,
    until_ns: int | None = None,
) -> Baseline:
    """Freeze how a release called its tools as the agent's reference.

    Raises:
        UsageError: Nothing of that release is stored.
    """
    counts = arguments.counts(project, agent, version, since_ns, until_ns)
    if not counts["tools"]:
        raise UsageError(f"no graded tool calls of agent {agent!r} version {version!r}: nothing to pin")
    baseline = Baseline(agent, version, NAME, now_ns, counts)
    baselines.pin(project, baseline)
    return baseline


def report(
    arguments: ArgumentStore,
    baselines: BaselineStore,
    project: str,
    agent: str,
    version: str | None = None,
    *,
    since_ns: int | None = None,
    until_ns: int | None = None,
    settings: DriftSettings | None = None,
) -> DriftReport:
    """Compare a window of an agent's traffic with its pinned baseline."""
    counts = arguments.counts(project, agent, version, since_ns, until_ns)
    pinned = baselines.current(project, agent, NAME)
    if pinned is None:
        return DriftReport(agent, version or "", "", counts["conversations"], ())
    findings: Sequence[Finding] = compare(from_json(pinned.document), from_json(counts), settings)
    reference = f"{pinned.version}@{pinned.pinned_at_ns}"
    return DriftReport(agent, version or "", reference, counts["conversations"], tuple(findings))
