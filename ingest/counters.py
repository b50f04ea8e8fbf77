"""What ingest counted since the process started, for the metrics page and for tests."""

from __future__ import annotations

import threading
from collections import Counter
from typing import NamedTuple


class Series(NamedTuple):
    """One counter: a name and its label values in alphabetical order of the labels."""

    name: str
    labels: tuple[tuple[str, str], ...]


class Counters:
    """Thread-safe counters by name and labels.

    Names in use: `requests` (signal, transport, status), `spans`, `log_records`, `data_points`, `body_bytes` (signal),
    `rejected` (signal), `redactions` (type), `batches`, `batch_retries`, `dead_letters`, `loaded_spans`.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._values: Counter[Series] = Counter()

    def add(self, name: str, amount: int = 1, **labels: str) -> None:
        """Add `amount` to the counter of that name and those labels."""
        series = Series(name, tuple(sorted(labels.items())))
        with self._lock:
            self._values[series] += amount

    def value(self, name: str, **labels: str) -> int:
        """Sum over all series of that name that carry at least those labels."""
        wanted = set(labels.items())
        with self._lock:
            return sum(v for series, v in self._values.items() if series.name == name and wanted <= set(series.labels))

    def snapshot(self) -> dict[Series, int]:
        """All series at this moment."""
        with self._lock:
            return dict(self._values)
