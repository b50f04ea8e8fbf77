"""Grades conversations as they complete: the loop between the store and the runner. Stateless beside its back-off.

A conversation is due when its sender ended it, when it was idle for the settle time or at its maximum age, and when
spans arrived since it was last graded. So an outage of any length is caught up by asking again. Then:

    nothing new in it (same digest)        only the watermark moves
    new content                            the next revision is graded; earlier ones stay as they are
    it cannot be read, joined or written   FAILED with the cause in the ledger; tried again later, the others go on
    a scorer failed for a passing reason   graded with a FAILED entry; the next revision tries again, a few times

The digest of a revision to be tried again ends in `!`; an attempt that failed altogether has an empty digest and
keeps its watermark, so both are found due again after a restart.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from enum import Enum

from conversation.digest import digest as digest_of
from conversation.errors import FloorlineError, RetryableError
from conversation.model import Conversation, LogRecord, Span
from conversation.verdict import Grade, Verdict
from scoring import ledger
from scoring.backoff import Backoff, Key
from scoring.continuations import Continuations
from scoring.own_traces import is_own, left_alone
from scoring.ports import ActivityPort, GradePort, TracePort
from scoring.protocol import Context
from scoring.reading import Reading
from scoring.runner import grade
from scoring.scorecard import Scorecard
from scoring.settle import Settle, Shard
from store.activity import Activity
from store.grades import GradedRevision, Latest

__all__ = ["Grader", "Settle", "Shard", "next_revision"]
RETRY_MARK = "!"
SPANS_AT_ONCE = 1000
NAMES_KEPT = 100_000
Observer = Callable[[GradedRevision], None]
_LOG = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class _Stored:
    """What the store has of a conversation that is due."""

    latest: Latest | None
    spans: list[Span]
    logs: list[LogRecord]


class _Nothing(Enum):
    """Why there is no revision to write: nothing new, so only the watermark moves, or the agent's idle time runs on."""

    SEEN = "seen"
    WAITS = "waits"


