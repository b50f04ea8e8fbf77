"""When a conversation counts as complete, and which process grades it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from scoring.backoff import SECOND_NS
from store.activity import Activity


@dataclass(frozen=True, slots=True)
class Settle:
    """When a conversation counts as complete without its sender saying so.

    Attributes:
        idle_seconds: Seconds without new spans.
        by_agent: Other idle times by agent name, as the assembled conversation has it.
        max_age_seconds: Seconds after its first span when it is graded even while it goes on.
    """

    idle_seconds: float = 30.0
    by_agent: Mapping[str, float] = field(default_factory=dict)
    max_age_seconds: float = 86_400.0

    @property
    def shortest(self) -> float:
        """The shortest idle time of any agent."""
        return min((self.idle_seconds, *self.by_agent.values()))

    def complete(self, activity: Activity, agent: str, now_ns: int) -> bool:
        """Whether a conversation the store found due is complete by its own agent's idle time too."""
        if not self.by_agent or activity.ended or now_ns - activity.first_start_ns >= self.max_age_seconds * SECOND_NS:
            return True
        idle = self.by_agent.get(agent, self.idle_seconds)
        return now_ns - activity.last_received_ns >= idle * SECOND_NS


@dataclass(frozen=True, slots=True)
class Shard:
    """Share `index` of `count` scoring processes; the store splits by a hash of the conversation id."""

    index: int = 0
    count: int = 1
