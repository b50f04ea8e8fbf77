"""What grading costs: spans in the store -> due -> read -> assemble -> grade -> write, and where the CPU goes.

`python -m tests.bench.grading [--conversations N] [--server URL]`. The conversations are those of the shared tau file
where it is there, else made-up shop visits; all are complete when the clock starts. Read CPU milliseconds a
conversation and shares: conversations a second are those of an idle machine.
"""

from __future__ import annotations

import argparse
import itertools
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from unittest import mock

from opentelemetry.exporter.otlp.proto.common.trace_encoder import encode_spans
from rich.console import Console
from rich.table import Table

from conversation import transcript
from conversation.model import Conversation
from conversation.verdict import Grade
from scoring.due import Grader, Settle
from scoring.ports import Content, Key
from scoring.protocol import Context
from scoring.reading import Reading
from scoring.scorecard import Scorecard, load
from service.garbage import collect_seldom
from service.genai_spans import Transcript, spans_of
from service.transcripts import timed
from store.activity import Activity, ActivityStore
from store.client import Client, connect
from store.grades import GradedRevision, GradeStore, Latest
from store.migrate import migrate
from store.traces import Body, TraceStore
from tests.bench.labelled import CONVERSATIONS
from tests.service.shop_traffic import visits

PARTS = ("due", "read", "assemble", "grade", "write", "rest")
_CONVERSATIONS_A_BODY = 50


@dataclass(frozen=True, slots=True)
class Split:
    """One tick: what it graded and the CPU seconds of each of `PARTS`, background merges of the engine included."""

    conversations: int
    spans: int
    wall_seconds: float
    cpu_seconds: Mapping[str, float]

    @property
    def cpu(self) -> float:
        """CPU seconds of the whole tick."""
        return sum(self.cpu_seconds.values())


class _Meter:
    """CPU seconds by part; a part within another is taken out of it."""

    def __init__(self) -> None:
        self.spent: Counter[str] = Counter()
        self._parts: list[str] = []
        self._since = time.process_time()

    @contextmanager
    def part(self, name: str) -> Iterator[None]:
        self._charge()
        self._parts.append(name)
        try:
            yield
        finally:
            self._charge()
            self._parts.pop()

    def _charge(self) -> None:
        now = time.process_time()
        if self._parts:
            self.spent[self._parts[-1]] += now - self._since  # type: ignore[assignment]  # a Counter of seconds
        self._since = now


class _Activity(ActivityStore):
    def __init__(self, client: Client, meter: _Meter) -> None:
        super().__init__(client)
        self._meter = meter

    def due(self, *given: Any, **named: Any) -> list[Activity]:
        with self._meter.part("due"):
            return super().due(*given, **named)


class _Traces(TraceStore):
    def __init__(self, client: Client, meter: _Meter) -> None:
        super().__init__(client)
        self._meter = meter

    def read_many(self, keys: Sequence[Key]) -> dict[Key, Content]:
        with self._meter.part("read"):
            return super().read_many(keys)


class _Grades(GradeStore):
    def __init__(self, client: Client, meter: _Meter) -> None:
        super().__init__(client)
        self._meter = meter

    def latest_many(self, keys: Sequence[Key]) -> dict[Key, Latest]:
        with self._meter.part("read"):
            return super().latest_many(keys)

    def write(self, revisions: Sequence[GradedRevision]) -> None:
        with self._meter.part("write"):
            super().write(revisions)


class _Grader(Grader):
    meter: _Meter

    def _graded(self, conversation: Conversation, context: Context, now_ns: int) -> Grade:
        with self.meter.part("grade"):
            return super()._graded(conversation, context, now_ns)


def tick(client: Client, scorecard: Scorecard, transcripts: Sequence[Transcript]) -> Split:
    """Load the spans of these conversations and grade them all in one tick of one process."""
    meter = _Meter()
    spans = _loaded(TraceStore(client), transcripts)
    grader = _Grader(
        _Activity(client, meter),
        _Traces(client, meter),
        _Grades(client, meter),
        scorecard,
        settle=Settle(idle_seconds=0),
    )
    grader.meter = meter
    plain = Reading.assembled

    def assembled(*given: Any) -> Conversation:
        with meter.part("assemble"):
            return plain(*given)

    began = time.monotonic()
    with mock.patch.object(Reading, "assembled", assembled), meter.part("rest"):
        done = grader.tick(time.time_ns() + 10**9)
    return Split(done, spans, time.monotonic() - began, {part: meter.spent[part] for part in PARTS})


def transcripts(most: int) -> list[Transcript]:
    """`most` conversations to send, from the shared file where it is there, again under other ids if they run out."""
    file = CONVERSATIONS / "injected-tau.jsonl.gz"
    now = time.time_ns()
    known = [timed(one, now) for one in transcript.read(file)] if file.exists() else visits(most)
    return [
        replace(one, conversation_id=f"{one.conversation_id}/{number}")
        for number, one in zip(range(most), itertools.cycle(known), strict=False)
    ]


def _loaded(store: TraceStore, made: Sequence[Transcript]) -> int:
    """Spans of these conversations, put into the store."""
    total, bodies = 0, []
    for start in range(0, len(made), _CONVERSATIONS_A_BODY):
        spans = [span for one in made[start : start + _CONVERSATIONS_A_BODY] for span in spans_of(one)]
        total += len(spans)
        bodies.append(Body("bench", "traces", time.time_ns(), encode_spans(spans).SerializeToString()))
    store.load(bodies, f"bench-{time.time_ns()}")
    return total


def measure(place: Path, most: int, url: str = "") -> Split:
    """A tick over `most` conversations, after a smaller one that warms everything up."""
    client = connect(url or f"chdb://{place / 'grading'}")
    scorecard = load(None)
    try:
        migrate(client)
        made = transcripts(most + most // 10 + 1)
        collect_seldom()
        tick(client, scorecard, made[most:])
        return tick(client, scorecard, made[:most])
    finally:
        scorecard.close()
        client.close()


def show(found: Split, console: Console) -> None:
    """The table."""
    table = Table("grading", "CPU s", "ms a conversation", "share")
    for part in PARTS:
        seconds = found.cpu_seconds[part]
        table.add_row(
            part, f"{seconds:.2f}", f"{seconds / found.conversations * 1e3:.2f}", f"{seconds / found.cpu:.0%}"
        )
    table.add_row("all", f"{found.cpu:.2f}", f"{found.cpu / found.conversations * 1e3:.2f}", "")
    console.print(table)
    console.print(
        f"{found.conversations} conversations ({found.spans} spans) graded in {found.wall_seconds:.1f} s: "
        f"{found.conversations / found.wall_seconds:.0f} conversations/s end to end on one process, "
        f"{found.conversations / found.cpu:.0f} for each CPU second"
    )


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--conversations", type=int, default=288)
    parser.add_argument("--server", default="", help="a ClickHouse server's URL instead of the embedded engine")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="floorline-bench-") as place:
        show(measure(Path(place), options.conversations, options.server), Console(width=120))


if __name__ == "__main__":
    main()
