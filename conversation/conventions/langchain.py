"""LangChain and LangGraph under any instrumentation: graph nodes are not agents, the graph itself is.

The marks are LangGraph's run metadata (`langgraph_node`, `langgraph_step`), which OpenInference keeps in `metadata` and
Traceloop in association properties.
"""

from __future__ import annotations

from typing import ClassVar

from conversation.facts import Facts, Source, SpanRole
from conversation.model import JSON, Span
from conversation.parsing import as_dict, unquoted

_PROPERTIES = "traceloop.association.properties."


class LangChain:
    """Reader of LangGraph's run metadata."""

    name: ClassVar[str] = "langchain"

    def recognises(self, source: Source) -> bool:
        """A LangChain scope, or LangGraph metadata."""
        span = source.span
        if span.scope_name.endswith(".langchain"):
            return True
        return ("metadata" in span.attributes or "traceloop" in source.heads) and bool(_metadata(span))

    def read(self, source: Source) -> Facts:
        """What the span is of, where only LangGraph's metadata tells."""
        span = source.span
        metadata = _metadata(span)
        kind = unquoted(span.attributes.get("openinference.span.kind"))
        if kind not in {"AGENT", "CHAIN"}:
            return Facts()
        in_node = "langgraph_node" in metadata
        if in_node:
            return Facts(role=SpanRole.OTHER)
        is_graph = metadata.get("ls_integration") == "langgraph" or not span.parent_span_id
        return Facts(role=SpanRole.AGENT, agent_name=span.name) if is_graph else Facts()


def _metadata(span: Span) -> dict[str, JSON]:
    """Run metadata that concerns LangGraph; empty where there is none."""
    found = {key: value for key, value in as_dict(span.attributes.get("metadata")).items() if _is_mark(key)}
    for key, value in span.attributes.items():
        name = key.removeprefix(_PROPERTIES)
        if name != key and _is_mark(name) and not isinstance(value, bytes):
            found[name] = value
    return found


def _is_mark(key: str) -> bool:
    return key.startswith("langgraph_") or key == "ls_integration"
