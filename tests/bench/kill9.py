"""kill -9 at random instants under load: `python -m tests.bench.kill9 [ROUNDS [MINUTES [SEED]]]`; the tests run 20.

Every round starts a receiver on the same directory, sends from several threads, kills the process at a random instant
and notes which requests were answered 2xx. In the end the store must hold every acknowledged span, each exactly once;
unacknowledged requests are sent again, as an SDK would.
"""

from __future__ import annotations

import json
import random
import subprocess
import sys
import tempfile
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

import httpx

from tests.bench.bodies import body

ROUNDS = 1000
SPANS = 24
SENDERS = 4
ROOT = Path(__file__).resolve().parents[2]


@dataclass
class Sent:
    """What the senders know.

    Attributes:
        acknowledged: Seeds of bodies answered 2xx.
        repeat: Seeds of bodies whose answer never came.
        next_seed: Of the next new body.
    """

    acknowledged: set[int] = field(default_factory=set)
    repeat: list[int] = field(default_factory=list)
    next_seed: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)

    def take(self) -> int:
        """The next body to send: one that was not acknowledged before a new one."""
        with self.lock:
            if self.repeat:
                return self.repeat.pop()
            self.next_seed += 1
            return self.next_seed


def run(directory: Path, rounds: int, seed: int = 0, minutes: float = 1e9) -> dict[str, int]:
    """The rounds; returns counts to compare: `acknowledged` spans against `distinct` and `rows` in the store.

    `waiting` is 0 unless the store did not take the backlog in ten minutes; then the counts say nothing yet.

    Args:
        directory: For the receiver's data; empty.
        rounds: How often to kill, at most.
        seed: Of the instants.
        minutes: When to stop before that.
    """
    rng, sent = random.Random(seed), Sent()  # noqa: S311 - picks instants, no secret
    deadline, done = time.monotonic() + 60 * minutes, 0
    while done < rounds and time.monotonic() < deadline:
        _round(directory, sent, rng.uniform(0.05, 0.6))
        done += 1
    with Receiver(directory) as receiver:
        while sent.repeat:
            seed_again = sent.repeat.pop()
            receiver.send(seed_again)
            sent.acknowledged.add(seed_again)
        counts = receiver.settle()
    return {
        "rounds": done,
        "acknowledged": len(sent.acknowledged) * SPANS,
        "distinct": counts["count"],
        "rows": counts["rows"],
        "dead": counts["dead"],
        "waiting": counts["waiting"],
    }


class Receiver:
    """One receiver process on a directory."""

    def __init__(self, directory: Path) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tests.bench.receiver", str(directory)], stdout=subprocess.PIPE, cwd=ROOT
        )
        assert self.process.stdout is not None
        started = json.loads(self.process.stdout.readline())
        self.url = f"http://127.0.0.1:{started['port']}"
        self.headers = {"content-type": "application/x-protobuf", "x-api-key": started["key"]}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.end()

    def send(self, seed: int) -> None:
        """Post one body and insist on 200."""
        reply = httpx.post(f"{self.url}/v1/traces", content=body(seed, SPANS), headers=self.headers, timeout=30)
        reply.raise_for_status()

    def settle(self, seconds: float = 600) -> dict[str, int]:
        """The store's counts once nothing waits."""
        deadline = time.monotonic() + seconds
        while True:
            counts: dict[str, int] = httpx.get(f"{self.url}/count", timeout=30).json()
            if not counts["waiting"] or time.monotonic() > deadline:
                return counts
            time.sleep(0.1)

    def kill(self) -> None:
        """End it without a word."""
        self.process.kill()
        self._reap()

    def end(self) -> None:
        """End it in order."""
        self.process.terminate()
        self._reap()

    def _reap(self) -> None:
        self.process.wait(30)
        if self.process.stdout is not None:
            self.process.stdout.close()


def _round(directory: Path, sent: Sent, seconds: float) -> None:
    receiver = Receiver(directory)
    threads = [threading.Thread(target=_sender, args=(receiver, sent)) for _ in range(SENDERS)]
    for thread in threads:
        thread.start()
    time.sleep(seconds)
    receiver.kill()
    for thread in threads:
        thread.join()


def _sender(receiver: Receiver, sent: Sent) -> None:
    with httpx.Client(headers=receiver.headers, timeout=30) as client:
        while True:
            seed = sent.take()
            try:
                ok = client.post(f"{receiver.url}/v1/traces", content=body(seed, SPANS)).status_code == httpx.codes.OK
            except httpx.TransportError:
                ok = False
            with sent.lock:
                if not ok:
                    sent.repeat.append(seed)
                    return
                sent.acknowledged.add(seed)


def main() -> None:
    """Print the counts."""
    rounds, minutes, seed = ([*sys.argv[1:], *(None,) * 3])[:3]
    with tempfile.TemporaryDirectory() as place:
        counts = run(Path(place), int(rounds or ROUNDS), int(seed or 0), float(minutes or 1e9))
    print(json.dumps(counts))  # noqa: T201 - a script


if __name__ == "__main__":
    main()
