"""What was left hanging: signs that a customer went away without what was asked for, though nothing went visibly wrong.

- `stalled`: the customer had said that a detail is not at hand, the agent asked for it again, looked nothing up with
  any tool from then on, and handed nobody over.
- `partly_done`: asked for a deed, the agent changed something and then passed the customer to a person.
- `not_handed_over`: the customer was told of being passed to a person, and the tool for it was never called.
- `left_out`: several things were listed and agreed to, and not all of them were done (`left_out.py`).
- `broken_reply`: the customer was shown an error message of the agent's own software.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from conversation.model import Role, ToolCall
from conversation.wording import Wording
from scoring.arguments.effects import effect_of
from scoring.arguments.index import ConversationIndex, Doc
from scoring.arguments.left_out import left_out
from scoring.arguments.loose_end import LooseEnd
from scoring.arguments.normal import plain
from scoring.arguments.requests import Request

_LACKS = Wording(
    r"\b(?:do not|don't|did not|didn't|can not|cannot|can't|not)(?: \w+){0,3}? "
    r"(?:have|remember|recall|know|find|sure|handy|access)\b|\b(?:unsure|forgot|forgotten|misplaced|lost)\b"
)
_DEMANDS = Wording(
    r"\b(?:i(?:'ll| will| would|'d)? need|please (?:provide|share|give|send|tell)|once you (?:have|provide|find)|"
    r"(?:could|can|would) you (?:please )?(?:provide|share|tell|give|send)|when you (?:have|find)|"
    r"(?:is|are) required)\b"
)
_PASSING_ON = re.compile(
    r"\b(?:you are (?:now )?being|i(?:'ll| will| am|'m)(?: now| going to)?|let me(?: now)?) "
    r"(?:transfer(?:red|ring)?|connect(?:ed|ing)?|escalat(?:e|ed|ing)|hand(?:ed|ing)?) "
    r"(?:you|this|your|the|over)?(?: \w+){0,3}? ?(?:to|with) (?:a|an|our|the|another|one)\b"
)
_PASSING_WORDS = ("transfer", "connect", "escalat", "hand")
_IFFY = re.compile(r"\b(?:if|would|could|can|once|unless|should you|want|like|prefer|before)\b|\?")
_SOFTWARE = Wording(
    r"traceback \(most recent|\b[a-z]+(?:error|exception): |\bi encountered an error\b|\brecursion.?limit\b|"
    r"\binternal server error\b|\b(?:status|error) code:? [45]\d\d\b|\brate limit (?:exceeded|reached)\b|"
    r"\bcontext (?:length|window) (?:exceeded|of)\b|\bmax(?:imum)? (?:iterations|number of (?:steps|turns))\b|"
    r"\bcould not parse (?:llm|model|tool)\b"
)
_SENTENCE = re.compile(r"[^.!?\n]+[.!?]?")


def loose_ends(index: ConversationIndex, requests: Sequence[Request]) -> Iterator[LooseEnd]:
    """Everything left hanging in a conversation, at most one of each kind.

    Args:
        index: The conversation's index.
        requests: What the customer asked for, as `requests_of` gives it.
    """
    dialogue = [doc for doc in index.docs if doc.role is not Role.TOOL]
    for found in (
        _stalled(index, dialogue),
        _partly_done(index, requests),
        _not_handed_over(index, dialogue),
        left_out(index, dialogue),
        _broken_reply(dialogue),
    ):
        if found:
            yield found


def _stalled(index: ConversationIndex, dialogue: list[Doc]) -> LooseEnd | None:
    """Asked again for what the customer does not have, with no tool tried since."""
    if not index.conversation.tools:
        return None
    tried = max((call.message or 0 for call in index.calls if _tried(call)), default=-1)
    again: tuple[Doc, int] | None = None
    lacking = False
    for doc in dialogue:
        if doc.message <= tried:
            continue
        if doc.role is Role.USER and not lacking:
            lacking = _lacks(doc)
        elif doc.role is Role.ASSISTANT and lacking and (found := _DEMANDS.search(plain(doc.text))):
            again = doc, found.start()
            break
    if again is None or any(_lacks(doc) for doc in dialogue if doc.role is Role.USER and doc.message <= tried):
        return None  # a tool was tried since the customer first lacked something: the agent did not just wait
    doc, start = again
    text = "a detail was asked for again that the customer had not at hand, and no tool was tried from then on"
    return LooseEnd("stalled", doc.text[start : start + 120], doc.message, text)


def _lacks(doc: Doc) -> bool:
    return _LACKS.occurs(plain(doc.text))


def _tried(call: ToolCall) -> bool:
    return call.error is None or effect_of(call.name) != "read"


def _partly_done(index: ConversationIndex, requests: Sequence[Request]) -> LooseEnd | None:
    """A change, and then a person had to take over."""
    if not requests:
        return None
    descriptions = {tool.name: tool.description for tool in index.conversation.tools}
    changed: str | None = None
    for call in index.calls:
        effect = effect_of(call.name, descriptions.get(call.name, ""))
        if effect == "write" and call.error is None:
            changed = changed or call.name
        elif effect == "handover" and changed:
            text = f"{changed} was done and then the customer was handed over: a part was left to a person"
            return LooseEnd("partly_done", call.name, call.message or 0, text)
    return None


def _not_handed_over(index: ConversationIndex, dialogue: list[Doc]) -> LooseEnd | None:
    """Told that a person takes over, without the call that does it."""
    tools = [
        tool.name for tool in index.conversation.tools if effect_of(tool.name, tool.description) == "handover"
    ]  # fmt: skip - one line each way is unreadable
    if not tools or any(call.name in tools for call in index.calls):
        return None
    for doc in dialogue:
        if doc.role is not Role.ASSISTANT:
            continue
        lowered = plain(doc.text)
        if (
            "transfer" not in lowered
            and "connect" not in lowered
            and "escalat" not in lowered
            and "hand" not in lowered
        ):
            continue
        for sentence in _SENTENCE.finditer(lowered):
            if _PASSING_ON.search(sentence[0]) and not _IFFY.search(sentence[0]):
                said = doc.text[sentence.start() : sentence.end()].strip()[:120]
                return LooseEnd("not_handed_over", said, doc.message, f"{', '.join(tools)} was never called")
    return None


def _broken_reply(dialogue: list[Doc]) -> LooseEnd | None:
    """An error message of software, said to the customer."""
    for doc in dialogue:
        if doc.role is not Role.ASSISTANT:
            continue
        lowered = doc.text.lower()
        found = _SOFTWARE.search(lowered)
        if found:
            said = doc.text[found.start() : found.start() + 120]
            return LooseEnd(
                "broken_reply", said, doc.message, "the customer was shown an error message of the software"
            )
    return None
