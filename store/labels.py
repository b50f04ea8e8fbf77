"""Human verdicts on conversations. They are kept apart from machine scores and outlive every re-grading."""

from __future__ import annotations

from typing import Any

from conversation.verdict import Score, Verdict
from store.client import Client

_COLUMNS = ("project", "conversation_id", "scorer", "author", "at_ns", "verdict", "value", "note")


class LabelStore:
    """Human scores: `name` is the scorer they judge, `scorer_version` the author, `explanation` the note.

    Args:
        client: A migrated store.
    """

    def __init__(self, client: Client) -> None:
        self._client = client

    def add(self, project: str, conversation_id: str, score: Score) -> None:
        """Keep a human score for ever; a later one of the same author on the same scorer does not replace it."""
        row = [project, conversation_id, score.name, score.scorer_version, score.scored_at_ns, str(score.verdict)]
        self._client.insert("labels", _COLUMNS, [[*row, score.value, score.explanation]])

    def all(self, project: str, limit: int = 100_000) -> list[tuple[str, Score]]:
        """(conversation id, score) of a project, oldest first; the newest of them where there are more."""
        rows = self._client.query(
            f"SELECT {', '.join(_COLUMNS)} FROM labels FINAL WHERE project = {{project:String}} "
            "ORDER BY at_ns DESC, conversation_id, scorer, author LIMIT {limit:UInt32}",
            {"project": project, "limit": limit},
        )
        return [(row["conversation_id"], _score(row)) for row in reversed(rows)]

    def of(self, project: str, conversation_id: str) -> list[Score]:
        """The human scores of one conversation, oldest first."""
        rows = self._client.query(
            f"SELECT {', '.join(_COLUMNS)} FROM labels FINAL WHERE project = {{project:String}} "
            "AND conversation_id = {conversation_id:String} ORDER BY at_ns, scorer, author",
            {"project": project, "conversation_id": conversation_id},
        )
        return [_score(row) for row in rows]


def _score(row: dict[str, Any]) -> Score:
    return Score(
        name=row["scorer"],
        verdict=Verdict(row["verdict"]),
        value=row["value"],
        label=row["verdict"],
        explanation=row["note"],
        scorer_version=row["author"],
        scored_at_ns=int(row["at_ns"]),
        human=True,
    )
