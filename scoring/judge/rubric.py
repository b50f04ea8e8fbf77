"""The clauses a judge is asked about, each from one clause of the agent's policy."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from conversation.verdict import Score, Verdict


class Clause(BaseModel):
    """One question to the judge.

    Attributes:
        id: Its name; scores are called `judge.<id>`.
        text: What the agent must or must not do, in one or two sentences.
        rule: The score of a rule that decides this clause where it can, such as `policy.refund_needs_identity`.
            With a rule, the judge is asked only where the rule was inconclusive; without one, always.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    id: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$", max_length=60)]
    text: Annotated[str, Field(min_length=1)]
    rule: str | None = None


def open_clauses(clauses: Sequence[Clause], scores: Sequence[Score], *, always: bool) -> tuple[Clause, ...]:
    """The clauses to ask about.

    Args:
        clauses: The rubric.
        scores: What other scorers said of the conversation.
        always: Ask about all clauses, also those a rule has decided.
    """
    unsure = {score.name for score in scores if score.verdict is Verdict.INCONCLUSIVE}
    return tuple(clause for clause in clauses if always or clause.rule is None or clause.rule in unsure)
