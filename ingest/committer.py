"""One thread that writes: all work waiting at the same moment shares one transaction, and so one flush to disk.

Group commit is what lets an answer wait for the disk without each answer paying for a flush of its own.
"""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

import lmdb

from ingest.errors import Busy, Cause

T = TypeVar("T")
MAX_GROUP = 512


@dataclass(frozen=True, slots=True)
class _Work(Generic[T]):
    run: Callable[[Any], T]
    then: Callable[[T], None] | None
    future: Future[T]


def _unwritable(error: lmdb.Error | OSError) -> Busy:
    return Busy(Cause.UNAVAILABLE, f"the spool cannot be written ({error}): free or repair its disk", 5)


class Committer:
    """Runs functions inside write transactions of one LMDB environment.

    Args:
        environment: Opened with its default, flushing commits.
    """

    def __init__(self, environment: Any) -> None:
        self._environment = environment
        self._queue: queue.SimpleQueue[_Work[Any] | None] = queue.SimpleQueue()
        self._closed = False
        self._gate = threading.Lock()
        self._thread = threading.Thread(target=self._loop, name="spool-commit", daemon=True)
        self._thread.start()

    def submit(self, run: Callable[[Any], T], then: Callable[[T], None] | None = None) -> Future[T]:
        """Queue `run(transaction)`; the future has its result once the transaction is on disk.

        `run` may be called twice (the first transaction may be undone), so changes in memory belong in `then(result)`,
        which is called once, after the flush and before the future. Both run on the writing thread.
        The future's exception is `Busy` when the disk refused, or whatever `run` raised.
        """
        future: Future[T] = Future()
        with self._gate:
            if self._closed:
                raise Busy(Cause.UNAVAILABLE, "the spool is closing; try again")
            self._queue.put(_Work(run, then, future))
        return future

    def close(self) -> None:
        """Finish what is queued, then stop. Later `submit` calls raise `Busy`."""
        with self._gate:
            if self._closed:
                return
            self._closed = True
            self._queue.put(None)
        self._thread.join()

    def _loop(self) -> None:
        while (first := self._queue.get()) is not None:
            group, more = self._collect(first)
            live = [work for work in group if work.future.set_running_or_notify_cancel()]
            if live:
                self._commit(live)
            if not more:
                return

    def _collect(self, first: _Work[Any]) -> tuple[list[_Work[Any]], bool]:
        group = [first]
        while len(group) < MAX_GROUP:
            try:
                work = self._queue.get_nowait()
            except queue.Empty:
                break
            if work is None:
                return group, False
            group.append(work)
        return group, True

    def _commit(self, group: list[_Work[Any]]) -> None:
        try:
            with self._environment.begin(write=True) as transaction:
                results = [work.run(transaction) for work in group]
        except Exception as error:  # noqa: BLE001 - goes to whoever waits for the result
            self._fail(group, error)
            return
        for work, result in zip(group, results, strict=True):
            if work.then is not None:
                work.then(result)
            work.future.set_result(result)

    def _fail(self, group: list[_Work[Any]], error: Exception) -> None:
        # Alone, each gets its own chance: an append that finds the disk full must not take a delete down with it.
        if len(group) > 1:
            for work in group:
                self._commit([work])
            return
        reason = _unwritable(error) if isinstance(error, lmdb.Error | OSError) else error
        group[0].future.set_exception(reason)
