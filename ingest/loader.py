"""From the spool to the store: large batches, exactly once, and nothing that one bad body can stop.

A batch is due when enough spans or bytes wait or the oldest has waited long enough: 10,000 spans at once load six
times faster than 512 (the engine parses and sorts a block at a time). Measured under full load, CPU ms for 1,000 spans:
batches of 10,000 50, 20,000 33, 40,000 32, at 180 MB of peak memory for every 10,000: larger ones leave fewer parts to
merge. Two threads: while the engine is at one batch, the next is written down for it, a tenth more spans a second.

Its token is on disk before the first try. An error that may pass is tried again under the same token, for ever, with a
growing pause: the spool fills, then senders are told to wait. An error of the data itself means a body the store cannot
read: the batch is halved until that body is alone, and that one is buried. A permanent error that is not about data (a
wrong password, a missing table) is waited out too: it would bury everything.
"""

from __future__ import annotations

import logging
import random
import threading
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final, Protocol

from conversation.errors import FloorlineError, PermanentError
from ingest.counters import Counters
from ingest.dead_letters import DeadLetters
from ingest.item import Batch
from ingest.items import Items
from ingest.spool import Spool
from store.errors import PermanentStoreError
from store.traces import Body

# Codes of ClickHouse's `src/Common/ErrorCodes.cpp` that speak of the inserted bytes.
DATA_CODES: Final = frozenset(
    {
        6,  # CANNOT_PARSE_TEXT
        26,  # CANNOT_PARSE_QUOTED_STRING
        27,  # CANNOT_PARSE_INPUT_ASSERTION_FAILED
        32,  # ATTEMPT_TO_READ_AFTER_EOF
        33,  # CANNOT_READ_ALL_DATA
        53,  # TYPE_MISMATCH
        69,  # ARGUMENT_OUT_OF_BOUND
        117,  # INCORRECT_DATA
        131,  # TOO_LARGE_STRING_SIZE
        321,  # VALUE_IS_OUT_OF_RANGE_OF_DATA_TYPE
        349,  # CANNOT_INSERT_NULL_IN_ORDINARY_COLUMN
    }
)
_LOG = logging.getLogger(__name__)


class Store(Protocol):
    """The part of `store.traces.TraceStore` the loader needs."""

    def load(self, bodies: Iterable[Body], token: str) -> None:
        """Store the bodies' spans and log records, once per token; a body's payload ends with the step to the next.

        Raises:
            RetryableError: The same call may work later.
            PermanentError: A body in the batch can never be loaded; nothing of the batch is stored.
        """
        ...


@dataclass(frozen=True, slots=True)
class Pace:
    """When batches go and how long failures wait.

    Attributes:
        spans: Load at once when so many wait; the most in one batch.
        size: The same in bytes.
        age_seconds: Load what there is when the oldest has waited so long.
        first_pause_seconds: After the first failure; doubles up to `longest_pause_seconds`, with jitter.
        longest_pause_seconds: Longest pause between tries.
    """

    spans: int = 20_000
    size: int = 50_000_000
    age_seconds: float = 0.5
    first_pause_seconds: float = 0.1
    longest_pause_seconds: float = 10.0


class Loader:
    """Threads that carry batches to the store.

    Args:
        spool: Where items wait.
        store: Where they go.
        threads: How many batches may be on their way at once; while one is parsed, the next is written down.
        pace: Batch sizes and pauses.
        counters: Where to count.
    """

    def __init__(
        self,
        spool: Spool,
        store: Store,
        *,
        threads: int = 2,
        pace: Pace | None = None,
        counters: Counters | None = None,
    ) -> None:
        self._spool, self._store, self._pace = spool, store, pace or Pace()
        self._dead = DeadLetters(spool)
        self._counters = counters or Counters()
        self._stop = threading.Event()
        self._lock = threading.Lock()
        self._left_behind: list[Batch] = []
        self._threads = [threading.Thread(target=self._run, name=f"loader-{n}", daemon=True) for n in range(threads)]

    def start(self) -> None:
        """Begin; batches a former process left behind go first, under their old tokens."""
        self._left_behind = self._spool.open_batches()
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """Finish the batches on their way, or leave them to the next start when the store is away."""
        self._stop.set()
        self._spool.wake()
        for thread in self._threads:
            if thread.ident is not None:
                thread.join()

    def drain(self, timeout_seconds: float = 60) -> bool:
        """Wait until everything acknowledged so far is in the store or dead; False when time ran out."""
        return self._spool.wait_empty(timeout_seconds)

    def _run(self) -> None:
        while not self._stop.is_set():
            batch = None
            try:
                batch = self._next()
                if batch is not None:
                    self._deliver(batch)
            except Exception:  # noqa: BLE001 - whatever it was, the next batch must still go out
                _LOG.exception("the loader failed; it goes on")
                if batch is not None:
                    self._take_back(batch)
                self._stop.wait(self._pace.longest_pause_seconds)

    def _take_back(self, batch: Batch) -> None:
        """Try again what is left of a batch, which may have been split meanwhile."""
        with self._lock:
            self._left_behind += [b for b in self._spool.open_batches() if batch.first <= b.first <= batch.last]

    def _next(self) -> Batch | None:
        with self._lock:
            if self._left_behind:
                return self._left_behind.pop(0)
        if not self._spool.wait(self._pace.spans, self._pace.size, self._pace.age_seconds, 1.0):
            return None
        return self._spool.claim(self._pace.spans, self._pace.size)

    def _deliver(self, batch: Batch) -> None:
        items = self._spool.read(batch)
        failures = 0
        while items:
            try:
                self._store.load(items.as_bodies(), batch.token)
                break
            except Exception as error:  # noqa: BLE001 - not known to be hopeless, so tried again
                if _speaks_of_data(error):
                    self._isolate(batch, items, error)
                    return
                failures += 1
                self._report(failures, error)
                if self._stop.wait(self._pause(failures)):
                    return  # the batch stays on disk with its token
        self._spool.complete(batch)
        self._counters.add("batches")
        self._counters.add("loaded_spans", items.spans())

    def _isolate(self, batch: Batch, items: Items, error: Exception) -> None:
        if len(items) > 1:
            for half in self._spool.split(batch):
                self._deliver(half)
            return
        _LOG.warning("a request body was set aside: %s", error)
        self._dead.bury(batch, str(error))
        self._counters.add("dead_letters")

    def _pause(self, failures: int) -> float:
        longest: float = min(
            self._pace.longest_pause_seconds, self._pace.first_pause_seconds * 2 ** min(failures - 1, 16)
        )
        spread: float = random.uniform(0.5, 1.0)  # noqa: S311 - spreads retries, no secret
        return longest * spread

    def _report(self, failures: int, error: Exception) -> None:
        self._counters.add("batch_retries")
        if failures == 1 or failures % 10 == 0:
            _LOG.warning(
                "the store did not take a batch (try %d): %s",
                failures,
                error,
                exc_info=not isinstance(error, FloorlineError),
            )


def _speaks_of_data(error: Exception) -> bool:
    if isinstance(error, PermanentStoreError):
        return error.code in DATA_CODES
    return isinstance(error, PermanentError)
