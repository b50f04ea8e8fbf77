"""Grades one conversation with a scorecard. Production, offline files and replays all come through `grade`.

Each scorer is on its own: one that raises or overruns its time becomes an error score and a FAILED ledger entry, and
the others go on. `grade` may be called from many threads at once.

Which scores decide the conversation's verdict: those of scorers with `decides_verdict`, less those labelled `shadow`
(a rule on trial) and, for scorers with `inconclusive: ignored`, less the unsure ones. Any FAIL fails it; an unsure or
broken score keeps it from PASS (`conversation.verdict.overall`).
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import replace
from functools import lru_cache
from itertools import chain
from typing import NamedTuple

from conversation.errors import RetryableError
from conversation.model import Conversation
from conversation.verdict import Grade, LedgerEntry, LedgerState, Score, Verdict, overall
from scoring import sampling
from scoring.dimensions import dimension_scores
from scoring.isolation import Thread, TimeLimitError
from scoring.ledger import NotApplicableError, OverBudgetError
from scoring.protocol import Context
from scoring.risk import risk
from scoring.scorecard import BoundScorer, Scorecard
from scoring.scorecard_config import ScorerConfig

SHADOW = "shadow"
_THREADS = threading.local()


class _Answer(NamedTuple):
    """What a scorer said, and its state."""

    scores: tuple[Score, ...]
    entry: LedgerEntry


def grade(
    conversation: Conversation,
    scorecard: Scorecard,
    context: Context | None = None,
    *,
    now_ns: Callable[[], int] = time.time_ns,
    only: Collection[str] | None = None,
) -> Grade:
    """What the scorecard says of one conversation.

    Args:
        conversation: The conversation.
        scorecard: What to grade with.
        context: What scorers may know beside it.
        now_ns: The clock, for `scored_at_ns` and budgets by day.
        only: Names of scorers to ask; None asks all.

    Returns:
        Scores in the scorecard's order, and one ledger entry for each scorer asked.
    """
    known = context or Context()
    at = now_ns()
    asked = [bound for bound in scorecard.scorers if only is None or bound.name in only]

    def step(number: int, before: Sequence[_Answer]) -> _Answer:
        bound = asked[number]
        given = tuple(chain.from_iterable(answer.scores for answer in before))
        scores, entry = _ask(bound, conversation, Context(known.policy_text, known.baselines, given), at)
        return _Answer(tuple([_stamped(score, bound, scorecard, at) for score in scores]), entry)

    def late(number: int) -> _Answer:
        bound = asked[number]
        scores, entry = _failed(bound, TimeLimitError.after(bound.config.time_limit_seconds))
        return _Answer(tuple(_stamped(score, bound, scorecard, at) for score in scores), entry)

    answers = _thread().run(step, [_limit(bound) for bound in asked], late)
    scores = [score for answer in answers for score in answer.scores]
    configs = {bound.name: bound.config for bound in scorecard.scorers}
    scores += (
        replace(score, scorecard_version=scorecard.version, scored_at_ns=at)
        for score in dimension_scores(scores, configs, scorecard.dimensions)
    )
    number, factors = risk(conversation, scores)
    verdict = overall(score.verdict for score in scores if _counts(score, configs.get(_head(score))))
    ledger = tuple(answer.entry for answer in answers)
    return Grade(verdict, number, tuple(scores), ledger, scorecard.version, factors)


def scorer_of(score: Score, scorecard: Scorecard) -> BoundScorer | None:
    """The scorer that gave a score, None for scores of dimensions."""
    head = _head(score)
    return next((bound for bound in scorecard.scorers if bound.name == head), None)


def counts(score: Score, scorecard: Scorecard) -> bool:
    """Whether a score has a say in the conversation's verdict."""
    bound = scorer_of(score, scorecard)
    return _counts(score, bound.config if bound else None)


def _head(score: Score) -> str:
    return score.name.partition(".")[0]


def _counts(score: Score, config: ScorerConfig | None) -> bool:
    if score.label == SHADOW:
        return False
    if config is None:
        return True
    if score.verdict is Verdict.INCONCLUSIVE and config.inconclusive == "ignored":
        return False
    return config.decides_verdict


