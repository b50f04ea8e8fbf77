"""Indicators as PromQL: which series are an objective's events and which of them are bad.

An error ratio never lacks a side: no bad series yet means 0, no events at all means no value (never 0/0).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from alerts.objectives import (
    ArgumentCorrectnessSpec,
    FirstTokenSpec,
    PassRateSpec,
    PolicyAdherenceSpec,
    SloSpec,
    TurnLatencySpec,
)

Labels = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Series:
    """A series selector: matchers as PromQL, and the labels of one series it selects (for unit tests of rules)."""

    name: str
    matchers: str
    sample: Labels

    def increments(self, function: str, window: str) -> str:
        """PromQL: the rate or increase of all selected series, by agent."""
        return f"sum by (agent) ({function}({self.name}{{{self.matchers}}}[{window}]))"

    def of(self, agent: str) -> str:
        """The name of the sample series for one agent, as promtool's input series want it."""
        labels = {"agent": agent, **self.sample}
        return self.name + "{" + ", ".join(f"{key}={quoted(value)}" for key, value in labels.items()) + "}"


@dataclass(frozen=True, slots=True)
class Events:
    """An indicator that counts events by agent.

    Attributes:
        total: Series of all events.
        part: Series of the good or of the bad events.
        part_is_bad: Which of the two `part` is.
        good_sample: Series that grow with a good event, for unit tests.
        bad_sample: Series that grow with a bad event.
    """

    total: Series
    part: Series
    part_is_bad: bool
    good_sample: tuple[Series, ...]
    bad_sample: tuple[Series, ...]

    def bad(self, window: str) -> str:
        """PromQL: bad events a second over the window, by agent."""
        total, part = self.total.increments("rate", window), self.part.increments("rate", window)
        return f"({part} or {total} * 0)" if self.part_is_bad else f"({total} - {part})"

    def all(self, window: str) -> str:
        """PromQL: events a second over the window, by agent."""
        return self.total.increments("rate", window)

    def ratio(self, window: str) -> str:
        """PromQL: share of bad events in the window, in 0-1."""
        return f"{self.bad(window)}\n/\n({self.all(window)} > 0)"

    def enough(self, window: str, events: int) -> str:
        """PromQL: agents with at least `events` events in the window."""
        return f"{self.total.increments('increase', window)} >= {events}"


@dataclass(frozen=True, slots=True)
class Moments:
    """An indicator that judges moments: bad while `expression` is above `limit`."""

    metric: str
    limit: float

    @property
    def bad_now(self) -> str:
        """PromQL: 1 while it is bad, else 0."""
        return f"max({self.metric}) > bool {number(self.limit)}"


def number(value: float) -> str:
    """A number as PromQL and as the `le` label write it, such as `20.0`; exact for 1e-4 to 999,999."""
    return repr(float(value))


def quoted(text: str) -> str:
    """A PromQL string literal."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{escaped}"'


def indicator(slo: SloSpec) -> Events | Moments:
    """The indicator of an objective."""
    spec = slo.indicator
    if spec.grading_freshness is not None:
        return Moments("floorline_grading_backlog_age_seconds", spec.grading_freshness.seconds)
    makers: Mapping[str, Callable[..., Events]] = {
        "turn_latency": _latency("floorline_turn_duration_seconds"),
        "first_token": _latency("floorline_turn_first_token_seconds"),
        "pass_rate": _pass_rate,
        "argument_correctness": _argument_correctness,
        "policy_adherence": _policy_adherence,
    }
    return makers[spec.kind](getattr(spec, spec.kind), _agents(slo.agents))


def _agents(agents: tuple[str, ...]) -> list[str]:
    """Matcher for the agents of an objective."""
    return [f"agent=~{quoted('|'.join(re.escape(agent) for agent in agents))}"] if agents else []


def _series(name: str, matchers: list[str], **sample: str) -> Series:
    return Series(name, ", ".join(matchers), sample)


def _latency(metric: str) -> Callable[[TurnLatencySpec | FirstTokenSpec, list[str]], Events]:
    def events(spec: TurnLatencySpec | FirstTokenSpec, agents: list[str]) -> Events:
        bound = number(spec.seconds)
        kind = [f"turn_type={quoted(spec.turn_type)}"] if spec.turn_type else []
        sample = {"turn_type": spec.turn_type or "tool_call"}
        total = _series(f"{metric}_count", [*agents, *kind], **sample)
        within = _series(f"{metric}_bucket", [*agents, *kind, f'le="{bound}"'], **sample, le=bound)
        return Events(total, within, part_is_bad=False, good_sample=(total, within), bad_sample=(total,))

    return events


def _pass_rate(spec: PassRateSpec, agents: list[str]) -> Events:
    if spec.scorer is None:
        metric, label, scope, sample = "floorline_conversations_total", "outcome", [], {"version": "1.0"}
    else:
        metric, label = "floorline_conversation_scores_total", "verdict"
        scope, sample = [f"scorer={quoted(spec.scorer)}"], {"scorer": spec.scorer}
    failed = "fail" if spec.inconclusive == "ignored" else "fail|inconclusive|error"
    return _counted(metric, label, [*agents, *scope], sample, good="pass", bad=failed)


def _argument_correctness(spec: ArgumentCorrectnessSpec, agents: list[str]) -> Events:
    scope = [f"tool={quoted(spec.tool)}"] if spec.tool else []
    base, sample = [*agents, *scope], {"tool": spec.tool or "any"}
    name, unsure = "floorline_tool_arguments_total", "inconclusive|error"
    total = _series(name, [*base, f'label!~"{unsure}"'], **sample)
    bad = _series(name, [*base, f'label!~"ok|{unsure}"'], **sample, label="stale")
    good = _series(name, base, **sample, label="ok")
    return Events(total, bad, part_is_bad=True, good_sample=(good,), bad_sample=(bad,))


def _policy_adherence(spec: PolicyAdherenceSpec, agents: list[str]) -> Events:
    scope, sample = ['scorer="policy"'], {"scorer": "policy"}
    events = _counted(
        "floorline_conversation_scores_total", "verdict", [*agents, *scope], sample, good="pass", bad="fail"
    )
    if spec.policy is None:
        return events
    policy = [f"policy={quoted(spec.policy)}"]
    broken = _series("floorline_policy_violations_total", [*agents, *policy], policy=spec.policy, severity="unknown")
    return Events(
        events.total, broken, part_is_bad=True, good_sample=events.good_sample, bad_sample=(*events.bad_sample, broken)
    )


def _counted(metric: str, label: str, base: list[str], sample: dict[str, str], *, good: str, bad: str) -> Events:
    """Events of a counter whose label tells good from bad; `bad` may join several values with `|`."""
    total = _series(metric, [*base, f'{label}=~"{good}|{bad}"'], **sample)
    failed = _series(metric, [*base, f'{label}=~"{bad}"'], **{**sample, label: bad.partition("|")[0]})
    passed = _series(metric, base, **{**sample, label: good})
    return Events(total, failed, part_is_bad=True, good_sample=(passed,), bad_sample=(failed,))
