"""What was being talked about when a call was made: the exchange before it and the reply after it.

The scope of a call is the last assistant text before the customer's last message, that message, and whatever the
assistant wrote since: where details are listed and agreed to. The reply is the next assistant text after the result,
up to the customer's answer.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from dataclasses import dataclass
from itertools import accumulate

from conversation.model import Role, ToolCall
from scoring.arguments.arguments import Argument
from scoring.arguments.index import ConversationIndex, Doc, Mention

Typed = list[tuple[tuple[str, ...], Mention]]


@dataclass(frozen=True, slots=True)
class Passage:
    """A few messages as one text: their words joined, and the typed values in them."""

    docs: tuple[Doc, ...]
    text: str
    typed: Typed
    forms: frozenset[str]

    def says(self, forms: tuple[str, ...]) -> bool:
        """Whether any of the forms stands in the passage."""
        return any(form in self.forms if form[:1] in "#@~" else f" {form} " in self.text for form in forms)

    def where(self, form: str) -> Mention | None:
        """The last mention of a form in the passage."""
        if form[:1] in "#@~":
            return next((mention for readings, mention in reversed(self.typed) if form in readings), None)
        wanted = form.split(" ")
        for doc in reversed(self.docs):
            for first in range(len(doc.words) - len(wanted), -1, -1):
                if doc.words[first : first + len(wanted)] == wanted:
                    last = first + len(wanted) - 1
                    return Mention(doc, doc.starts[first], doc.starts[last] + len(doc.words[last]))
        return None


@dataclass(frozen=True, slots=True)
class Moment:
    """A call in its place. `used` holds the forms of all arguments of the calls made since the customer's message.

    `used_by` counts how many arguments use a form, so that an argument can ask what the others use.
    """

    so_far: Passage
    scope: Passage
    asked: Passage
    listed: Passage
    reply: Passage
    used_by: dict[str, int]
    user_message: int
    own_result: int | None


def passage(docs: list[Doc], index: ConversationIndex) -> Passage:
    """The passage made of some documents, in order."""
    typed = [pair for doc in docs for pair in index.typed_in.get(doc.message, ()) if pair[1].doc is doc]
    text = " | ".join(" ".join(doc.words) for doc in docs)
    return Passage(tuple(docs), f" {text} ", typed, frozenset(form for readings, _ in typed for form in readings))


class Moments:
    """The moments of a conversation's calls, built once for each assistant message.

    Args:
        index: The conversation's index.
        arguments: All its arguments.
    """

    def __init__(self, index: ConversationIndex, arguments: list[Argument]) -> None:
        self._index = index
        self._dialogue = [doc for doc in index.docs if doc.role is not Role.TOOL]
        self._users = [doc.message for doc in self._dialogue if doc.role is Role.USER]
        self._used: dict[int, dict[str, int]] = {}
        for argument in arguments:
            counts = self._used.setdefault(self.turn_start(argument.at), {})
            for form in argument.forms:
                counts[form] = counts.get(form, 0) + 1
        self._built: dict[int, Moment] = {}
        texts = [" ".join(doc.words) for doc in self._dialogue]
        self._whole = " " + " | ".join(texts) + " "
        self._ends = [1, *(end - 1 for end in accumulate(len(text) + 3 for text in texts))]

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

    def _so_far(self, at: int) -> Passage:
        """The whole dialogue up to a message, cut from one text; typed values are left out."""
        count = bisect_right(self._dialogue, at, key=lambda doc: doc.message)
        return Passage(tuple(self._dialogue[:count]), self._whole[: self._ends[count]], [], frozenset())

    def _build(self, call: ToolCall, at: int) -> Moment:
        user = self.turn_start(at)
        until = next((message for message in self._users if message > at), len(self._index.conversation.messages))
        offer = max((doc.message for doc in self._dialogue if doc.message < user), default=user)
        scope = [doc for doc in self._dialogue if offer <= doc.message <= at]
        reply = [doc for doc in self._dialogue if at < doc.message < until and doc.role is Role.ASSISTANT]
        return Moment(
            so_far=self._so_far(at),
            scope=passage(scope, self._index),
            asked=passage([doc for doc in scope if doc.role is Role.USER], self._index),
            listed=passage([doc for doc in scope if doc.role is Role.ASSISTANT], self._index),
            reply=passage(reply[-1:], self._index),
            used_by=self._used.get(user, {}),
            user_message=user,
            own_result=call.result_message,
        )
