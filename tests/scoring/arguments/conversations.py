"""Small conversations for these tests, written as transcripts: `say`, `ask`, `call` in the order they happened."""

from __future__ import annotations

from typing import Any

from conversation.model import Conversation
from conversation.transcript import from_record
from scoring.arguments.check import Checked, check
from scoring.protocol import Context

BOOK: dict[str, Any] = {
    "type": "object",
    "properties": {
        "user_id": {"type": "string"},
        "city": {"type": "string"},
        "start_date": {"type": "string"},
        "end_date": {"type": "string"},
        "guests": {"type": "integer"},
        "room": {"type": "string", "enum": ["single", "double", "suite"]},
    },
    "required": ["user_id", "city", "start_date", "end_date"],
}
FIND: dict[str, Any] = {"type": "object", "properties": {"user_id": {"type": "string"}}, "required": ["user_id"]}
TOOLS = [
    {"type": "function", "function": {"name": "book_room", "description": "Book a room.", "parameters": BOOK}},
    {"type": "function", "function": {"name": "get_user", "description": "Get a user.", "parameters": FIND}},
]


class Script:
    """Builds a transcript record."""

    def __init__(self, *, today: str = "2024-05-15", tools: list[Any] | None = None) -> None:
        self.messages: list[dict[str, Any]] = []
        self._today = today
        self._tools = TOOLS if tools is None else tools

    def ask(self, text: str) -> Script:
        """The customer says something."""
        self.messages.append({"role": "user", "content": text})
        return self

    def say(self, text: str) -> Script:
        """The agent says something."""
        self.messages.append({"role": "assistant", "content": text})
        return self

    def call(self, name: str, arguments: dict[str, Any], result: str = "{}", *, error: bool = False) -> Script:
        """The agent calls a tool and gets its result."""
        made = f"call_{len(self.messages)}"
        asked = {"id": made, "name": name, "arguments": arguments}
        self.messages.append({"role": "assistant", "content": "", "tool_calls": [asked]})
        answer: dict[str, Any] = {"role": "tool", "content": result, "tool_call_id": made, "name": name}
        if error:
            answer["error"] = result
        self.messages.append(answer)
        return self

    @property
    def record(self) -> dict[str, Any]:
        """The transcript."""
        return {"id": "c", "reference_time": self._today, "tools": self._tools, "messages": self.messages}

    @property
    def conversation(self) -> Conversation:
        """The conversation it makes."""
        return from_record(self.record)

    def checked(self) -> dict[str, Checked]:
        """Every argument of the last call by its JSON pointer."""
        found = check(self.conversation, Context())
        last = self.conversation.tool_calls[-1].id
        return {one.pointer: one for one in found if one.call.id == last}
