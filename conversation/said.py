"""A message as one carrier tells it, before the carriers are joined into the conversation's `Message` list."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import cached_property

from conversation.model import JSON, Role
from conversation.parsing import canonical, parse_json, parse_structure, squeezed


@dataclass(frozen=True)
class Request:
    """A tool call a model asked for. `raw` keeps arguments that could not be parsed."""

    id: str
    name: str
    arguments: dict[str, JSON]
    raw: str | None = None

    @classmethod
    def of(cls, call_id: object, name: object, arguments: object) -> Request:
        """A request from whatever the carrier holds: parsed arguments, JSON text, or JSON text inside JSON."""
        parsed = parse_structure(arguments)
        known = parsed if isinstance(parsed, dict) else {}
        unread = arguments not in (None, "", {}) and not isinstance(parsed, dict)
        raw = (arguments if isinstance(arguments, str) else canonical(parsed)) if unread else None
        return cls(str(call_id or ""), str(name or ""), known, raw)

    @cached_property
    def key(self) -> tuple[str, str]:
        """What makes two tellings of a call the same where ids are missing: name and canonical arguments."""
        return (self.name, self.raw if self.raw is not None else canonical(self.arguments))


@dataclass(frozen=True)
class Said:
    """One message.

    Attributes:
        role: Who said it.
        text: Its words; of a tool message the result as text.
        requests: Tool calls an assistant message asks for.
        answers: The call id a tool message answers, empty if the carrier does not say.
        name: Name of the tool or speaker, if told.
        error: Error text where the carrier marks a tool message as failed.
        interrupted: The speaker was cut off.
    """

    role: Role
    text: str = ""
    requests: tuple[Request, ...] = ()
    answers: str = ""
    name: str | None = None
    error: str | None = None
    interrupted: bool = False

    @cached_property
    def key(self) -> tuple[str, ...]:
        """Equal for two tellings of the same message: ids left out, since some carriers drop or rewrite them."""
        if self.role is Role.TOOL:
            return ("tool", canonical(parse_json(self.text)))
        calls = tuple(part for request in self.requests for part in request.key)
        return (self.role.value, squeezed(self.text), *calls)

    @property
    def result(self) -> JSON:
        """The result a tool message carries, parsed where it parses."""
        return parse_structure(self.text) if self.text else None


def result_text(text: JSON) -> str:
    """A tool result as text: texts stay, all else becomes JSON."""
    return text if isinstance(text, str) else "" if text is None else canonical(text)


def truncates(short: str, full: str) -> bool:
    """Whether a text is the beginning of another one, as a cut-off reply is."""
    head, whole = squeezed(short).rstrip(". …-"), squeezed(full)
    return bool(head) and len(head) < len(whole) and whole.startswith(head)


def joined(messages: Iterable[Said]) -> tuple[Said, ...]:
    """Messages with the items of one assistant message put together: its words, then each of its tool calls."""
    whole: list[Said] = []
    for said in messages:
        last = whole[-1] if whole and said.role is Role.ASSISTANT else None
        if last is not None and last.role is Role.ASSISTANT and (last.requests or said.requests):
            text = "\n".join(text for text in (last.text, said.text) if text)
            whole[-1] = replace(last, text=text, requests=(*last.requests, *said.requests))
        else:
            whole.append(said)
    return tuple(whole)
