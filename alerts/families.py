"""The metric families Floorline exports: names, help, labels and buckets, in one registry of their own.

Names: prefix `floorline_`, base units as suffix. Conversation, span and user ids, values and texts are never labels;
they travel as exemplars. The `gen_ai_*` histograms carry the names and buckets of the OpenTelemetry GenAI semantic
conventions in their Prometheus form, so that dashboards made for other tools work.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import prometheus_client
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram
from prometheus_client.process_collector import ProcessCollector

TURN_BUCKETS = (0.25, 0.5, 1.0, 2.0, 3.0, 5.0, 8.0, 12.0, 20.0, 30.0, 60.0, 120.0)
FIRST_TOKEN_BUCKETS = (0.1, 0.25, 0.5, 1.0, 1.5, 2.0, 3.0, 5.0, 8.0, 12.0, 20.0, 30.0)
OPERATION_BUCKETS = tuple(0.01 * 2**n for n in range(14))
"""0.01 to 81.92 s, the buckets the conventions advise for `gen_ai.client.operation.duration`."""
TOKEN_BUCKETS = tuple(float(4**n) for n in range(14))
"""1 to 67,108,864, the buckets the conventions advise for `gen_ai.client.token.usage`."""


def with_bounds(buckets: Sequence[float], bounds: Iterable[float]) -> tuple[float, ...]:
    """Buckets that also have every budget of an objective as a bound, so that "over budget" is exact."""
    return tuple(sorted({*buckets, *bounds}))


class Quality:
    """What was graded: conversations, turns, tool calls, scores."""

    def __init__(
        self, registry: CollectorRegistry, *, whole: Iterable[float] = (), first_token: Iterable[float] = ()
    ) -> None:
        def counter(name: str, text: str, *labels: str) -> Counter:
            return Counter(f"floorline_{name}", text, labels, registry=registry)

        self.turn_duration = Histogram(
            "floorline_turn_duration_seconds",
            "Wall time of a turn, from the customer's message to the last reply.",
            ["agent", "turn_type"],
            buckets=with_bounds(TURN_BUCKETS, whole),
            registry=registry,
        )
        self.first_token = Histogram(
            "floorline_turn_first_token_seconds",
            "Time from the customer's message to the first token of the reply.",
            ["agent", "turn_type"],
            buckets=with_bounds(FIRST_TOKEN_BUCKETS, first_token),
            registry=registry,
        )
        self.turns = counter("turns_total", "Turns graded, by verdict.", "agent", "turn_type", "verdict")
        self.conversations = counter(
            "conversations_total", "Conversations graded, by outcome.", "agent", "version", "outcome"
        )
        self.conversation_scores = counter(
            "conversation_scores_total", "Conversations by what one scorer said.", "agent", "scorer", "verdict"
        )
        self.scores = counter("scores_total", "Single scores.", "scorer", "verdict")
        self.policy_violations = counter(
            "policy_violations_total", "Conversations that broke a policy.", "agent", "policy", "severity"
        )
        self.arguments = counter(
            "tool_arguments_total", "Tool arguments checked, by label; ok is right.", "agent", "tool", "label"
        )
        self.tool_calls = counter("tool_calls_total", "Tool calls, by status.", "agent", "tool", "status")
        self.tokens = counter("tokens_total", "Tokens of model calls, by kind.", "agent", "kind")
        self.cost = counter("cost_usd_total", "Cost of model calls whose price is known, in USD.", "agent", "model")
        self.reasoning_cost = counter(
            "reasoning_cost_usd_total",
            "The part of cost_usd_total spent on reasoning tokens, in USD.",
            "agent",
            "model",
        )
        self.unpriced = counter(
            "unpriced_model_calls_total", "Model calls whose cost is not known, by reason.", "agent", "model", "reason"
        )


class Conventions:
    """The histograms of the OpenTelemetry GenAI semantic conventions, filled from the graded conversations."""

    def __init__(self, registry: CollectorRegistry) -> None:
        model = ["gen_ai_operation_name", "gen_ai_provider_name", "gen_ai_request_model"]
        self.operation = Histogram(
            "gen_ai_client_operation_duration_seconds",
            "Duration of a model call.",
            model,
            buckets=OPERATION_BUCKETS,
            registry=registry,
        )
        self.tokens = Histogram(
            "gen_ai_client_token_usage",
            "Tokens of a model call.",
            [*model, "gen_ai_token_type"],
            buckets=TOKEN_BUCKETS,
            registry=registry,
        )
        self.tool = Histogram(
            "gen_ai_execute_tool_duration_seconds",
            "Duration of a tool execution.",
            ["gen_ai_tool_name"],
            buckets=OPERATION_BUCKETS,
            registry=registry,
        )


class Operations:
    """How Floorline itself is doing: ingest, grading, judge, drift, incidents, notifications."""

    def __init__(self, registry: CollectorRegistry) -> None:
        def counter(name: str, text: str, *labels: str) -> Counter:
            return Counter(f"floorline_{name}", text, labels, registry=registry)

        def gauge(name: str, text: str, *labels: str) -> Gauge:
            return Gauge(f"floorline_{name}", text, labels, registry=registry)

        self.build = gauge("build_info", "Always 1; the version of Floorline.", "version")
        self.capped = counter("label_values_capped_total", "Label values replaced by __other__.", "label")
        self.ingest_spans = counter("ingest_spans_total", "Spans received, by result.", "result")
        self.ingest_bytes = counter("ingest_bytes_total", "Request body bytes received, by result.", "result")
        self.ingest_requests = counter("ingest_requests_total", "Export requests, by result.", "signal", "result")
        self.ingest_lag = gauge("ingest_lag_seconds", "Age of the oldest acknowledged span not yet loaded.")
        self.spool_bytes = gauge("spool_bytes", "Bytes waiting in the spool.")
        self.spool_limit = gauge("spool_limit_bytes", "Bytes the spool may hold before it refuses.")
        self.spool_age = gauge("spool_age_seconds", "Age of the oldest body in the spool.")
        self.ledger = gauge("ledger_entries", "Conversation revisions and scorers, by ledger state.", "state")
        self.scorer_runs = counter("scorer_runs_total", "Runs of a scorer, by ledger state.", "scorer", "state")
        self.scorer_success = gauge(
            "scorer_last_success_timestamp_seconds", "When a scorer last graded a conversation.", "scorer"
        )
        self.grading_run = gauge(
            "grading_last_run_timestamp_seconds", "When the search for due conversations last succeeded."
        )
        self.backlog = gauge("grading_backlog_conversations", "Conversations due and not graded.")
        self.backlog_age = gauge("grading_backlog_age_seconds", "How long the oldest due conversation has waited.")
        self.incidents = gauge("incidents_open", "Open incidents.", "agent", "severity", "source")
        self.notifications = counter("notifications_total", "Notifications, by result.", "channel", "result")
        # Not `job`: Prometheus sets that label itself and would rename ours.
        self.job_runs = counter("job_runs_total", "Scheduled jobs that failed or were skipped.", "task", "result")
        self.scenario_pass = gauge("scenario_pass_ratio", "pass^k of a scenario suite's last run.", "suite", "k")
        self.judge_cost = counter("judge_cost_usd_total", "Cost of the judge, in USD.", "model")
        self.judge_errors = counter("judge_errors_total", "Judge calls that failed.", "model", "reason")
        told = "Drift statistic of an argument; at its threshold while chance explains it."
        self.drift = gauge("drift_psi_ratio", told, "agent", "tool", "argument")
        self.drift_threshold = gauge(
            "drift_threshold_ratio", "Drift statistic above which it is drift.", "agent", "tool", "argument"
        )


def registry(version: str) -> tuple[CollectorRegistry, Operations]:
    """A fresh registry with the operations families, the process's own figures and the build's version."""
    # One more series for each labelled child, and no rule or dashboard needs it. The library only has a global switch.
    prometheus_client.disable_created_metrics()  # type: ignore[no-untyped-call]  # the library leaves it untyped
    own = CollectorRegistry()
    ProcessCollector(registry=own)
    operations = Operations(own)
    operations.build.labels(version).set(1)
    return own, operations
