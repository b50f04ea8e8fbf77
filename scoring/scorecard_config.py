"""The scorecard file as a user writes it: strict, every field with its meaning. `scorecard` turns it into scorers."""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from conversation.model import Conversation

Share = Annotated[float, Field(ge=0, le=1)]
Name = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$", max_length=60)]


class Strict(BaseModel):
    """Unknown keys are refused, values never change."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class AppliesToConfig(Strict):
    """Which conversations a scorer looks at. Each list holds shell patterns (`shop-*`); an empty list means any.

    Attributes:
        agents: Names of agents.
        versions: Versions of agents.
        domains: Domains of conversations.
        channels: Channels (`chat`, `voice`).
        tools: At least one of these was offered to the agent or called by it.
    """

    agents: tuple[str, ...] = ()
    versions: tuple[str, ...] = ()
    domains: tuple[str, ...] = ()
    channels: tuple[str, ...] = ()
    tools: tuple[str, ...] = ()

    def refusal(self, conversation: Conversation) -> str:
        """Why the conversation is not looked at, empty if it is."""
        facts = (
            ("agent", self.agents, (conversation.agent.name,)),
            ("agent version", self.versions, (conversation.agent.version,)),
            ("domain", self.domains, (conversation.domain or "",)),
            ("channel", self.channels, (conversation.channel,)),
        )
        for word, patterns, values in facts:
            if patterns and not _any_matches(patterns, values):
                return f"{word} {values[0]!r} is not among {', '.join(patterns)}"
        if self.tools:
            seen = (*(tool.name for tool in conversation.tools), *(call.name for call in conversation.tool_calls))
            if not _any_matches(self.tools, seen):
                return f"none of the tools {', '.join(self.tools)} is present"
        return ""


class BudgetConfig(Strict):
    """How much a scorer may do; what is over it is `over_budget` in the ledger, never silently left out.

    Attributes:
        conversations_per_day: Conversations a UTC day, counted in each scoring process.
    """

    conversations_per_day: Annotated[int, Field(ge=0)] | None = None


class DimensionConfig(Strict):
    """One side of quality, such as `policy`.

    Attributes:
        threshold: Least weighted mean of its scorers' values; where set, each conversation also gets a score
            `dimension.<name>`. None: the dimension only groups its scorers.
    """

    threshold: Share | None = None


class ScorerConfig(Strict):
    """One scorer of the scorecard.

    Attributes:
        name: What its scores are called; unique in the scorecard.
        use: The registered scorer, `name` if left out.
        python: `path/to/file.py:Class`, a scorer of your own, instead of `use`. It runs in a process of its own.
        dimension: The dimension it belongs to, `name` if left out.
        weight: Its weight in the mean of its dimension.
        threshold: Where set, a score with a value fails below it and passes from it on, whatever the scorer said;
            scores of single arguments, which rank suspicion, and unsure or broken ones are left alone.
        sample: Share of conversations to look at, chosen by a hash of the conversation id: the same ones each time.
        decides_verdict: Whether its failures fail the conversation. False is shadow mode: scored, stored, shown, only.
        inconclusive: `counts`: a conversation it is unsure of is not a pass. `ignored`: as if it had said nothing.
        time_limit_seconds: Longest time one conversation may take.
        isolation: `thread` is fast; `process` survives code that hangs inside C or ends the interpreter.
        applies_to: Filters.
        budget: Limits.
        parameters: The scorer's own parameters, typed by the scorer.
    """

    name: Name
    use: str | None = None
    python: str | None = None
    dimension: Name | None = None
    weight: Annotated[float, Field(ge=0)] = 1.0
    threshold: Share | None = None
    sample: Share = 1.0
    decides_verdict: bool = True
    inconclusive: Literal["counts", "ignored"] = "counts"
    time_limit_seconds: Annotated[float, Field(gt=0, le=600)] = 10.0
    isolation: Literal["thread", "process"] | None = None
    applies_to: AppliesToConfig = AppliesToConfig()
    budget: BudgetConfig = BudgetConfig()
    parameters: dict[str, Any] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _one_source(self) -> ScorerConfig:
        if self.use is not None and self.python is not None:
            raise ValueError("give use or python, not both")
        return self

    @property
    def registered(self) -> str:
        """The registered name, where the scorer is not a Python file."""
        return self.use or self.name

    @property
    def in_dimension(self) -> str:
        """The dimension it belongs to."""
        return self.dimension or self.name

    @property
    def isolated(self) -> bool:
        """Whether it runs in a process of its own."""
        return (self.isolation or ("process" if self.python else "thread")) == "process"


class ScorecardConfig(Strict):
    """The whole file.

    Attributes:
        name: What people call this scorecard.
        dimensions: Thresholds by dimension; dimensions that need none may be left out.
        scorers: What to grade with, in this order.
    """

    name: Name = "scorecard"
    dimensions: dict[str, DimensionConfig] = Field(default_factory=dict)
    scorers: Annotated[tuple[ScorerConfig, ...], Field(min_length=1)]


def _any_matches(patterns: tuple[str, ...], values: tuple[str, ...]) -> bool:
    return any(fnmatchcase(value, pattern) for pattern in patterns for value in values)
