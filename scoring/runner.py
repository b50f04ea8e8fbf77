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
from collections.abc import Callable, Collection, Iterable
from dataclasses import replace

from conversation.errors import RetryableError
from conversation.model import Conversation
from conversation.verdict import Grade, LedgerEntry, LedgerState, Score, Verdict, overall
from scoring import sampling
from scoring.dimensions import dimension_scores
from scoring.isolation import Thread
from scoring.ledger import NotApplicableError, OverBudgetError
from scoring.protocol import Context
from scoring.risk import risk
from scoring.scorecard import BoundScorer, Scorecard

SHADOW = "shadow"
_THREADS = threading.local()


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
    scores: list[Score] = []
    ledger: list[LedgerEntry] = []
    for bound in scorecard.scorers:
        if only is not None and bound.name not in only:
            continue
        given, entry = _ask(bound, conversation, replace(known, scores=tuple(scores)), at)
        scores += (_stamped(score, bound, scorecard, at) for score in given)
        ledger.append(entry)
    by_scorer = {bound.name: bound.config for bound in scorecard.scorers}
    scores += (
        replace(score, scorecard_version=scorecard.version, scored_at_ns=at)
        for score in dimension_scores(scores, by_scorer, scorecard.dimensions)
    )
    number, factors = risk(conversation, scores)
    verdict = overall(score.verdict for score in scores if counts(score, scorecard))
    return Grade(verdict, number, tuple(scores), tuple(ledger), scorecard.version, factors)


def scorer_of(score: Score, scorecard: Scorecard) -> BoundScorer | None:
    """The scorer that gave a score, None for scores of dimensions."""
    head = score.name.partition(".")[0]
    return next((bound for bound in scorecard.scorers if bound.name == head), None)


def counts(score: Score, scorecard: Scorecard) -> bool:
    """Whether a score has a say in the conversation's verdict."""
    bound = scorer_of(score, scorecard)
    if score.label == SHADOW:
        return False
    if bound is None:
        return True
    if score.verdict is Verdict.INCONCLUSIVE and bound.config.inconclusive == "ignored":
        return False
    return bound.config.decides_verdict


def _ask(
    bound: BoundScorer, conversation: Conversation, context: Context, at_ns: int
) -> tuple[tuple[Score, ...], LedgerEntry]:
    """One scorer's scores and its state."""
    config = bound.config

    def entry(state: LedgerState, cause: str = "", *, retryable: bool = False) -> LedgerEntry:
        return LedgerEntry(bound.name, state, cause, bound.version, retryable)

    refusal = config.applies_to.refusal(conversation)
    if refusal:
        return (), entry(LedgerState.NOT_APPLICABLE, refusal)
    if not sampling.chosen(conversation.id, config.sample, bound.name):
        return (), entry(LedgerState.SAMPLED_OUT, f"share {config.sample:g}")
    if not bound.budget.take(at_ns):
        return (), entry(LedgerState.OVER_BUDGET, f"{config.budget.conversations_per_day} conversations a day")
    try:
        scores = _called(bound, conversation, context)
    except OverBudgetError as error:
        return (), entry(LedgerState.OVER_BUDGET, str(error))
    except NotApplicableError as error:
        return (), entry(LedgerState.NOT_APPLICABLE, str(error))
    except Exception as error:  # noqa: BLE001 - whatever a scorer raises is its failure, recorded as a row
        cause = f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
        broken = Score(bound.name, Verdict.ERROR, label=Verdict.ERROR.value, explanation=cause)
        return (broken,), entry(LedgerState.FAILED, cause, retryable=isinstance(error, RetryableError))
    if not scores:
        return (), entry(LedgerState.NOT_APPLICABLE, "it found nothing to score")
    return scores, entry(LedgerState.SCORED)


def _called(bound: BoundScorer, conversation: Conversation, context: Context) -> tuple[Score, ...]:
    """The scorer's answer, within its time limit."""
    if bound.config.isolated:
        return tuple(bound.scorer.score(conversation, context))
    thread: Thread | None = getattr(_THREADS, "thread", None)
    if thread is None:
        thread = _THREADS.thread = Thread()
    return thread.run(lambda: _checked(bound.scorer.score(conversation, context)), bound.config.time_limit_seconds)


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
    judged = verdict in {Verdict.PASS, Verdict.FAIL} and score.argument_path is None and score.value is not None
    if threshold is not None and judged and score.value is not None:
        verdict = Verdict.PASS if score.value >= threshold else Verdict.FAIL
    label = verdict.value if not score.label or score.label == score.verdict.value else score.label
    return replace(
        score,
        name=_renamed(score.name, bound),
        verdict=verdict,
        label=label,
        scorer_version=score.scorer_version or bound.version,
        scorecard_version=scorecard.version,
        scored_at_ns=at_ns,
    )


def _renamed(name: str, bound: BoundScorer) -> str:
    """The score's name, beginning with the scorer's name in the scorecard."""
    head, dot, rest = name.partition(".")
    if head in {bound.name, bound.own_name}:
        return f"{bound.name}{dot}{rest}"
    return f"{bound.name}.{name}" if name else bound.name
