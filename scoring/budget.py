"""Limits by UTC day. Counting is in memory: each scoring process has its own count, and a restart begins a new one."""

from __future__ import annotations

import threading

DAY_NS = 86_400 * 1_000_000_000


class DayBudget:
    """A number of uses a UTC day; safe to use from several threads.

    Args:
        limit: Uses a day; None has no limit.
    """

    def __init__(self, limit: int | None) -> None:
        self._limit = limit
        self._lock = threading.Lock()
        self._day = -1
        self._used = 0

    def take(self, now_ns: int) -> bool:
        """Use one, if any is left today."""
        if self._limit is None:
            return True
        with self._lock:
            day = now_ns // DAY_NS
            if day != self._day:
                self._day, self._used = day, 0
            if self._used >= self._limit:
                return False
            self._used += 1
            return True
