"""Writes down a trial as it happens, in the transcript format, and makes it the Conversation that ingest yields."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from conversation.model import Agent, Conversation
from conversation.transcript import from_record
from scenarios.agents.protocol import ChatMessage
from scenarios.cassette import Answer
from scenarios.clock import TrialClock
from scenarios.spec import Json, Scenario


class Transcript:
    """The messages of one trial, twice: as the agent sees them and as the transcript format keeps them."""

    def __init__(self, scenario: Scenario, clock: TrialClock) -> None:
        self._scenario, self._clock = scenario, clock
        self._calls = 0
        self.chat: list[ChatMessage] = []
        self._messages: list[dict[str, Any]] = []

    @property
    def last_reply(self) -> str:
        """The agent's last words, empty before it spoke."""
        return next((str(item["content"]) for item in reversed(self.chat) if _words(item)), "")

    def said(self, role: str, text: str) -> None:
        """Words of the customer or the agent."""
        self.chat.append({"role": role, "content": text})
        self._keep(role=role, content=text)

    def called(self, text: str, calls: Sequence[tuple[str, Mapping[str, Json]]]) -> list[str]:
        """An assistant message that asks for calls; the ids they got."""
        ids = [f"call_{self._calls + number}" for number in range(1, len(calls) + 1)]
        self._calls += len(calls)
        functions = [{"name": name, "arguments": dict(arguments)} for name, arguments in calls]
        named = list(zip(ids, functions, strict=True))
        self.chat.append(
            {
                "role": "assistant",
                "content": text or None,
                "tool_calls": [
                    {
                        "id": call_id,
                        "type": "function",
                        "function": {**function, "arguments": json.dumps(function["arguments"], ensure_ascii=False)},
                    }
                    for call_id, function in named
                ],
            }
        )
        self._keep(
            role="assistant", content=text, tool_calls=[{"id": call_id, **function} for call_id, function in named]
        )
        return ids

    def answered(self, call_id: str, name: str, answer: Answer) -> None:
        """What a call returned."""
        content = answer.error if answer.error is not None else text_of(answer.result)
        self.chat.append({"role": "tool", "tool_call_id": call_id, "name": name, "content": content})
        error = {"error": answer.error} if answer.error is not None else {}
        self._keep(role="tool", tool_call_id=call_id, name=name, content=content, **error)

    def _keep(self, **fields: Any) -> None:
        self._messages.append({**fields, "t_offset_s": round(self._clock.offset_seconds(), 6)})

    def record(self, conversation_id: str) -> dict[str, Any]:
        """The transcript record so far."""
        scenario = self._scenario
        return {
            "id": conversation_id,
            "domain": scenario.domain,
            "reference_time": scenario.reference_time,
            "tools": tool_schemas(scenario),
            "messages": self._messages,
        }

    def conversation(self, conversation_id: str, agent: Agent) -> Conversation:
        """The conversation so far, with its turns typed and timed as ingest does it."""
        made = from_record(self.record(conversation_id))
        return replace(made, agent=agent, system_instructions=self._scenario.instructions, ended=True)


def _words(message: ChatMessage) -> bool:
    return message["role"] == "assistant" and bool(message.get("content"))


def text_of(result: Json) -> str:
    """A tool result as the text of a tool message."""
    if isinstance(result, str):
        return result
    return "" if result is None else json.dumps(result, ensure_ascii=False)


def tool_schemas(scenario: Scenario) -> list[dict[str, Any]]:
    """The agent's tools, OpenAI-style."""
    return [
        {
            "type": "function",
            "function": {
                "name": tool.name,
                "description": tool.description,
                "parameters": tool.parameters or {"type": "object", "properties": {}},
            },
        }
        for tool in scenario.tools
        if tool.side == "agent"
    ]
