"""Human verdicts on conversations. They are kept apart from machine scores and outlive every re-grading."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from conversation.verdict import Score, Verdict
from store.client import Client

_COLUMNS = ("project", "conversation_id", "scorer", "author", "at_ns", "verdict", "note", "revision")


@dataclass(frozen=True, slots=True)
class Label:
    """One human verdict.

    Attributes:
        project: Whose conversation.
        conversation_id: Which.
        verdict: `pass`, `fail` or another `Verdict`.
        at_ns: When it was given.
        scorer: The scorer it judges, empty for the conversation as a whole.
        note: Why.
        author: Who.
        revision: The revision that was looked at, 0 if unknown.
    """

    project: str
    conversation_id: str
    verdict: Verdict
    at_ns: int
    scorer: str = ""
    note: str = ""
    author: str = ""
    revision: int = 0


class LabelStore:
    """Labels of all projects.

    Args:
        client: A migrated store.
    """

    def __init__(self, client: Client) -> None:
        self._client = client

    def add(self, label: Label) -> None:
        """Keep a label; an author's later label on the same scorer counts instead of the earlier."""
        row = [getattr(label, name) for name in _COLUMNS]
        row[_COLUMNS.index("verdict")] = str(label.verdict)
        self._client.insert("labels", _COLUMNS, [row])

    def latest(self, project: str, conversation_id: str | None = None, *, scorer: str | None = None) -> list[Label]:
        """The labels that count, newest first: one for each conversation, scorer and author."""
        conditions = "".join(
            f" AND {name} = {{{name}:String}}"
            for name, value in (("conversation_id", conversation_id), ("scorer", scorer))
            if value is not None
        )
        rows = self._client.query(
            f"SELECT {', '.join(_COLUMNS)} FROM labels WHERE project = {{project:String}}{conditions} "
            "ORDER BY at_ns DESC LIMIT 1 BY conversation_id, scorer, author",
            {"project": project, "conversation_id": conversation_id or "", "scorer": scorer or ""},
        )
        return [_label(row) for row in rows]

    def scores(self, project: str, conversation_id: str) -> list[Score]:
        """The labels of one conversation as scores marked human."""
        return [
            Score(
                name=label.scorer or "human",
                verdict=label.verdict,
                label=str(label.verdict),
                explanation=label.note,
                scorer_version=label.author,
                scored_at_ns=label.at_ns,
                human=True,
            )
            for label in self.latest(project, conversation_id)
        ]


def _label(row: dict[str, Any]) -> Label:
    return Label(**{**row, "verdict": Verdict(row["verdict"]), "at_ns": int(row["at_ns"])})
