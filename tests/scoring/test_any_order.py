"""Permuted, doubled, split or late: what comes in ends in the same turns, segments and scores."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import given as hypothesis_given
from hypothesis import strategies as st
from opentelemetry.exporter.otlp.proto.common.trace_encoder import encode_spans
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from conversation import otlp, transcript
from conversation.assemble import assemble_all
from conversation.digest import digest
from conversation.model import LogRecord, Span
from conversation.verdict import Score
from scoring.due import Grader, Settle
from scoring.reading import Reading
from scoring.runner import grade
from scoring.scorecard import Scorecard, load
from service.genai_spans import spans_of
from service.transcripts import timed
from store.activity import ActivityStore
from store.client import Client
from store.grades import GradeStore
from store.traces import Body, TraceStore
from tests.conversation.conftest import CAPTURES, Capture
from tests.conversation.conftest import load as capture_of

pytestmark = pytest.mark.shared
NOW, SECOND = 1_763_690_000_000_000_000, 1_000_000_000
FILES = ("injected-tau.jsonl.gz", "injected-sgd.jsonl.gz", "natural.jsonl.gz")
CARD = load(None)
Content = tuple[list[Span], list[LogRecord]]
# What a conversation comes to: its digest, which covers turns and segments, and all its scores.
Result = dict[str, tuple[str, list[Score]]]


def _results(content: Content, card: Scorecard = CARD) -> Result:
    reading, found = Reading(), {}
    for one in assemble_all(*content):
        conversation = reading.finished(one)
        given = grade(conversation, card, now_ns=lambda: NOW)
        found[one.id] = (digest(one), [_timeless(score) for score in given.scores])
    return found


def _timeless(score: Score) -> Score:
    return replace(score, scored_at_ns=0)


def _mixed(content: Content, chance: random.Random) -> Content:
    """The same in another order, much of it more than once."""
    spans = [one for one in content[0] for _ in range(chance.choice((1, 1, 2, 3)))]
    logs = [one for one in content[1] for _ in range(chance.choice((1, 1, 2, 3)))]
    chance.shuffle(spans)
    chance.shuffle(logs)
    return spans, logs


def _conversations(each: int) -> list[Content]:
    """Every so many-th shared conversation as the spans `floorline send` makes of it."""
    folder = CAPTURES.parent / "conversations"
    found: list[Content] = []
    for name in FILES if folder.is_dir() else ():
        known = list(transcript.read(folder / name))
        for number, one in enumerate(known[::each]):
            request = ExportTraceServiceRequest()
            per = ("turn", "conversation")[number % 2]
            request.ParseFromString(encode_spans(spans_of(timed(one, NOW), trace_per=per)).SerializeToString())
            found.append((list(otlp.spans_of(request)), []))
    return found


def _names() -> list[str]:
    return sorted(folder.name for folder in CAPTURES.iterdir() if folder.is_dir()) if CAPTURES.is_dir() else []


@pytest.mark.parametrize("name", _names())
def test_a_capture_in_any_order_and_doubled_is_scored_the_same(name: str) -> None:
    content = capture_of(name).contents()
    expected = _results(content)
    assert any(scores for _, scores in expected.values())
    for seed in range(4):
        assert _results(_mixed(content, random.Random(seed))) == expected  # noqa: S311 - a fixed shuffle, nothing secret


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@hypothesis_given(data=st.data())
def test_a_shared_conversation_in_any_order_and_doubled_is_scored_the_same(data: st.DataObject) -> None:
    contents = _cached_conversations()
    if not contents:
        pytest.skip("needs the shared conversations beside the checkout")
    content = data.draw(st.sampled_from(contents))
    chance = random.Random(data.draw(st.integers(0, 2**32)))  # noqa: S311 - hypothesis chose the seed
    assert _results(_mixed(content, chance)) == _results(content)


_KEPT: list[Content] = []


def _cached_conversations() -> list[Content]:
    if not _KEPT:
        _KEPT.extend(_conversations(60))
    return _KEPT


@pytest.mark.slow
def test_what_comes_split_doubled_and_late_is_scored_in_the_end_as_if_it_came_at_once(
    embedded_engine: Client, shared_dir: Path
) -> None:
    """Every capture, one span a request, some again, over several rounds of grading with pauses in between."""
    assert shared_dir.is_dir()
    chance = random.Random(7)  # noqa: S311 - a fixed shuffle, nothing secret
    captures = [capture_of(name) for name in _names()]
    expected = {capture.name: _results(capture.contents()) for capture in captures}
    pieces = [piece for capture in captures for piece in _pieces(capture) for _ in range(chance.choice((1, 1, 2)))]
    chance.shuffle(pieces)
    rounds = 5
    store, grades = TraceStore(embedded_engine), GradeStore(embedded_engine)
    grader = Grader(ActivityStore(embedded_engine), store, grades, CARD, settle=Settle(idle_seconds=10))
    for number in range(rounds):
        came = NOW + number * 60 * SECOND
        bodies = [replace(body, received_ns=came) for body in pieces[number::rounds]]
        for part in range(3):
            store.load(bodies[part::3], f"{number}.{part}")
        assert grader.tick(came + 30 * SECOND) > 0
    assert grader.tick(NOW + 3600 * SECOND) == 0
    for project, results in expected.items():
        for name, (content, scores) in results.items():
            latest = grades.latest(project, name)
            assert latest is not None, (project, name)
            assert latest.digest == content, (project, name)
            assert _comparable(grades.scores(project, name)) == _comparable(scores), (project, name)
    listed = embedded_engine.query(
        "SELECT DISTINCT project, conversation_id FROM conversations FINAL WHERE attempt NOT IN "
        "(SELECT attempt FROM superseded)"
    )
    wanted = {(project, name) for project, results in expected.items() for name in results}
    assert {(row["project"], row["conversation_id"]) for row in listed} == wanted


def _comparable(scores: Sequence[Score]) -> list[Score]:
    return [_timeless(score) for score in scores]


def _pieces(capture: Capture) -> Iterator[Body]:
    """Each span and log record of a capture as a request of its own."""
    for request in (body.request for body in capture.bodies):
        if isinstance(request, ExportTraceServiceRequest):
            for group in request.resource_spans:
                for scope in group.scope_spans:
                    for span in scope.spans:
                        one = ExportTraceServiceRequest()
                        made = one.resource_spans.add(resource=group.resource)
                        made.scope_spans.add(scope=scope.scope, spans=[span])
                        yield Body(capture.name, "traces", NOW, one.SerializeToString())
        elif isinstance(request, ExportLogsServiceRequest):
            for logs in request.resource_logs:
                for log_scope in logs.scope_logs:
                    for record in log_scope.log_records:
                        single = ExportLogsServiceRequest()
                        kept = single.resource_logs.add(resource=logs.resource)
                        kept.scope_logs.add(scope=log_scope.scope, log_records=[record])
                        yield Body(capture.name, "logs", NOW, single.SerializeToString())
