"""Makes a scenario smaller while it still fails the same way: fewer customer turns, then fewer calls.

Delta debugging (Zeller and Hildebrandt 2002, "Simplifying and Isolating Failure-Inducing Input",
https://doi.org/10.1109/32.988498), the complement half of ddmin. A candidate counts only if the failures that
reproduced before all come again and no new one appears: leaving out what made an argument right would fake a failure.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

from scenarios import failures
from scenarios.reproduce import prove
from scenarios.spec import Recording, Scenario, Step
from scoring.scorecard import Scorecard

Item = TypeVar("Item")


def ddmin(items: Sequence[Item], still_fails: Callable[[Sequence[Item]], bool]) -> list[Item]:
    """A subset of items, in order, that still fails and from which no single item can be left out."""
    kept, parts = list(items), 2
    while len(kept) > 1:
        size = max(1, -(-len(kept) // parts))
        for start in range(0, len(kept), size):
            candidate = kept[:start] + kept[start + size :]
            if candidate and still_fails(candidate):
                kept, parts = candidate, max(parts - 1, 2)
                break
        else:
            if size == 1:
                break
            parts = min(len(kept), parts * 2)
    return kept


def minimise(scenario: Scenario, scorecard: Scorecard) -> Scenario:
    """The smallest scenario that fails as this one does; the same one if it does not reproduce."""
    first = prove(scenario, scorecard)
    if not first.reproduced:
        return scenario
    wanted = {failures.place(item) for item in first.found}
    allowed = {failures.place(item) for item in scenario.expected_failures} | {failures.place(i) for i in first.new}

    def fails(candidate: Scenario) -> bool:
        proof = prove(candidate, scorecard)
        new = {failures.place(item) for item in proof.new}
        return proof.reproduced and wanted <= {failures.place(item) for item in proof.found} and new <= allowed

    turns = ddmin(range(len(scenario.user.turns)), lambda kept: fails(_with_turns(scenario, kept)))
    smaller = _with_turns(scenario, turns)
    calls = [(n, m) for n, step in enumerate(smaller.recorded_agent) for m in range(len(step.calls))]
    if len(calls) > 1:
        kept = ddmin(calls, lambda some: fails(_with_calls(smaller, some)))
        smaller = _with_calls(smaller, kept)
    return _renumbered(smaller, scorecard)


def _with_turns(scenario: Scenario, kept: Sequence[int]) -> Scenario:
    """Only these customer turns, with what the agent did after each and only the recordings it used there."""
    number = {old + 1: new for new, old in enumerate(kept, start=1)}
    steps = [
        step.model_copy(update={"after": number[step.after]})
        for step in scenario.recorded_agent
        if step.after in number
    ]
    user = scenario.user.model_copy(update={"turns": [scenario.user.turns[index] for index in kept]})
    return _copy(scenario, user=user, recorded_agent=steps, recordings=_used(scenario, steps))


def _with_calls(scenario: Scenario, kept: Sequence[tuple[int, int]]) -> Scenario:
    chosen = set(kept)
    steps = []
    for n, step in enumerate(scenario.recorded_agent):
        calls = [use for m, use in enumerate(step.calls) if (n, m) in chosen]
        if calls or step.say:
            steps.append(step.model_copy(update={"calls": calls}))
    return _copy(scenario, recorded_agent=steps, recordings=_used(scenario, steps))


def _used(scenario: Scenario, steps: Sequence[Step]) -> list[Recording]:
    """The recordings that these steps' calls play, in order."""
    left = list(scenario.recordings)
    used = []
    for use in (use for step in steps for use in step.calls):
        for index, recording in enumerate(left):
            if recording.tool == use.tool and recording.arguments == use.arguments:
                used.append(left.pop(index))
                break
    return used


def _renumbered(scenario: Scenario, scorecard: Scorecard) -> Scenario:
    """Turn and call numbers of the expected failures as they are in the smaller conversation."""
    proof = prove(scenario, scorecard)
    if proof.trial is None:
        return scenario
    now = {failures.place(item): item for item in failures.of(proof.trial.trial.conversation, proof.trial.scores)}
    moved = [
        failure.model_copy(update={"turn": now[place].turn, "call": now[place].call})
        for failure in scenario.expected_failures
        if (place := failures.place(failure)) in now
    ]
    return _copy(scenario, expected_failures=moved)


def _copy(scenario: Scenario, **update: object) -> Scenario:
    copy = scenario.model_copy(update=update)
    return copy.from_file(scenario.file) if scenario.file else copy
