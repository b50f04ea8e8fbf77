from __future__ import annotations

import subprocess
from collections.abc import Callable
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from prometheus_client import Metric
from prometheus_client.openmetrics.parser import text_string_to_metric_families as openmetrics
from prometheus_client.parser import text_string_to_metric_families as plain

from alerts.families import TURN_BUCKETS
from alerts.labels import LIMITS
from alerts.metrics import VERSIONS, Metrics
from conversation.model import Agent
from conversation.verdict import Score, Verdict
from tests.alerts.conftest import graded, turn

OPENMETRICS = "application/openmetrics-text; version=1.0.0"
FAILED = Score("policy.identity_first", Verdict.FAIL, turn=0)
STALE = Score("tool_arguments", Verdict.FAIL, label="stale", turn=0, tool_call_id="call-0", argument_path="/order_id")


def families(body: bytes) -> list[Metric]:
    """The exposition read back by the library's own OpenMetrics parser."""
    return list(openmetrics(body.decode()))  # type: ignore[no-untyped-call]  # the library leaves it untyped


def value(metrics: Metrics, name: str, **labels: str) -> float:
    return metrics.registry.get_sample_value(name, labels) or 0.0


def conversations(metrics: Metrics, outcome: str, version: str = "1.0") -> float:
    return value(metrics, "floorline_conversations_total", agent="shop", version=version, outcome=outcome)


def test_a_graded_conversation_counts_with_its_turns_calls_tokens_and_verdicts() -> None:
    metrics = Metrics("9")
    metrics.observe(*graded(turns=[turn(0), turn(1, "small_talk", 0.1)], scores=[FAILED, STALE]))
    assert conversations(metrics, "fail") == 1
    assert value(metrics, "floorline_turns_total", agent="shop", turn_type="tool_call", verdict="fail") == 1
    assert value(metrics, "floorline_turns_total", agent="shop", turn_type="small_talk", verdict="not_applicable") == 1
    assert value(metrics, "floorline_turn_duration_seconds_sum", agent="shop", turn_type="tool_call") == 2
    assert value(metrics, "floorline_tool_arguments_total", agent="shop", tool="refund", label="stale") == 1
    assert value(metrics, "floorline_tool_calls_total", agent="shop", tool="refund", status="ok") == 2
    assert value(metrics, "floorline_tokens_total", agent="shop", kind="input") == 200
    assert value(metrics, "floorline_cost_usd_total", agent="shop", model="gpt") == 1.0
    assert value(metrics, "floorline_conversation_scores_total", agent="shop", scorer="policy", verdict="fail") == 1
    violations = {"agent": "shop", "policy": "identity_first", "severity": "unknown"}
    assert value(metrics, "floorline_policy_violations_total", **violations) == 1
    assert value(metrics, "gen_ai_execute_tool_duration_seconds_count", gen_ai_tool_name="refund") == 2
    assert value(metrics, "floorline_build_info", version="9") == 1


def test_grading_the_same_revision_again_adds_nothing() -> None:
    metrics = Metrics()
    metrics.observe(*graded(scores=[FAILED]))
    before = metrics.render()
    metrics.observe(*graded(scores=[FAILED]))
    assert [line for line in metrics.render()[1].splitlines() if b"process_" not in line] == [
        line for line in before[1].splitlines() if b"process_" not in line
    ]


def test_a_later_revision_adds_its_new_turns_and_a_new_failure_only() -> None:
    metrics = Metrics()
    metrics.observe(*graded())
    late = Score("policy.identity_first", Verdict.FAIL, turn=1)
    metrics.observe(*graded(turns=[turn(0), turn(1)], scores=[late], revision=2))
    assert (conversations(metrics, "pass"), conversations(metrics, "fail")) == (1, 1)
    assert value(metrics, "floorline_turn_duration_seconds_count", agent="shop", turn_type="tool_call") == 2
    metrics.observe(*graded(turns=[turn(0), turn(1)], scores=[late], revision=3))
    metrics.observe(*graded(turns=[turn(0), turn(1)], revision=4))
    assert (conversations(metrics, "pass"), conversations(metrics, "fail")) == (1, 1)


def test_labels_of_people_do_not_count_as_scores() -> None:
    metrics = Metrics()
    metrics.observe(*graded(scores=[replace(FAILED, human=True)]))
    assert value(metrics, "floorline_scores_total", scorer="policy", verdict="fail") == 0


