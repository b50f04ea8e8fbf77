"""Grades a trial with the scorecard that grades production, and with the scenario's own expectations.

A trial passes when it ended well, no score that counts is red, and those that the scenario expects to be red on the
recorded agent gave a sure answer. A score counts when the scorecard lets it decide a verdict, or the scenario expects
it to be red, unless the scenario ignores it. An unsure answer is `inconclusive`, never a pass.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from fnmatch import fnmatchcase

from conversation.errors import UsageError
from conversation.verdict import Score, Verdict
from scenarios import expectations, failures
from scenarios.spec import Failure, Scenario
from scenarios.trial import FINISHED, NOT_COUNTED, Outcome, Trial
from scoring.protocol import Context
from scoring.runner import counts
from scoring.runner import grade as grade_conversation
from scoring.scorecard import Scorecard, load


@dataclass(frozen=True, slots=True)
class GradedTrial:
    """A trial with its verdict; `reasons` say in one line each why it did not pass."""

    trial: Trial
    verdict: Verdict
    scores: tuple[Score, ...]
    failed: tuple[Failure, ...]
    reasons: tuple[str, ...]
    scorecard_version: str

    @property
    def passed(self) -> bool:
        """Whether the trial is a pass for pass^k."""
        return self.verdict is Verdict.PASS

    @property
    def counted(self) -> bool:
        """Whether it says anything of the agent: faults of simulator and machinery are left out of pass^k."""
        return self.trial.outcome not in NOT_COUNTED


def grade(scenario: Scenario, trial: Trial, scorecard: Scorecard) -> GradedTrial:
    """The verdict of one trial."""
    context = Context(policy_text=scenario.instructions or "")
    graded = grade_conversation(trial.conversation, scorecard, context)
    wanted = {failure.scorer for failure in scenario.expected_failures}
    counted = [
        score
        for score in graded.scores
        if (score.name in wanted or counts(score, scorecard)) and not ignored(scenario, score.name)
    ]
    expected = expectations.check(scenario, trial.conversation, trial.state)
    # Before its end a trial cannot be said to lack a call or words.
    if trial.outcome not in FINISHED:
        expected = [score for score in expected if score.name.startswith("scenario.forbidden")]
    counted += expected
    failed = failures.of(trial.conversation, counted)
    reasons = [failures.describe(failure) for failure in failed]
    verdict = _verdict(scenario, trial, counted)
    if trial.outcome not in FINISHED:
        reasons.append(f"{trial.outcome.value}: {trial.detail}")
    elif verdict is Verdict.INCONCLUSIVE:
        reasons += [f"{name} is not sure" for name in _unsure(scenario, counted)]
    return GradedTrial(
        trial, verdict, (*graded.scores, *expected), tuple(failed), tuple(reasons), graded.scorecard_version
    )


def ignored(scenario: Scenario, name: str) -> bool:
    """Whether the scenario says that scores of this name do not count."""
    return any(fnmatchcase(name, pattern) for pattern in scenario.ignore_scorers)


def _verdict(scenario: Scenario, trial: Trial, counted: Iterable[Score]) -> Verdict:
    scores = list(counted)
    if trial.outcome in {Outcome.SIMULATOR_ERROR, Outcome.INFRASTRUCTURE_ERROR}:
        return Verdict.ERROR
    if trial.outcome not in FINISHED or any(score.verdict is Verdict.FAIL for score in scores):
        return Verdict.FAIL
    return Verdict.INCONCLUSIVE if _unsure(scenario, scores) else Verdict.PASS


def _unsure(scenario: Scenario, scores: Iterable[Score]) -> list[str]:
    """The expected failures whose scorer could not tell this time."""
    wanted = {failure.scorer for failure in scenario.expected_failures}
    unsure = {Verdict.INCONCLUSIVE, Verdict.ERROR}
    return sorted({score.name for score in scores if score.name in wanted and score.verdict in unsure})


def scorecard_of(
    scenario: Scenario, default: Scorecard, loaded: dict[tuple[str | None, str | None], Scorecard]
) -> Scorecard:
    """The scorecard a scenario names, or the run's own; `loaded` keeps those read before.

    Raises:
        UsageError: The file it names cannot be used.
    """
    if scenario.scorecard is None and scenario.policy is None:
        return default

    scorecard = scenario.beside(scenario.scorecard) if scenario.scorecard else None
    policy = scenario.beside(scenario.policy) if scenario.policy else None
    key = (str(scorecard), str(policy))
    if key not in loaded:
        for path in (scorecard, policy):
            if path is not None and not path.exists():
                raise UsageError(f"{scenario.file or scenario.id}: names {path}, which does not exist")
        loaded[key] = load(scorecard, policy=policy)
    return loaded[key]
