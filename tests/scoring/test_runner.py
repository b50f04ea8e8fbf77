from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, ClassVar

import orjson
import pytest

from conversation.errors import RetryableError
from conversation.model import Agent, Conversation, ToolDefinition, Turn
from conversation.verdict import LedgerState, Score, Verdict
from scoring import ledger, results
from scoring.budget import DAY_NS, DayBudget
from scoring.protocol import Context, Parameters
from scoring.runner import grade
from scoring.scorecard import BoundScorer, Scorecard, load
from scoring.scorecard_config import DimensionConfig, ScorerConfig
from tests.support.files import many_files_open

Say = Callable[[Conversation, Context], Iterable[Score]]
CONVERSATION = Conversation("c1", agent=Agent("shop", "1.0"), turns=(Turn(0, "tool_call", "hi", "done", 0, 1),))


class _Scripted:
    name: ClassVar[str] = "scripted"
    version: ClassVar[str] = "1"
    parameters_type: ClassVar[type[Parameters]] = Parameters

    def __init__(self, say: Say) -> None:
        self._say = say

    def score(self, conversation: Conversation, context: Context) -> Iterable[Score]:
        return self._say(conversation, context)


def _card(*scorers: tuple[ScorerConfig, Say], dimensions: dict[str, DimensionConfig] | None = None) -> Scorecard:
    bound = tuple(
        BoundScorer(config, _Scripted(say), "scripted", "1", DayBudget(config.budget.conversations_per_day))
        for config, say in scorers
    )
    return Scorecard("test", "test@1", bound, dimensions or {})


def _scorer(say: Say, name: str = "scripted", **settings: Any) -> tuple[ScorerConfig, Say]:
    return ScorerConfig.model_validate({"name": name, **settings}), say


def _verdict(verdict: Verdict, value: float | None = None, name: str = "scripted") -> Say:
    return lambda _conversation, _context: [Score(name, verdict, value)]


def _raise(error: Exception) -> Say:
    def say(_conversation: Conversation, _context: Context) -> Iterable[Score]:
        raise error

    return say


def test_a_scorer_that_raises_is_a_row_with_its_cause_and_the_others_go_on() -> None:
    card = _card(_scorer(_raise(KeyError("sku")), "broken"), _scorer(_verdict(Verdict.PASS), "fine"))
    given = grade(CONVERSATION, card)
    assert [(score.name, score.verdict) for score in given.scores] == [
        ("broken", Verdict.ERROR),
        ("fine", Verdict.PASS),
    ]
    assert [(entry.state, entry.cause) for entry in given.ledger] == [
        (LedgerState.FAILED, "KeyError: 'sku'"),
        (LedgerState.SCORED, ""),
    ]
    assert given.verdict is Verdict.INCONCLUSIVE


def test_a_generator_that_raises_half_way_leaves_no_half_result() -> None:
    def say(_conversation: Conversation, _context: Context) -> Iterable[Score]:
        yield Score("scripted.a", Verdict.PASS)
        raise ValueError("half-way")

    assert [score.verdict for score in grade(CONVERSATION, _card(_scorer(say))).scores] == [Verdict.ERROR]


def test_a_scorer_that_never_ends_is_stopped_and_the_next_conversation_is_graded() -> None:
    def hang(_conversation: Conversation, _context: Context) -> Iterable[Score]:
        while True:
            time.sleep(0.001)

    card = _card(_scorer(hang, "slow", time_limit_seconds=0.05), _scorer(_verdict(Verdict.PASS), "fine"))
    for _ in range(2):
        given = grade(CONVERSATION, card)
        assert [entry.state for entry in given.ledger] == [LedgerState.FAILED, LedgerState.SCORED]
        assert "time limit" in given.ledger[0].cause


def test_a_result_that_is_no_score_is_a_failure() -> None:
    say: Say = lambda _conversation, _context: ["fine"]  # type: ignore[list-item] # noqa: E731 - a plug-in that breaks the contract
    assert "must yield Score" in grade(CONVERSATION, _card(_scorer(say))).ledger[0].cause


def test_only_failures_that_may_pass_are_marked_so() -> None:
    card = _card(_scorer(_raise(RetryableError("away")), "away"), _scorer(_raise(ValueError()), "broken"))
    assert [entry.retryable for entry in grade(CONVERSATION, card).ledger] == [True, False]