@pytest.mark.parametrize(
    ("verdict", "label", "shown"),
    [
        (Verdict.PASS, "ok", "ok"),
        (Verdict.FAIL, "swapped", "swapped"),
        (Verdict.FAIL, "new_word", "mismatch"),
        (Verdict.INCONCLUSIVE, "stale", "inconclusive"),
        (Verdict.ERROR, "", "error"),
    ],
)
def test_an_argument_counts_by_its_fault_only_where_it_failed(verdict: Verdict, label: str, shown: str) -> None:
    metrics = Metrics()
    metrics.observe(*graded(scores=[replace(STALE, verdict=verdict, label=label)]))
    assert value(metrics, "floorline_tool_arguments_total", agent="shop", tool="refund", label=shown) == 1


def test_values_beyond_a_limit_share_one_series_and_are_counted() -> None:
    metrics = Metrics(limits={**LIMITS, "agent": 2})
    for name in ("a", "b", "c", "d", "a"):
        metrics.observe(*graded(name, agent=Agent(name, "1.0")))
    other = {"agent": "__other__", "version": "1.0", "outcome": "pass"}
    assert value(metrics, "floorline_conversations_total", **other) == 2
    assert value(metrics, "floorline_label_values_capped_total", label="agent") == 2


def test_old_versions_give_way_to_new_ones() -> None:
    metrics = Metrics()
    for number in range(VERSIONS + 3):
        metrics.observe(*graded(f"c{number}", agent=Agent("shop", f"v{number}")))
    assert (
        metrics.registry.get_sample_value(
            "floorline_conversations_total", {"agent": "shop", "version": "v0", "outcome": "pass"}
        )
        is None
    )
    assert conversations(metrics, "pass", f"v{VERSIONS + 2}") == 1


def test_a_budget_becomes_a_bucket_bound() -> None:
    metrics = Metrics(turn_budgets=[7.5])
    metrics.observe(*graded(turns=[turn(0, seconds=7.5)]))
    labels = {"agent": "shop", "turn_type": "tool_call"}
    assert 7.5 not in TURN_BUCKETS
    assert value(metrics, "floorline_turn_duration_seconds_bucket", **labels, le="7.5") == 1
    assert value(metrics, "floorline_turn_duration_seconds_bucket", **labels, le="5.0") == 0


def test_openmetrics_carries_the_conversation_as_exemplar_and_plain_text_does_not() -> None:
    metrics = Metrics()
    metrics.observe(*graded("c-1é", scores=[FAILED]))
    kind, body = metrics.render(OPENMETRICS)
    assert kind.startswith("application/openmetrics-text")
    found = [
        sample.exemplar.labels
        for family in families(body)
        for sample in family.samples
        if sample.exemplar and family.name == "floorline_turn_duration_seconds"
    ]
    assert found == [{"conversation_id": "c-1é"}]
    kind, body = metrics.render("text/plain")
    assert kind.startswith("text/plain")
    assert b"conversation_id" not in body
    assert list(plain(body.decode()))


@settings(max_examples=40, deadline=None)
@given(name=st.text(max_size=300), identity=st.text(min_size=1, max_size=300), tool=st.text(max_size=200))
def test_any_name_a_sender_makes_up_leaves_the_exposition_valid(name: str, identity: str, tool: str) -> None:
    metrics = Metrics()
    calls = (replace(turn(0).tool_calls[0], name=tool),)
    metrics.observe(*graded(identity, turns=[turn(0, name, tool_calls=calls)], agent=Agent(name, tool)))
    families(metrics.render(OPENMETRICS)[1])


def test_a_lone_surrogate_in_a_name_leaves_the_exposition_valid() -> None:
    metrics = Metrics()
    metrics.observe(*graded("\ud800", agent=Agent("\ud800", "\ud801")))
    families(metrics.render(OPENMETRICS)[1])


def test_known_agents_have_series_at_zero_before_their_first_conversation() -> None:
    metrics = Metrics()
    metrics.prime([("shop", "1.0")])
    assert (
        'floorline_conversations_total{agent="shop",outcome="fail",version="1.0"} 0.0' in metrics.render()[1].decode()
    )


@pytest.mark.prometheus
def test_promtool_finds_nothing_to_complain_about(program: Callable[[str], str]) -> None:
    metrics = Metrics("1")
    metrics.observe(*graded(scores=[FAILED, STALE]))
    body = metrics.render()[1]
    done = subprocess.run([program("promtool"), "check", "metrics"], input=body, capture_output=True, check=False)
    assert (done.returncode, done.stderr) == (0, b"")
