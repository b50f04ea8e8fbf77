"""The demo shop's agent as `floorline replay --agent demo:1.1` reaches it."""

from __future__ import annotations

from collections.abc import Sequence

from scenarios.agents.protocol import Agent, AgentOptions, CallTool, ChatMessage
from scenarios.agents.python_callable import PythonAgent
from service.demo.agent import ShopAgent


def open_agent(rest: str, options: AgentOptions) -> Agent:  # noqa: ARG001 - every adapter takes options
    """The release named in `rest`.

    Raises:
        UsageError: There is no such release.
    """
    agent = ShopAgent(rest)

    def respond(messages: Sequence[ChatMessage], call_tool: CallTool) -> str:
        return agent.respond(messages, call_tool)

    return PythonAgent(respond, f"demo shop {rest}", rest)
