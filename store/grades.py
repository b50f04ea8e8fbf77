"""Grades of conversation revisions: written once and kept, the newest marked current.

    attempts   said first: this writing exists
    conversations, turns, tool_calls, argument_values, scores, ledger   its rows
    superseded earlier attempts of the conversation stop to count
    graded     said last: this revision is current, and how far it has seen

A crash in between leaves `graded` behind, so the conversation is still due and is written again; the broken attempt is
then superseded like any other. Writing the same revision twice gives the same attempt id and the same rows.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from conversation.verdict import Evidence, Score, Verdict
from store.client import Client
from store.documents import loads
from store.grade_rows import Attempt, GradedRevision, Row, rows
from store.sql import load

__all__ = ["GradeStore", "GradedRevision", "Latest"]
Key = tuple[str, str]
_ANY_ATTEMPT = """
SELECT 1 AS found FROM attempts WHERE (project, conversation_id) IN {keys:Array(Tuple(String, String))} LIMIT 1
"""


@dataclass(frozen=True, slots=True)
class Latest:
    """What the newest revision was made from."""

    revision: int
    digest: str
    watermark: int


class GradeStore:
    """Graded revisions of all projects.

    Args:
        client: A migrated store.
    """

    def __init__(self, client: Client) -> None:
        self._client = client

    def write(self, revisions: Sequence[GradedRevision]) -> None:
        """Write revisions, up to a few hundred at once; the same again changes nothing."""
        attempts = {attempt.id: attempt for attempt in map(Attempt, revisions)}
        if not attempts:
            return
        self._insert("attempts", [_mark(attempt) for attempt in attempts.values()])
        outdated = self._outdated(list(attempts.values()))
        tables: dict[str, list[Row]] = {}
        for attempt in attempts.values():
            for table, row in rows(attempt):
                tables.setdefault(table, []).append(row)
        for table, made in tables.items():
            self._insert(table, made)
        self._insert("superseded", outdated)
        gone = {row["attempt"] for row in outdated}
        self._insert("graded", [_commit(attempt) for attempt in attempts.values() if attempt.id not in gone])

    def seen(self, project: str, conversation_id: str, watermark: int) -> None:
        """Note that everything up to the watermark is covered by the newest revision."""
        self.seen_many({(project, conversation_id): watermark})

    def seen_many(self, watermarks: Mapping[Key, int]) -> None:
        """The same of several, by (project, conversation id)."""
        if watermarks:
            marks = [(*key, watermark) for key, watermark in watermarks.items()]
            self._client.command(load("grade_seen"), {"marks": marks})

    def absorb(self, traces: Collection[Key]) -> None:
        """Let grades of traces no longer count: they were graded alone, and turned out to be part of a conversation.

        Args:
            traces: (project, trace id) of traces that belong to a conversation of another name.
        """
        keys = sorted(traces)
        asked = {"keys": keys, "projects": sorted({project for project, _ in keys})}
        if keys and self._client.query(_ANY_ATTEMPT, {"keys": keys}, role="jobs"):
            gone = [dict(row) for row in self._client.query(load("attempts_absorbed"), asked, role="jobs")]
            self._insert("superseded", gone)

    def latest(self, project: str, conversation_id: str) -> Latest | None:
        """The newest revision written, None before the first."""
        return self.latest_many([(project, conversation_id)]).get((project, conversation_id))

    def latest_many(self, keys: Sequence[Key]) -> dict[Key, Latest]:
        """The same of several, by (project, conversation id); those without a revision are left out."""
        if not keys:
            return {}
        found = self._client.query(
            "SELECT project, conversation_id, revision, digest, watermark FROM graded "
            "WHERE (project, conversation_id) IN {keys:Array(Tuple(String, String))} "
            "ORDER BY written DESC LIMIT 1 BY project, conversation_id",
            {"keys": list(keys)},
            role="jobs",
        )
        return {
            (row["project"], row["conversation_id"]): Latest(int(row["revision"]), row["digest"], int(row["watermark"]))
            for row in found
        }

    def scores(self, project: str, conversation_id: str) -> list[Score]:
        """The scores of the newest revision, in the order the scorecard gave them."""
        bound = {"project": project, "conversation_id": conversation_id}
        return [score_of(row) for row in self._client.query(load("scores_current"), bound)]

    def _outdated(self, attempts: Sequence[Attempt]) -> list[Row]:
        """All attempts of these conversations but the newest of each, whoever wrote them."""
        keys = [(attempt.shared["project"], attempt.shared["conversation_id"]) for attempt in attempts]
        found = self._client.query(load("attempts_outdated"), {"keys": keys}, role="jobs")
        return [dict(row) for row in found]

    def _insert(self, table: str, given: Sequence[Row]) -> None:
        if given:
            columns = list(given[0])
            self._client.insert(table, columns, [[row[name] for name in columns] for row in given])


def score_of(row: dict[str, object]) -> Score:
    """A row of `scores` as the model's score."""
    return Score(
        name=str(row["name"]),
        verdict=Verdict(str(row["verdict"])),
        value=row["value"],  # type: ignore[arg-type] # Nullable(Float64)
        label=str(row["label"]),
        explanation=str(row["explanation"]),
        turn=row["turn"],  # type: ignore[arg-type] # Nullable(UInt32)
        tool_call_id=row["tool_call_id"],  # type: ignore[arg-type] # Nullable(String)
        argument_path=row["argument_path"],  # type: ignore[arg-type] # Nullable(String)
        argument_value=loads(str(row["argument_value"])),
        source=loads(str(row["source"])),
        evidence=tuple(Evidence(**item) for item in loads(str(row["evidence"]))),
        scorer_version=str(row["scorer_version"]),
        scorecard_version=str(row["scorecard_version"]),
        scored_at_ns=int(str(row["scored_at_ns"])),
    )


def _mark(attempt: Attempt) -> Row:
    made = attempt.revision
    names = ("project", "hour", "attempt", "conversation_id")
    shared = {name: attempt.shared[name] for name in names}
    return {**shared, "revision": made.conversation.revision, "graded_at_ns": made.graded_at_ns}


def _commit(attempt: Attempt) -> Row:
    made = attempt.revision
    return {**_mark(attempt), "digest": made.digest, "watermark": made.watermark, "scorers": len(made.grade.ledger)}
