"""One graded revision as rows of the grade tables."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, field

from conversation.model import Conversation, Turn
from conversation.verdict import Grade, LedgerState, Score, Verdict
from store.argument_rows import argument_rows
from store.conversation_json import arguments_checked
from store.documents import dumps
from store.model_call_rows import model_call_rows, model_of, unpriced
from store.times import hour_of

Row = dict[str, object]


@dataclass(frozen=True, slots=True)
class GradedRevision:
    """A conversation revision with its grade.

    Attributes:
        conversation: The conversation, its `revision` set.
        grade: What the scorecard says.
        graded_at_ns: When.
        digest: Content hash of the conversation; empty for an attempt that failed altogether.
        watermark: `Activity.watermark` of the activity it was assembled from.
    """

    conversation: Conversation
    grade: Grade
    graded_at_ns: int
    digest: str
    watermark: int


@dataclass(slots=True)
class Attempt:
    """A revision being written: what all its rows share."""

    revision: GradedRevision
    id: int = field(init=False)
    started_ns: int = field(init=False)
    shared: Row = field(init=False)
    turn_types: dict[int, str] = field(init=False)
    tools: dict[str, str] = field(init=False)

    def __post_init__(self) -> None:
        conversation = self.revision.conversation
        self.id = _id(self.revision)
        self.turn_types = {turn.index: turn.type for turn in conversation.turns}
        self.tools = {call.id: call.name for call in reversed(conversation.tool_calls)}
        self.started_ns = conversation.started_ns or self.revision.graded_at_ns
        self.shared = {
            "project": conversation.project,
            "hour": hour_of(self.started_ns),
            "attempt": self.id,
            "conversation_id": conversation.id,
            "started_ns": self.started_ns,
        }

    @property
    def agent(self) -> Row:
        """The agent columns."""
        agent = self.revision.conversation.agent
        return {"agent": agent.name, "version": agent.version}


def _id(made: GradedRevision) -> int:
    """The same for the same content, so that writing it twice, or by two processes, adds nothing."""
    conversation, grade = made.conversation, made.grade
    parts = (
        conversation.project,
        conversation.id,
        conversation.revision,
        made.digest,
        grade.scorecard_version,
        [(score.name, score.verdict, score.turn, score.tool_call_id, score.argument_path) for score in grade.scores],
        [(entry.scorer, entry.state) for entry in grade.ledger],
    )
    return int.from_bytes(hashlib.blake2b(repr(parts).encode(), digest_size=8).digest(), "big")


def rows(attempt: Attempt) -> Iterator[tuple[str, Row]]:
    """Every (table, row) of one attempt but its marks in `attempts`, `superseded` and `graded`."""
    conversation, grade = attempt.revision.conversation, attempt.revision.grade
    checked = arguments_checked(grade.scores)
    yield "conversations", _conversation(attempt)
    position = 0
    for turn in conversation.turns:
        yield "turns", _turn(attempt, turn)
        for call in turn.tool_calls:
            own = {**attempt.shared, **attempt.agent, "position": position}
            yield (
                "tool_calls",
                {
                    **own,
                    "turn": turn.index,
                    "tool_call_id": call.id,
                    "name": call.name,
                    "arguments": dumps(call.arguments),
                    "error": call.error,
                    "executed": int(call.executed),
                    "duration_seconds": call.duration_seconds,
                    "arguments_checked": dumps(checked.get(call.id, [])),
                },
            )
            for row in argument_rows(call):
                yield "argument_values", {**_without(own, "conversation_id"), "tool": call.name, **row}
            position += 1
    for row in model_call_rows(conversation, str(grade.verdict)):
        yield "model_calls", {**attempt.shared, **attempt.agent, **row}
    for place, score in enumerate(grade.scores):
        yield "scores", _score(attempt, place, score)
    for entry in grade.ledger:
        yield (
            "ledger",
            {
                **attempt.shared,
                "scorer": entry.scorer,
                "revision": conversation.revision,
                "state": str(entry.state),
                "cause": entry.cause,
                "scorer_version": entry.scorer_version,
                "graded_at_ns": attempt.revision.graded_at_ns,
            },
        )


def _conversation(attempt: Attempt) -> Row:
    made = attempt.revision
    conversation, grade = made.conversation, made.grade
    tokens = conversation.tokens
    failed = {score.name for score in grade.scores if score.verdict is Verdict.FAIL}
    passed = {score.name for score in grade.scores if score.verdict is Verdict.PASS}
    return {
        **attempt.shared,
        **attempt.agent,
        "revision": conversation.revision,
        "ended_ns": conversation.ended_ns,
        "user_id": conversation.user_id or "",
        "channel": conversation.channel,
        "domain": conversation.domain or "",
        "verdict": str(grade.verdict),
        "risk": grade.risk,
        "turns": len(conversation.turns),
        "turn_types": sorted({turn.type for turn in conversation.turns}),
        "tools": sorted({call.name for call in conversation.tool_calls}),
        "failed_scorers": sorted({_scorer(score.name) for score in grade.scores if score.verdict is Verdict.FAIL}),
        "scorers": sorted({entry.scorer for entry in grade.ledger if entry.state is LedgerState.SCORED}),
        "failed_scores": sorted(failed),
        "passed_scores": sorted(passed - failed),
        "input_tokens": tokens.input,
        "output_tokens": tokens.output,
        "reasoning_tokens": tokens.reasoning,
        "cached_tokens": tokens.cached,
        "cost_usd": conversation.cost_usd,
        "models": sorted({model_of(call) for call in conversation.model_calls}),
        "intent": conversation.intent,
        "unpriced_calls": unpriced(conversation),
        "prices": conversation.prices,
        "turn_rules": conversation.turn_rules,
        "duration_seconds": _seconds(conversation.started_ns, conversation.ended_ns),
        "scorecard_version": grade.scorecard_version,
        "graded_at_ns": made.graded_at_ns,
        "document": dumps(conversation),
    }


def _turn(attempt: Attempt, turn: Turn) -> Row:
    conversation = attempt.revision.conversation
    calls = turn.model_calls
    costs = [call.cost_usd for call in calls if call.cost_usd is not None]
    segments: dict[str, float] = {}
    for segment in turn.segments:
        segments[str(segment.kind)] = segments.get(str(segment.kind), 0.0) + segment.seconds
    return {
        **attempt.shared,
        **attempt.agent,
        "turn": turn.index,
        "type": turn.type,
        "model": next((model_of(call) for call in reversed(calls)), ""),
        "turn_rules": conversation.turn_rules,
        "channel": conversation.channel,
        "turn_started_ns": turn.started_ns or attempt.started_ns,
        "first_token_seconds": turn.first_token_seconds,
        "duration_seconds": turn.duration_seconds,
        "input_tokens": sum(call.tokens.input for call in calls),
        "output_tokens": sum(call.tokens.output for call in calls),
        "reasoning_tokens": sum(call.tokens.reasoning for call in calls),
        "cached_tokens": sum(call.tokens.cached for call in calls),
        "cost_usd": sum(costs) if costs else None,
        "tool_calls": len(turn.tool_calls),
        "interrupted": int(turn.interrupted),
        "segments": segments,
    }


def _score(attempt: Attempt, place: int, score: Score) -> Row:
    return {
        **attempt.shared,
        **attempt.agent,
        "position": place,
        "revision": attempt.revision.conversation.revision,
        "turn_type": attempt.turn_types.get(score.turn, "") if score.turn is not None else "",
        "tool": attempt.tools.get(score.tool_call_id, "") if score.tool_call_id is not None else "",
        "name": score.name,
        "verdict": str(score.verdict),
        "value": score.value,
        "label": score.label or str(score.verdict),
        "explanation": score.explanation,
        "turn": score.turn,
        "tool_call_id": score.tool_call_id,
        "argument_path": score.argument_path,
        "argument_value": dumps(score.argument_value),
        "source": dumps(score.source),
        "evidence": dumps([item.to_json() for item in score.evidence]),
        "scorer_version": score.scorer_version,
        "scorecard_version": score.scorecard_version or attempt.revision.grade.scorecard_version,
        "scored_at_ns": score.scored_at_ns or attempt.revision.graded_at_ns,
    }


def _scorer(name: str) -> str:
    return name.split(".", 1)[0]


def _seconds(start_ns: int | None, end_ns: int | None) -> float | None:
    return None if start_ns is None or end_ns is None else (end_ns - start_ns) / 1e9


def _without(row: Row, name: str) -> Row:
    return {key: value for key, value in row.items() if key != name}
