"""Checks a trial against its scenario's expectations: calls, words and final state. One score for each expectation.

Names begin with `scenario.`; verdicts are those of any scorer, so that reports and gates need no second kind of result.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping

from conversation.model import Conversation, Role, ToolCall
from conversation.verdict import Evidence, Score, Verdict
from scenarios.spec import CallExpectation, Json, Scenario, Statement
from scenarios.values import canonical
from scoring.arguments.compare import compare

_SPACES = re.compile(r"\s+")


def check(scenario: Scenario, conversation: Conversation, state: Mapping[str, Json]) -> list[Score]:
    """Scores of all expectations of a scenario."""
    expected = scenario.expectations
    calls = conversation.tool_calls
    replies = [(message.position, message.text) for message in conversation.messages if message.role is Role.ASSISTANT]
    return [
        *(_must_call(item, scenario, calls) for item in expected.calls),
        *(_must_not_call(item, scenario, calls) for item in expected.forbidden_calls),
        *(_must_say(item, replies) for item in expected.statements),
        *(_must_not_say(item, replies) for item in expected.forbidden_statements),
        *_states(expected.state, state),
    ]


def _score(name: str, met: bool, text: str, evidence: Iterable[Evidence] = ()) -> Score:
    verdict = Verdict.PASS if met else Verdict.FAIL
    return Score(
        f"scenario.{name}",
        verdict,
        value=float(met),
        label=verdict.value,
        explanation=text,
        evidence=tuple(evidence),
    )


def matches(expected: CallExpectation, call: ToolCall, schema: dict[str, Json] | None = None) -> bool:
    """Whether a call is the expected one; without `compare`, an omitted or an extra argument is a difference.

    Args:
        expected: What was expected.
        call: What was called.
        schema: The tool's JSON Schema: it says which spellings of a value are equal.
    """
    if call.name != expected.tool:
        return False
    if expected.arguments is None:
        return True
    wanted, got = expected.arguments, call.arguments
    if expected.compare is not None:
        keys = set(expected.compare)
        wanted = {key: value for key, value in wanted.items() if key in keys}
        got = {key: value for key, value in got.items() if key in keys}
    return not compare(wanted, got, schema)


def _shown(expected: CallExpectation) -> str:
    if expected.arguments is None:
        return f"{expected.tool}(...)"
    keys = expected.arguments if expected.compare is None else expected.compare
    return f"{expected.tool}({', '.join(f'{key}={canonical(expected.arguments.get(key))}' for key in keys)})"


def _found(expected: CallExpectation, scenario: Scenario, calls: Iterable[ToolCall]) -> list[ToolCall]:
    tool = scenario.tool(expected.tool)
    return [call for call in calls if matches(expected, call, tool.parameters if tool else None)]


def _evidence(calls: Iterable[ToolCall]) -> list[Evidence]:
    return [
        Evidence("tool_call", canonical(call.arguments)[:200], call.message, tool_call_id=call.id) for call in calls
    ]


def _must_call(expected: CallExpectation, scenario: Scenario, calls: Iterable[ToolCall]) -> Score:
    found = _found(expected, scenario, calls)
    most = expected.at_most if expected.at_most is not None else len(found)
    met = expected.at_least <= len(found) <= most
    return _score("calls", met, f"{_shown(expected)} called {len(found)} times", _evidence(found))


def _must_not_call(expected: CallExpectation, scenario: Scenario, calls: Iterable[ToolCall]) -> Score:
    found = _found(expected, scenario, calls)
    text = f"{_shown(expected)} must not be called" + (f"; called {len(found)} times" if found else "")
    return _score("forbidden_calls", not found, text, _evidence(found))


def _says(statement: Statement, text: str) -> bool:
    if statement.pattern is not None:
        return re.search(statement.pattern, text, re.IGNORECASE) is not None
    return _plain(statement.text or "") in _plain(text)


def _plain(text: str) -> str:
    return _SPACES.sub(" ", text).strip().casefold()


def _must_say(statement: Statement, replies: list[tuple[int, str]]) -> Score:
    found = [Evidence("message", text[:200], position) for position, text in replies if _says(statement, text)]
    words = statement.text or f"/{statement.pattern}/"
    return _score("statements", bool(found), f"told the customer: {words}" if found else f"never said: {words}", found)


def _must_not_say(statement: Statement, replies: list[tuple[int, str]]) -> Score:
    found = [Evidence("message", text[:200], position) for position, text in replies if _says(statement, text)]
    words = statement.text or f"/{statement.pattern}/"
    return _score("forbidden_statements", not found, f"said: {words}" if found else f"did not say: {words}", found)


def _states(expected: Mapping[str, Json], state: Mapping[str, Json]) -> Iterator[Score]:
    for path, wanted in expected.items():
        here: Json = state
        for part in path.split("/"):
            here = here.get(part) if isinstance(here, Mapping) else None
        met = canonical(here) == canonical(wanted)
        yield _score("state", met, f"{path} is {canonical(here)}" + ("" if met else f", not {canonical(wanted)}"))
