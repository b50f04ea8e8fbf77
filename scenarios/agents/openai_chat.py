"""An agent behind an OpenAI-compatible endpoint: `openai:http://host:port/v1#model`.

The scenario's instructions become the system message, its tools the request's `tools`; tool calls that the model asks
for are executed by the trial.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from urllib.parse import urlsplit

from conversation.errors import UsageError
from scenarios.agents.protocol import Agent, AgentMessage, AgentOptions, CallTool, ChatMessage, Session, Task
from scenarios.agents.python_callable import read_answer
from scenarios.chat import ChatClient


class ChatAgent:
    """A model with the scenario's instructions and tools."""

    version = ""

    def __init__(self, client: ChatClient, model: str) -> None:
        self.name, self._client = model, client

    def start(self, task: Task) -> Session:
        """A conversation; the endpoint keeps no state."""
        return _Session(self._client, task)


class _Session:
    def __init__(self, client: ChatClient, task: Task) -> None:
        self._client, self._task = client, task

    def respond(self, messages: Sequence[ChatMessage], call_tool: CallTool) -> AgentMessage:  # noqa: ARG002 - the protocol
        """One completion."""
        told: list[ChatMessage] = list(messages)
        if self._task.instructions:
            told.insert(0, {"role": "system", "content": self._task.instructions})
        tools = {"tools": self._task.tools} if self._task.tools else {}
        response = self._client.complete(told, seed=self._task.seed, **tools)
        usage = response.get("usage") or {}
        answer = read_answer(response["choices"][0]["message"])
        return replace(
            answer,
            end=False,
            input_tokens=int(usage.get("prompt_tokens") or 0),
            output_tokens=int(usage.get("completion_tokens") or 0),
        )


def open_agent(rest: str, options: AgentOptions) -> Agent:
    """The adapter behind `openai:`.

    Raises:
        UsageError: The address or the model is missing.
    """
    url, _, model = rest.partition("#")
    parts = urlsplit(url)
    if parts.scheme not in {"http", "https"} or not parts.netloc or not model:
        raise UsageError(f"cannot read the agent spec 'openai:{rest}': give openai:http://host:port/v1#model")
    return ChatAgent(ChatClient(url, model, options), model)
