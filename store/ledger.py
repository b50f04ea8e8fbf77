"""The ledger: one state for each conversation revision and scorer, and sums that add up.

One entry is one scorer on one conversation revision. A revision that was graded has the states the grader gave it. A
conversation with something not graded yet has a revision to come, all of whose entries are `pending`: one for each
scorer. `ingested` is the number of all entries, so the states add up to it. Under `conversations` whole conversations
are counted: those `ingested` are the `graded` (up to date) and the `pending`.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from typing import Any

from conversation.verdict import LedgerState
from store.changes import mark_of
from store.client import Client
from store.sql import load
from store.waiting import waiting_sql
from store.window import bound

_GRADED = (
    "project = {project:String} AND hour >= toDateTime({from_hour:UInt32}, 'UTC') AND started_ns >= {since_ns:UInt64}"
)
_WAITING = "project = {project:String} AND first_start_ns >= {since_ns:UInt64}"
_EVERYTHING: Mapping[str, object] = {"since_ms": 0, "shard": 0, "shards": 1}


class LedgerStore:
    """Counts and rows of the ledger.

    Args:
        client: A migrated store.
    """

    def __init__(self, client: Client) -> None:
        self._client = client
        self._lock = threading.Lock()
        self._kept: tuple[int, dict[str, int], list[str]] | None = None

    def counts(
        self, project: str, since_ns: int | None = None, *, scorers: Sequence[str] | None = None
    ) -> dict[str, Any]:
        """Entries by state and scorer, and what they add up to.

        Args:
            project: Whose.
            since_ns: Only conversations started at or after this.
            scorers: The active scorecard's scorers, for entries to come; else those the ledger knows, or one.
        """
        return self._counts(bound(project, since_ns, None), _GRADED, _WAITING, scorers)

    def totals(self, scorers: Sequence[str] | None = None, *, pending: int | None = None) -> dict[str, int]:
        """Entries by state over all projects; counted again only after something was written.

        Args:
            scorers: As for `counts`.
            pending: Conversations that wait, where the caller knows (`ActivityStore.backlog`): looking for them reads
                the log of everything that ever came in.
        """
        entries, known = self._entries()
        waiting = self._pending({}, "1")[0] if pending is None else pending
        entries[str(LedgerState.PENDING)] += waiting * len(scorers or known or [""])
        return entries

    def _entries(self) -> tuple[dict[str, int], list[str]]:
        """Entries of the ledger by state, and its scorers."""
        mark = mark_of(self._client, ("ledger", "superseded"))
        with self._lock:
            kept = self._kept
        if kept is None or kept[0] != mark:
            entries = {str(state): 0 for state in LedgerState}
            scorers = set()
            for row in self._client.query(load("ledger_totals"), role="jobs"):
                entries[row["state"]] += int(row["entries"])
                scorers.add(row["scorer"])
            kept = (mark, entries, sorted(scorers))
            with self._lock:
                self._kept = kept
        return dict(kept[1]), kept[2]

    def rows(self, project: str, conversation_id: str) -> list[dict[str, Any]]:
        """Every entry of one conversation, newest revision first: why was this one (not) scored?"""
        ids = {"project": project, "conversation_id": conversation_id}
        return self._client.query(load("ledger_rows"), ids)

    def _counts(
        self, window: Mapping[str, object], graded: str, waiting: str, scorers: Sequence[str] | None
    ) -> dict[str, Any]:
        states = {str(state): 0 for state in LedgerState}
        by_scorer: dict[str, dict[str, int]] = {}
        conversations = revisions = 0
        for row in self._client.query(load("ledger_counts").replace("{scope}", graded), window):
            if not row["state"]:
                conversations, revisions = int(row["conversations"]), int(row["revisions"])
                continue
            states[row["state"]] += int(row["entries"])
            by_scorer.setdefault(row["scorer"], dict.fromkeys(states, 0))[row["state"]] = int(row["entries"])
        pending, regraded = self._pending(window, waiting)
        for scorer in (scorers or sorted(by_scorer) or [""]) if pending else ():
            by_scorer.setdefault(scorer, dict.fromkeys(states, 0))["pending"] += pending
            states["pending"] += pending
        return {
            "ingested": sum(states.values()),
            **states,
            "by_scorer": by_scorer,
            "conversations": {
                "ingested": conversations + pending - regraded,
                "graded": conversations - regraded,
                "pending": pending,
                "revisions": revisions,
            },
        }

    def _pending(self, window: Mapping[str, object], waiting: str) -> tuple[int, int]:
        sql = load("ledger_waiting").replace("{waiting}", waiting_sql()).replace("{scope}", waiting)
        row = self._client.query(sql, {**window, **_EVERYTHING})[0]
        return int(row["pending"]), int(row["regraded"])
