"""Scenarios promoted from stored conversations: YAML files in the data directory, listed and shown by the API."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from conversation.verdict import Grade, Verdict
from scenarios import scenario_file
from scenarios.minimise import minimise as minimised
from scenarios.promote import promote
from scenarios.reproduce import marked, prove
from scenarios.spec import Scenario
from scoring.runner import counts, grade
from scoring.scorecard import Scorecard
from store.conversations import ConversationStore

SUFFIX = ".scenario.yaml"


class ScenarioBook:
    """The promoted scenarios of all projects, a folder each.

    Args:
        folder: Where the files are.
        conversations: Where failing conversations come from.
        scorecard: What production was graded with; the same grades the proof.
    """

    def __init__(self, folder: Path, conversations: ConversationStore, scorecard: Scorecard) -> None:
        self._folder = folder
        self._conversations = conversations
        self._scorecard = scorecard

    def promote(self, project: str, conversation_id: str, *, minimise: bool) -> dict[str, Any] | None:
        """Promote a conversation and prove it; None where there is no such graded conversation."""
        conversation = self._conversations.conversation(project, conversation_id)
        if conversation is None:
            return None
        scenario = promote(conversation, self._deciding(grade(conversation, self._scorecard)))
        if minimise:
            scenario = minimised(scenario, self._scorecard)
        scenario = marked(scenario, prove(scenario, self._scorecard))
        path = scenario_file.write(scenario, self._of(project))
        return self._shown(scenario, path)

    def _deciding(self, given: Grade) -> Grade:
        """The grade without failures that do not decide its verdict, unless there are no others.

        A fixed agent may be as slow or as repetitive as the broken one was; the test is about what was wrong.
        """
        kept = tuple(s for s in given.scores if s.verdict is not Verdict.FAIL or counts(s, self._scorecard))
        return replace(given, scores=kept) if any(s.verdict is Verdict.FAIL for s in kept) else given

    def all(self, project: str) -> list[dict[str, Any]]:
        """The project's scenarios, newest first."""
        paths = sorted(self._of(project).glob(f"*{SUFFIX}"), key=lambda path: -path.stat().st_mtime_ns)
        return [self._shown(scenario, path) for path in paths for scenario in scenario_file.read(path)]

    def get(self, project: str, scenario_id: str) -> dict[str, Any] | None:
        """One scenario with its YAML, None where there is none."""
        return next((found for found in self.all(project) if found["id"] == scenario_id), None)

    def forget(self, project: str, conversation_ids: Collection[str]) -> int:
        """Delete the scenarios promoted from these conversations; how many."""
        gone = [
            path
            for path in self._of(project).glob(f"*{SUFFIX}")
            for scenario in scenario_file.read(path)
            if scenario.origin is not None and scenario.origin.conversation in conversation_ids
        ]
        for path in gone:
            path.unlink()
        return len(gone)

    def _of(self, project: str) -> Path:
        folder = self._folder / project
        folder.mkdir(parents=True, exist_ok=True)
        return folder

    @staticmethod
    def _shown(scenario: Scenario, path: Path) -> dict[str, Any]:
        proof = scenario.reproduction
        return {
            "id": scenario.id,
            "conversation_id": scenario.origin.conversation if scenario.origin else "",
            "file": path.name,
            "reproduced": proof.status == "reproduced",
            "reason": proof.reason,
            "created_at": datetime.fromtimestamp(path.stat().st_mtime, UTC).isoformat(),
            "yaml": path.read_text(encoding="utf-8"),
        }