def _thread() -> Thread:
    """The worker of the calling thread."""
    thread: Thread | None = getattr(_THREADS, "thread", None)
    if thread is None:
        thread = _THREADS.thread = Thread()
    return thread


def _limit(bound: BoundScorer) -> float | None:
    """Seconds a scorer may take; one in a process of its own is stopped there."""
    return None if bound.config.isolated else bound.config.time_limit_seconds


def _ask(
    bound: BoundScorer, conversation: Conversation, context: Context, at_ns: int
) -> tuple[tuple[Score, ...], LedgerEntry]:
    """One scorer's scores and its state."""
    config = bound.config

    def entry(state: LedgerState, cause: str = "") -> LedgerEntry:
        return LedgerEntry(bound.name, state, cause, bound.version)

    refusal = config.applies_to.refusal(conversation)
    if refusal:
        return (), entry(LedgerState.NOT_APPLICABLE, refusal)
    if not sampling.chosen(conversation.id, config.sample, bound.name):
        return (), entry(LedgerState.SAMPLED_OUT, f"share {config.sample:g}")
    if not bound.budget.take(at_ns):
        return (), entry(LedgerState.OVER_BUDGET, f"{config.budget.conversations_per_day} conversations a day")
    try:
        scores = _checked(bound.scorer.score(conversation, context))
    except OverBudgetError as error:
        return (), entry(LedgerState.OVER_BUDGET, str(error))
    except NotApplicableError as error:
        return (), entry(LedgerState.NOT_APPLICABLE, str(error))
    except Exception as error:  # noqa: BLE001 - whatever a scorer raises is its failure, recorded as a row
        return _failed(bound, error)
    if not scores:
        return (), entry(LedgerState.NOT_APPLICABLE, "it found nothing to score")
    return scores, entry(LedgerState.SCORED)


def _failed(bound: BoundScorer, error: Exception) -> tuple[tuple[Score, ...], LedgerEntry]:
    """An error score and the entry that says why."""
    cause = f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
    broken = Score(bound.name, Verdict.ERROR, label=Verdict.ERROR.value, explanation=cause)
    retryable = isinstance(error, RetryableError)
    return (broken,), LedgerEntry(bound.name, LedgerState.FAILED, cause, bound.version, retryable)


def _checked(scores: Iterable[Score]) -> tuple[Score, ...]:
    """All scores, refused where they are something else: a plug-in may return anything."""
    found = tuple(scores)
    for score in found:
        if not isinstance(score, Score):
            raise TypeError(f"a scorer must yield Score, not {type(score).__name__}")
    return found


def _stamped(score: Score, bound: BoundScorer, scorecard: Scorecard, at_ns: int) -> Score:
    """The score under the scorer's name in the scorecard, with all versions, its threshold applied."""
    verdict = score.verdict
    threshold = bound.config.threshold
    if threshold is not None and score.value is not None and score.argument_path is None:
        judged = verdict in {Verdict.PASS, Verdict.FAIL}
        verdict = verdict if not judged else Verdict.PASS if score.value >= threshold else Verdict.FAIL
    label = str(verdict) if not score.label or score.label == score.verdict else score.label
    # Written out: dataclasses.replace takes three times as long, and a conversation has dozens of scores.
    return Score(
        _renamed(score.name, bound.config.name, bound.own_name),
        verdict,
        score.value,
        label,
        score.explanation,
        score.turn,
        score.tool_call_id,
        score.argument_path,
        score.argument_value,
        score.source,
        score.evidence,
        score.scorer_version or bound.version,
        scorecard.version,
        at_ns,
        score.human,
    )


@lru_cache(maxsize=4096)
def _renamed(name: str, scorer: str, own_name: str) -> str:
    """The score's name, beginning with the scorer's name in the scorecard."""
    head, dot, rest = name.partition(".")
    if head in {scorer, own_name}:
        return f"{scorer}{dot}{rest}"
    return f"{scorer}.{name}" if name else scorer
