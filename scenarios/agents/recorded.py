"""Replays the agent that was recorded in a scenario, message by message: the control that a scenario must be red on."""

from __future__ import annotations

from collections.abc import Sequence

from conversation.errors import UsageError
from scenarios.agents.protocol import Agent, AgentMessage, AgentOptions, Call, CallTool, ChatMessage, Session, Task
from scenarios.spec import Scenario, Step


class RecordedAgent:
    """The recorded agent of scenarios; those it should replay are given when it is made."""

    name = "recorded"
    version = ""

    def __init__(self, scenarios: Sequence[Scenario] = ()) -> None:
        self._steps = {scenario.id: scenario.recorded_agent for scenario in scenarios}

    def for_scenarios(self, scenarios: Sequence[Scenario]) -> Agent:
        """The same agent for these scenarios.

        Raises:
            UsageError: One of them holds no recording of its agent.
        """
        empty = [scenario.id for scenario in scenarios if not scenario.recorded_agent]
        if empty:
            raise UsageError(
                f"no recorded agent in {', '.join(empty)}: promote the conversation again, or name an agent"
            )
        return RecordedAgent(scenarios)

    def start(self, task: Task) -> Session:
        """A replay from the first step."""
        return _Replay(self._steps.get(task.scenario_id, []))


class _Replay:
    def __init__(self, steps: Sequence[Step]) -> None:
        self._steps = list(steps)

    def respond(self, messages: Sequence[ChatMessage], call_tool: CallTool) -> AgentMessage:  # noqa: ARG002 - the protocol
        """The next recorded message; silence where the recorded agent gave none after this customer message."""
        said = sum(message["role"] == "user" for message in messages)
        while self._steps and self._steps[0].after < said:
            self._steps.pop(0)
        if not self._steps or self._steps[0].after > said:
            return AgentMessage()
        step = self._steps.pop(0)
        # Steps after the last words to one customer message follow them at once.
        calls = tuple(Call(use.tool, dict(use.arguments)) for use in step.calls)
        return AgentMessage(step.say, calls, seconds=step.seconds)


def open_agent(rest: str, options: AgentOptions) -> Agent:  # noqa: ARG001 - every adapter takes options
    """The adapter behind `recorded`.

    Raises:
        UsageError: Something follows the word.
    """
    if rest:
        raise UsageError(f"the agent spec is just `recorded`, not `recorded:{rest}`")
    return RecordedAgent()
