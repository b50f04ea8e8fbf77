"""The customer of a trial: says the recorded turns, or copes with an agent that takes another way.

`strict` says the script line by line, whatever the agent answers. `divergence` (rule-based, no language model) also
answers what the script could not foresee: a question for a fact on the sheet, and a request to confirm. A simulated
customer is in `scenarios.simulated_user`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal, Protocol

from scenarios.agents.protocol import ChatMessage
from scenarios.spec import Json, ToolUse, User, UserTurn

Mode = Literal["strict", "divergence", "simulated"]
MODES: tuple[Mode, ...] = ("strict", "divergence", "simulated")

_CONFIRM = re.compile(
    r"\b(confirm|shall i|should i|do you want me to|would you like me to|may i|go ahead|proceed"
    r"|is (?:that|this) (?:ok|okay|correct|right))\b[^?]*\?|\((?:yes|y)/(?:no|n)\)|\breply (?:with )?[\"']?yes\b",
    re.IGNORECASE,
)
_YES = re.compile(
    r"^\W*(yes|yep|yeah|sure|ok|okay|go ahead|please do|correct|that'?s right|confirm|no|nope)\b", re.IGNORECASE
)
_ASKS = re.compile(
    r"\?|\b(please (?:provide|share|tell|give|enter|verify|confirm|send)|(?:could|can|may) (?:you|i)"
    r"|i(?:'ll| will)? need|what(?:'s| is)|which)\b",
    re.IGNORECASE,
)
_WORD = re.compile(r"[a-z0-9]+")
_MOST_ANSWERS = 6


class SimulatorError(Exception):
    """The simulated customer broke its rules; the trial says nothing of the agent."""


@dataclass(frozen=True, slots=True)
class Line:
    """What the customer says next; `scripted` is False where it was made up on the way."""

    text: str
    calls: tuple[ToolUse, ...] = ()
    scripted: bool = True


class Customer(Protocol):
    """Says the next line, or None to end the conversation."""

    def next(self, messages: list[ChatMessage]) -> Line | None:
        """The next line given the messages so far.

        Raises:
            SimulatorError: It cannot say anything sensible; not the agent's fault.
        """
        ...


class ScriptedUser:
    """Says the recorded turns in order."""

    def __init__(self, user: User) -> None:
        self._turns = list(user.turns)

    def next(self, messages: list[ChatMessage]) -> Line | None:  # noqa: ARG002 - the script does not listen
        """The next turn of the script; None after the last."""
        return _line(self._turns.pop(0)) if self._turns else None


class DivergingUser:
    """Says the recorded turns, but first answers what the agent asks for and the next turn does not hold."""

    def __init__(self, user: User) -> None:
        self._turns, self._user = list(user.turns), user
        self._answers = 0
        self._told: set[str] = set()

    def next(self, messages: list[ChatMessage]) -> Line | None:
        """An answer off the fact sheet, a confirmation, or the next turn of the script."""
        reply = _last_reply(messages)
        spoken = any(message["role"] == "user" for message in messages)
        following = self._turns[0].say if self._turns else ""
        if spoken and reply and self._answers < _MOST_ANSWERS and (answer := self._improvised(reply, following)):
            self._answers += 1
            return Line(answer, scripted=False)
        return _line(self._turns.pop(0)) if self._turns else None

    def _improvised(self, reply: str, following: str) -> str | None:
        facts = self._asked_facts(reply)
        missing = [name for name, value in facts.items() if str(value).casefold() not in following.casefold()]
        if missing and len(missing) == len(facts):
            self._told.update(missing)
            return " ".join(f"My {name.replace('_', ' ')} is {facts[name]}." for name in missing)
        if _CONFIRM.search(reply) and not _YES.match(following):
            return self._user.confirm
        return None

    def _asked_facts(self, reply: str) -> dict[str, Json]:
        """Facts whose name the agent's questions contain, as long as they were not told before."""
        questions = " ".join(part for part in re.split(r"(?<=[.!?])\s+", reply) if _ASKS.search(part))
        words = set(_WORD.findall(questions.casefold()))
        joined = "".join(_WORD.findall(questions.casefold()))
        sheet = {**self._user.known, **self._user.reveal_when_asked}
        found = {}
        for name, value in sheet.items():
            parts = _WORD.findall(name.casefold())
            asked = set(parts) <= words or (len(name) > len("zip") and "".join(parts) in joined)
            if asked and name not in self._told and str(value) not in reply:
                found[name] = value
        return found


def _line(turn: UserTurn) -> Line:
    return Line(turn.say, tuple(turn.calls))


def _last_reply(messages: list[ChatMessage]) -> str:
    return next((str(m["content"]) for m in reversed(messages) if m["role"] == "assistant" and m.get("content")), "")
