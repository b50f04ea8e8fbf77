from __future__ import annotations

import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from conversation.model import Conversation, Message, Role
from conversation.verdict import Grade, LedgerState, Score, Verdict
from scoring.budget import DAY_NS, DayBudget
from scoring.ledger import NotApplicableError
from scoring.protocol import Context
from scoring.runner import grade
from scoring.scorecard import BoundScorer, Scorecard
from scoring.scorecard_config import ScorerConfig
from scoring.scorers.judge import JudgeParameters, JudgeScorer
from tests.scoring.judge.endpoint import Endpoint, lines, serving, verdicts

# litellm's own models warn when first used; that is theirs to mend and does not stop anybody outside tests.
pytestmark = pytest.mark.filterwarnings("ignore")

CLAUSE = {"id": "no_promise", "text": "The agent promises no refund."}


def conversation(*texts: str, name: str = "c1") -> Conversation:
    """Customer and agent in turn."""
    roles = (Role.USER, Role.ASSISTANT)
    return Conversation(
        name, messages=tuple(Message(place, roles[place % 2], text) for place, text in enumerate(texts))
    )


PLAIN = conversation("I want my money back", "I cannot do that")


def judge(endpoint: Endpoint, now_ns: Callable[[], int] = lambda: 0, **settings: Any) -> JudgeScorer:
    """A judge that asks the endpoint."""
    given = {"url": endpoint.url, "model": "m", "clauses": [CLAUSE], "retries": 0, **settings}
    return JudgeScorer(JudgeParameters.model_validate(given), now_ns)


def card(scorer: JudgeScorer) -> Scorecard:
    """A scorecard with a judge only."""
    config = ScorerConfig.model_validate({"name": "judge", "time_limit_seconds": 60})
    return Scorecard("test", "1", (BoundScorer(config, scorer, "judge", "1", DayBudget(None)),), {})


def graded(scorer: JudgeScorer, given: Conversation = PLAIN, **context: Any) -> Grade:
    """The grade of one conversation."""
    return grade(given, card(scorer), Context(**context))


def state(given: Grade) -> tuple[LedgerState, str]:
    """The judge's state and cause."""
    return given.ledger[0].state, given.ledger[0].cause


@pytest.fixture
def strict() -> Iterator[Endpoint]:
    """An endpoint that fails a transcript whose agent says "I promise", and passes others."""

    def reply(system: str, messages: list[dict[str, str]]) -> str:
        broken = [item["id"] for item in lines(messages) if item["role"] == "assistant" and "I promise" in item["text"]]
        return verdicts(system, messages, "fail" if broken else "pass", broken[0] if broken else None)

    with serving(reply) as endpoint:
        yield endpoint


def test_a_verdict_carries_evidence_versions_tokens_and_cost(strict: Endpoint) -> None:
    scorer = judge(strict, usd_per_million_input=2, usd_per_million_output=10)
    given = graded(scorer, conversation("Hello", "I promise you a refund"))
    (score,) = given.scores
    assert (score.name, score.verdict, score.value) == ("judge.no_promise", Verdict.FAIL, 0.0)
    assert [item.message for item in score.evidence] == [1]
    assert score.source == {
        "kind": "judge",
        "cached": False,
        "calls": 1,
        "input_tokens": 1000,
        "output_tokens": 100,
        "cost_usd": pytest.approx(0.003),
    }
    assert scorer.usage.cost_usd == pytest.approx(0.003)


def test_unsure_is_inconclusive_and_never_pass() -> None:
    with serving(lambda system, messages: verdicts(system, messages, "unsure")) as endpoint:
        given = graded(judge(endpoint))
    assert [score.verdict for score in given.scores] == [Verdict.INCONCLUSIVE]
    assert given.verdict is Verdict.INCONCLUSIVE


@pytest.mark.parametrize(
    ("said", "always", "asked"),
    [
        (Verdict.INCONCLUSIVE, False, True),
        (Verdict.PASS, False, False),
        (Verdict.FAIL, False, False),
        (Verdict.PASS, True, True),
    ],
)
def test_it_is_asked_only_where_the_rule_is_unsure_unless_wanted(
    strict: Endpoint, said: Verdict, *, always: bool, asked: bool
) -> None:
    clause = {**CLAUSE, "rule": "policy.no_promise"}
    context = Context(scores=(Score("policy.no_promise", said),))
    scorer = judge(strict, clauses=[clause], always=always)
    if asked:
        assert list(scorer.score(PLAIN, context))
    else:
        with pytest.raises(NotApplicableError, match="rules decided"):
            scorer.score(PLAIN, context)
    assert bool(strict.asked) is asked


def test_without_a_model_it_is_off() -> None:
    given = graded(JudgeScorer(JudgeParameters()))
    assert state(given) == (LedgerState.NOT_APPLICABLE, "no judge is configured")


def test_the_same_conversation_is_asked_once_and_another_rubric_asks_again(strict: Endpoint, tmp_path: Path) -> None:
    memory = str(tmp_path / "judge.sqlite")
    first, again = graded(judge(strict, memory=memory)), graded(judge(strict, memory=memory))
    assert len(strict.asked) == 1
    assert again.scores[0].verdict is first.scores[0].verdict
    assert (again.scores[0].source or {})["cached"] is True
    graded(judge(strict, memory=memory, clauses=[{**CLAUSE, "text": "Other words."}]))
    assert len(strict.asked) == 2


