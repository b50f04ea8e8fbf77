"""One current state for each conversation revision and scorer, why it is that state, and sums that must balance."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping

from conversation.errors import PermanentError
from conversation.verdict import LedgerEntry, LedgerState

_REASONS: dict[LedgerState, str] = {
    LedgerState.SCORED: "it was scored",
    LedgerState.SAMPLED_OUT: "it is not in the scorer's sample",
    LedgerState.NOT_APPLICABLE: "the scorer does not apply to it",
    LedgerState.OVER_BUDGET: "the scorer's budget was spent",
    LedgerState.FAILED: "the scorer failed",
    LedgerState.PENDING: "it waits to be scored",
}


class OverBudgetError(PermanentError):
    """A scorer raises this when a limit keeps it from looking at the conversation; it becomes OVER_BUDGET."""


class NotApplicableError(PermanentError):
    """A scorer raises this to say why it does not apply; it becomes NOT_APPLICABLE with that cause."""


def counts(entries: Iterable[LedgerEntry]) -> dict[LedgerState, int]:
    """How many entries are in each state; every state is a key."""
    found = Counter(entry.state for entry in entries)
    return {state: found[state] for state in LedgerState}


def difference(counted: Mapping[LedgerState, int], conversations: int, scorers: int) -> int:
    """How far the ledger is from balance: 0 when each conversation has one state for each scorer.

    Args:
        counted: Entries by state.
        conversations: Conversations that were ingested.
        scorers: Scorers of the scorecard.
    """
    return sum(counted.values()) - conversations * scorers


def explain(entry: LedgerEntry | None, scorer: str, revision: int) -> str:
    """One sentence that answers "why was this one not scored?" (or says that it was).

    Args:
        entry: The entry of that scorer on that revision; None where the ledger has none yet.
        scorer: The scorer's name.
        revision: The conversation's revision.
    """
    if entry is None:
        return f"{scorer} has no entry for revision {revision}: it was not in the scorecard when this was graded"
    cause = f": {entry.cause}" if entry.cause else ""
    version = f" (version {entry.scorer_version})" if entry.scorer_version else ""
    return f"{scorer}{version} on revision {revision}: {_REASONS[entry.state]}{cause}"


def pending(scorers: Iterable[str]) -> tuple[LedgerEntry, ...]:
    """Entries of a conversation that was seen and not yet graded."""
    return tuple(LedgerEntry(scorer, LedgerState.PENDING) for scorer in scorers)


def failed(scorers: Iterable[str], cause: str) -> tuple[LedgerEntry, ...]:
    """Entries of a conversation that could not be graded at all."""
    return tuple(LedgerEntry(scorer, LedgerState.FAILED, cause) for scorer in scorers)
