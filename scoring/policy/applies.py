"""Which conversations a policy or a rule is for."""

from __future__ import annotations

from dataclasses import dataclass
from fnmatch import fnmatchcase

from conversation.model import Conversation
from scoring.policy.spec import AppliesToSpec


@dataclass(frozen=True, slots=True)
class Filter:
    """The conditions of `applies_to`; all that are given must hold."""

    agents: tuple[str, ...]
    domains: frozenset[str]
    tools: frozenset[str]
    without_tools: frozenset[str]

    @classmethod
    def of(cls, spec: AppliesToSpec) -> Filter:
        """A filter from the file."""
        return cls(spec.agents, frozenset(spec.domains), frozenset(spec.tools), frozenset(spec.without_tools))

    def accepts(self, conversation: Conversation) -> bool:
        """Whether the conversation is one of those."""
        if self.agents and not any(fnmatchcase(conversation.agent.name, pattern) for pattern in self.agents):
            return False
        if self.domains and conversation.domain is not None and conversation.domain not in self.domains:
            return False
        if self.domains and conversation.domain is None and not self.tools:
            return False
        if not self.tools and not self.without_tools:
            return True
        seen = {tool.name for tool in conversation.tools} | {call.name for call in conversation.tool_calls}
        return self.tools <= seen and not self.without_tools & seen
