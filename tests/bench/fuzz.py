"""Random damage to bodies of both encodings: `python -m tests.bench.fuzz [SECONDS]`; any status but these is a fault.

Mutations start from valid bodies, so that they reach deep: bytes changed, cut, doubled and moved, encodings mixed up.
"""

from __future__ import annotations

import asyncio
import gzip
import json
import random
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

from google.protobuf import json_format
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from ingest.auth import OpenAccess
from ingest.handler import JSON, PROTOBUF, Handler
from ingest.item import Batch
from ingest.redact import Redactor
from ingest.spool import Spool
from tests.bench.bodies import body

FINE = frozenset({200, 400, 413, 415})


def fuzz(directory: Path, seconds: float, seed: int = 0) -> Counter[int]:
    """Statuses of mutated bodies; raises when one is the server's fault or the spool kept what cannot be parsed."""
    rng = random.Random(seed)  # noqa: S311 - repeats a run, no secret
    spool = Spool(directory, 1 << 30)
    handler = Handler(spool, access=OpenAccess(), now_ns=time.time_ns, redactor=Redactor(b"k" * 32))
    statuses: Counter[int] = Counter()
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        statuses += asyncio.run(_some(handler, rng))
        while (batch := spool.claim(10**6, 10**8)) is not None:
            _check(spool, batch)
            spool.complete(batch)
    spool.close()
    return statuses


async def _some(handler: Handler, rng: random.Random) -> Counter[int]:
    statuses: Counter[int] = Counter()
    for _ in range(100):
        request = ExportTraceServiceRequest.FromString(body(rng.randrange(50), 2))
        span = request.resource_spans[0].scope_spans[0].spans[0]
        span.attributes.add(key="password").value.string_value = "ann@example.org 4111 1111 1111 1111\n"
        kind = rng.choice([PROTOBUF, JSON])
        raw = request.SerializeToString() if kind == PROTOBUF else json_format.MessageToJson(request).encode()
        mutated, encoding = _mutate(raw, rng), None
        if rng.random() < 0.2:
            mutated, encoding = _mutate(gzip.compress(mutated), rng), "gzip"
        signal = rng.choice(["traces", "traces", "logs", "metrics"])
        reply = await handler.export(signal, mutated, kind if rng.random() < 0.95 else "x/y", encoding, None)
        if reply.status not in FINE:
            raise AssertionError(f"{reply.status} for {signal} {kind} {encoding}: {mutated.hex()}") from reply.error
        statuses[reply.status] += 1
    return statuses


def _mutate(data: bytes, rng: random.Random) -> bytes:
    changed = bytearray(data)
    for _ in range(rng.choice([0, 1, 1, 2, 5])):
        at = rng.randrange(len(changed) or 1)
        kind = rng.randrange(5)
        if kind == 0 and changed:
            changed[at % len(changed)] = rng.randrange(256)
        elif kind == 1:
            del changed[at : at + rng.randrange(20)]
        elif kind == 2:
            changed[at:at] = rng.randbytes(rng.randrange(8))
        elif kind == 3:
            changed[at:at] = changed[: rng.randrange(60)]
        else:
            changed[at:at] = rng.choice([b'"', b"\\", b"{", b"[", b"\\u0040", b"null", b"1e999", b"-", b"\xff"])
    return bytes(changed)


def _check(spool: Spool, batch: Batch) -> None:
    for item in spool.read(batch):
        payload = bytes(item.payload)
        if item.head.signal == "traces":
            ExportTraceServiceRequest.FromString(payload)
        if b"ann@example.org" in payload:
            raise AssertionError("an address reached the spool")


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as place:
        found = fuzz(Path(place), float(sys.argv[1]) if len(sys.argv) > 1 else 600)
        print(json.dumps({str(status): count for status, count in sorted(found.items())}))  # noqa: T201 - a script
