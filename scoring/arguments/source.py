"""Where an argument's value came from, as a record that can be shown."""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple

from conversation.model import JSON
from conversation.verdict import Evidence


class Origin(StrEnum):
    """The kinds of source, the most trustworthy first."""

    USER = "user"
    TOOL_RESULT = "tool_result"
    SYSTEM = "system"
    SCHEMA = "schema"
    DERIVED = "derived"
    OWN_TEXT = "own_text"
    AGENT = "agent"
    UNGROUNDED = "ungrounded"


_EVIDENCE = {
    Origin.USER: "message",
    Origin.AGENT: "message",
    Origin.TOOL_RESULT: "tool_result",
    Origin.SYSTEM: "system",
    Origin.SCHEMA: "schema",
    Origin.DERIVED: "derived",
}


class Source(NamedTuple):
    """One argument's source.

    Attributes:
        origin: What kind of source it is.
        strength: 1 for an exact match after normalisation, less for abbreviations, parts of names and guesses.
        text: The words, the derivation or the schema's rule.
        message: Position of the message the words or the result stand in.
        tool_call_id: The call whose result holds the value.
        path: JSON pointer into that result.
    """

    origin: Origin
    strength: float = 1.0
    text: str = ""
    message: int | None = None
    tool_call_id: str | None = None
    path: str | None = None

    def to_json(self) -> dict[str, JSON]:
        """The source as scores carry it, empty fields left out."""
        fields: dict[str, JSON] = {
            "kind": str(self.origin),
            "strength": round(self.strength, 2),
            "text": self.text or None,
            "message": self.message,
            "tool_call_id": self.tool_call_id,
            "path": self.path,
        }
        return {key: value for key, value in fields.items() if value is not None}

    def evidence(self) -> Evidence | None:
        """The source as evidence; None where there is nothing to point at."""
        kind = _EVIDENCE.get(self.origin)
        if kind is None:
            return None
        return Evidence(kind, self.text, self.message, tool_call_id=self.tool_call_id, path=self.path)
