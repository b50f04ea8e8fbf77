"""A receiver with a spool, a fake store that keeps bodies, and bodies to send."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from ingest.spool import Spool


class MemoryStore:
    """Keeps what was loaded, once per token; `failures` are raised first, one a call."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.loaded: dict[str, list[bytes]] = {}
        self.calls: list[str] = []
        self.failures: list[Exception] = []
        self.poison: bytes | None = None
        self.poison_error: Exception = RuntimeError("unset")

    def load(self, bodies: Sequence[Any], token: str) -> None:
        with self.lock:
            self.calls.append(token)
            if self.failures:
                raise self.failures.pop(0)
            if self.poison is not None and any(self.poison in body.payload for body in bodies):
                raise self.poison_error
            self.loaded.setdefault(token, [body.payload for body in bodies])

    @property
    def payloads(self) -> list[bytes]:
        with self.lock:
            return [payload for batch in self.loaded.values() for payload in batch]


@pytest.fixture
def store() -> MemoryStore:
    return MemoryStore()


@pytest.fixture
def spool(tmp_path: Path) -> Iterator[Spool]:
    queue = Spool(tmp_path / "spool", 64 << 20)
    yield queue
    queue.close()
