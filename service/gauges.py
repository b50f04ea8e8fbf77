"""Metrics that are read off the parts rather than counted: spool, backlog, ledger, jobs; and what grading adds."""

from __future__ import annotations

import time

from alerts.metrics import Metrics
from conversation.verdict import LedgerState
from ingest.counters import Series
from service.receiving import Receiving
from store.activity import ActivityStore
from store.grades import GradedRevision
from store.ledger import LedgerStore


class Gauges:
    """Keeps the operational metrics up to date.

    Args:
        metrics: Where they are shown.
        receiving: Spool and counters.
        activity: What waits to be graded.
        ledger: States of conversations and scorers.
    """

    def __init__(self, metrics: Metrics, receiving: Receiving, activity: ActivityStore, ledger: LedgerStore) -> None:
        self._metrics = metrics
        self._receiving = receiving
        self._activity = activity
        self._ledger = ledger
        self._seen: dict[Series, int] = {}
        self.revisions = 0

    def observe(self, revision: GradedRevision) -> None:
        """Count a graded revision."""
        self.revisions += 1
        self._metrics.observe(revision.conversation, revision.grade)
        operations = self._metrics.operations
        for entry in revision.grade.ledger:
            operations.scorer_runs.labels(entry.scorer, entry.state).inc()
            if entry.state is LedgerState.SCORED:
                operations.scorer_success.labels(entry.scorer).set(revision.graded_at_ns / 1e9)

    def graded(self, now_ns: int) -> None:
        """A search for due conversations succeeded."""
        self._metrics.operations.grading_run.set(now_ns / 1e9)

    def job_failed(self, name: str) -> None:
        """A scheduled job raised."""
        self._metrics.operations.job_runs.labels(name, "failed").inc()

    def job_overran(self, name: str) -> None:
        """A tick found a job still running."""
        self._metrics.operations.job_runs.labels(name, "skipped").inc()

    def notified(self, channel: str, result: str) -> None:
        """A notification was sent, postponed or dropped."""
        self._metrics.operations.notifications.labels(channel, result).inc()

    def update(self) -> None:
        """Read spool, backlog and ledger; called every few seconds."""
        now_ns = time.time_ns()
        operations = self._metrics.operations
        waiting = self._receiving.spool.backlog()
        age = self._receiving.spool.oldest_seconds()
        operations.spool_bytes.set(waiting.held_bytes)
        operations.spool_limit.set(self._receiving.spool.limit_bytes)
        operations.spool_age.set(age)
        operations.ingest_lag.set(age)
        backlog = self._activity.backlog(now_ns)
        operations.backlog.set(backlog["pending"])
        operations.backlog_age.set(backlog["oldest_seconds"])
        for state, count in self._ledger.totals(pending=backlog["pending"]).items():
            operations.ledger.labels(state).set(count)
        self._count_ingest()

    def _count_ingest(self) -> None:
        """Carry what the receivers counted since the last time over to the exported counters."""
        operations = self._metrics.operations
        for series, value in self._receiving.counters.snapshot().items():
            grown = value - self._seen.get(series, 0)
            self._seen[series] = value
            if grown <= 0:
                continue
            labels = dict(series.labels)
            if series.name == "requests":
                operations.ingest_requests.labels(labels["signal"], labels["status"]).inc(grown)
            elif series.name == "spans":
                operations.ingest_spans.labels("accepted").inc(grown)
            elif series.name == "rejected" and labels.get("signal") == "traces":
                operations.ingest_spans.labels("rejected").inc(grown)
            elif series.name == "body_bytes":
                operations.ingest_bytes.labels("accepted").inc(grown)
