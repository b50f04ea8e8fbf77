"""Upkeep: back-fill under a new scorecard, back-tests, retention, erasing a person, dead letters."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

from conversation.errors import RetryableError, UsageError
from conversation.model import Conversation
from ingest.erase import erase_user
from ingest.scrub import scrub
from scoring.backfill import Backfill
from scoring.policy.backtest import backtest
from scoring.policy.load import load
from scoring.scorecard import Scorecard
from service.receiving import Receiving
from service.scenario_book import ScenarioBook
from service.settings import RetentionConfig
from store.conversations import ConversationStore
from store.erase import EraseStore
from store.retention import Retention, RetentionStore
from store.times import iso

PAGE = 200
DRAIN_SECONDS = 30


class Upkeep:
    """What operators do to stored data.

    Args:
        retention: How long things are kept.
        scorecard: What back-fills grade with.
        conversations: Stored conversations.
        backfill: Grades what is stored.
        retention_store: Forgets.
        erase_store: Erases people.
        scenarios: Promoted scenarios, erased too.
        receiving: Spool, loader and what the store refused for good.
    """

    def __init__(
        self,
        retention: RetentionConfig,
        scorecard: Scorecard,
        conversations: ConversationStore,
        backfill: Backfill,
        *,
        retention_store: RetentionStore,
        erase_store: EraseStore,
        scenarios: ScenarioBook,
        receiving: Receiving,
    ) -> None:
        self._retention = retention
        self._scorecard = scorecard
        self._conversations = conversations
        self._backfill = backfill
        self._retention_store = retention_store
        self._erase_store = erase_store
        self._scenarios = scenarios
        self._dead_letters = receiving.dead_letters
        self._spool = receiving.spool
        self._loader = receiving.loader
        self._redactor = receiving.redactor

    def stored(self, project: str, since_ns: int | None, conversation_id: str | None = None) -> Iterator[Conversation]:
        """Stored conversations, newest first; one at a time in memory."""
        if conversation_id is not None:
            found = self._conversations.conversation(project, conversation_id)
            if found is None:
                raise UsageError(f"there is no graded conversation {conversation_id!r}")
            yield found
            return
        cursor: str | None = None
        while True:
            page = self._conversations.page(project, since_ns=since_ns, limit=PAGE, cursor=cursor)
            for item in page.items:
                found = self._conversations.conversation(project, item["conversation_id"])
                if found is not None:
                    yield found
            cursor = page.next_cursor
            if cursor is None:
                return

    def regrade(self, project: str, since_ns: int | None, conversation_id: str | None, scorer: str | None) -> int:
        """Grade history under the current scorecard as further revisions; earlier verdicts stay.

        What has scores of this scorecard already is left alone, so an interrupted back-fill is simply started again.

        Returns:
            Revisions written.
        """
        if scorer is not None and scorer not in {bound.name for bound in self._scorecard.scorers}:
            names = ", ".join(bound.name for bound in self._scorecard.scorers)
            raise UsageError(f"the scorecard has no scorer {scorer!r}; it has {names}")
        keys = ((project, conversation.id) for conversation in self.stored(project, since_ns, conversation_id))
        done = self._backfill.run(list(keys), time.time_ns, scorer=scorer)
        return sum(revision is not None for revision in done)

    def backtest(self, project: str, name: str, text: str, since_ns: int | None) -> dict[str, Any]:
        """What each rule of a policy would have flagged over stored history."""
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / Path(name).name
            path.write_text(text, encoding="utf-8")
            policy = load(path)
        stored = list(self.stored(project, since_ns))
        rows = backtest(policy, stored)
        return {"conversations": len(stored), "policy_version": policy.version, "rules": [_row(row) for row in rows]}

    def apply_retention(self) -> dict[str, int]:
        """Forget what is older than configured; rows deleted by table."""
        kept = Retention(self._retention.spans_days or None, self._retention.results_days or None)
        return self._retention_store.apply(kept, time.time_ns())

    def erase(self, project: str, user_id: str) -> list[dict[str, Any]]:
        """Remove one person; `left` is what verification still finds.

        The id is looked for as it is and as redaction would have stored it (an e-mail address becomes a placeholder).

        Raises:
            RetryableError: The spool does not drain, so spans of the person may still be on their way.
        """
        names = {user_id, self._redactor.text(project, user_id)} if self._redactor else {user_id}
        if not self._loader.drain(DRAIN_SECONDS):
            raise RetryableError("the spool does not drain: the store is away; erase again when it is back")
        rows = [{"where": "spool", "removed": erase_user(self._spool, project, names), "left": 0}]
        for name in sorted(names):
            ids = self._erase_store.conversations(project, name)
            rows += [asdict(row) for row in self._erase_store.erase(project, name)]
            rows.append({"where": "scenarios", "removed": self._scenarios.forget(project, ids), "left": 0})
        scrub(self._spool)
        return rows

    def dead_letters(self, project: str) -> list[dict[str, Any]]:
        """Requests the store refused for good, oldest first."""
        return [
            {
                "id": str(letter.seq),
                "project": letter.head.project,
                "signal": letter.head.signal,
                "bytes": letter.head.size,
                "received_at": iso(letter.head.received_ns),
                "reason": letter.reason,
            }
            for letter in self._dead_letters.list()
            if letter.head.project == project
        ]

    def replay_dead_letter(self, project: str, letter: str) -> None:
        """Queue one again."""
        self._dead_letters.replay(self._own(project, letter))

    def drop_dead_letter(self, project: str, letter: str) -> None:
        """Delete one for good."""
        self._dead_letters.drop(self._own(project, letter))

    def _own(self, project: str, letter: str) -> int:
        if not any(found["id"] == letter for found in self.dead_letters(project)):
            raise UsageError(f"there is no dead letter {letter!r}; see `floorline dead-letters list`")
        return int(letter)


def _row(row: Any) -> dict[str, Any]:
    shown = asdict(row)
    return {**shown, "judged": row.judged, "failure_rate": row.failure_rate}
