"""Grades stored conversations again under another scorecard: history gets new revisions, old verdicts stay.

A conversation whose newest revision already has scores of this scorecard is left alone, so a back-fill that was
interrupted is simply started again; unless other rules named its turns, or it was graded before there were prices.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Protocol

from conversation.digest import digest as digest_of
from conversation.model import Conversation
from conversation.verdict import Score
from scoring.due import next_revision
from scoring.ports import GradePort, TracePort
from scoring.protocol import Context
from scoring.reading import Reading
from scoring.runner import grade
from scoring.scorecard import Scorecard
from store.grades import GradedRevision

_LOG = logging.getLogger(__name__)


class GradedPort(GradePort, Protocol):
    """A grade store that also reads scores."""

    def scores(self, project: str, conversation_id: str) -> list[Score]:
        """The scores of the newest revision."""
        ...


class ConversationPort(Protocol):
    """Rebuilds graded conversations, whose spans may be gone by now."""

    def conversation(self, project: str, conversation_id: str) -> Conversation | None:
        """The newest graded revision."""
        ...


class Backfill:
    """Grades what is stored under a scorecard.

    Args:
        traces: Spans, where they are still kept.
        conversations: Graded conversations, for where they are not.
        grades: Where revisions go.
        scorecard: What to grade with.
        reading: How spans become the conversation that is graded; what was priced before keeps its cost.
        context: What scorers may know beside the conversation.
    """

    def __init__(
        self,
        traces: TracePort,
        conversations: ConversationPort,
        grades: GradedPort,
        scorecard: Scorecard,
        *,
        reading: Reading | None = None,
        context: Callable[[], Context] = Context,
    ) -> None:
        self._traces = traces
        self._conversations = conversations
        self._grades = grades
        self._scorecard = scorecard
        self._reading = reading or Reading()
        self._context = context

    def run(
        self, keys: Iterable[tuple[str, str]], now_ns: Callable[[], int], *, scorer: str | None = None
    ) -> Iterator[GradedRevision | None]:
        """Grade these conversations.

        Args:
            keys: (project, conversation id).
            now_ns: The clock.
            scorer: Only conversations that this scorer has not graded at its version in this scorecard. The whole
                scorecard is graded all the same: a revision with the scores of one scorer would hide the others.

        Yields:
            The revision written for each conversation; None where there was nothing to do or it could not be graded.
        """
        context = self._context()
        for project, conversation_id in keys:
            try:
                revision = self._revision(project, conversation_id, context, now_ns, scorer)
            except (ValueError, KeyError, TypeError) as error:
                _LOG.warning("conversation %s of %s not graded again: %s", conversation_id, project, error)
                revision = None
            if revision is not None:
                self._grades.write([revision])
            yield revision

    def _revision(
        self, project: str, conversation_id: str, context: Context, now_ns: Callable[[], int], scorer: str | None
    ) -> GradedRevision | None:
        done = self._done(self._grades.scores(project, conversation_id), scorer)
        earlier = self._conversations.conversation(project, conversation_id)
        if done and not (earlier is not None and self._reading.differs(earlier)):
            return None
        latest = self._grades.latest(project, conversation_id)
        spans, logs = self._traces.read(project, conversation_id)
        if done and not (spans or (earlier is not None and self._reading.lacks_costs(earlier))):
            return None  # its turns would get new names, but what they were read from is gone
        found = self._reading.assembled((project, conversation_id), spans, logs) if spans else earlier
        if found is None:
            return None
        conversation = replace(self._reading.finished(found, earlier), revision=next_revision(latest))
        given = grade(conversation, self._scorecard, context, now_ns=now_ns)
        digest = digest_of(found) if spans or latest is None else latest.digest
        # The watermark stays: what came since the last grading is still to be found by the loop.
        return GradedRevision(conversation, given, now_ns(), digest, latest.watermark if latest else 0)

    def _done(self, scores: Sequence[Score], scorer: str | None) -> bool:
        """Whether the newest revision was graded with this scorecard (and this version of the scorer)."""
        if scorer is None:
            return any(score.scorecard_version == self._scorecard.version for score in scores)
        version = next((bound.version for bound in self._scorecard.scorers if bound.name == scorer), None)
        return any(
            score.scorecard_version == self._scorecard.version
            and score.name.partition(".")[0] == scorer
            and score.scorer_version.startswith(version or "")
            for score in scores
        )
