"""How far grading is behind completion under a steady load: `python -m tests.bench.steady [--rate 20] [--seconds 120]`.

A real `floorline up` is sent whole conversations that say they are over, one request each, by a fixed timetable. A
conversation is due when its last span was received; it is graded when the store has the commit mark of its revision.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import numpy as np
from opentelemetry.exporter.otlp.proto.common.trace_encoder import encode_spans
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from rich.console import Console

from service.genai_spans import spans_of
from store.client import connect
from tests.bench.grading import transcripts
from tests.bench.load import cpu_seconds
from tests.service.conftest import Running, start

KINDS = 100
PATIENCE_SECONDS = 300
_WAITED = """
SELECT conversation_id, received_ns, written_ns
FROM
(
    SELECT conversation_id, max(last_received_ns) AS received_ns
    FROM (SELECT trace_id, min(trace_activity.conversation).4 AS conversation_id,
            max(trace_activity.last_received_ns) AS last_received_ns FROM trace_activity GROUP BY trace_id)
    GROUP BY conversation_id
) AS came
INNER JOIN
(SELECT conversation_id, min(written) AS written_ns FROM graded WHERE revision = 1 GROUP BY conversation_id) AS done
    USING (conversation_id)
ORDER BY received_ns
"""


@dataclass(frozen=True, slots=True)
class Steady:
    """What a run showed; seconds from received to graded, and conversations that waited at each second."""

    rate: float
    sent: int
    graded: int
    cpu_a_conversation: float
    waited: np.ndarray
    backlog: list[int]

    def text(self) -> str:
        """One paragraph."""
        p50, p99, longest = (float(np.percentile(self.waited, share)) for share in (50, 99, 100))
        return (
            f"{self.rate:g} conversations/s: {self.graded} of {self.sent} graded, behind completion p50 {p50:.2f} s, "
            f"p99 {p99:.2f} s, longest {longest:.2f} s; backlog p50 {int(np.median(self.backlog))}, at most "
            f"{max(self.backlog)}, at the end {self.backlog[-1]}; {self.cpu_a_conversation * 1e3:.0f} ms CPU a "
            "conversation, all parts of the service"
        )


def bodies(most: int) -> Iterator[bytes]:
    """`most` requests of one conversation each, every one with ids of its own."""
    kinds = []
    for made in transcripts(min(most, KINDS)):
        request = ExportTraceServiceRequest()
        request.ParseFromString(encode_spans(spans_of(made)).SerializeToString())
        kinds.append(request)
    for number in range(most):
        request = kinds[number % len(kinds)]
        yield _copy(request, number)


def _copy(request: ExportTraceServiceRequest, number: int) -> bytes:
    made = ExportTraceServiceRequest()
    made.CopyFrom(request)
    mark = number.to_bytes(4, "big")
    for span in (s for r in made.resource_spans for scope in r.scope_spans for s in scope.spans):
        span.trace_id = span.trace_id[:12] + mark
        for attribute in span.attributes:
            if attribute.key == "gen_ai.conversation.id":
                attribute.value.string_value += f"/{number}"
    return made.SerializeToString()


def run(place: Path, rate: float, seconds: float) -> Steady:
    """Send at a rate, wait until all is graded, read what the store says."""
    made = list(bodies(int(rate * seconds)))
    running = start(place / "data")
    try:
        spent = cpu_seconds(running.process.pid)
        _send(running, made, rate)
        _settle(running, len(made))
        spent = cpu_seconds(running.process.pid) - spent
    finally:
        running.stop()
        if running.process.stdout is not None:
            running.process.stdout.close()
    client = connect(f"chdb://{place / 'data' / 'clickhouse'}")
    try:
        rows = client.query(_WAITED)
    finally:
        client.close()
    came = np.array([int(row["received_ns"]) for row in rows], dtype=np.float64) / 1e9
    done = np.array([int(row["written_ns"]) for row in rows], dtype=np.float64) / 1e9
    moments = np.arange(came.min(), came.min() + seconds)
    backlog = [int((came <= moment).sum() - (done <= moment).sum()) for moment in moments]
    return Steady(rate, len(made), len(rows), spent / len(made), done - came, backlog)


def _send(running: Running, made: list[bytes], rate: float) -> None:
    headers = {"content-type": "application/x-protobuf"}
    with httpx.Client(headers=headers, timeout=30) as client:
        began = time.monotonic()
        for number, body in enumerate(made):
            time.sleep(max(0.0, began + number / rate - time.monotonic()))
            client.post(f"{running.otlp}/v1/traces", content=body).raise_for_status()


def _settle(running: Running, conversations: int) -> None:
    """Wait until all are graded; looks seldom, for a look costs the service something too."""
    end = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < end:
        found = running.get("/api/v1/ledger")["conversations"]
        if found["graded"] >= conversations and not found["pending"]:
            return
        time.sleep(3)


def main() -> None:
    """Run and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rate", type=float, default=20)
    parser.add_argument("--seconds", type=float, default=120)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="floorline-steady-") as place:
        Console(width=150).print(run(Path(place), options.rate, options.seconds).text())


if __name__ == "__main__":
    main()
