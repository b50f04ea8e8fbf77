"""Turns a failing conversation into a scenario: the customer's words, the tools as they answered, and what was red.

The scenario asks three things of another agent: that no score that counts is red, that no call is repeated whose
argument was at fault, and that reads are answered as they were recorded. A write cannot be answered from its recording
once its arguments are corrected, so each write gets a small model (`world`) that echoes its arguments the way the
recorded result did.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from pathlib import Path

from conversation.errors import UsageError
from conversation.model import Conversation, Message, Role, ToolCall
from conversation.verdict import Grade
from scenarios import facts, failures
from scenarios.spec import (
    CallExpectation,
    Expectations,
    Failure,
    Json,
    Limits,
    Origin,
    Recording,
    Scenario,
    Step,
    Tool,
    ToolUse,
    User,
    UserTurn,
    World,
    WorldTool,
)
from scenarios.values import canonical

_READS = re.compile(
    r"^(get|list|find|search|look(?:_?up)?|fetch|read|check|show|query|view|describe|count|calculate|verify|validate"
    r"|retrieve|is|has|think|transfer_to_human)(?=$|[_\-A-Z.])"
)
_NOT_IN_A_NAME = re.compile(r"[^a-z0-9]+")


def promote(
    conversation: Conversation,
    grade: Grade,
    *,
    scorecard: Path | None = None,
    policy: Path | None = None,
    reads: Sequence[str] = (),
    tags: Sequence[str] = ("promoted",),
) -> Scenario:
    """A scenario from a failing conversation; `reproduce.prove` shows that it is red on the recorded agent.

    Args:
        conversation: As it was graded.
        grade: What its scorecard said.
        scorecard: The scorecard file, when it is not the run's default; kept as given.
        policy: The policy file, likewise.
        reads: Tools known to change nothing; others are told apart by their names (`get_order` reads).
        tags: Tags of the scenario; they become pytest markers.

    Raises:
        UsageError: Nothing failed, or no customer said anything.
    """
    failed = failures.of(conversation, grade.scores)
    if not failed:
        raise UsageError(f"conversation {conversation.id} has no failing score: there is nothing to promote")
    turns = [UserTurn(say=message.text) for message in conversation.messages if _is_said(message)]
    if not turns:
        raise UsageError(f"conversation {conversation.id} has no words of a customer: it cannot be played again")
    kinds = _tools(conversation, frozenset(reads))
    known = facts.said(conversation)
    return Scenario(
        format=1,
        id=_id(conversation, failed),
        title=failures.describe(failed[0]),
        tags=list(tags),
        origin=_origin(conversation, grade),
        expected_failures=failed,
        scorecard=str(scorecard) if scorecard else None,
        policy=str(policy) if policy else None,
        ignore_scorers=[] if all(_is_latency(failure) for failure in failed) else ["latency*"],
        reference_time=conversation.reference_time,
        domain=conversation.domain,
        instructions=conversation.system_instructions,
        user=User(
            turns=turns,
            greeting=_greeting(conversation),
            known=known,
            reveal_when_asked=facts.on_record(conversation, known),
        ),
        expectations=Expectations(forbidden_calls=_forbidden(conversation, failed)),
        limits=_limits(conversation, len(turns)),
        tools=kinds,
        world=_world(conversation, kinds),
        recordings=[_recording(call, conversation) for call in conversation.tool_calls if call.executed],
        recorded_agent=_steps(conversation),
    )


def _origin(conversation: Conversation, grade: Grade) -> Origin:
    return Origin(
        conversation=conversation.id,
        project=conversation.project,
        agent=conversation.agent.name,
        version=conversation.agent.version,
        revision=conversation.revision,
        scorecard_version=grade.scorecard_version,
    )


def _is_said(message: Message) -> bool:
    return message.role is Role.USER and bool(message.text.strip())


def _is_latency(failure: Failure) -> bool:
    return failure.scorer.startswith("latency")


def _id(conversation: Conversation, failed: Sequence[Failure]) -> str:
    """Readable, and the same for the same conversation."""
    first = failed[0]
    parts = [conversation.agent.name or conversation.domain or "agent", first.tool or first.scorer, first.label]
    words = _NOT_IN_A_NAME.sub("-", "-".join(part for part in parts if part).casefold()).strip("-")[:80]
    key = f"{conversation.project}\0{conversation.id}"
    return f"{words or 'scenario'}-{hashlib.sha256(key.encode()).hexdigest()[:8]}"


def _greeting(conversation: Conversation) -> str | None:
    for message in conversation.messages:
        if message.role is Role.USER:
            return None
        if message.role is Role.ASSISTANT and message.text.strip():
            return message.text
    return None


def _limits(conversation: Conversation, turns: int) -> Limits:
    """The usual limits, wider where the recorded conversation itself went beyond them."""
    usual = Limits()
    errors = sum(call.error is not None for call in conversation.tool_calls)
    return Limits(
        turns=max(usual.turns, turns),
        steps=max(usual.steps, 2 * len(conversation.messages)),
        tool_errors=max(usual.tool_errors, errors + 1),
    )


def _tools(conversation: Conversation, reads: frozenset[str]) -> list[Tool]:
    """Declared tools, and those that were called without a declaration."""
    declared = {tool.name: tool for tool in conversation.tools}
    names = list(dict.fromkeys([*declared, *(call.name for call in conversation.tool_calls)]))
    tools = []
    for name in names:
        tool = declared.get(name)
        kind = "read" if name in reads or _READS.match(name) else "write"
        tools.append(
            Tool(
                name=name,
                description=tool.description if tool else "",
                parameters=tool.parameters if tool else None,
                kind="read" if kind == "read" else "write",
            )
        )
    return tools


def _recording(call: ToolCall, conversation: Conversation) -> Recording:
    return Recording(
        tool=call.name,
        arguments=dict(call.arguments),
        result=None if call.error is not None else call.result,
        error=call.error,
        seconds=round(_seconds(call, conversation), 3),
    )


def _seconds(call: ToolCall, conversation: Conversation) -> float:
    if call.duration_seconds is not None:
        return call.duration_seconds
    if call.message is None or call.result_message is None:
        return 0.0
    asked, came = (conversation.messages[position].at_ns for position in (call.message, call.result_message))
    return max(0.0, (came - asked) / 1e9) if asked is not None and came is not None else 0.0


def _steps(conversation: Conversation) -> list[Step]:
    """The agent's messages after the customer's first words, with the calls that were executed."""
    calls = {call.id: call for call in conversation.tool_calls if call.executed}
    asked: set[str] = set()
    steps, said, before = [], 0, None
    for message in conversation.messages:
        if _is_said(message):
            said += 1
        elif message.role is Role.ASSISTANT and said:
            mine = [calls[call_id] for call_id in message.tool_call_ids if call_id in calls]
            asked.update(call.id for call in mine)
            uses = [ToolUse(tool=call.name, arguments=dict(call.arguments)) for call in mine]
            waited = (message.at_ns - before) / 1e9 if message.at_ns is not None and before is not None else 0.0
            if uses or message.text:
                steps.append(Step(after=said, say=message.text, calls=uses, seconds=round(max(0.0, waited), 3)))
        before = message.at_ns if message.at_ns is not None else before
    return steps if asked == calls.keys() else _steps_by_turn(conversation)


def _steps_by_turn(conversation: Conversation) -> list[Step]:
    """For traces whose messages do not tell which of them asked for a call: calls first, then the reply."""
    steps = []
    for number, turn in enumerate((turn for turn in conversation.turns if turn.user), start=1):
        uses = [ToolUse(tool=call.name, arguments=dict(call.arguments)) for call in turn.tool_calls if call.executed]
        steps += [Step(after=number, calls=[use]) for use in uses]
        if turn.reply:
            steps.append(Step(after=number, say=turn.reply))
    return steps


def _faulty(conversation: Conversation, failed: Sequence[Failure]) -> list[ToolCall]:
    """The calls whose arguments were at fault, each once."""
    places = {(failure.tool, failure.call) for failure in failed if failure.argument is not None}
    seen: dict[str, int] = {}
    found = []
    for call in conversation.tool_calls:
        seen[call.name] = seen.get(call.name, 0) + 1
        if (call.name, seen[call.name]) in places:
            found.append(call)
    return found


def _forbidden(conversation: Conversation, failed: Sequence[Failure]) -> list[CallExpectation]:
    calls = {
        (call.name, canonical(call.arguments)): CallExpectation(tool=call.name, arguments=dict(call.arguments))
        for call in _faulty(conversation, failed)
    }
    return list(calls.values())


def _world(conversation: Conversation, tools: Sequence[Tool]) -> World | None:
    """A model of each write that succeeded: a corrected call gets what was recorded, with its own arguments in it."""
    writes = {tool.name for tool in tools if tool.kind == "write"}
    models: dict[str, WorldTool] = {}
    for call in conversation.tool_calls:
        if call.name in writes and call.error is None and call.executed:
            models.setdefault(call.name, WorldTool(tool=call.name, result=_echo(call.result, call.arguments)))
    return World(tools=list(models.values())) if models else None


def _echo(result: Json, arguments: Mapping[str, Json]) -> Json:
    """The result with each value that is an argument's replaced by `$name`."""
    if isinstance(result, Mapping):
        return {key: _echo(value, arguments) for key, value in result.items()}
    if isinstance(result, list):
        return [_echo(value, arguments) for value in result]
    for name, value in arguments.items():
        if result not in (None, "", True, False) and canonical(result) == canonical(value) and name.isidentifier():
            return f"${name}"
    return result
