"""The store's ports in memory, with the rules the real one keeps: for tests that move time."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

from conversation.errors import PermanentError, RetryableError
from conversation.model import LogRecord, Span
from conversation.verdict import LedgerEntry
from scoring.sampling import shard as shard_of
from store.activity import Activity
from store.grades import GradedRevision, Latest

SECOND = 1_000_000_000
Key = tuple[str, str]


def span(conversation_id: str, number: int, at_ns: int, **resource: str) -> Span:
    """A model call in which the customer says something new."""
    said = [{"role": "user", "parts": [{"type": "text", "content": f"question {number}"}]}]
    reply = [{"role": "assistant", "parts": [{"type": "text", "content": f"answer {number}"}]}]
    return Span(
        trace_id=f"{abs(hash(conversation_id)) % 16**8:08x}{number:024x}",
        span_id=f"{number:016x}",
        parent_span_id="",
        name="chat model",
        start_ns=at_ns,
        end_ns=at_ns + SECOND // 10,
        attributes={
            "gen_ai.operation.name": "chat",
            "gen_ai.conversation.id": conversation_id,
            "gen_ai.agent.name": "shop",
            "gen_ai.input.messages": said,  # type: ignore[dict-item] # nested JSON literals are invariant
            "gen_ai.output.messages": reply,  # type: ignore[dict-item] # as above
        },
        resource=dict(resource),
    )


@dataclass
class Seen:
    """What the store knows of one conversation."""

    spans: list[Span] = field(default_factory=list)
    first_received_ns: int = 0
    last_received_ns: int = 0
    touches: int = 0
    ended: bool = False


class MemoryStore:
    """Activity, traces and grades. `away` makes every call fail; `poison` ids cannot be read, `refused` not written."""

    def __init__(self) -> None:
        self.seen_: dict[Key, Seen] = {}
        self.current: dict[Key, GradedRevision] = {}
        self.watermarks: dict[Key, int] = {}
        self.history: dict[Key, dict[int, GradedRevision]] = defaultdict(dict)
        self.away = False
        self.poison: set[str] = set()
        self.refused: set[str] = set()

    def receive(self, key: Key, spans: Sequence[Span], at_ns: int) -> None:
        """Spans come in."""
        seen = self.seen_.setdefault(key, Seen(first_received_ns=at_ns))
        known = {(item.trace_id, item.span_id) for item in seen.spans}
        seen.spans += [item for item in spans if (item.trace_id, item.span_id) not in known]
        seen.last_received_ns = max(seen.last_received_ns, at_ns)
        seen.touches += 1

    def end(self, key: Key) -> None:
        """The sender says that it is over."""
        self.seen_[key].ended = True

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
        """As the real one, oldest first."""
        self._check()
        found = []
        for key, seen in self.seen_.items():
            if seen.touches <= self.watermarks.get(key, 0) or shard_of(key[1], shards) != shard:
                continue
            graded = self.current.get(key)
            since = max(seen.first_received_ns, graded.graded_at_ns if graded else 0)
            idle = now_ns - seen.last_received_ns >= idle_seconds * SECOND
            if seen.ended or idle or now_ns - since >= max_age_seconds * SECOND:
                first = min(item.start_ns for item in seen.spans)
                last = max(item.end_ns for item in seen.spans)
                found.append(
                    Activity(
                        *key, "shop", len(seen.spans), first, last, seen.last_received_ns, seen.ended, seen.touches
                    )
                )
        return sorted(found, key=lambda item: item.last_received_ns)[:limit]

    def read(self, project: str, conversation_id: str) -> tuple[list[Span], list[LogRecord]]:
        """All spans."""
        self._check()
        if conversation_id in self.poison:
            raise PermanentError("spans are garbled")
        return list(self.seen_[project, conversation_id].spans), []

    def read_many(self, keys: Sequence[Key]) -> dict[Key, tuple[list[Span], list[LogRecord]]]:
        """All or, where one is poisoned, none."""
        return {key: self.read(*key) for key in keys}

    def link(self, project: str, trace_id: str, conversation_id: str, rule: str, at_ns: int) -> None:
        """The trace's spans move to the conversation."""
        del rule
        moved = self.seen_.pop((project, trace_id))
        self.receive((project, conversation_id), moved.spans, min(at_ns, moved.last_received_ns))

    def latest(self, project: str, conversation_id: str) -> Latest | None:
        """The newest revision."""
        self._check()
        graded = self.current.get((project, conversation_id))
        if graded is None:
            return None
        watermark = self.watermarks[project, conversation_id]
        return Latest(graded.conversation.revision, graded.digest, watermark)

    def latest_many(self, keys: Sequence[Key]) -> dict[Key, Latest]:
        """The newest revisions."""
        return {key: found for key in keys if (found := self.latest(*key)) is not None}

    def write(self, revisions: Sequence[GradedRevision]) -> None:
        """Keep revisions; all or none."""
        self._check()
        for made in revisions:
            if made.conversation.id in self.refused and made.digest:
                raise PermanentError(f"{made.conversation.id} cannot be written")
        for made in revisions:
            key = (made.conversation.project, made.conversation.id)
            self.current[key] = made
            self.watermarks[key] = made.watermark
            self.history[key][made.conversation.revision] = made

    def absorb(self, traces: Collection[Key]) -> None:
        """They are conversations no more."""
        for key in traces:
            self.current.pop(key, None)

    def seen(self, project: str, conversation_id: str, watermark: int) -> None:
        """Only the watermark moves."""
        self._check()
        self.watermarks[project, conversation_id] = watermark

    def seen_many(self, watermarks: Mapping[Key, int]) -> None:
        """Only the watermarks move."""
        for key, watermark in watermarks.items():
            self.seen(*key, watermark)

    def ledger(self, key: Key) -> tuple[LedgerEntry, ...]:
        """The states of the newest revision."""
        return self.current[key].grade.ledger if key in self.current else ()

    def _check(self) -> None:
        if self.away:
            raise RetryableError("the store is away")
