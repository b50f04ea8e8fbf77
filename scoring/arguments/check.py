"""Checks every argument of a conversation: its source, the findings against it, and the suspicion they add up to."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from typing import Any, NamedTuple

from conversation.model import JSON, Conversation, ToolCall
from conversation.verdict import ArgumentLabel, Evidence
from scoring.arguments.arguments import Argument
from scoring.arguments.crossing import Findings, cross_findings
from scoring.arguments.finding import Finding
from scoring.arguments.index import ConversationIndex
from scoring.arguments.leaves import Path, pointer
from scoring.arguments.provenance import source_of
from scoring.arguments.schema import problems
from scoring.arguments.source import Origin, Source
from scoring.arguments.study import study_of
from scoring.arguments.suspicion import suspicion_of
from scoring.protocol import Context

BASELINE = "tool_arguments"
"""Key of `Context.baselines`: learned JSON Schemas by tool name, as `scoring.arguments.schema.learn` gives them."""


class Checked(NamedTuple):
    """One argument, checked.

    Attributes:
        call: The call it belongs to.
        pointer: JSON pointer into the call's arguments; for a missing argument, where it should be.
        value: Its value, None for a missing one.
        source: Where it came from, None for a missing one.
        label: The kind of the strongest finding, `ok` where there is none.
        suspicion: 0 to 1.
        explanation: The source or the strongest finding in one line.
        evidence: Where to look.
        findings: Everything that speaks against it.
    """

    call: ToolCall
    pointer: str
    value: JSON
    source: Source | None
    label: ArgumentLabel
    suspicion: float
    explanation: str
    evidence: tuple[Evidence, ...]
    findings: tuple[Finding, ...] = ()


def check(conversation: Conversation, context: Context) -> list[Checked]:
    """All arguments of all calls in order; missing arguments and malformed objects as rows after them."""
    study = study_of(conversation)
    findings: Findings = defaultdict(list)
    missing = _schema_findings(study.index, context, findings)
    cross_findings(study, findings)
    checked = [
        _checked(one, study.index, context, findings.get((one.call_number, one.path), [])) for one in study.arguments
    ]
    return checked + missing


def _checked(argument: Argument, index: ConversationIndex, context: Context, findings: list[Finding]) -> Checked:
    source = source_of(argument, index, context.policy_text)
    doubt = _doubt(argument, source)
    if doubt:
        findings = [*findings, doubt]
    suspicion, strongest = suspicion_of(findings)
    proof = source.evidence()
    return Checked(
        argument.call,
        argument.pointer,
        argument.value,
        source,
        strongest.label if strongest else ArgumentLabel.OK,
        suspicion,
        strongest.text if strongest else f"from {source.origin.replace('_', ' ')}: {source.text}",
        (strongest.evidence if strongest else ()) + ((proof,) if proof else ()),
        tuple(findings),
    )


def _doubt(argument: Argument, source: Source) -> Finding | None:
    """What a source that is missing or loose says against an argument."""
    call = argument.call
    proof = Evidence("tool_call", str(argument.value)[:80], argument.at, call.span_id, call.id, argument.pointer)
    if source.origin is Origin.UNGROUNDED:
        text = f"{argument.value!r} {source.text}"
        return Finding(ArgumentLabel.UNGROUNDED, f"ungrounded_{argument.kind}", 1.0, text, (proof,))
    if source.strength < 1.0:
        text = f"{argument.value!r} is only loosely supported: {source.text}"
        return Finding(ArgumentLabel.UNGROUNDED, f"loose_{argument.kind}", 1.0 - source.strength, text, (proof,))
    return None


def _schema_findings(index: ConversationIndex, context: Context, findings: Findings) -> list[Checked]:
    """Files schema problems under their arguments; problems of no leaf come back as rows of their own."""
    schemas: dict[str, Mapping[str, Any] | None] = {tool.name: tool.parameters for tool in index.conversation.tools}
    learned = context.baselines.get(BASELINE)
    rows: list[Checked] = []
    for number, call in enumerate(index.calls):
        written = schemas.get(call.name)
        known = written or (learned.get(call.name) if isinstance(learned, Mapping) else None)
        for problem in problems(call, known):
            signal = "schema" if written else "learned_schema"
            proof = Evidence("schema", problem.rule, tool_call_id=call.id, path=pointer(problem.path))
            finding = Finding(ArgumentLabel.SCHEMA, signal, 1.0, problem.text, (proof,))
            findings[number, problem.path].append(finding)
            nowhere = problem.missing or not problem.path or isinstance(_at(call.arguments, problem.path), dict | list)
            if nowhere:
                suspicion, _ = suspicion_of([finding])
                value = None if problem.missing else _at(call.arguments, problem.path)
                rows.append(
                    Checked(
                        call=call,
                        pointer=pointer(problem.path),
                        value=value,
                        source=None,
                        label=finding.label,
                        suspicion=suspicion,
                        explanation=problem.text,
                        evidence=(proof,),
                        findings=(finding,),
                    )
                )
    return rows


def _at(value: JSON, path: Path) -> JSON:
    for step in path:
        if isinstance(value, dict) and isinstance(step, str):
            value = value.get(step)
        elif isinstance(value, list) and isinstance(step, int) and step < len(value):
            value = value[step]
        else:
            return None
    return value
