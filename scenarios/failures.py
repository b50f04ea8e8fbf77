"""What was red: scores of a failing conversation as places that can be found again in another run of it."""

from __future__ import annotations

import json
from collections.abc import Iterable

from conversation.model import Conversation
from conversation.verdict import Evidence, Score, Verdict
from scenarios.spec import Failure, Witness
from scoring.runner import SHADOW

_LONGEST = 200
_MOST_WITNESSES = 4

Place = tuple[str, str, str | None, str | None, str]


def of(conversation: Conversation, scores: Iterable[Score]) -> list[Failure]:
    """The failed scores, the most suspicious first among those of one scorer, human verdicts last."""
    failed = [score for score in scores if score.verdict is Verdict.FAIL and score.label != SHADOW]
    failed.sort(key=lambda score: (score.human, score.name.startswith("latency"), score.argument_path is None))
    calls = {call.id: call for call in conversation.tool_calls}
    order: dict[str, int] = {}
    seen: dict[str, int] = {}
    for made in conversation.tool_calls:
        seen[made.name] = order[made.id] = seen.get(made.name, 0) + 1
    failures = []
    for score in failed:
        call = calls.get(score.tool_call_id or "")
        failures.append(
            Failure(
                scorer=score.name,
                label=score.label,
                turn=score.turn,
                tool=call.name if call else None,
                call=order[call.id] if call else None,
                argument=score.argument_path,
                value=score.argument_value,
                explanation=score.explanation[:_LONGEST],
                evidence=[_witness(item) for item in score.evidence[:_MOST_WITNESSES]],
            )
        )
    return failures


def _witness(evidence: Evidence) -> Witness:
    return Witness(kind=evidence.kind, text=evidence.text[:_LONGEST], message=evidence.message, path=evidence.path)


def place(failure: Failure) -> Place:
    """Where a failure sits, in words that survive the removal of other turns and calls."""
    value = json.dumps(failure.value, sort_keys=True, default=str)
    return (failure.scorer, failure.label, failure.tool, failure.argument, value)


def describe(failure: Failure) -> str:
    """One line for a table."""
    where = f" {failure.tool}" if failure.tool else (f" turn {failure.turn}" if failure.turn is not None else "")
    number = f"#{failure.call}" if failure.tool and failure.call and failure.call > 1 else ""
    return f"{failure.scorer}{where}{number}{' ' + failure.argument if failure.argument else ''} ({failure.label})"
