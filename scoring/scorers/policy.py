"""Policy adherence: every rule of the policy files that are for the conversation, one score a rule.

Scores are named `policy.<rule id>`; their version is the policy's name and content hash. Parameters: `files`, paths of
policy files relative to the working directory (left out: the policies that come with Floorline). A rule in shadow mode
is recorded as not applicable with the label `shadow_<verdict>`, so that it never fails a conversation. Example:

    - name: policy
      parameters: {files: [policies/shop.policy.yaml]}
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import ClassVar

from conversation.model import Conversation
from conversation.verdict import Evidence, Score, Verdict
from scoring.policy.load import load, shipped
from scoring.policy.policy import Policy
from scoring.policy.rule import Rule, RuleResult
from scoring.protocol import Context, Parameters

_VALUES = {Verdict.PASS: 1.0, Verdict.FAIL: 0.0}


class PolicyParameters(Parameters):
    """Which policy files; None means those that come with Floorline."""

    files: tuple[str, ...] | None = None


class PolicyScorer:
    """Grades a conversation against policy files."""

    name: ClassVar[str] = "policy"
    version: ClassVar[str] = "1"
    parameters_type: ClassVar[type[Parameters]] = PolicyParameters

    def __init__(self, parameters: PolicyParameters) -> None:
        files = shipped() if parameters.files is None else parameters.files
        self.policies = tuple(load(path) for path in files)

    def score(self, conversation: Conversation, context: Context) -> Iterable[Score]:  # noqa: ARG002 - the contract
        """One score for each rule that applies."""
        for policy in self.policies:
            for rule, result in zip(policy.rules, policy.evaluate(conversation), strict=False):
                if result.verdict is not Verdict.NOT_APPLICABLE:
                    yield self._score(policy, rule, result)

    def _score(self, policy: Policy, rule: Rule, result: RuleResult) -> Score:
        verdict = Verdict.NOT_APPLICABLE if result.shadow else result.verdict
        return Score(
            name=f"{self.name}.{result.rule}",
            verdict=verdict,
            value=None if result.shadow else _VALUES.get(verdict),
            label=f"shadow_{result.verdict.value}" if result.shadow else verdict.value,
            explanation=result.explanation,
            turn=result.turn,
            tool_call_id=result.tool_call_id,
            evidence=tuple(_evidence(rule, result)),
            scorer_version=f"{self.version}:{policy.name}@{policy.version}",
        )


def _evidence(rule: Rule, result: RuleResult) -> Iterator[Evidence]:
    """The witnesses, then the paragraph of the prose."""
    yield from result.evidence
    source = rule.spec.source
    place = ", ".join(part for part in (source.file, source.paragraph) if part)
    yield Evidence("policy", f"{place}: {source.quote}" if source.quote else place)
