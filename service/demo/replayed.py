"""The demo shop's agent for `floorline replay --agent demo:1.1`, with a shop to answer what was not recorded."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from conversation.model import JSON
from scenarios.agents.protocol import Agent, AgentOptions, CallTool, ChatMessage, Sandbox, ToolError
from scenarios.agents.python_callable import PythonAgent
from service.demo.agent import ShopAgent
from service.demo.shop import Shop, open_shop


class _ShopSandbox:
    """A shop of one trial. A fixed release may call tools that the broken one never called."""

    def __init__(self) -> None:
        self._shop: Shop = open_shop()

    def __call__(self, tool: str, arguments: Mapping[str, JSON], /) -> JSON:
        """Run the tool on the shop's own records."""
        result = self._shop.call(tool, arguments)
        if isinstance(result, dict) and "error" in result:
            raise ToolError(str(result["error"]))
        return result


class _ShopReplay(PythonAgent):
    def sandbox(self) -> Sandbox:
        """A fresh shop."""
        return _ShopSandbox()


def open_agent(rest: str, options: AgentOptions) -> Agent:  # noqa: ARG001 - every adapter takes options
    """The release named in `rest`.

    Raises:
        UsageError: There is no such release.
    """
    agent = ShopAgent(rest)

    def respond(messages: Sequence[ChatMessage], call_tool: CallTool) -> str:
        return agent.respond(messages, call_tool)

    return _ShopReplay(respond, f"demo shop {rest}", rest)