class Grader:
    """Finds what is due, grades it, writes it.

    Args:
        activity: Which conversations have something to grade.
        traces: Their spans and log records.
        grades: Where revisions go.
        scorecard: What to grade with.
        settle: When a conversation counts as complete.
        shard: The share of conversations this process does.
        reading: How spans become the conversation that is graded.
        context: What scorers may know beside the conversation: asked for once a tick.
        observers: Called with every revision after it was written (metrics); they must not raise.
        batch: Revisions to a write.
        most_retries: Revisions to spend on scorers that failed for a passing reason.
    """

    def __init__(
        self,
        activity: ActivityPort,
        traces: TracePort,
        grades: GradePort,
        scorecard: Scorecard,
        *,
        settle: Settle | None = None,
        shard: Shard | None = None,
        reading: Reading | None = None,
        context: Callable[[], Context] = Context,
        observers: Sequence[Observer] = (),
        batch: int = 100,
        most_retries: int = 5,
    ) -> None:
        self._activity = activity
        self._traces = traces
        self._grades = grades
        self._scorecard = scorecard
        self._settle = settle or Settle()
        self._shard = shard or Shard()
        self._reading = reading or Reading()
        self._context = context
        self._observers = tuple(observers)
        self._batch = batch
        self._most_retries = most_retries
        self._backoff = Backoff()
        self._agents: dict[Key, str] = {}
        self._continuations = Continuations(traces)
        self._stopping = False

    def stop(self) -> None:
        """End the tick under way after the chunk it is at; what is left stays due."""
        self._stopping = True

    def tick(self, now_ns: int) -> int:
        """Grade everything that is due.

        Args:
            now_ns: The time.

        Returns:
            Revisions written, those of failed attempts included.

        Raises:
            RetryableError: The store is away. Nothing is lost: the next tick finds the same conversations due.
        """
        context = self._context()
        passed: set[tuple[str, str, int]] = set()
        written, more = 0, True
        while more:
            # The limit grows by what was passed over, so that conversations which wait never hide those behind them.
            limit = self._batch * 2 + len(passed)
            found = self._due(now_ns, limit)
            fresh = [item for item in found if (item.project, item.conversation_id, item.watermark) not in passed]
            passed.update((item.project, item.conversation_id, item.watermark) for item in fresh)
            ready = [item for item in fresh if self._ready(item, now_ns)]
            # A look costs as much as grading several conversations: none to hear that there is nothing more.
            more = bool(fresh) and len(found) == limit
            for start in range(0, len(ready), self._batch):
                if self._stopping:
                    return written
                chunk = ready[start : start + self._batch]
                alone = self._continuations.join(chunk, now_ns)
                more = more or len(alone) < len(chunk)  # the conversations that grew are due by now
                written += self._write(self._revisions(alone, context, now_ns), now_ns)
        return written

    def _due(self, now_ns: int, limit: int) -> list[Activity]:
        return self._activity.due(
            now_ns,
            idle_seconds=self._settle.shortest,
            max_age_seconds=self._settle.max_age_seconds,
            limit=limit,
            shard=self._shard.index,
            shards=self._shard.count,
        )

    def _ready(self, activity: Activity, now_ns: int) -> bool:
        key = (activity.project, activity.conversation_id)
        # The agent's name is known once the conversation was assembled: many conventions tell it in their own way.
        known = key not in self._agents or self._settle.complete(activity, self._agents[key], now_ns)
        return known and not self._backoff.waiting(key, now_ns)

    def _revisions(self, chunk: Sequence[Activity], context: Context, now_ns: int) -> list[GradedRevision]:
        """A chunk of what is due, read in groups and graded one by one."""
        made, seen = [], dict[Key, int]()
        for group in _groups(chunk):
            known = self._known(group)
            for item in group:
                found = known.pop((item.project, item.conversation_id), None)
                revision = self._revision(item, found, context, now_ns)
                if isinstance(revision, GradedRevision):
                    made.append(revision)
                elif revision is _Nothing.SEEN:
                    seen[item.project, item.conversation_id] = item.watermark
        self._grades.seen_many(seen)
        return made

    def _known(self, group: Sequence[Activity]) -> dict[Key, _Stored]:
        """What the store has of a group; nothing where one of them spoils it, for each is then read alone."""
        keys = [(item.project, item.conversation_id) for item in group]
        try:
            return self._stored(keys)
        except Exception as error:  # noqa: BLE001 - reading them one by one tells which it was, and why
            _LOG.info("%d conversations are read one by one: %s", len(keys), error)
            return {}

    def _stored(self, keys: Sequence[Key]) -> dict[Key, _Stored]:
        latest, contents = self._grades.latest_many(keys), self._traces.read_many(keys)
        # A trace may have been graded alone, before the span came that says to which conversation it belongs.
        parts = ((key, span.trace_id) for key, (spans, _) in contents.items() for span in spans)
        self._grades.absorb({(project, trace) for (project, name), trace in parts if trace != name})
        return {key: _Stored(latest.get(key), *content) for key, content in contents.items()}

    def _revision(
        self, activity: Activity, found: _Stored | None, context: Context, now_ns: int
    ) -> GradedRevision | _Nothing:
        """The conversation graded, or why there is nothing to write."""
        key = (activity.project, activity.conversation_id)
        latest = found.latest if found else None
        try:
            if found is None:
                latest = self._grades.latest(*key)
                found = self._stored([key])[key]
            conversation = self._reading.assembled(key, found.spans, found.logs)
            if not self._complete(activity, conversation.agent.name, now_ns):
                return _Nothing.WAITS
            digest = digest_of(conversation)
            if latest is not None and latest.digest == digest:
                self._backoff.cleared(key)
                return _Nothing.SEEN
            conversation = self._reading.finished(conversation)
            conversation = replace(conversation, revision=next_revision(latest), ended=activity.ended)
            own = is_own(found.spans)
            given = left_alone(self._scorecard) if own else self._graded(conversation, context, now_ns)
        except Exception as error:  # noqa: BLE001 - one bad conversation must not hold up the rest
            return self._failure(key, latest, error, now_ns)
        if any(entry.retryable for entry in given.ledger) and self._backoff.failed(key, now_ns) <= self._most_retries:
            watermark = latest.watermark if latest else 0
            return GradedRevision(conversation, given, now_ns, digest + RETRY_MARK, watermark)
        self._backoff.cleared(key)
        return GradedRevision(conversation, given, now_ns, digest, activity.watermark)

    def _complete(self, activity: Activity, agent: str, now_ns: int) -> bool:
        """Whether the agent's own idle time is over; remembers the agent of a conversation that must wait."""
        key = (activity.project, activity.conversation_id)
        self._agents.pop(key, None)
        if self._settle.complete(activity, agent, now_ns):
            return True
        if len(self._agents) >= NAMES_KEPT:
            self._agents.clear()
        self._agents[key] = agent
        return False

    def _graded(self, conversation: Conversation, context: Context, now_ns: int) -> Grade:
        return grade(conversation, self._scorecard, context, now_ns=lambda: now_ns)

    def _failure(self, key: Key, latest: Latest | None, error: Exception, now_ns: int) -> GradedRevision:
        """A revision that says that, and why, the conversation could not be graded."""
        cause = f"{type(error).__name__}: {error}"
        attempts = self._backoff.failed(key, now_ns)
        _LOG.warning("conversation %s of %s not graded (attempt %d): %s", key[1], key[0], attempts, cause)
        conversation = Conversation(key[1], project=key[0], revision=next_revision(latest), notes=(cause,))
        entries = ledger.failed((bound.name for bound in self._scorecard.scorers), cause)
        given = Grade(Verdict.INCONCLUSIVE, 0.0, (), entries, self._scorecard.version)
        return GradedRevision(conversation, given, now_ns, "", latest.watermark if latest else 0)

    def _write(self, revisions: Sequence[GradedRevision], now_ns: int) -> int:
        """Write a batch; where the store refuses it, one by one, so that only the bad ones fail."""
        if not revisions:
            return 0
        try:
            self._grades.write(revisions)
        except RetryableError:
            raise
        except FloorlineError as error:
            if len(revisions) > 1:
                return sum(self._write([item], now_ns) for item in revisions)
            only = revisions[0]
            key = (only.conversation.project, only.conversation.id)
            before = Latest(only.conversation.revision - 1, "refused", 0) if only.conversation.revision > 1 else None
            revisions = [self._failure(key, before, error, now_ns)]
            self._grades.write(revisions)
        for revision in revisions:
            for observer in self._observers:
                observer(revision)
        return len(revisions)


def _groups(chunk: Iterable[Activity]) -> Iterator[list[Activity]]:
    """Parts of a chunk to read at once: no more spans than memory has room for, or one conversation."""
    group: list[Activity] = []
    spans = 0
    for item in chunk:
        if group and spans + item.spans > SPANS_AT_ONCE:
            yield group
            group, spans = [], 0
        group.append(item)
        spans += item.spans
    if group:
        yield group


def next_revision(latest: Latest | None) -> int:
    """The number of the revision to write; an attempt that failed altogether gives its number back."""
    if latest is None:
        return 1
    return latest.revision + 1 if latest.digest else latest.revision
