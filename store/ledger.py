"""The ledger: one state for each conversation revision and scorer, and sums that add up.

One entry is one scorer on one conversation revision. A revision that was graded has the states the grader gave it. A
conversation with something not graded yet has a revision to come, all of whose entries are `pending`: one for each
scorer. `ingested` is the number of all entries, so the states add up to it; `conversations` counts conversations: those
`ingested` are the `graded` (graded up to date) and the `pending`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from conversation.verdict import LedgerState
from store.client import Client
from store.sql import load
from store.waiting import waiting_sql
from store.window import bound


class LedgerStore:
    """Counts and rows of the ledger.

    Args:
        client: A migrated store.
    """

    def __init__(self, client: Client) -> None:
        self._client = client

    def counts(
        self, project: str, since_ns: int | None = None, *, scorers: Sequence[str] | None = None
    ) -> dict[str, Any]:
        """Entries by state, and what they add up to.

        Args:
            project: Whose.
            since_ns: Only conversations started at or after this.
            scorers: The active scorecard's scorers, for entries to come; else as many as the newest revision had.
        """
        window = bound(project, since_ns, None)
        states = {str(state): 0 for state in LedgerState}
        by_scorer: dict[str, dict[str, int]] = {}
        for row in self._client.query(load("ledger_counts"), window):
            states[row["state"]] += int(row["entries"])
            by_scorer.setdefault(row["scorer"], dict.fromkeys(states, 0))[row["state"]] = int(row["entries"])
        graded = self._client.query(load("ledger_graded"), window)[0]
        waiting = self._client.query(
            load("ledger_waiting").replace("{waiting}", waiting_sql()),
            {**window, "since_ms": 0, "shard": 0, "shards": 1},
        )[0]
        pending, regraded = int(waiting["pending"]), int(waiting["regraded"])
        expected = list(scorers) if scorers is not None else sorted(by_scorer) or [""]
        for scorer in expected if pending else ():
            by_scorer.setdefault(scorer, dict.fromkeys(states, 0))["pending"] += pending
            states["pending"] += pending
        return {
            "ingested": sum(states.values()),
            **states,
            "by_scorer": by_scorer,
            "conversations": {
                "ingested": int(graded["conversations"]) + pending - regraded,
                "graded": int(graded["conversations"]) - regraded,
                "pending": pending,
                "revisions": int(graded["revisions"]),
            },
        }

    def rows(self, project: str, conversation_id: str) -> list[dict[str, Any]]:
        """Every entry of one conversation, newest revision first: why was this one (not) scored?"""
        bound_ids = {"project": project, "conversation_id": conversation_id}
        return self._client.query(load("ledger_rows"), bound_ids)
