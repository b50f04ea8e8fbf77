"""A real Floorline in a process of its own, on free ports."""

from __future__ import annotations

import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

PATIENCE_SECONDS = 60
_ADDRESS = re.compile(r"(OTLP over HTTP|OTLP over gRPC|Console)\s+(\S+)")


@dataclass
class Running:
    """One `floorline up`."""

    process: subprocess.Popen[str]
    otlp: str
    grpc: str
    api: str
    data: Path

    def get(self, path: str, **parameters: object) -> Any:
        """The JSON answer of the API."""
        answer = httpx.get(f"{self.api}{path}", params={k: str(v) for k, v in parameters.items()}, timeout=30)
        assert answer.status_code == httpx.codes.OK, answer.text
        return answer.json()

    def until(self, holds: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
        """The ledger once `holds` is true of it."""
        end = time.monotonic() + PATIENCE_SECONDS
        while time.monotonic() < end:
            ledger: dict[str, Any] = self.get("/api/v1/ledger")
            if holds(ledger):
                return ledger
            time.sleep(0.2)
        pytest.fail(f"not in {PATIENCE_SECONDS} s: {ledger}")

    def graded(self, conversations: int) -> dict[str, Any]:
        """The ledger once so many conversations are graded and nothing waits."""
        return self.until(lambda ledger: ledger["conversations"]["graded"] >= conversations and ledger["pending"] == 0)

    def kill(self) -> None:
        """End it without any warning."""
        self.process.kill()
        self.process.wait()

    def stop(self) -> int:
        """End it as an operator would."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(timeout=30)


def start(data: Path, *options: str) -> Running:
    """Start `floorline up` and wait until it listens."""
    command = [sys.executable, "-m", "service", "up", "--data", str(data), "--idle-seconds", "1"]
    if not options:
        options = ("--port", "0", "--otlp-http-port", "0", "--otlp-grpc-port", "0")
    process = subprocess.Popen([*command, *options], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    assert process.stdout is not None
    found: dict[str, str] = {}
    said = []
    for line in process.stdout:
        said.append(line)
        if match := _ADDRESS.search(line):
            found[match.group(1)] = match.group(2)
        if "Metrics" in line:
            break
    else:
        pytest.fail(f"floorline up did not start: {''.join(said)}")
    otlp = found["OTLP over HTTP"].removesuffix("/v1/traces")
    return Running(process, otlp, found["OTLP over gRPC"], found["Console"].rstrip("/"), data)


@pytest.fixture
def floorline(tmp_path: Path) -> Iterator[Running]:
    """A running Floorline with an empty store."""
    running = start(tmp_path / "data")
    yield running
    if running.process.poll() is None:
        running.process.terminate()
        running.process.wait(timeout=30)
    assert running.process.stdout is not None
    running.process.stdout.close()
