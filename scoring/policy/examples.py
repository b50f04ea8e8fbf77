"""Run the examples that stand beside rules: short conversations with the verdict a rule must give."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from conversation.model import Conversation, Message, Role, ToolCall, Turn
from scoring.policy.policy import Policy
from scoring.policy.spec import ExampleEventSpec, ExampleSpec, Outcome

_START_NS = 1_750_000_000_000_000_000


@dataclass(frozen=True, slots=True)
class ExampleResult:
    """One expectation: what was expected of which rule, and what it said."""

    example: str
    rule: str
    expected: str
    actual: str
    explanation: str

    @property
    def ok(self) -> bool:
        """Whether the rule said what was expected."""
        return self.expected == self.actual


def run_examples(policy: Policy) -> list[ExampleResult]:
    """Every expectation of every example of a policy."""
    return list(_run(policy))


def _run(policy: Policy) -> Iterator[ExampleResult]:
    examples: list[tuple[ExampleSpec, dict[str, Outcome]]] = []
    for rule in policy.rules:
        for example in rule.spec.examples:
            beside = {rule.spec.id: example.expect} if isinstance(example.expect, str) else example.expect
            examples.append((example, beside))
    examples += [(example, example.expect) for example in policy.examples if isinstance(example.expect, dict)]
    for example, expected in examples:
        conversation = conversation_of(example)
        # Filters choose among live conversations; an example is always about its rule.
        results = {result.rule: result for result in policy.results(conversation, filtered=False)}
        for name, verdict in expected.items():
            result = results[name]
            yield ExampleResult(example.name, name, verdict, result.verdict.value, result.explanation)


def conversation_of(example: ExampleSpec) -> Conversation:
    """The conversation an example describes, with one second between events unless it says otherwise."""
    messages: list[Message] = []
    calls: list[tuple[int, ToolCall]] = []
    at_ns = _START_NS
    for event in example.events:
        at_ns += int(event.after_seconds * 1e9)
        position = len(messages)
        if event.call is None:
            role = Role.USER if event.user is not None else Role.ASSISTANT
            messages.append(
                Message(position, role, (event.user if event.user is not None else event.reply) or "", at_ns=at_ns)
            )
            continue
        call_id = f"call_{position}"
        calls.append((position, _call(event, call_id, position, at_ns)))
        messages.append(Message(position, Role.ASSISTANT, "", (call_id,), at_ns=at_ns))
        messages.append(Message(position + 1, Role.TOOL, "", tool_call_id=call_id, name=event.call, at_ns=at_ns))
    return Conversation(
        id=f"example: {example.name}",
        messages=tuple(messages),
        turns=tuple(_turns(messages, calls)),
        reference_time=example.now,
        started_ns=_START_NS,
        ended_ns=at_ns,
    )


def _call(event: ExampleEventSpec, call_id: str, position: int, at_ns: int) -> ToolCall:
    return ToolCall(
        id=call_id,
        name=event.call or "",
        arguments=dict(event.args),
        result=event.result,
        error=event.error,
        started_ns=at_ns,
        ended_ns=at_ns,
        message=position,
        result_message=position + 1,
    )


def _turns(messages: list[Message], calls: list[tuple[int, ToolCall]]) -> Iterator[Turn]:
    """Turns start with the customer's messages; calls before the first belong to a turn of their own."""
    starts = [message.position for message in messages if message.role is Role.USER]
    if calls and (not starts or calls[0][0] < starts[0]):
        starts.insert(0, 0)
    for index, start in enumerate(starts):
        end = starts[index + 1] if index + 1 < len(starts) else len(messages)
        replies = [message.text for message in messages[start:end] if message.role is Role.ASSISTANT and message.text]
        made = tuple(call for position, call in calls if start <= position < end)
        user = messages[start].text if messages[start].role is Role.USER else None
        yield Turn(index, "", user, replies[-1] if replies else None, start, end - 1, tool_calls=made)
