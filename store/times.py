"""Times of rows: nanoseconds since the epoch, the hour a row is sorted by, and ISO text."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

SECOND_NS = 1_000_000_000
HOUR_NS = 3600 * SECOND_NS
# The range of ClickHouse's DateTime; a sender's clock may say anything.
_LAST_SECOND = 2**32 - 1


def hour_of(at_ns: int) -> datetime:
    """The start of the hour, within what ClickHouse can hold."""
    second = min(max(at_ns, 0) // SECOND_NS, _LAST_SECOND)
    return datetime.fromtimestamp(second - second % 3600, UTC)


def iso(at_ns: int | None) -> str | None:
    """`2026-11-21T04:05:06.000007Z`, to the microsecond; None stays None."""
    if at_ns is None:
        return None
    whole = datetime.fromtimestamp(at_ns // SECOND_NS, UTC) + timedelta(microseconds=at_ns % SECOND_NS // 1000)
    return whole.isoformat(timespec="microseconds").replace("+00:00", "Z")
