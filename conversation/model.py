"""The record of a conversation: spans and log records as they came, and the conversation assembled from them.

Frozen dataclasses only. Times are integer nanoseconds since the Unix epoch (`_ns`) or float seconds (`_seconds`).
Ids of traces and spans are lower-case hex. Positions count messages of the conversation from 0.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TypeAlias

JSON: TypeAlias = "bool | int | float | str | list[JSON] | dict[str, JSON] | None"
Attributes: TypeAlias = Mapping[str, "JSON | bytes"]


@dataclass(frozen=True, slots=True)
class SpanEvent:
    """An event inside a span (OTLP `Span.Event`)."""

    name: str
    time_ns: int
    attributes: Attributes = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Span:
    """One OTLP span with typed attribute values; nested arrays and maps are lists and dicts."""

    trace_id: str
    span_id: str
    parent_span_id: str
    name: str
    start_ns: int
    end_ns: int
    kind: int = 0
    status_code: int = 0
    status_message: str = ""
    scope_name: str = ""
    scope_version: str = ""
    attributes: Attributes = field(default_factory=dict)
    resource: Attributes = field(default_factory=dict)
    events: tuple[SpanEvent, ...] = ()


@dataclass(frozen=True, slots=True)
class LogRecord:
    """One OTLP log record; GenAI content may travel this way instead of on its span."""

    trace_id: str
    span_id: str
    time_ns: int
    event_name: str
    body: JSON = None
    attributes: Attributes = field(default_factory=dict)
    scope_name: str = ""
    resource: Attributes = field(default_factory=dict)


class Role(StrEnum):
    """Who said a message."""

    SYSTEM = "system"
    USER = "user"
    ASSISTANT = "assistant"
    TOOL = "tool"


class TurnType(StrEnum):
    """The built-in turn types; an operator may add others, so `Turn.type` is a plain string."""

    TOOL_CALL = "tool_call"
    POLICY_REASONING = "policy_reasoning"
    SMALL_TALK = "small_talk"


class SegmentKind(StrEnum):
    """Where a part of a turn's wall time went."""

    MODEL = "model"
    TOOL = "tool"
    RETRIEVAL = "retrieval"
    GUARDRAIL = "guardrail"
    OWN_CODE = "own_code"
    GAP = "gap"


@dataclass(frozen=True, slots=True)
class ToolDefinition:
    """A tool the agent could call; `parameters` is its JSON Schema, None where the trace does not carry one."""

    name: str
    description: str = ""
    parameters: dict[str, JSON] | None = None


@dataclass(frozen=True, slots=True)
class ToolCall:
    """One call of a tool: requested by the model, executed or not.

    `arguments` is the parsed object; where it could not be parsed it is empty and `raw_arguments` keeps the text.
    `result` is parsed JSON where it parses, else text; None where nothing came back. `error` is the error text, also
    one that hid in an ordinary result. `message` is the position of the assistant message that asked for the call and
    `result_message` that of the tool message that answered it; None where the trace has no such message.
    """

    id: str
    name: str
    arguments: dict[str, JSON]
    result: JSON = None
    error: str | None = None
    executed: bool = True
    raw_arguments: str | None = None
    started_ns: int | None = None
    ended_ns: int | None = None
    span_id: str = ""
    message: int | None = None
    result_message: int | None = None

    @property
    def duration_seconds(self) -> float | None:
        """Wall seconds of the execution, None where it was not traced."""
        if self.started_ns is None or self.ended_ns is None:
            return None
        return max(0, self.ended_ns - self.started_ns) / 1e9


@dataclass(frozen=True, slots=True)
class Message:
    """One message in the order the conversation had it. A tool message answers `tool_call_id`."""

    position: int
    role: Role
    text: str
    tool_call_ids: tuple[str, ...] = ()
    tool_call_id: str | None = None
    name: str | None = None
    error: str | None = None
    at_ns: int | None = None
    span_id: str = ""


