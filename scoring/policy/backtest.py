"""What rules would have said over stored conversations, before any of them may page."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

from conversation.model import Conversation
from conversation.verdict import Verdict
from scoring.policy.policy import Policy

_MOST_EXAMPLES = 5


@dataclass(slots=True)
class BacktestRow:
    """One rule over history: how often it gave each verdict, and the first conversations it would have failed."""

    rule: str
    severity: str
    shadow: bool
    verdicts: Counter[Verdict] = field(default_factory=Counter)
    failing: list[str] = field(default_factory=list)
    errors: Counter[str] = field(default_factory=Counter)

    @property
    def judged(self) -> int:
        """Conversations the rule applied to."""
        return self.verdicts.total() - self.verdicts[Verdict.NOT_APPLICABLE]

    @property
    def failure_rate(self) -> float | None:
        """Share of failures among passes and failures; None without any."""
        decided = self.verdicts[Verdict.PASS] + self.verdicts[Verdict.FAIL]
        return self.verdicts[Verdict.FAIL] / decided if decided else None


def backtest(policy: Policy, conversations: Iterable[Conversation]) -> list[BacktestRow]:
    """One row a rule, in the order of the file, shadow rules included."""
    rows = {
        rule.spec.id: BacktestRow(rule.spec.id, rule.spec.severity, rule.spec.mode == "shadow") for rule in policy.rules
    }
    for conversation in conversations:
        for result in policy.evaluate(conversation):
            row = rows[result.rule]
            row.verdicts[result.verdict] += 1
            if result.verdict is Verdict.FAIL and len(row.failing) < _MOST_EXAMPLES:
                row.failing.append(conversation.id)
            elif result.verdict is Verdict.ERROR:
                row.errors[result.explanation] += 1
    return list(rows.values())
