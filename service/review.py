"""The review desk: human labels, the queue of what to look at next, and agreement of scorers with humans."""

from __future__ import annotations

import time
from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from conversation.errors import UsageError
from conversation.verdict import Verdict
from scoring import agreement, review_queue
from scoring.labels import CONVERSATION, Label, Pair, as_score, label, pairs
from store.conversations import ConversationStore
from store.grades import GradeStore
from store.labels import LabelStore

CANDIDATES = 500


class ReviewDesk:
    """Labels of one store. Human labels are never changed by grading.

    Args:
        labels: Where labels are kept.
        conversations: What could be reviewed.
        grades: The scores labels are compared with.
    """

    def __init__(self, labels: LabelStore, conversations: ConversationStore, grades: GradeStore) -> None:
        self._labels = labels
        self._conversations = conversations
        self._grades = grades

    def label(
        self, project: str, conversation_id: str, verdict: str, *, scorer: str | None, note: str, author: str
    ) -> dict[str, Any]:
        """Record a verdict; a later one by the same author replaces it in agreement, not in the history."""
        if self._conversations.get(project, conversation_id) is None:
            raise UsageError(f"there is no graded conversation {conversation_id!r} to label")
        given = Label(conversation_id, label(verdict), scorer or "", author, note, time.time_ns())
        self._labels.add(project, conversation_id, as_score(given))
        return {
            "conversation_id": conversation_id,
            "verdict": verdict,
            "scorer": scorer,
            "note": note,
            "author": author,
        }

    def queue(self, project: str, by: str, limit: int) -> list[dict[str, Any]]:
        """Unlabelled conversations, most useful first; see `scoring.review_queue`."""
        page = self._conversations.page(project, limit=CANDIDATES)
        known = {item["conversation_id"]: item for item in page.items}
        labelled = {item.conversation_id for item in self._all(project)}
        candidates = [
            review_queue.Candidate(
                conversation_id=name,
                risk=float(item.get("risk") or 0.0),
                verdicts=self._verdicts(item),
                labelled=name in labelled,
            )
            for name, item in known.items()
        ]
        order: review_queue.Order = "risk" if by == "risk" else "disagreement" if by == "disagreement" else "random"
        return [known[found.conversation_id] for found in review_queue.queue(candidates, order, limit)]

    def agreement(self, project: str) -> list[dict[str, Any]]:
        """Cohen's kappa with interval, precision and recall for each scorer and version."""
        labels = self._all(project)
        scores = {name: self._grades.scores(project, name) for name in {item.conversation_id for item in labels}}
        compared = [self._whole(project, pair) for pair in pairs(labels, scores)]
        return [_shown(found) for found in agreement.agreements(compared)]

    def _whole(self, project: str, pair: Pair) -> Pair:
        """A pair about the whole conversation, with the verdict it was given: not every score decides it."""
        if pair.scorer != CONVERSATION:
            return pair
        found = self._conversations.get(project, pair.conversation_id)
        return pair if found is None else replace(pair, machine=Verdict(found["verdict"]))

    def _all(self, project: str) -> list[Label]:
        return [
            Label(
                conversation_id,
                score.verdict,
                "" if score.name == CONVERSATION else score.name,
                score.scorer_version,
                score.explanation,
                score.scored_at_ns,
            )
            for conversation_id, score in self._labels.all(project)
        ]

    @staticmethod
    def _verdicts(item: dict[str, Any]) -> dict[str, Verdict]:
        failed: Iterable[str] = item.get("failed_scorers") or ()
        passed: Iterable[str] = item.get("scorers") or ()
        return dict.fromkeys(passed, Verdict.PASS) | dict.fromkeys(failed, Verdict.FAIL)


def _shown(found: agreement.Agreement) -> dict[str, Any]:
    kappa = found.kappa
    return {
        "scorer": found.scorer,
        "version": found.version,
        "n": found.compared,
        "unsure": found.unsure,
        "errors": found.errors,
        "confusion": {"rows": "machine fail, pass", "columns": "human fail, pass", "counts": found.table},
        "kappa": kappa.value if kappa else None,
        "low": kappa.low if kappa else None,
        "high": kappa.high if kappa else None,
        "precision": found.precision.value if found.precision else None,
        "recall": found.recall.value if found.recall else None,
        "may_page": not agreement.PagingRule().refusal(found),
        "why_not": agreement.PagingRule().refusal(found),
    }
