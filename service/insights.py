"""What many conversations say together: degradation by turn, pass^k of production by intent, cost of a resolved one."""

from __future__ import annotations

from collections.abc import Mapping
from threading import Lock
from typing import Any

from conversation.model import Conversation
from conversation.verdict import Verdict
from scoring.aggregates.degradation import by_turn
from scoring.aggregates.economics import Usual, per_resolved, usage_of, usual
from scoring.aggregates.intents import intent_of
from scoring.aggregates.production_pass_k import production_pass_k
from scoring.protocol import Context
from scoring.statistics import Interval
from store.conversations import ConversationStore
from store.grades import GradeStore

MOST = 1000
KS = (1, 2, 4, 8)
REFRESH_SECONDS = 600
# Enough for a median and its spread, and read in a second.
USUAL_FROM = 150


class Insights:
    """Aggregates over the newest stored conversations, at most `MOST` of them.

    Args:
        conversations: Stored conversations.
        grades: Their scores.
    """

    def __init__(self, conversations: ConversationStore, grades: GradeStore) -> None:
        self._conversations = conversations
        self._grades = grades

    def report(self, project: str, agent: str | None, since_ns: int | None) -> dict[str, Any]:
        """Pass rate by turn bucket, pass^k by intent, and calls, cost and seconds for each resolved conversation."""
        verdicts: dict[str, str] = {}
        found = self._newest(project, agent, since_ns, verdicts)
        scores = [score for conversation in found for score in self._grades.scores(project, conversation.id)]
        decided = [c for c in found if verdicts[c.id] in {Verdict.PASS, Verdict.FAIL}]
        production = production_pass_k([(intent_of(c), verdicts[c.id] == Verdict.PASS) for c in decided], KS)
        return {
            "conversations": len(found),
            "by_turn": [
                {"turns": row.label, "passed": row.passed, "failed": row.failed, "rate": _interval(row.rate)}
                for row in by_turn(scores)
            ],
            "pass_k": {k: _interval(value) for k, value in production.mean.items()},
            "intents": [
                {
                    "intent": row.intent,
                    "conversations": row.n,
                    "passed": row.passed,
                    "pass_k": {k: _interval(value) for k, value in row.pass_k.items()},
                }
                for row in production.intents
            ],
            "per_resolved": dict(per_resolved([usage_of(conversation) for conversation in found])),
        }

    def usual(self) -> Mapping[str, Mapping[str, Mapping[str, Usual]]]:
        """The usual calls, cost and seconds by project and agent, for the scorer of tool economics."""
        return {project: self._usual(project) for project in self._conversations.projects()}

    def _usual(self, project: str) -> Mapping[str, Mapping[str, Usual]]:
        agents: dict[str, list[Conversation]] = {}
        for conversation in self._newest(project, None, None, {}, USUAL_FROM):
            agents.setdefault(conversation.agent.name, []).append(conversation)
        return {agent: usual(map(usage_of, own)) for agent, own in agents.items()}

    def _newest(
        self, project: str, agent: str | None, since_ns: int | None, verdicts: dict[str, str], most: int = MOST
    ) -> list[Conversation]:
        page = self._conversations.page(project, agent=agent, since_ns=since_ns, limit=most)
        verdicts.update({item["conversation_id"]: item["verdict"] for item in page.items})
        made = (self._conversations.conversation(project, name) for name in list(verdicts))
        return [conversation for conversation in made if conversation is not None]


def _interval(found: Interval | None) -> dict[str, float] | None:
    return None if found is None else {"value": found.value, "low": found.low, "high": found.high}


class Known:
    """What scorers may know beside a conversation; a job of its own reads it again, so that grading never waits for it.

    Args:
        insights: Where it comes from.
    """

    def __init__(self, insights: Insights) -> None:
        self._insights = insights
        self._lock = Lock()
        self._context: Context | None = None

    def refresh(self) -> None:
        """Read it again."""
        self._context = Context(baselines={"tool_economics": self._insights.usual()})

    def __call__(self) -> Context:
        """The context of one round of grading; read here only where no job has done so before."""
        with self._lock:
            if self._context is None:
                self.refresh()
        return self._context or Context()