@pytest.mark.parametrize(
    ("settings", "say", "state"),
    [
        ({"applies_to": {"agents": ["bank-*"]}}, _verdict(Verdict.PASS), LedgerState.NOT_APPLICABLE),
        ({"applies_to": {"agents": ["sh*"]}}, _verdict(Verdict.PASS), LedgerState.SCORED),
        ({"applies_to": {"tools": ["refund"]}}, _verdict(Verdict.PASS), LedgerState.NOT_APPLICABLE),
        ({"applies_to": {"domains": ["retail"]}}, _verdict(Verdict.PASS), LedgerState.NOT_APPLICABLE),
        ({"sample": 0.0}, _verdict(Verdict.PASS), LedgerState.SAMPLED_OUT),
        ({"budget": {"conversations_per_day": 0}}, _verdict(Verdict.PASS), LedgerState.OVER_BUDGET),
        ({}, lambda _conversation, _context: [], LedgerState.NOT_APPLICABLE),
        ({}, _raise(ledger.OverBudgetError("spent")), LedgerState.OVER_BUDGET),
        ({}, _raise(ledger.NotApplicableError("off")), LedgerState.NOT_APPLICABLE),
    ],
    ids=[
        "other agent",
        "this agent",
        "tool absent",
        "no domain",
        "sampled out",
        "no budget",
        "nothing said",
        "own budget",
        "off",
    ],
)
def test_every_end_has_a_state_with_a_cause(settings: dict[str, Any], say: Say, state: LedgerState) -> None:
    given = grade(CONVERSATION, _card(_scorer(say, **settings)))
    assert [entry.state for entry in given.ledger] == [state]
    assert bool(given.ledger[0].cause) == (state is not LedgerState.SCORED)
    assert bool(given.scores) == (state is LedgerState.SCORED)


def test_a_tool_that_was_offered_makes_a_scorer_apply() -> None:
    offered = Conversation("c2", tools=(ToolDefinition("refund_order"),))
    card = _card(_scorer(_verdict(Verdict.PASS), applies_to={"tools": ["refund_*"]}))
    assert grade(offered, card).ledger[0].state is LedgerState.SCORED


def test_a_daily_budget_starts_again_at_midnight_utc() -> None:
    card = _card(_scorer(_verdict(Verdict.PASS), budget={"conversations_per_day": 1}))
    states = [grade(CONVERSATION, card, now_ns=lambda at=at: at).ledger[0].state for at in (0, 1, DAY_NS, DAY_NS + 1)]  # type: ignore[misc] # mypy cannot infer lambda defaults
    assert states == [LedgerState.SCORED, LedgerState.OVER_BUDGET] * 2


def test_scores_carry_the_scorers_name_in_the_scorecard_and_all_versions() -> None:
    say: Say = lambda _conversation, _context: [Score("scripted.rule", Verdict.PASS), Score("other", Verdict.PASS)]  # noqa: E731 - a table entry
    scores = grade(CONVERSATION, _card(_scorer(say, "mine")), now_ns=lambda: 7).scores
    assert [score.name for score in scores] == ["mine.rule", "mine.other"]
    assert {(score.scorer_version, score.scorecard_version, score.scored_at_ns) for score in scores} == {
        ("1", "test@1", 7)
    }


@pytest.mark.parametrize(
    ("settings", "verdict", "expected"),
    [
        ({}, Verdict.FAIL, Verdict.FAIL),
        ({"decides_verdict": False}, Verdict.FAIL, Verdict.PASS),
        ({}, Verdict.INCONCLUSIVE, Verdict.INCONCLUSIVE),
        ({"inconclusive": "ignored"}, Verdict.INCONCLUSIVE, Verdict.PASS),
        ({}, Verdict.NOT_APPLICABLE, Verdict.PASS),
        ({"inconclusive": "ignored"}, Verdict.ERROR, Verdict.INCONCLUSIVE),
    ],
)
def test_the_verdict_follows_the_scores_that_count(
    settings: dict[str, Any], verdict: Verdict, expected: Verdict
) -> None:
    card = _card(_scorer(_verdict(verdict), "asked", **settings), _scorer(_verdict(Verdict.PASS), "fine"))
    assert grade(CONVERSATION, card).verdict is expected


def test_a_rule_on_trial_decides_nothing() -> None:
    say: Say = lambda _conversation, _context: [Score("scripted.new", Verdict.FAIL, label="shadow")]  # noqa: E731 - a table entry
    assert grade(CONVERSATION, _card(_scorer(say), _scorer(_verdict(Verdict.PASS), "fine"))).verdict is Verdict.PASS


