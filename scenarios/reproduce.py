"""Proves that a scenario is red for its own reason: the recorded agent is replayed and the same scorers must fail.

A failure is the same when scorer, label, tool, argument and value agree. Those that no replay can show (a human's
verdict) do not count, but something must be left that does.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

from scenarios import failures
from scenarios import trial as trials_of
from scenarios.agents.recorded import RecordedAgent
from scenarios.cassette import Cassette
from scenarios.grade import GradedTrial, grade
from scenarios.spec import Failure, Reproduction, Scenario
from scenarios.trial import FINISHED
from scenarios.users import ScriptedUser
from scoring.scorecard import Scorecard

HUMAN = "human"


@dataclass(frozen=True, slots=True)
class Proof:
    """What the replay of the recorded agent showed.

    `found` are the scenario's failures that came again, `lost` those that did not, `new` those that were not there.
    """

    trial: GradedTrial | None
    found: tuple[Failure, ...]
    lost: tuple[Failure, ...]
    new: tuple[Failure, ...]
    reason: str

    @property
    def reproduced(self) -> bool:
        """Whether the scenario fails as it was recorded."""
        return not self.reason


def prove(scenario: Scenario, scorecard: Scorecard, *, now_ns: Callable[[], int] = time.time_ns) -> Proof:
    """Replay the recorded agent against a scenario and compare what is red."""
    if not scenario.recorded_agent:
        return Proof(None, (), tuple(scenario.expected_failures), (), "the scenario holds no recording of its agent")
    agent = RecordedAgent([scenario])
    played = trials_of.run(scenario, agent, ScriptedUser(scenario.user), Cassette(scenario, loose=False), now_ns=now_ns)
    graded = grade(scenario, played, scorecard)
    again = {failures.place(failure) for failure in failures.of(played.conversation, graded.scores)}
    wanted = {failures.place(failure) for failure in scenario.expected_failures}
    found = tuple(item for item in scenario.expected_failures if failures.place(item) in again)
    lost = tuple(item for item in scenario.expected_failures if failures.place(item) not in again)
    new = tuple(
        item for item in graded.failed if failures.place(item) not in wanted and not item.scorer.startswith("scenario.")
    )
    return Proof(graded, found, lost, new, _reason(graded, found, lost))


def _reason(graded: GradedTrial, found: tuple[Failure, ...], lost: tuple[Failure, ...]) -> str:
    """Why it is not reproduced; empty if it is."""
    if graded.trial.outcome not in FINISHED:
        return f"the replay ended with {graded.trial.outcome.value}: {graded.trial.detail}"
    if not found:
        return f"{_named(lost)} did not fail again" if lost else "nothing is expected to fail"
    if not graded.failed:
        return "only scores that do not count failed again"
    # Replayed time is recorded time only where the trace had it, so a lost latency score is no surprise.
    missing = tuple(item for item in lost if not item.scorer.startswith(("latency", HUMAN)))
    return f"{_named(missing)} did not fail again" if missing else ""


def _named(items: tuple[Failure, ...]) -> str:
    shown = ", ".join(failures.describe(item) for item in items[:3])
    return shown + (f" and {len(items) - 3} more" if len(items) > 3 else "")  # noqa: PLR2004 - as many as were shown


def marked(scenario: Scenario, proof: Proof) -> Scenario:
    """The scenario with what the proof showed written into it."""
    status = (
        Reproduction(status="reproduced")
        if proof.reproduced
        else Reproduction(status="not_reproduced", reason=proof.reason)
    )
    copy = scenario.model_copy(update={"reproduction": status})
    return copy.from_file(scenario.file) if scenario.file else copy
