"""The clock of one trial: real time, moved on by recorded waits instead of sleeping through them."""

from __future__ import annotations

from collections.abc import Callable


class TrialClock:
    """Real time plus what recordings say passed; one to a trial.

    Args:
        now_ns: The real clock, nanoseconds since the epoch.
    """

    def __init__(self, now_ns: Callable[[], int]) -> None:
        self._now_ns, self._skipped_ns = now_ns, 0
        self.started_ns = now_ns()

    def skip(self, seconds: float) -> None:
        """Let recorded seconds pass at once."""
        self._skipped_ns += max(0, int(seconds * 1e9))

    def offset_seconds(self) -> float:
        """Seconds since the trial began, recorded waits included."""
        return (self._now_ns() + self._skipped_ns - self.started_ns) / 1e9

    def real_seconds(self) -> float:
        """Seconds that really passed."""
        return (self._now_ns() - self.started_ns) / 1e9
