"""The contract between the runner and a scorer. Built-in and third-party scorers arrive by the same entry points.

A scorer class is registered under the entry-point group `floorline.scorers`. Its `parameters_type` (a strict pydantic
model) is the scorer's section of the scorecard YAML; the class is called once with an instance of it, then `score` is
called for each conversation, possibly from several threads. A scorer never sees the store, the network or the clock.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import ClassVar, Protocol

from pydantic import BaseModel, ConfigDict

from conversation.model import Conversation
from conversation.verdict import Score


class Parameters(BaseModel):
    """Base of every scorer's parameters: unknown keys are refused."""

    model_config = ConfigDict(extra="forbid", frozen=True)


@dataclass(frozen=True, slots=True)
class Context:
    """What a scorer may know beside the conversation.

    Attributes:
        policy_text: The agent's policy in prose, empty if unknown.
        baselines: Facts learned from history by scorer name (argument statistics, learned schemas); may be empty.
        scores: What the scorers before this one said of the conversation, in the scorecard's order.
    """

    policy_text: str = ""
    baselines: Mapping[str, object] = field(default_factory=dict)
    scores: tuple[Score, ...] = ()


class Scorer(Protocol):
    """Grades one conversation. Returns no scores where it does not apply; raising is recorded as a failure row."""

    name: ClassVar[str]
    version: ClassVar[str]
    parameters_type: ClassVar[type[Parameters]]

    def score(self, conversation: Conversation, context: Context) -> Iterable[Score]:
        """Scores of one conversation."""
        ...
