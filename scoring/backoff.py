"""Waiting times of conversations that could not be graded: doubling, bounded, one clock in."""

from __future__ import annotations

from dataclasses import dataclass

SECOND_NS = 1_000_000_000
Key = tuple[str, str]


@dataclass(frozen=True, slots=True)
class _Wait:
    attempts: int
    until_ns: int


class Backoff:
    """When each failing conversation may be tried again.

    Args:
        first_seconds: Wait after the first failure; each further one doubles it.
        longest_seconds: The wait never grows beyond this.
    """

    def __init__(self, first_seconds: float = 30.0, longest_seconds: float = 3600.0) -> None:
        self._first = first_seconds
        self._longest = longest_seconds
        self._waits: dict[Key, _Wait] = {}

    def failed(self, key: Key, now_ns: int) -> int:
        """Note a failure; returns how many there were."""
        attempts = self.attempts(key) + 1
        # The exponent is bounded before the power: 2.0 ** 1100 overflows after weeks of failures.
        seconds = min(self._longest, self._first * 2.0 ** min(attempts - 1, 40))
        self._waits[key] = _Wait(attempts, now_ns + int(seconds * SECOND_NS))
        return attempts

    def cleared(self, key: Key) -> None:
        """Note a success."""
        self._waits.pop(key, None)

    def attempts(self, key: Key) -> int:
        """Failures since the last success."""
        return self._waits[key].attempts if key in self._waits else 0

    def waiting(self, key: Key, now_ns: int) -> bool:
        """Whether it is too early to try again."""
        return key in self._waits and now_ns < self._waits[key].until_ns

    def __len__(self) -> int:
        return len(self._waits)
