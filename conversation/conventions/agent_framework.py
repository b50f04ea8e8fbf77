"""Microsoft Agent Framework: `gen_ai.*` with arguments as JSON inside JSON, log records, sums on agents.

Its middleware and executor spans sit between agent and model; the provider it names on agents is the framework.
"""

from __future__ import annotations

from typing import ClassVar

from conversation.facts import Facts, Source, SpanRole
from conversation.parsing import first_text, unquoted

_FRAMEWORK = "microsoft.agent_framework"
_WORK = {"executor.process", "edge_group.process", "message.send", "workflow.run", "workflow.build"}


class AgentFramework:
    """Reader of Agent Framework spans."""

    name: ClassVar[str] = "agent-framework"

    def recognises(self, source: Source) -> bool:
        """Its scope, or its framework name."""
        span = source.span
        named = (span.attributes.get("gen_ai.system"), span.attributes.get("gen_ai.provider.name"))
        return span.scope_name.startswith("agent_framework") or _FRAMEWORK in named

    def read(self, source: Source) -> Facts:
        """What differs from plain `gen_ai.*`: a framework is no provider, workflow machinery is own code."""
        span = source.span
        attributes = span.attributes
        operation = unquoted(attributes.get("gen_ai.operation.name"))
        provider = first_text(attributes, ("gen_ai.provider.name", "gen_ai.system"))
        is_work = operation is None and span.name.split(" ")[0] in _WORK
        return Facts(
            role=SpanRole.OTHER if is_work else None,
            provider="" if provider == _FRAMEWORK else None,
            agent_name=first_text(attributes, ("gen_ai.agent.name", "gen_ai.agent.id"))
            if operation == "invoke_agent"
            else None,
        )