@dataclass(frozen=True, slots=True)
class Tokens:
    """Token counts. `input` includes `cached` and `written`, `output` `reasoning` (OTel GenAI semantic conventions).

    `cached` ones were read from the provider's cache, `written` ones put into it.
    """

    input: int = 0
    output: int = 0
    reasoning: int = 0
    cached: int = 0
    written: int = 0

    def __add__(self, other: Tokens) -> Tokens:
        """Sum field by field."""
        return Tokens(
            self.input + other.input,
            self.output + other.output,
            self.reasoning + other.reasoning,
            self.cached + other.cached,
            self.written + other.written,
        )


class CostSource(StrEnum):
    """Where the cost of a model call is from, or why there is none."""

    TRACE = "trace"
    TABLE = "table"
    NO_PRICE = "no_price"
    NO_USAGE = "no_usage"


@dataclass(frozen=True, slots=True)
class ModelCall:
    """One request to a language model.

    `cost_usd` is what the trace states until prices are applied (`costs.with_costs`); then `cost_source` says where it
    is from and `reasoning_usd` how much of it was for reasoning tokens.
    """

    span_id: str
    started_ns: int
    ended_ns: int
    model_requested: str = ""
    model: str = ""
    provider: str = ""
    tokens: Tokens = Tokens()
    cost_usd: float | None = None
    first_token_seconds: float | None = None
    finish_reason: str = ""
    error: str | None = None
    cost_source: str = ""
    reasoning_usd: float | None = None


@dataclass(frozen=True, slots=True)
class Segment:
    """A part of a turn's wall time. A turn's segments add up to its `duration_seconds`."""

    kind: SegmentKind
    name: str
    seconds: float
    span_id: str = ""


@dataclass(frozen=True, slots=True)
class Turn:
    """From a customer's message to just before the next one.

    `first_message` and `last_message` are positions, inclusive. `first_token_seconds` and `duration_seconds` count
    from the end of the customer's message; None where the trace has no times.
    """

    index: int
    type: str
    user: str | None
    reply: str | None
    first_message: int
    last_message: int
    started_ns: int | None = None
    ended_ns: int | None = None
    first_token_seconds: float | None = None
    duration_seconds: float | None = None
    segments: tuple[Segment, ...] = ()
    tool_calls: tuple[ToolCall, ...] = ()
    model_calls: tuple[ModelCall, ...] = ()
    interrupted: bool = False
    type_rule: str = ""


@dataclass(frozen=True, slots=True)
class Agent:
    """The agent a conversation was held with."""

    name: str = ""
    version: str = ""


@dataclass(frozen=True, slots=True)
class Conversation:
    """One conversation, assembled.

    `id_rule` names the rule that resolved the id; `notes` are one-line remarks on what the trace lacked.
    `reference_time` is "now" for the customer, as text, where the sender says it; else scorers use `started_ns`.
    `turn_rules` and `prices` are the versions of the rules that named its turns and of the prices of its model calls;
    `intent` is the kind of thing the customer wants. All three are empty until it is graded.
    """

    id: str
    project: str = "default"
    user_id: str | None = None
    agent: Agent = Agent()
    messages: tuple[Message, ...] = ()
    turns: tuple[Turn, ...] = ()
    tools: tuple[ToolDefinition, ...] = ()
    system_instructions: str | None = None
    reference_time: str | None = None
    domain: str | None = None
    started_ns: int | None = None
    ended_ns: int | None = None
    ended: bool = False
    channel: str = "chat"
    id_rule: str = ""
    convention: str = ""
    notes: tuple[str, ...] = ()
    revision: int = 1
    turn_rules: str = ""
    prices: str = ""
    intent: str = ""

    @property
    def tool_calls(self) -> tuple[ToolCall, ...]:
        """All tool calls in order."""
        return tuple(call for turn in self.turns for call in turn.tool_calls)

    @property
    def model_calls(self) -> tuple[ModelCall, ...]:
        """All model calls in order."""
        return tuple(call for turn in self.turns for call in turn.model_calls)

    @property
    def tokens(self) -> Tokens:
        """Tokens of all model calls."""
        total = Tokens()
        for call in self.model_calls:
            total += call.tokens
        return total

    @property
    def cost_usd(self) -> float | None:
        """Cost of the model calls whose cost is known; None where none is."""
        known = [call.cost_usd for call in self.model_calls if call.cost_usd is not None]
        return sum(known) if known else None
