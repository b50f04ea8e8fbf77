"""From a failing conversation to a test that is red for the same reason, green when mended."""

from __future__ import annotations

import gzip
import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from conversation.errors import UsageError
from conversation.model import Conversation
from conversation.transcript import from_record, read
from conversation.verdict import Grade, Score, Verdict
from scenarios import failures
from scenarios.agents.python_callable import PythonAgent
from scenarios.agents.recorded import RecordedAgent
from scenarios.minimise import ddmin, minimise
from scenarios.promote import promote
from scenarios.reproduce import marked, prove
from scenarios.spec import Recording, Scenario
from scenarios.suite import run_suite
from scoring.runner import grade
from scoring.scorecard import Scorecard, load

Failing = tuple[Conversation, Grade]


def test_a_scenario_names_what_failed_and_where(failing: Failing) -> None:
    [failure] = promote(*failing).expected_failures
    assert (failure.scorer, failure.label, failure.tool, failure.call) == (
        "refund_amount",
        "mismatch",
        "refund_order",
        1,
    )
    assert (failure.argument, failure.value, failure.turn) == ("/amount", 338.0, 1)
    assert failure.evidence[0].path == "/price"


def test_the_customer_keeps_words_and_facts(failing: Failing) -> None:
    user = promote(*failing).user
    assert [turn.say for turn in user.turns][1:] == ["Yes please.", "Thanks, bye!"]
    assert user.known == {"order_id": "N-1041"}
    assert user.reveal_when_asked == {"email": "anna@example.com"}


def test_recordings_keep_results_and_seconds(failing: Failing) -> None:
    scenario = promote(*failing)
    assert [item.seconds for item in scenario.recordings] == [0.25, 0.5]
    assert scenario.recordings[0].result["price"] == 89.0
    assert [tool.kind for tool in scenario.tools] == ["read", "write"]


def test_a_conversation_that_did_not_fail_is_refused(failing: Failing) -> None:
    conversation, graded = failing
    with pytest.raises(UsageError, match="no failing score"):
        promote(conversation, replace(graded, scores=()))


def test_the_scenario_is_red_on_its_recorded_agent_for_the_same_reason(failing: Failing, scorecard: Scorecard) -> None:
    proof = prove(promote(*failing), scorecard)
    assert proof.reproduced
    assert proof.found
    assert not proof.lost
    assert not proof.new
    assert marked(promote(*failing), proof).reproduction.status == "reproduced"


def test_the_trial_is_the_conversation_that_was_recorded(failing: Failing, scorecard: Scorecard) -> None:
    proof = prove(promote(*failing), scorecard)
    assert proof.trial is not None
    again, first = proof.trial.trial.conversation, failing[0]
    assert [(turn.type, turn.user, turn.reply) for turn in again.turns] == [
        (turn.type, turn.user, turn.reply) for turn in first.turns
    ]
    assert [(call.name, call.arguments, call.result) for call in again.tool_calls] == [
        (call.name, call.arguments, call.result) for call in first.tool_calls
    ]
    for turn, was in zip(again.turns, first.turns, strict=True):
        assert turn.duration_seconds is not None
        assert was.duration_seconds is not None
        assert turn.duration_seconds >= was.duration_seconds - 0.01


def test_the_bad_release_is_red_and_the_mended_one_green(
    failing: Failing, scorecard: Scorecard, bad_agent: PythonAgent, good_agent: PythonAgent
) -> None:
    scenario = promote(*failing)
    bad = run_suite([scenario], bad_agent, scorecard=scorecard, trials=8, ks=(1, 8), jobs=4)
    good = run_suite([scenario], good_agent, scorecard=scorecard, trials=8, ks=(1, 8), jobs=4)
    assert [item.value for item in bad.estimates()] == [0.0, 0.0]
    assert [item.value for item in good.estimates()] == [1.0, 1.0]
    assert {failure.scorer for trial in bad.graded for failure in trial.failed} == {
        "refund_amount",
        "scenario.forbidden_calls",
    }


def test_a_failure_that_no_replay_can_show_is_marked_not_reproduced(failing: Failing, scorecard: Scorecard) -> None:
    conversation, graded = failing
    human = Score("human", Verdict.FAIL, label="fail", human=True)
    scenario = promote(conversation, replace(graded, scores=(human,)))
    proof = prove(scenario, scorecard)
    assert not proof.reproduced
    assert marked(scenario, proof).reproduction.reason == "human (fail) did not fail again"


def test_a_recording_that_is_gone_is_a_miss_and_not_a_reproduction(failing: Failing, scorecard: Scorecard) -> None:
    scenario = promote(*failing)
    changed = Recording(tool="get_order", arguments={"order_id": "N-9"}, result={})
    broken = scenario.model_copy(update={"recordings": [changed, scenario.recordings[1]]})
    proof = prove(broken, scorecard)
    assert "cassette_miss" in proof.reason
    assert '/order_id: "N-9" recorded, "N-1041" now' in proof.reason


def test_minimising_keeps_the_failure_and_drops_the_rest(failing: Failing, scorecard: Scorecard) -> None:
    smaller = minimise(promote(*failing), scorecard)
    assert [turn.say for turn in smaller.user.turns] == ["Yes please."]
    assert [item.tool for item in smaller.recordings] == ["refund_order"]
    assert smaller.expected_failures[0].turn == 0
    assert prove(smaller, scorecard).reproduced


def test_ddmin_finds_the_two_items_that_matter() -> None:
    tried: list[int] = []

    def fails(items: Sequence[int]) -> bool:
        tried.append(len(items))
        return {3, 17} <= set(items)

    assert ddmin(range(40), fails) == [3, 17]
    assert len(tried) < 100


def test_a_scenario_without_a_recording_cannot_be_replayed_by_the_recorded_agent(failing: Failing) -> None:
    empty = promote(*failing).model_copy(update={"recorded_agent": []})
    with pytest.raises(UsageError, match="no recorded agent in shop-refund-order-mismatch"):
        RecordedAgent().for_scenarios([empty])


def _reproduced(path: Path, limit: int) -> tuple[int, list[str]]:
    card, failed, lost = load(None), 0, []
    for number, conversation in enumerate(read(path)):
        if number == limit:
            break
        graded = grade(conversation, card)
        if failures.of(conversation, graded.scores):
            failed += 1
            proof = prove(promote(conversation, graded), card)
            if not proof.reproduced:
                lost.append(f"{conversation.id}: {proof.reason}")
    return failed, lost


@pytest.mark.shared
@pytest.mark.parametrize("name", ["natural.jsonl.gz", "injected-tau.jsonl.gz", "injected-sgd.jsonl.gz"])
def test_real_failing_conversations_reproduce(name: str, shared_dir: Path) -> None:
    failed, lost = _reproduced(shared_dir / "conversations" / name, 60)
    assert failed > 0
    assert lost == []


@pytest.mark.shared
def test_labels_never_reach_a_scenario(shared_dir: Path) -> None:
    with gzip.open(shared_dir / "conversations" / "injected-tau.jsonl.gz", "rt") as file:
        record = json.loads(file.readline())
    card = load(None)

    def scenario(changed: dict[str, object]) -> Scenario | None:
        conversation = from_record(changed)
        graded = grade(conversation, card)
        return promote(conversation, graded) if failures.of(conversation, graded.scores) else None

    assert scenario(record) == scenario({**record, "label": {"failed": "scrambled"}})
