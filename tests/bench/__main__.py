"""`make bench`: how fast, at what cost and how small, beside a bare pipeline and peers, in one run on the same bodies.

`python -m tests.bench [--spans N] [--peer-spans N] [--rounds N] [--conversations N] [--no-peers]`. Ratios travel
between machines, figures do not. Bodies come from the shared load generator where it is there, else are made here.
"""

from __future__ import annotations

import argparse
import json
import socket
import statistics
import struct
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from rich.console import Console
from rich.table import Table

from tests.bench import grading, offline
from tests.bench.bodies import body
from tests.bench.labelled import CONVERSATIONS
from tests.bench.load import Bodies, Measured, measure
from tests.bench.targets import PEERS, SHARED, Peer, Target, bare_pipeline, floorline, install, start_peer

SENDERS = 4
OPEN_LOOP_RATE = 10_000
console = Console(width=150)


def main() -> None:
    """Run everything and print the table and the ratios."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--spans", type=int, default=100_000)
    parser.add_argument("--peer-spans", type=int, default=10_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--conversations", type=int, default=288)
    parser.add_argument("--no-peers", action="store_true")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="floorline-bench-") as place:
        _run(options, Path(place))


def _run(options: argparse.Namespace, place: Path) -> None:
    bodies = make_bodies(place, options.spans, 512)
    small = make_bodies(place, options.spans // 2, 64)
    results: list[Measured] = []
    pairs: list[tuple[Measured, Measured]] = []
    for round_ in range(options.rounds):
        ours = _one(place / f"floorline-{round_}", "floorline", floorline, bodies)
        results.append(ours)
        if SHARED.is_dir():
            bare = _one(place / f"bare-{round_}", "bare pipeline", lambda d: bare_pipeline(d, _free_port()), bodies)
            results.append(bare)
            pairs.append((ours, bare))
    open_loop = _one(place / "open", "floorline, 10,000 spans/s, 64 a request", floorline, small, rate=OPEN_LOOP_RATE)
    results.append(open_loop)
    mine = statistics.median(r.stored_per_second for r in results if r.name == "floorline")
    lines = [_against_bare(pairs)] if pairs else []
    if not options.no_peers:
        few = bodies[: max(1, options.peer_spans // 512)]
        for name, peer in PEERS.items():
            lines += _peer(place, name, peer, few, results=results, mine=mine)
    _show(results, lines)
    grading.show(grading.measure(place, options.conversations), console)
    if CONVERSATIONS.is_dir():
        offline.show([1, 4], console)


def make_bodies(place: Path, spans: int, per_request: int) -> Bodies:
    """(spans, body) pairs, from the shared generator where it is there."""
    if not (SHARED / "loadgen.py").is_file():
        return [(per_request, body(seed, per_request)) for seed in range(spans // per_request)]
    file = place / f"bodies-{per_request}.bin"
    arguments = ["build", "--spans", str(spans), "--per-request", str(per_request), "--out", str(file)]
    subprocess.run([sys.executable, str(SHARED / "loadgen.py"), *arguments], check=True, stdout=subprocess.DEVNULL)
    raw = file.read_bytes()
    head = json.loads(raw[-struct.unpack_from("<Q", raw, 8)[0] :])
    at, bodies = 16, []
    for _ in range(head["requests"]):
        count, size = struct.unpack_from("<IQ", raw, at)
        at += 12
        bodies.append((count, raw[at : at + size]))
        at += size
    return bodies


def _one(
    directory: Path,
    name: str,
    start: Callable[[Path], Target],
    bodies: Bodies,
    *,
    rate: float = 0,
    seconds: float = 300,
) -> Measured:
    directory.mkdir()
    target = start(directory)
    try:
        return measure(name, target, bodies, senders=SENDERS, rate=rate, seconds=seconds)
    finally:
        target.stop()


def _peer(place: Path, name: str, peer: Peer, bodies: Bodies, *, results: list[Measured], mine: float) -> list[str]:
    with console.status(f"installing {peer.package}"):
        programs = install(peer, place / f"venv-{name}")
    if programs is None:
        return [f"{name}: skipped, {peer.package} cannot be installed here"]
    try:
        got = _one(
            place / f"peer-{name}", name, lambda d: start_peer(peer, programs, d, _free_port()), bodies, seconds=240
        )
    except (RuntimeError, OSError) as error:
        return [f"{name}: skipped, it did not run: {error}"]
    results.append(got)
    return [f"{name}: floorline stores {mine / got.stored_per_second:.0f} times as many spans a second"]


def _against_bare(pairs: list[tuple[Measured, Measured]]) -> str:
    cpu = statistics.median(ours.cpu / bare.cpu for ours, bare in pairs)
    speed = statistics.median(ours.stored_per_second / bare.stored_per_second for ours, bare in pairs)
    return f"bare pipeline: floorline takes {cpu:.2f} times its CPU for a span and reaches {speed:.2f} of its speed"


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _show(results: list[Measured], lines: list[str]) -> None:
    table = Table(
        "target",
        "spans",
        "stored",
        "acked/s",
        "stored/s",
        "ack p50 ms",
        "p99 ms",
        "CPU s/1,000",
        "B/span",
        "peak MB",
        "lag ms",
    )
    for r in results:
        numbers = (r.spans, r.stored, r.acked_per_second, r.stored_per_second)
        small = (r.ack_p50, r.ack_p99)
        last = (r.bytes_a_span, r.peak_mb, r.queryable_after)
        table.add_row(
            r.name,
            *(f"{n:,.0f}" for n in numbers),
            *(f"{n:.1f}" for n in small),
            f"{r.cpu:.4f}",
            *(f"{n:,.0f}" for n in last),
        )
    console.print(table)
    for line in lines:
        console.print(line)


if __name__ == "__main__":
    main()
