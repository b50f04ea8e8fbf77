"""Bounds on what one request, one span and one key may cost."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass

from ingest.errors import Busy, Cause

MIB = 1 << 20


@dataclass(frozen=True, slots=True)
class Limits:
    """All bounds of the receivers.

    Attributes:
        body_bytes: Size of a request as sent.
        decompressed_bytes: Size of a request after decompression.
        buffered_bytes: Bodies in memory at once, over all connections.
        body_seconds: How long a sender may take for one body.
        attributes_per_span: More on one span or log record, and it is rejected in `partial_success`.
        span_bytes: A larger span or log record is rejected in `partial_success`.
        key_bytes_per_second: What one API key may send in the long run; 0 for no limit.
        key_burst_bytes: What it may send at once after a pause.
    """

    body_bytes: int = 64 * MIB
    decompressed_bytes: int = 64 * MIB
    buffered_bytes: int = 256 * MIB
    body_seconds: float = 60
    attributes_per_span: int = 4096
    span_bytes: int = 16 * MIB
    key_bytes_per_second: float = 0
    key_burst_bytes: float = 0


class RateLimit:
    """A token bucket for each API key, in bytes as sent.

    Args:
        per_second: Bytes that come back each second; 0 for no limit.
        burst: Bytes a key that was quiet may send at once; at least one second's worth.
        clock: Monotonic seconds.
    """

    def __init__(self, per_second: float, burst: float, clock: Callable[[], float]) -> None:
        self._rate, self._burst, self._clock = per_second, max(burst, per_second), clock
        self._lock = threading.Lock()
        self._buckets: dict[str, tuple[float, float]] = {}

    def spend(self, key_id: str, size: int) -> None:
        """Take a request's bytes out of a key's bucket. The bucket may go into debt, so one large request passes.

        Raises:
            Busy: The bucket is empty (429), with the seconds until it is not.
        """
        if not self._rate:
            return
        with self._lock:
            now = self._clock()
            level, since = self._buckets.get(key_id, (self._burst, now))
            level = min(self._burst, level + (now - since) * self._rate)
            if level <= 0:
                self._buckets[key_id] = (level, now)
                raise Busy(Cause.THROTTLED, "this API key sends too fast; try again later", 1 - level / self._rate)
            self._buckets[key_id] = (level - size, now)
