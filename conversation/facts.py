"""What one span says, in one vocabulary for all conventions. None means: this convention does not say."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import NamedTuple

from conversation.model import JSON, LogRecord, Span, Tokens, ToolDefinition
from conversation.said import Said


class SpanRole(StrEnum):
    """What a span is of."""

    MODEL = "model"
    TOOL = "tool"
    AGENT = "agent"
    RETRIEVAL = "retrieval"
    GUARDRAIL = "guardrail"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Source:
    """A span and the log records that point at it, in the order of their time.

    `heads` holds what stands before the first dot of its attributes' keys, so that a convention which is not there is
    ruled out without a look at each key.
    """

    span: Span
    logs: tuple[LogRecord, ...] = ()
    heads: frozenset[str] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        heads = frozenset([key.partition(".")[0] for key in self.span.attributes if "." in key])
        object.__setattr__(self, "heads", heads)


class Facts(NamedTuple):
    """The fields one span (with its log records) yields.

    A tuple, because each span makes one and a frozen dataclass of this size costs six times as much to make.

    Attributes:
        role: What the span is of.
        model_requested: Model asked for.
        model: Model that served.
        provider: Who served it.
        input: Messages the model was given; on other spans what came in.
        output: Messages it gave back.
        instructions: System instructions.
        tools: Tools on offer.
        tool_name: Name of the executed tool.
        tool_call_id: Its call id.
        tool_arguments: Its arguments as the span has them: an object, or a bare value where the sender unwrapped it.
        tool_result: Its result.
        tool_error: Error text, also where only an attribute and not the status says so.
        tokens: Token counts, `input` with cached and `output` with reasoning ones.
        cost_usd: Cost in US dollars.
        first_token_seconds: Seconds from the start of the call to its first token.
        streamed: Whether the reply came piece by piece.
        finish_reason: `stop`, `tool_call`, `length`, `content_filter` or the sender's own word.
        agent_name: The agent.
        agent_version: Its version.
        customer_text: What the customer said, as the turn's own span has it.
        reply_text: What the agent answered, as the turn's own span has it.
        felt_first_seconds: Seconds the customer waited for the first words, where the sender measured it.
        interrupted: The customer cut the reply off.
        completes: The span is the second half of an earlier request span.
        ended: The sender says that the conversation is over.
        whole_conversation: The span lasts as long as the conversation, so it is no turn.
        channel: `voice` or `chat`, where the family implies it.
    """

    role: SpanRole | None = None
    model_requested: str | None = None
    model: str | None = None
    provider: str | None = None
    input: tuple[Said, ...] | None = None
    output: tuple[Said, ...] | None = None
    instructions: str | None = None
    tools: tuple[ToolDefinition, ...] | None = None
    tool_name: str | None = None
    tool_call_id: str | None = None
    tool_arguments: JSON = None
    tool_result: JSON = None
    tool_error: str | None = None
    tokens: Tokens | None = None
    cost_usd: float | None = None
    first_token_seconds: float | None = None
    streamed: bool | None = None
    finish_reason: str | None = None
    agent_name: str | None = None
    agent_version: str | None = None
    customer_text: str | None = None
    reply_text: str | None = None
    felt_first_seconds: float | None = None
    interrupted: bool | None = None
    completes: bool | None = None
    ended: bool | None = None
    whole_conversation: bool | None = None
    channel: str | None = None


def first_of(readings: Iterable[Facts]) -> Facts:
    """Field by field the first reading that says something: families overlap on a span, numbers are never mixed."""
    merged: Facts | None = None
    for reading in readings:
        if merged is None:
            merged = reading
            continue
        merged = Facts._make(new if old is None else old for old, new in zip(merged, reading, strict=True))
    return Facts() if merged is None else merged
