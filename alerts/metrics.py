"""Prometheus metrics of one process: what was graded (`observe`) and how Floorline itself is doing.

What counts, and when. Counters grow when a conversation is graded, never back-dated. A conversation counts once; a
later revision adds only its new turns, and its outcome, a scorer's verdict or a policy only where it newly fails: a
failure is never hidden, a conversation that went on is not counted twice. Grading the same or an older revision again
(a back-fill, a new scorecard) adds nothing.

Restart: counters start at 0, as Prometheus expects (`rate` and `increase` handle it); nothing is re-seeded from the
store. `prime` creates the series of known agents at 0, because Prometheus cannot see the first increase of a series
that appears with it. What is known of counted conversations is bounded and not kept over a restart: a revision that
comes after one counts in full.

One process exports. Label values are bounded, see `labels`.
"""

from __future__ import annotations

import re
from collections import OrderedDict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from threading import Lock

from prometheus_client import Counter
from prometheus_client.exposition import choose_encoder

from alerts import families
from alerts.labels import LIMITS, LabelCap, Recent
from alerts.tally import Tally
from conversation.model import Conversation, ModelCall, ToolCall, Turn, TurnType
from conversation.verdict import Grade, Verdict

REMEMBERED = 100_000
"""Conversations whose counting is remembered."""
VERSIONS = 20
"""Release versions of an agent that keep series; older ones give way to newer."""
EXEMPLAR_CHARACTERS = 128
"""Most characters of an exemplar's names and values together (OpenMetrics 1.0)."""
_PLAIN = re.compile(r"[^\x00-\x1f\x7f\"\\\ud800-\udfff]+")
OUTCOMES = (Verdict.PASS, Verdict.FAIL, Verdict.INCONCLUSIVE)


@dataclass(slots=True)
class _Counted:
    """What of a conversation was counted already."""

    revision: int
    turns: int = 0
    outcome: Verdict | None = None
    scorers: dict[str, Verdict] = field(default_factory=dict)
    policies: set[str] = field(default_factory=set)


