"""Bounds on what one request, one span and one key may cost."""

from __future__ import annotations

from dataclasses import dataclass

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
    """

    body_bytes: int = 64 * MIB
    decompressed_bytes: int = 64 * MIB
    buffered_bytes: int = 256 * MIB
    body_seconds: float = 60
    attributes_per_span: int = 4096
    span_bytes: int = 16 * MIB
