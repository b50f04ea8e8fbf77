"""Sends bodies and measures: acknowledgements, what a query finds, the server's CPU, memory and disk."""

from __future__ import annotations

import http.client
import os
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from tests.bench.targets import Target

TICKS = os.sysconf("SC_CLK_TCK")
Bodies = Sequence[tuple[int, bytes]]


@dataclass(frozen=True)
class Measured:
    """One run; times in milliseconds, CPU in seconds for 1,000 spans, sizes in bytes."""

    name: str
    spans: int
    stored: int
    acked_per_second: float
    stored_per_second: float
    ack_p50: float
    ack_p99: float
    cpu: float
    bytes_a_span: float
    peak_mb: float
    queryable_after: float


def measure(
    name: str, target: Target, bodies: Bodies, *, senders: int, rate: float = 0, seconds: float = 300
) -> Measured:
    """Send every body once and wait until all spans are found in the store.

    Args:
        name: For the table.
        target: A running server with an empty store.
        bodies: (spans, serialized request) pairs.
        senders: Connections, each sending its next body when the last is answered.
        rate: Spans a second offered, by a fixed timetable; 0 for as fast as they are answered.
        seconds: When to give up.
    """
    total = sum(spans for spans, _ in bodies)
    before, started = cpu_seconds(target.process.pid), time.monotonic()
    latencies = _send(target, bodies, senders, rate, started + seconds)
    acked = time.monotonic()
    stored = 0
    while (stored := target.count()) < total and time.monotonic() < started + seconds:
        time.sleep(0.05)
    done = time.monotonic()
    time.sleep(3)  # background merges belong to the cost
    cpu, peak = cpu_seconds(target.process.pid) - before, _peak_mb(target.process.pid)
    if target.distinct is not None:
        stored = target.distinct()
    return Measured(
        name,
        total,
        stored,
        total / (acked - started),
        stored / (done - started),
        _percentile(latencies, 0.5) * 1e3,
        _percentile(latencies, 0.99) * 1e3,
        cpu / max(stored, 1) * 1000,
        _disk(target.directory) / max(stored, 1),
        peak,
        (done - acked) * 1e3,
    )


def _send(target: Target, bodies: Bodies, senders: int, rate: float, deadline: float) -> list[float]:
    address = urlsplit(target.url)
    headers = {"content-type": "application/x-protobuf", **target.headers}
    queue = iter(_timetable(bodies, rate))
    lock, latencies = threading.Lock(), list[float]()

    def run() -> None:
        connection = http.client.HTTPConnection(address.hostname or "", address.port, timeout=120)
        while True:
            with lock:
                job = next(queue, None)
            if job is None:
                return
            due, body = job
            time.sleep(max(0.0, due - time.monotonic()))
            begun = due or time.monotonic()
            while not _post(connection, address.path, body, headers) and time.monotonic() < deadline:
                time.sleep(0.05)
            with lock:
                latencies.append(time.monotonic() - begun)

    threads = [threading.Thread(target=run) for _ in range(senders)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return latencies


def _timetable(bodies: Bodies, rate: float) -> list[tuple[float, bytes]]:
    due, table = time.monotonic() + 0.1, []
    for spans, body in bodies:
        table.append((due if rate else 0.0, body))
        due += spans / rate if rate else 0
    return table


def _post(connection: http.client.HTTPConnection, path: str, body: bytes, headers: dict[str, str]) -> bool:
    connection.request("POST", path, body, headers)
    reply = connection.getresponse()
    reply.read()
    return reply.status == http.client.OK


def _percentile(values: list[float], share: float) -> float:
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def _tree(pid: int) -> list[int]:
    children = Path(f"/proc/{pid}/task/{pid}/children")
    try:
        return [pid, *(p for child in children.read_text().split() for p in _tree(int(child)))]
    except OSError:
        return [pid]


def cpu_seconds(pid: int) -> float:
    """User and system seconds of a process tree, ended children included (proc(5), fields 14-17)."""
    total = 0
    for process in _tree(pid):
        try:
            fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
        except OSError:
            continue
        total += sum(map(int, fields[11:15]))
    return total / TICKS


def _peak_mb(pid: int) -> float:
    total = 0
    for process in _tree(pid):
        try:
            lines = Path(f"/proc/{process}/status").read_text().splitlines()
        except OSError:
            continue
        total += sum(int(line.split()[1]) for line in lines if line.startswith("VmHWM"))
    return total / 1024


def _disk(directory: Path) -> int:
    total = 0
    for path in directory.rglob("*"):
        try:
            total += path.stat().st_blocks * 512 if path.is_file() and path.parent.name != "spool" else 0
        except OSError:
            continue
    return total
