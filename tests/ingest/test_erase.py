from __future__ import annotations

import pytest
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from ingest.dead_letters import DeadLetters
from ingest.erase import erase_user
from ingest.item import Batch
from ingest.scrub import scrub
from ingest.spool import Spool

ANN, BOB = b"\x0a" * 16, b"\x0b" * 16


def traces() -> bytes:
    request = ExportTraceServiceRequest()
    spans = request.resource_spans.add().scope_spans.add().spans
    for trace_id, user in ((ANN, "ann"), (ANN, ""), (BOB, "bob")):
        span = spans.add(trace_id=trace_id, span_id=b"\x01" * 8)
        if user:
            span.attributes.add(key="user.id").value.string_value = user
    return request.SerializeToString()


def logs() -> bytes:
    request = ExportLogsServiceRequest()
    records = request.resource_logs.add().scope_logs.add().log_records
    for trace_id in (ANN, BOB):
        records.add(trace_id=trace_id).body.string_value = "hello"
    return request.SerializeToString()


def remaining(spool: Spool) -> set[bytes]:
    found: set[bytes] = set()
    for item in spool.read(Batch("", 1, 99)):
        found |= {trace_id for trace_id in (ANN, BOB) if trace_id in bytes(item.payload)}
    return found


def test_every_trace_of_a_person_leaves_the_spool_and_others_stay(spool: Spool) -> None:
    for signal, payload in (("traces", traces()), ("logs", logs())):
        spool.append("p", signal, 1, 1, payload).result(10)  # type: ignore[arg-type] # the two signals
    assert erase_user(spool, "p", {"ann"}) == 3
    assert remaining(spool) == {BOB}
    assert erase_user(spool, "p", {"ann"}) == 0


def test_claimed_and_dead_items_are_erased_too_and_keep_their_place(spool: Spool) -> None:
    for _ in range(2):
        spool.append("p", "traces", 1, 3, traces()).result(10)
    claimed, dying = spool.claim(1, 10**9), spool.claim(1, 10**9)
    assert claimed is not None
    assert dying is not None
    DeadLetters(spool).bury(dying, "bad")
    assert erase_user(spool, "p", {"ann"}) == 4
    assert spool.open_batches() == [claimed]
    assert remaining(spool) == {BOB}
    assert ANN not in DeadLetters(spool).item(DeadLetters(spool).list()[0].seq).payload


@pytest.mark.parametrize("project", ["q", ""])
def test_other_projects_are_not_touched(spool: Spool, project: str) -> None:
    spool.append("p", "traces", 1, 3, traces()).result(10)
    assert erase_user(spool, project, {"ann"}, {ANN}) == 0
    assert remaining(spool) == {ANN, BOB}


def test_what_left_the_spool_is_gone_from_its_file_after_a_scrub(spool: Spool) -> None:
    said = b"the customer's own words"
    for number in range(40):
        spool.append("p", "traces", 1, 1, said * (1 + 37 * number)).result(10)
    while (batch := spool.claim(7, 10**9)) is not None:
        spool.complete(batch)
    spool.append("p", "traces", 1, 1, b"still waiting").result(10)
    file = spool.path / "data.mdb"
    assert said in file.read_bytes()
    size = file.stat().st_size
    assert scrub(spool) > 0
    assert said not in file.read_bytes()
    assert b"still waiting" in file.read_bytes()
    assert scrub(spool) > 0
    assert file.stat().st_size < 2 * size
    assert [bytes(item.payload) for item in spool.read(Batch("", 1, 99))] == [b"still waiting"]
