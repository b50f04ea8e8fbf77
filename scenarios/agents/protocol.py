"""What an agent under test is to a trial: something that gives the next assistant message.

A session sees what a deployed agent would see: instructions, tool schemas and the messages so far. It never sees the
scenario's expectations, recordings or script. Messages are OpenAI-style dicts (`role`, `content`, `tool_calls` with
`function.arguments` as JSON text, `tool_call_id`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from conversation.errors import PermanentError, RetryableError

ChatMessage = dict[str, Any]
CallTool = Callable[[str, Mapping[str, Any]], Any]


class ToolError(Exception):
    """A tool call failed as it did when it was recorded; the text is what the agent would have seen."""


class AgentError(PermanentError):
    """The agent under test broke: it raised, or answered with something that is no message."""


class InfrastructureError(RetryableError):
    """What lies between us and the agent broke; the trial says nothing of the agent."""


@dataclass(frozen=True, slots=True)
class Call:
    """A tool call that an agent asks for."""

    name: str
    arguments: dict[str, Any]
    id: str = ""


@dataclass(frozen=True, slots=True)
class AgentMessage:
    """One assistant message: words, calls to execute, or both. `end` hangs up. `seconds` is recorded thinking time."""

    text: str = ""
    calls: tuple[Call, ...] = ()
    end: bool = False
    seconds: float = 0.0
    input_tokens: int = 0
    output_tokens: int = 0


@dataclass(frozen=True, slots=True)
class Task:
    """What a session may know before the first message."""

    scenario_id: str
    instructions: str | None
    tools: list[dict[str, Any]]
    reference_time: str | None
    seed: int


@dataclass(frozen=True, slots=True)
class AgentOptions:
    """How agents are reached; what only some adapters need has a default.

    `model` and `temperature` override what an endpoint's spec says. `headers` may carry secrets and are never shown.
    """

    api_key: str = ""
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    temperature: float | None = None
    timeout_seconds: float = 120.0
    attempts: int = 4


class Sandbox(Protocol):
    """Answers tool calls for real, for one trial."""

    def __call__(self, name: str, arguments: Mapping[str, Any], /) -> Any:
        """What the tool returns."""
        ...


class Session(Protocol):
    """One conversation with an agent."""

    def respond(self, messages: Sequence[ChatMessage], call_tool: CallTool) -> AgentMessage:
        """The next assistant message. `call_tool` executes a tool at once and returns its result.

        Raises:
            AgentError: The agent broke.
            InfrastructureError: The way to it broke.
        """
        ...


class Agent(Protocol):
    """An agent under test; `start` may be called from several threads.

    An agent that also has a method `sandbox() -> Sandbox` brings tools to answer what no recording answers.
    """

    name: str
    version: str

    def start(self, task: Task) -> Session:
        """A new conversation that shares nothing with others."""
        ...