class Metrics:
    """The metrics of this process, in a registry of their own. Safe to use from several threads.

    Args:
        version: Floorline's version, shown in `floorline_build_info`.
        turn_budgets: Seconds that must be bucket bounds of the turn duration (see `objectives.budgets`).
        first_token_budgets: The same for the time to the first token.
        severities: Severity by policy name; a policy not named is `unknown`.
        limits: Most values by label name.

    Attributes:
        operations: Gauges and counters the other parts set (ingest, spool, grading, judge, drift, incidents).
    """

    def __init__(
        self,
        version: str = "",
        *,
        turn_budgets: Iterable[float] = (),
        first_token_budgets: Iterable[float] = (),
        severities: Mapping[str, str] | None = None,
        limits: Mapping[str, int] = LIMITS,
    ) -> None:
        self.registry, self.operations = families.registry(version)
        self._quality = families.Quality(self.registry, whole=turn_budgets, first_token=first_token_budgets)
        self._conventions = families.Conventions(self.registry)
        self._severities = dict(severities or {})
        self._labels = LabelCap(lambda label: self.operations.capped.labels(label).inc(), limits)
        self._versions = Recent(VERSIONS, self._forget_version)
        self._counted: OrderedDict[tuple[str, str], _Counted] = OrderedDict()
        self._lock = Lock()

    def render(self, accept: str | None = None) -> tuple[str, bytes]:
        """The exposition in the format the `Accept` header asks for: content type and body.

        OpenMetrics, which alone carries exemplars, when asked for; else Prometheus text.
        """
        encode, content_type = choose_encoder(accept or "")
        with self._lock:
            return content_type, encode(self.registry)

    def prime(self, agents: Iterable[tuple[str, str]]) -> None:
        """Create the series of agents (name, version) at 0, so that their first increase is seen."""
        with self._lock:
            for name, version in agents:
                agent = self._labels.admit("agent", name)
                self._outcomes(agent, version)
                for kind in TurnType:
                    self._quality.turn_duration.labels(agent, kind)
                    for verdict in OUTCOMES:
                        self._quality.turns.labels(agent, kind, verdict)

    def observe(self, conversation: Conversation, grade: Grade) -> None:
        """Count a graded conversation; see the module docstring for what a later revision adds."""
        with self._lock:
            key = (conversation.project, conversation.id)
            known = self._counted.pop(key, None)
            if known is not None and conversation.revision <= known.revision:
                self._counted[key] = known
                return
            counted = known or _Counted(conversation.revision)
            counted.revision = conversation.revision
            self._count(conversation, Tally.of(conversation, grade), counted)
            self._counted[key] = counted
            if len(self._counted) > REMEMBERED:
                self._counted.popitem(last=False)

    def _count(self, conversation: Conversation, tally: Tally, counted: _Counted) -> None:
        """Add what `counted` does not have yet, and note it there."""
        agent = self._labels.admit("agent", conversation.agent.name)
        exemplar = _exemplar(conversation.id)
        if _news(counted.outcome, tally.verdict):
            series = self._outcomes(agent, conversation.agent.version)
            series[tally.verdict].inc(exemplar=exemplar)
            counted.outcome = tally.verdict
        for scorer, verdict in tally.scorers.items():
            if _news(counted.scorers.get(scorer), verdict):
                name = self._labels.admit("scorer", scorer)
                self._quality.conversation_scores.labels(agent, name, verdict).inc(exemplar=exemplar)
                counted.scorers[scorer] = verdict
        for policy in sorted(tally.broken - counted.policies):
            severity = self._severities.get(policy, "unknown")
            labels = (agent, self._labels.admit("policy", policy), severity)
            self._quality.policy_violations.labels(*labels).inc(exemplar=exemplar)
        counted.policies |= tally.broken
        first_new, fresh = counted.turns, conversation.turns[counted.turns :]
        for scorer, verdict in tally.single_scores(first_new):
            self._quality.scores.labels(self._labels.admit("scorer", scorer), verdict).inc()
        for turn in fresh:
            self._turn(agent, turn, tally, exemplar)
        counted.turns = len(conversation.turns)

    def _turn(self, agent: str, turn: Turn, tally: Tally, exemplar: dict[str, str] | None) -> None:
        """Count one turn with its tool calls and model calls."""
        kind = self._labels.admit("turn_type", turn.type)
        self._quality.turns.labels(agent, kind, tally.turn(turn.index)).inc(exemplar=exemplar)
        if turn.duration_seconds is not None:
            self._quality.turn_duration.labels(agent, kind).observe(turn.duration_seconds, exemplar)
        if turn.first_token_seconds is not None:
            self._quality.first_token.labels(agent, kind).observe(turn.first_token_seconds, exemplar)
        for call in turn.tool_calls:
            self._tool_call(agent, call, tally, exemplar)
        for request in turn.model_calls:
            self._model_call(agent, request)

    def _tool_call(self, agent: str, call: ToolCall, tally: Tally, exemplar: dict[str, str] | None) -> None:
        """Count a tool call and the arguments of it that were checked."""
        tool = self._labels.admit("tool", call.name, agent)
        status = "not_executed" if not call.executed else "error" if call.error is not None else "ok"
        self._quality.tool_calls.labels(agent, tool, status).inc()
        for label in tally.arguments(call.id):
            self._quality.arguments.labels(agent, tool, label).inc(exemplar=exemplar)
        if call.duration_seconds is not None:
            self._conventions.tool.labels(tool).observe(call.duration_seconds)

    def _model_call(self, agent: str, call: ModelCall) -> None:
        """Count tokens and cost, and fill the conventions' histograms."""
        tokens = call.tokens
        for kind in ("input", "output", "reasoning", "cached", "written"):
            self._quality.tokens.labels(agent, kind).inc(max(0, getattr(tokens, kind)))
        self._cost(agent, call)
        model = self._labels.admit("model", call.model_requested or call.model)
        labels = ("chat", self._labels.admit("provider", call.provider), model)
        self._conventions.operation.labels(*labels).observe(max(0, call.ended_ns - call.started_ns) / 1e9)
        self._conventions.tokens.labels(*labels, "input").observe(tokens.input)
        self._conventions.tokens.labels(*labels, "output").observe(tokens.output)

    def _cost(self, agent: str, call: ModelCall) -> None:
        """Count money by the model that served; a call without a known cost is counted, not taken for free."""
        model = self._labels.admit("model", call.model or call.model_requested)
        if call.cost_usd is not None:
            self._quality.cost.labels(agent, model).inc(max(0.0, call.cost_usd))
            self._quality.reasoning_cost.labels(agent, model).inc(max(0.0, call.reasoning_usd or 0.0))
        else:
            self._quality.unpriced.labels(agent, model, call.cost_source or "no_price").inc()

    def _outcomes(self, agent: str, version: str) -> dict[Verdict, Counter]:
        """The three outcome counters of a release, made together so that a ratio never lacks a side."""
        label = self._versions.admit(agent, version)
        return {outcome: self._quality.conversations.labels(agent, label, outcome) for outcome in OUTCOMES}

    def _forget_version(self, agent: str, version: str) -> None:
        """Drop the series of a release that gave way to a newer one."""
        self._quality.conversations.remove_by_labels({"agent": agent, "version": version})
        self.operations.capped.labels("version").inc()


def _news(known: Verdict | None, verdict: Verdict) -> bool:
    """Whether a verdict counts: the first one does, a later one only where it newly fails."""
    return known is None or (verdict is Verdict.FAIL and known is not Verdict.FAIL)


def _exemplar(conversation_id: str) -> dict[str, str] | None:
    """The exemplar that leads from a point in a graph to its conversation.

    None where the id is too long for one, or holds characters that need escapes: scrapers' parsers differ there.
    """
    if len("conversation_id") + len(conversation_id) > EXEMPLAR_CHARACTERS or not _PLAIN.fullmatch(conversation_id):
        return None
    return {"conversation_id": conversation_id}
