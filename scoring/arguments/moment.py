"""What was being talked about when a call was made: the exchange before it and the reply after it.

The scope of a call is the last assistant text before the customer's last message, that message, and whatever the
assistant wrote since: where details are listed and agreed to. The reply is the next assistant text after the result,
up to the customer's answer.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from dataclasses import dataclass

from conversation.model import Role, ToolCall
from scoring.arguments.arguments import Argument
from scoring.arguments.index import ConversationIndex, Doc
from scoring.arguments.passage import Beginning, Passage, Typed, passage

__all__ = ["Moment", "Moments", "Passage", "Typed", "passage"]


@dataclass(frozen=True, slots=True)
class Moment:
    """A call in its place. `used` holds the forms of all arguments of the calls made since the customer's message.

    `used_by` counts how many arguments use a form, so that an argument can ask what the others use; `used_text` is the
    same forms as one text, each between spaces.
    """

    so_far: Passage
    scope: Passage
    asked: Passage
    listed: Passage
    reply: Passage
    used_by: dict[str, int]
    used_text: str
    user_message: int
    own_result: int | None


class Moments:
    """The moments of a conversation's calls, built once for each assistant message.

    Args:
        index: The conversation's index.
        arguments: All its arguments.
    """

    def __init__(self, index: ConversationIndex, arguments: list[Argument]) -> None:
        self._index = index
        self._dialogue = index.dialogue
        self._places = [doc.message for doc in self._dialogue]
        self._users = [doc.message for doc in self._dialogue if doc.role is Role.USER]
        self._used: dict[int, dict[str, int]] = {}
        for argument in arguments:
            counts = self._used.setdefault(self.turn_start(argument.at), {})
            for form in argument.forms:
                counts[form] = counts.get(form, 0) + 1
        self._used_text = {user: f" {' | '.join(counts)} " for user, counts in self._used.items()}
        self._built: dict[int, Moment] = {}

    def turn_start(self, at: int) -> int:
        """Position of the customer's last message before `at`, -1 where there is none."""
        before = bisect_left(self._users, at)
        return self._users[before - 1] if before else -1

    def of(self, call: ToolCall, at: int) -> Moment:
        """The moment of a call made by the message at `at`."""
        built = self._built.get(at)
        if built is None:
            built = self._built[at] = self._build(call, at)
        return built

    def _build(self, call: ToolCall, at: int) -> Moment:
        user = self.turn_start(at)
        following = bisect_right(self._users, at)
        until = self._users[following] if following < len(self._users) else len(self._index.conversation.messages)
        earlier = bisect_left(self._places, user)
        offer = self._places[earlier - 1] if earlier else user
        scope = self._dialogue[bisect_left(self._places, offer) : bisect_right(self._places, at)]
        return Moment(
            so_far=Beginning(self._index, at),
            scope=passage(scope, self._index),
            asked=passage([doc for doc in scope if doc.role is Role.USER], self._index),
            listed=passage([doc for doc in scope if doc.role is Role.ASSISTANT], self._index),
            reply=passage(list(self._replies(at, until))[-1:], self._index),
            used_by=self._used.get(user, {}),
            used_text=self._used_text.get(user, ""),
            user_message=user,
            own_result=call.result_message,
        )

    def _replies(self, at: int, until: int) -> Iterator[Doc]:
        """What the assistant says between two positions, both exclusive."""
        for doc in self._dialogue[bisect_right(self._places, at) : bisect_left(self._places, until)]:
            if doc.role is Role.ASSISTANT:
                yield doc
