"""Model calls woven into one thread of messages and one ledger of tool calls."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from conversation.calls import Call
from conversation.model import Role
from conversation.said import Said
from conversation.span_tree import Node
from conversation.spoken import container, own_prompts
from conversation.thread import Overlap, Thread
from conversation.tool_ledger import ToolLedger


@dataclass(slots=True)
class Weave:
    """The conversation so far.

    Attributes:
        thread: Its messages.
        ledger: Its tool calls.
        calls: Its model calls, in order.
        places: For each call (by number) the position of the message it answers; None for inner calls.
        notes: Remarks.
    """

    thread: Thread = field(default_factory=Thread)
    ledger: ToolLedger = field(default_factory=ToolLedger)
    calls: list[Call] = field(default_factory=list)
    places: list[int | None] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    instructions: str | None = None
    _spoken_in: set[int] = field(default_factory=set)
    _users_own: set[str] = field(default_factory=set)

    def add(self, calls: Sequence[Call]) -> None:
        """Weave in the calls, which must be in the order of the conversation."""
        strangers = own_prompts(calls)
        for call in calls:
            self.calls.append(call)
            self.places.append(self._place(call, stranger=id(call) in strangers))

    def close(self) -> None:
        """Append the results of the last message's tool calls, which no further model call repeats."""
        last = len(self.thread.entries) - 1
        for draft in list(self.ledger.drafts):
            result = draft.span_result if draft.message == last and draft.answer is None else None
            if result is not None:
                said = Said(Role.TOOL, result, answers=draft.id, name=draft.name)
                self._append(said, len(self.calls) - 1, given=False)

    def _place(self, call: Call, *, stranger: bool) -> int | None:
        given = call.given
        overlap = self.thread.overlap(given)
        if call.inner or self._has_own_prompt(call, overlap, stranger=stranger):
            call.inner = True
            return None
        if overlap.is_any and overlap.start == len(given) and overlap.known < len(self.thread.entries):
            return self._again(call, overlap)
        outer = container(call.node)
        if outer is not None:
            self._spoken_in.add(id(outer))
        for said in given[: overlap.start]:
            self.ledger.retold(said.requests)
        self._take(given[overlap.start :], call, overlap)
        place = len(self.thread.entries) - 1
        self._answer(call)
        return max(place, 0)

    def _has_own_prompt(self, call: Call, overlap: Overlap, *, stranger: bool) -> bool:
        """Whether a call that shares nothing with the thread talks to somebody else than the customer."""
        if overlap.is_any or (not self.thread.entries and not stranger):
            return False
        outer = container(call.node)
        return stranger or (outer is not None and id(outer) in self._spoken_in and self._other_agent(call))

    def _other_agent(self, call: Call) -> bool:
        return call.instructions != self.instructions

    def _again(self, call: Call, overlap: Overlap) -> int | None:
        """A call with nothing new: told twice, asked again, or on the side."""
        number = len(self.calls) - 1
        later = [entry.said.key for entry in self.thread.entries[overlap.known :]]
        if [said.key for said in call.made] == later[: len(call.made)]:
            return overlap.known - 1
        if len(later) > 1 and all(said.role is Role.USER for said in call.given) and self._stands_apart(call, overlap):
            # Only new messages are sent, and the customer used the same words as in the beginning.
            self._take(call.given, call, Overlap(0, len(self.thread.entries)))
            place = len(self.thread.entries) - 1
            self._answer(call)
            return place
        if call.instructions == self.instructions and call.made and self.thread.take_back(overlap.known):
            self.notes.append(f"reply {overlap.known} was generated again; the last one counts")
            self._answer(call)
            return overlap.known - 1
        if not call.made:
            return overlap.known - 1
        self.calls[number].inner = True
        return None

    def _stands_apart(self, call: Call, overlap: Overlap) -> bool:
        """Whether a call belongs to another request than those that went on with the thread."""
        others = {id(_request(self.calls[entry.call])) for entry in self.thread.entries[overlap.known :]}
        return id(_request(call)) not in others

    def _take(self, new: Sequence[Said], call: Call, overlap: Overlap) -> None:
        """Append the new part of a call's input."""
        number = len(self.calls) - 1
        rest = self.thread.entries[overlap.known :]
        for at, said in enumerate(new):
            if at == 0 and said.role is Role.ASSISTANT and any(e.said.role is Role.ASSISTANT for e in rest):
                self.ledger.retold(said.requests)
                continue
            self._append(said, number, given=True)
        if self.instructions is None:
            self.instructions = call.instructions

    def _answer(self, call: Call) -> None:
        if self.instructions is None:
            self.instructions = call.instructions
        for said in call.made:
            if said.role is not Role.USER:
                self._append(said, len(self.calls) - 1, call=call, given=False)

    def _append(self, said: Said, number: int, *, call: Call | None = None, given: bool) -> None:
        position = len(self.thread.entries)
        if said.role is Role.USER:
            self._users_own |= {request.id for request in said.requests}
        elif said.role is Role.ASSISTANT:
            self.ledger.asked(said.requests, position)
        elif said.role is Role.TOOL and said.answers not in self._users_own - {""}:
            self.ledger.answered(said, position)
        self.thread.add(
            said,
            number,
            span_id=call.node.span.span_id if call else "",
            at_ns=call.ended_ns if call else None,
            given=given,
        )


def _request(call: Call) -> Node:
    """The outermost span around a call that is not as long as the conversation."""
    outermost = call.node
    for outer in call.node.ancestors():
        if outer.facts.whole_conversation:
            break
        outermost = outer
    return outermost