def test_an_endpoint_that_dies_in_the_middle_fails_the_rest_for_a_passing_reason(strict: Endpoint) -> None:
    scorer = judge(strict)
    assert state(graded(scorer))[0] is LedgerState.SCORED
    strict.kill()
    given = graded(scorer, conversation("Hello", "Hi", name="c2"))
    assert state(given)[0] is LedgerState.FAILED
    assert given.ledger[0].retryable
    assert [score.verdict for score in given.scores] == [Verdict.ERROR]
    assert scorer.usage.away == 1


@pytest.mark.parametrize(("status", "retryable"), [(429, True), (500, True), (503, True), (401, False), (400, False)])
def test_a_refusal_is_a_failure_that_says_whether_it_may_pass(
    strict: Endpoint, status: int, *, retryable: bool
) -> None:
    strict.statuses = [status] * 3
    given = graded(judge(strict))
    assert (state(given)[0], given.ledger[0].retryable) == (LedgerState.FAILED, retryable)


def test_a_429_that_passes_is_waited_out(strict: Endpoint) -> None:
    strict.statuses = [429]
    assert state(graded(judge(strict, retries=1)))[0] is LedgerState.SCORED


NOT_THERE = '{"clauses": [{"id": "no_promise", "reason": "r", "evidence": ["m99"], "verdict": "pass"}]}'
OTHER_CLAUSE = '{"clauses": [{"id": "other", "reason": "r", "evidence": ["m0"], "verdict": "pass"}]}'
NO_EVIDENCE = '{"clauses": [{"id": "no_promise", "reason": "r", "evidence": [], "verdict": "pass"}]}'
OTHER_WORD = '{"clauses": [{"id": "no_promise", "reason": "r", "evidence": ["m0"], "verdict": "fine"}]}'


@pytest.mark.parametrize(
    ("text", "cause"),
    [
        ("The agent did well.", "not the JSON asked for"),
        ('{"clauses": [', "not the JSON asked for"),
        ("", "not the JSON asked for"),
        (OTHER_WORD, "not the JSON asked for"),
        (NOT_THERE, "messages that do not exist: m99"),
        (OTHER_CLAUSE, "clauses answered ['other']"),
        (NO_EVIDENCE, "pass without evidence"),
    ],
    ids=["prose", "cut off", "empty", "other word", "evidence not there", "other clause", "no evidence"],
)
def test_an_answer_that_cannot_be_used_gets_one_repair_and_then_fails(text: str, cause: str) -> None:
    with serving(lambda _system, _messages: text) as endpoint:
        scorer = judge(endpoint)
        given = graded(scorer)
        assert len(endpoint.asked) == 2
        assert "cannot be used" in endpoint.asked[1]["messages"][-1]["content"]
    assert state(given)[0] is LedgerState.FAILED
    assert cause in state(given)[1]
    assert not given.ledger[0].retryable
    assert (scorer.usage.repairs, scorer.usage.unusable) == (1, 1)


def test_a_repaired_answer_counts() -> None:
    def reply(system: str, messages: list[dict[str, str]]) -> str:
        return verdicts(system, messages, "pass") if len(messages) > 2 else "oh dear"

    with serving(reply) as endpoint:
        given = graded(judge(endpoint))
    assert state(given)[0] is LedgerState.SCORED
    assert (given.scores[0].source or {})["calls"] == 2


def test_a_fence_around_the_json_is_forgiven() -> None:
    with serving(lambda system, messages: f"```json\n{verdicts(system, messages, 'pass')}\n```") as endpoint:
        assert state(graded(judge(endpoint)))[0] is LedgerState.SCORED


@pytest.mark.parametrize(
    "limit",
    [{"calls_per_day": 1}, {"usd_per_day": 0.001, "usd_per_million_input": 2, "usd_per_million_output": 2}],
    ids=["questions", "money"],
)
def test_a_day_over_budget_says_so_survives_a_restart_and_ends_at_midnight(
    strict: Endpoint, tmp_path: Path, limit: dict[str, Any]
) -> None:
    memory = str(tmp_path / "judge.sqlite")
    others = [conversation("Hello", "Hi", str(number), name=f"c{number}") for number in range(3)]
    assert state(graded(judge(strict, memory=memory, **limit), others[0]))[0] is LedgerState.SCORED
    assert state(graded(judge(strict, memory=memory, **limit), others[1]))[0] is LedgerState.OVER_BUDGET
    tomorrow = judge(strict, lambda: DAY_NS, memory=memory, **limit)
    assert state(graded(tomorrow, others[2]))[0] is LedgerState.SCORED


def test_a_transcript_that_is_too_long_is_over_budget_and_never_cut(strict: Endpoint) -> None:
    given = graded(judge(strict, most_characters=200), conversation("x" * 500, "no"))
    assert state(given)[0] is LedgerState.OVER_BUDGET
    assert not strict.asked


def test_no_more_questions_at_one_time_than_allowed() -> None:
    def slow(system: str, messages: list[dict[str, str]]) -> str:
        time.sleep(0.05)
        return verdicts(system, messages, "pass")

    with serving(slow) as endpoint:
        scorer = judge(endpoint, most_concurrent=2)
        threads = [
            threading.Thread(target=graded, args=(scorer, conversation("Hello", "Hi", name=f"c{number}")))
            for number in range(8)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(endpoint.asked) == 8 or scorer.usage.cached
        assert endpoint.most_busy <= 2


def test_nothing_but_a_question_imports_litellm() -> None:
    code = (
        "import sys, scoring.runner, scoring.due, scoring.scorecard, scoring.scorers.judge\n"
        "scoring.scorecard.load()\n"
        "assert 'litellm' not in sys.modules\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True, cwd=Path(__file__).resolve().parents[3])
