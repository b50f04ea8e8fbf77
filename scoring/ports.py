"""What scoring needs of the outside, as narrow protocols: the store satisfies them without knowing."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Protocol

from conversation.model import LogRecord, Span
from store.activity import Activity
from store.grades import GradedRevision, Latest

Key = tuple[str, str]
Content = tuple[list[Span], list[LogRecord]]


class ActivityPort(Protocol):
    """Which conversations have something to grade."""

    def due(
        self,
        now_ns: int,
        *,
        idle_seconds: float,
        max_age_seconds: float,
        limit: int = 200,
        shard: int = 0,
        shards: int = 1,
    ) -> list[Activity]:
        """Conversations that ended, idled or grew old and whose watermark is above the last graded one."""
        ...


class TracePort(Protocol):
    """Reads what came in."""

    def read(self, project: str, conversation_id: str) -> tuple[list[Span], list[LogRecord]]:
        """Everything of one conversation."""
        ...

    def read_many(self, keys: Sequence[Key]) -> dict[Key, Content]:
        """Everything of some conversations, by (project, conversation id)."""
        ...

    def link(self, project: str, trace_id: str, conversation_id: str, rule: str, at_ns: int) -> None:
        """Note that a trace without a conversation id belongs to a conversation."""
        ...


class GradePort(Protocol):
    """Keeps graded revisions."""

    def latest(self, project: str, conversation_id: str) -> Latest | None:
        """The newest revision written, None before the first."""
        ...

    def latest_many(self, keys: Sequence[Key]) -> dict[Key, Latest]:
        """The newest revisions of those that have one, by (project, conversation id)."""
        ...

    def write(self, revisions: Sequence[GradedRevision]) -> None:
        """Write revisions; writing one again changes nothing."""
        ...

    def absorb(self, traces: Collection[Key]) -> None:
        """Let grades of traces, by (project, trace id), no longer count: they are part of another conversation."""
        ...

    def seen(self, project: str, conversation_id: str, watermark: int) -> None:
        """Note that everything up to the watermark is covered by the newest revision."""
        ...

    def seen_many(self, watermarks: Mapping[Key, int]) -> None:
        """The same of several, by (project, conversation id)."""
        ...
