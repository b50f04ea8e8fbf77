"""Notifications that wait for delivery: one small file each, so that a restart or a receiver's outage loses none.

    put -> FOLDER/<id>.json -> waiting -> sent: remove
                                       -> failed: postpone, twice as long each time; too old: remove

A file is written whole or not at all (rename after fsync). Bounded: when full, the oldest leaves and is told. One
process owns the folder.
"""

from __future__ import annotations

import json
import os
import uuid
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

LIMIT = 10_000
FIRST_DELAY_NS = 5_000_000_000
LONGEST_DELAY_NS = 3_600_000_000_000
OLDEST_NS = 86_400_000_000_000
"""A notification a day old is given up: the incident itself is kept in any case."""


@dataclass(frozen=True, slots=True)
class Waiting:
    """One notification to one channel."""

    id: str
    channel: str
    document: Mapping[str, Any]
    created_ns: int
    due_ns: int
    attempts: int = 0


class Outbox:
    """The waiting notifications of a folder.

    Args:
        folder: Created if absent.
        limit: Most notifications that wait.
    """

    def __init__(self, folder: Path, limit: int = LIMIT) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._folder = folder
        self._limit = limit
        self._last = max((waiting.created_ns for waiting in self.waiting()), default=0)

    def put(self, channel: str, document: Mapping[str, Any], now_ns: int) -> list[Waiting]:
        """Keep a notification that is due at once; answers those that had to leave for it."""
        # Names sort by age: what comes in the same instant, or after a step back of the clock, still comes after.
        self._last = max(now_ns, self._last + 1)
        self._write(Waiting(f"{self._last:020d}-{uuid.uuid4().hex[:12]}", channel, document, self._last, now_ns))
        waiting = self._names()
        dropped = [found for name in waiting[: -self._limit] if (found := self._read(name)) is not None]
        for found in dropped:
            self.remove(found)
        return dropped

    def waiting(self) -> list[Waiting]:
        """All notifications, due or not, oldest first."""
        found = (self._read(name) for name in self._names())
        return [waiting for waiting in found if waiting is not None]

    def postpone(self, waiting: Waiting, now_ns: int, after_seconds: float | None = None) -> bool:
        """Try again later, after the receiver's own delay if longer; False where it is too old and was removed."""
        if now_ns - waiting.created_ns >= OLDEST_NS:
            self.remove(waiting)
            return False
        delay = min(LONGEST_DELAY_NS, FIRST_DELAY_NS << min(waiting.attempts, 20))
        delay = max(delay, int((after_seconds or 0) * 1e9))
        self._write(replace(waiting, attempts=waiting.attempts + 1, due_ns=now_ns + delay))
        return True

    def remove(self, waiting: Waiting) -> None:
        """Delivered or given up."""
        (self._folder / f"{waiting.id}.json").unlink(missing_ok=True)

    def __len__(self) -> int:
        return len(self._names())

    def _names(self) -> list[str]:
        return sorted(path.name for path in self._folder.glob("*.json"))

    def _read(self, name: str) -> Waiting | None:
        """None where it was removed meanwhile or cannot be read."""
        try:
            return Waiting(**json.loads((self._folder / name).read_text(encoding="utf-8")))
        except (OSError, ValueError, TypeError):
            return None

    def _write(self, waiting: Waiting) -> None:
        path = self._folder / f"{waiting.id}.json"
        part = path.with_suffix(".part")
        with part.open("w", encoding="utf-8") as file:
            json.dump(asdict(waiting), file)
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