def test_a_threshold_decides_scores_with_a_value_and_leaves_argument_suspicion_alone() -> None:
    say: Say = lambda _conversation, _context: [  # noqa: E731 - a table entry
        Score("scripted.a", Verdict.PASS, 0.6),
        Score("scripted.b", Verdict.PASS, 0.1, argument_path="/x"),
        Score("scripted.c", Verdict.INCONCLUSIVE, 0.1),
    ]
    verdicts = [score.verdict for score in grade(CONVERSATION, _card(_scorer(say, threshold=0.7))).scores]
    assert verdicts == [Verdict.FAIL, Verdict.PASS, Verdict.INCONCLUSIVE]


def test_a_dimension_is_the_weighted_mean_of_its_scorers() -> None:
    card = _card(
        _scorer(_verdict(Verdict.PASS, 1.0), "a", dimension="care", weight=3),
        _scorer(_verdict(Verdict.PASS, 0.2), "b", dimension="care"),
        dimensions={"care": DimensionConfig(threshold=0.9)},
    )
    last = grade(CONVERSATION, card).scores[-1]
    assert (last.name, last.verdict) == ("dimension.care", Verdict.FAIL)
    assert last.value == pytest.approx(0.8)


def test_a_later_scorer_sees_what_earlier_ones_said() -> None:
    seen: list[tuple[str, ...]] = []

    def look(_conversation: Conversation, context: Context) -> Iterable[Score]:
        seen.append(tuple(score.name for score in context.scores))
        return ()

    grade(CONVERSATION, _card(_scorer(_verdict(Verdict.PASS), "first"), _scorer(look, "second")))
    assert seen == [("first",)]


def test_a_results_line_has_all_that_the_contract_names() -> None:
    say: Say = lambda _conversation, _context: [  # noqa: E731 - a table entry
        Score("scripted", Verdict.FAIL, 0.9, "stale", tool_call_id="t1", argument_path="/order_id", argument_value="1")
    ]
    given = grade(CONVERSATION, _card(_scorer(say)))
    line = orjson.loads(results.to_line(CONVERSATION, given))
    assert line["conversation_id"] == "c1"
    assert (line["verdict"], line["risk"]) == ("fail", pytest.approx(given.risk, abs=1e-6))
    assert line["turns"] == [{"index": 0, "type": "tool_call"}]
    score = line["scores"][0]
    assert (score["label"], score["tool_call_id"], score["argument_path"]) == ("stale", "t1", "/order_id")


USER_SCORER = """
import time
from scoring.protocol import Parameters
from conversation.verdict import Score, Verdict

class Params(Parameters):
    do: str = "score"

class Mine:
    name = "mine"
    version = "7"
    parameters_type = Params

    def __init__(self, parameters):
        self.do = parameters.do

    def score(self, conversation, context):
        print("scorers may print")
        if self.do == "hang":
            import re
            re.match(r"(a+)+$", "a" * 60 + "b")
        if self.do == "die":
            import os
            os._exit(3)
        if self.do == "raise":
            raise ValueError("no opinion")
        yield Score("mine", Verdict.PASS, 1.0)
"""


@pytest.mark.parametrize(
    ("do", "state", "cause"),
    [
        ("score", LedgerState.SCORED, ""),
        ("raise", LedgerState.FAILED, "no opinion"),
        ("hang", LedgerState.FAILED, "time limit of 3 s passed"),
        ("die", LedgerState.FAILED, "its process ended"),
    ],
)
def test_a_users_scorer_runs_in_its_own_process_and_its_failure_is_a_row(
    tmp_path: Path, do: str, state: LedgerState, cause: str
) -> None:
    (tmp_path / "mine.py").write_text(USER_SCORER)
    path = tmp_path / "card.yaml"
    path.write_text(
        "name: own\nscorers:\n"
        f"  - {{name: checked, python: 'mine.py:Mine', time_limit_seconds: 3, parameters: {{do: {do}}}}}\n"
        "  - name: latency\n"
    )
    card = load(path)
    # A store with many parts has many files open; the child's pipe then has a number above the 1,023 of select(2).
    with many_files_open():
        try:
            for _ in range(2 if do != "hang" else 1):
                entry = grade(CONVERSATION, card).ledger[0]
                assert (entry.state, entry.scorer_version) == (state, "7")
                assert cause in entry.cause
        finally:
            card.close()


def test_the_default_scorecard_grades_shared_conversations_without_a_failure(
    shared_conversations: list[Conversation],
) -> None:
    card = load()
    states = [entry for item in shared_conversations for entry in grade(item, card).ledger]
    assert not [entry for entry in states if entry.state is LedgerState.FAILED]
