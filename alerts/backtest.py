"""Would it have paged? Replays stored history against the objectives, minute by minute.

The same arithmetic as the generated rules: a window pair fires while the share of bad events is above its threshold in
both windows and the long one has enough events. Differences to Prometheus: events count at the moment they happened,
not when they were graded and scraped, and nothing is extrapolated at the edges of a window.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from alerts.burn_rates import Pair, Windows, seconds
from alerts.objectives import ObjectivesSpec, SloSpec

STEP_SECONDS = 60
Times = NDArray[np.float64]
Flags = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Happened:
    """One event of an objective: when, by which agent, and whether it was bad."""

    at_ns: int
    agent: str
    bad: bool


class History(Protocol):
    """Stored history as events of an objective."""

    def events(self, project: str, slo: SloSpec, since_ns: int, until_ns: int) -> Iterable[Happened]:
        """The events of a window of time, in any order."""
        ...


@dataclass(frozen=True, slots=True)
class Firing:
    """One alert that would have been: from its first minute to its last.

    Attributes:
        share: Highest share of bad events in the long window of a pair that fired, in 0-1.
    """

    slo: str
    agent: str
    severity: str
    started_ns: int
    ended_ns: int
    share: float


@dataclass(frozen=True, slots=True)
class Replay:
    """What one objective would have done; `events` and `bad` are totals, for all agents."""

    objective: str
    events: int
    bad: int
    firings: tuple[Firing, ...]

    def count(self, severity: str) -> int:
        """How many alerts of a severity."""
        return sum(firing.severity == severity for firing in self.firings)

    @property
    def first_ns(self) -> int | None:
        """Start of the first alert; None where there was none."""
        return min((firing.started_ns for firing in self.firings), default=None)


def backtest(
    spec: ObjectivesSpec, windows: Windows, history: History, project: str, *, since_ns: int, until_ns: int
) -> list[Replay]:
    """Replay every objective that has events; freshness has none in history and is left out.

    Args:
        spec: The objectives.
        windows: Their burn-rate windows.
        history: Where the events come from.
        project: Whose.
        since_ns: Alerts from here on; events before it, one long window, are read too.
        until_ns: To here.
    """
    longest = max(seconds(pair.long) for pair in windows.alerts)
    minutes = np.arange(since_ns / 1e9, until_ns / 1e9 + STEP_SECONDS, STEP_SECONDS)
    replays = []
    for slo in spec.slos:
        if slo.indicator.grading_freshness is not None:
            continue
        events = list(history.events(project, slo, since_ns - longest * 1_000_000_000, until_ns))
        wanted = [event for event in events if not slo.agents or event.agent in slo.agents]
        shown = [event for event in wanted if event.at_ns >= since_ns]
        firings = _firings(spec, windows, slo, wanted, minutes)
        replays.append(Replay(slo.name, len(shown), sum(event.bad for event in shown), tuple(firings)))
    return replays


def _firings(
    spec: ObjectivesSpec, windows: Windows, slo: SloSpec, events: Sequence[Happened], minutes: Times
) -> list[Firing]:
    by_agent: dict[str, list[Happened]] = {}
    for event in events:
        by_agent.setdefault(event.agent, []).append(event)
    found = []
    for agent, own in sorted(by_agent.items()):
        counted = _Counted(own)
        for severity in ("page", "ticket"):
            pairs = [pair for pair in windows.alerts if pair.severity == severity]
            shares = [
                counted.burning(pair, windows.threshold(pair, slo.ratio), spec.events(slo), minutes) for pair in pairs
            ]
            if shares:
                found += _spells(slo.name, agent, severity, minutes, np.max(shares, axis=0))
    return sorted(found, key=lambda firing: (firing.started_ns, firing.agent, firing.severity))


class _Counted:
    """Events of one agent in order, with the bad ones added up, so that a window is two look-ups."""

    def __init__(self, events: Iterable[Happened]) -> None:
        ordered = sorted(events, key=lambda event: event.at_ns)
        self._times: Times = np.array([event.at_ns / 1e9 for event in ordered])
        self._bad = np.concatenate([[0], np.cumsum([event.bad for event in ordered])])

    def burning(self, pair: Pair, threshold: float, events: int, minutes: Times) -> Times:
        """For each minute the long window's share of bad events where the pair fires, else 0."""
        short, _ = self._share(pair.short, minutes)
        long, count = self._share(pair.long, minutes)
        fires: Flags = (short > threshold) & (long > threshold) & (count >= events)
        return np.where(fires, long, 0.0)

    def _share(self, window: str, minutes: Times) -> tuple[Times, Times]:
        """Share of bad events and number of events in the window that ends at each minute."""
        last = np.searchsorted(self._times, minutes, side="right")
        first = np.searchsorted(self._times, minutes - seconds(window), side="right")
        count = (last - first).astype(float)
        bad = (self._bad[last] - self._bad[first]).astype(float)
        return np.divide(bad, count, out=np.zeros_like(bad), where=count > 0), count


def _spells(slo: str, agent: str, severity: str, minutes: Times, shares: Times) -> list[Firing]:
    """Minutes in a row that fire, as one alert each."""
    fires = np.concatenate([[False], shares > 0, [False]])
    edges = np.flatnonzero(fires[1:] != fires[:-1])
    spells = zip(edges[::2], edges[1::2], strict=True)
    return [
        Firing(slo, agent, severity, _ns(minutes[start]), _ns(minutes[end - 1]), float(np.max(shares[start:end])))
        for start, end in spells
    ]


def _ns(at: float) -> int:
    return int(at * 1e9)


def rows(replays: Iterable[Replay]) -> list[Mapping[str, object]]:
    """The replays as the API shows them."""
    return [
        {
            "objective": replay.objective,
            "events": replay.events,
            "bad": replay.bad,
            "pages": replay.count("page"),
            "tickets": replay.count("ticket"),
            "first_ns": replay.first_ns,
            "firings": [
                {
                    "agent": firing.agent,
                    "severity": firing.severity,
                    "started_ns": firing.started_ns,
                    "ended_ns": firing.ended_ns,
                    "share": firing.share,
                }
                for firing in replay.firings
            ],
        }
        for replay in replays
    ]
