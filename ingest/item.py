"""What the spool holds: items, their heads, and the batches that bind them to a token."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from typing import Literal

import orjson

from store.traces import Body

Signal = Literal["traces", "logs"]


@dataclass(frozen=True, slots=True)
class Head:
    """What is known of an item without its body."""

    project: str
    signal: Signal
    received_ns: int
    spans: int
    size: int

    def encode(self) -> bytes:
        """As stored."""
        return orjson.dumps([self.project, self.signal, self.received_ns, self.spans, self.size])

    @staticmethod
    def decode(raw: bytes) -> Head:
        """Inverse of `encode`."""
        return Head(*orjson.loads(raw))


@dataclass(frozen=True, slots=True)
class Item:
    """One acknowledged request: `payload` is a serialized, checked Export*ServiceRequest."""

    seq: int
    head: Head
    payload: bytes | memoryview

    def body(self) -> Body:
        """As the store takes it."""
        return Body(self.head.project, self.head.signal, self.head.received_ns, self.payload)


@dataclass(frozen=True, slots=True)
class Batch:
    """Items `first`..`last` (both included) that are loaded together, always under the same token."""

    token: str
    first: int
    last: int

    def encode(self) -> bytes:
        """As stored under `key(first)`."""
        return orjson.dumps([self.token, self.last])

    @staticmethod
    def decode(raw_key: bytes, raw: bytes) -> Batch:
        """Inverse of `encode`."""
        token, last = orjson.loads(raw)
        return Batch(token, int.from_bytes(raw_key, "big"), last)


@dataclass(slots=True)
class Backlog:
    """What waits: `ready` items are in no batch yet, `held` bytes are everything on disk, dead items included."""

    ready_items: int = 0
    ready_spans: int = 0
    ready_bytes: int = 0
    held_bytes: int = 0
    dead_items: int = 0
    open_batches: int = 0

    def add_ready(self, head: Head, sign: int = 1) -> None:
        """Count one item as ready, or with `sign` -1 no longer so."""
        self.ready_items += sign
        self.ready_spans += sign * head.spans
        self.ready_bytes += sign * head.size


def key(seq: int) -> bytes:
    """LMDB key: big-endian, so that keys sort like numbers."""
    return seq.to_bytes(8, "big")


def new_token() -> str:
    """A deduplication token no other batch has."""
    return uuid.uuid4().hex
