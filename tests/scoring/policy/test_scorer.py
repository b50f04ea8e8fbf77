from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest

from conversation.model import Agent, Conversation, ToolDefinition
from conversation.verdict import Verdict
from scoring.policy.examples import conversation_of
from scoring.policy.load import load, shipped
from scoring.protocol import Context
from scoring.scorers.policy import PolicyParameters, PolicyScorer

Trace = Callable[..., Conversation]
FILE = """\
policy: mine
applies_to: {{{applies}}}
rules:
  - id: no_a
    says: No a.
    source: {{file: prose.md, paragraph: "2", quote: never a}}
    mode: {mode}
    absence: {{event: a}}
  - {{id: b_first, says: B first., source: {{file: prose.md}}, precedence: {{require: b, before: c}}}}
"""


def scorer(tmp_path: Path, applies: str = "", mode: str = "enforce") -> PolicyScorer:
    path = tmp_path / "mine.policy.yaml"
    path.write_text(FILE.format(applies=applies, mode=mode))
    return PolicyScorer(PolicyParameters(files=(str(path),)))


def test_each_applicable_rule_gives_a_score_with_witness_source_and_version(tmp_path: Path, trace: Trace) -> None:
    (score,) = scorer(tmp_path).score(trace("U x", "a"), Context())
    assert (score.name, score.verdict, score.value, score.label) == ("policy.no_a", Verdict.FAIL, 0.0, "fail")
    assert score.scorer_version.startswith("1:mine@")
    assert [item.kind for item in score.evidence] == ["tool_call", "policy"]
    assert score.evidence[1].text == "prose.md, 2: never a"
    assert score.tool_call_id == "call_1"


def test_a_shadow_rule_is_recorded_and_fails_nothing(tmp_path: Path, trace: Trace) -> None:
    (score,) = scorer(tmp_path, mode="shadow").score(trace("U x", "a"), Context())
    assert (score.verdict, score.value, score.label) == (Verdict.NOT_APPLICABLE, None, "shadow_fail")


@pytest.mark.parametrize(
    ("applies", "applied"),
    [
        ("", True),
        ("agents: shop-*", True),
        ("agents: bank-*", False),
        ("domains: shop", True),
        ("domains: bank", False),
        ("tools: [a, offered]", True),
        ("tools: [a, absent]", False),
        ("without_tools: a", False),
        ("without_tools: absent", True),
    ],
)
def test_a_policy_is_used_only_for_its_conversations(tmp_path: Path, trace: Trace, applies: str, applied: bool) -> None:
    conversation = replace(trace("U x", "a"), agent=Agent("shop-7"), domain="shop", tools=(ToolDefinition("offered"),))
    assert bool(list(scorer(tmp_path, applies).score(conversation, Context()))) is applied


def test_without_a_domain_the_tools_decide(tmp_path: Path, trace: Trace) -> None:
    assert list(scorer(tmp_path, "domains: bank, tools: a").score(trace("U x", "a"), Context()))
    assert not list(scorer(tmp_path, "domains: bank").score(trace("U x", "a"), Context()))


def test_the_shippedpolicies_are_the_default(trace: Trace) -> None:
    assert len(PolicyScorer(PolicyParameters()).policies) == len(shipped())
    assert list(PolicyScorer(PolicyParameters()).score(trace("U x", "a"), Context())) == []


def test_one_policy_may_be_used_by_several_threads() -> None:
    policies = [load(path) for path in shipped()]
    example = policies[0].rules[0].spec.examples[0]
    conversation = conversation_of(example)

    def verdicts(_: int) -> list[str]:
        return [result.verdict.value for policy in policies for result in policy.results(conversation, filtered=False)]

    alone = verdicts(0)
    with ThreadPoolExecutor(4) as pool:
        assert all(found == alone for found in pool.map(verdicts, range(100)))
