"""Runs a scorer so that it cannot hold up or bring down the rest: with a time limit, in a thread or a process.

A thread that overruns is told to stop by an exception raised inside it, and abandoned. That cannot stop code that
hangs inside C (a runaway regular expression); a process can be killed, at the price of copying the conversation to it.
"""

from __future__ import annotations

import ctypes
import os
import pickle
import select
import struct
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import IO, Any, ClassVar, Generic, TypeAlias, TypeVar

from conversation.errors import FloorlineError
from conversation.model import Conversation
from conversation.verdict import Score
from scoring.protocol import Context, Parameters
from scoring.scorecard_config import ScorerConfig

T = TypeVar("T")
Step: TypeAlias = "Callable[[int, Sequence[T]], T]"
_HEADER = struct.Struct("!Q")
_START_SECONDS = 30.0


class TimeLimitError(FloorlineError):
    """A scorer took longer than it may."""

    @classmethod
    def after(cls, limit_seconds: float) -> TimeLimitError:
        """The error of a scorer that overran this limit."""
        return cls(f"time limit of {limit_seconds:g} s passed")


class ScorerError(FloorlineError):
    """A scorer in a process of its own raised, or its process ended."""


class _Stop(BaseException):
    """Raised inside a thread that overran; not an Exception, so that a scorer's `except Exception` lets it through."""


class _Steps(Generic[T]):
    """Steps taken one after the other by a worker thread.

    `at` is the number of the step being taken and when it began, by `time.monotonic`. A worker that was abandoned goes
    on with its own object, so that nothing it still does is seen.
    """

    def __init__(self, step: Step[T], count: int, done: list[T]) -> None:
        self.step = step
        self.count = count
        self.done = done
        self.at = (len(done), time.monotonic())
        self.ended: SimpleQueue[Exception | None] = SimpleQueue()

    def take(self) -> None:
        """Take the steps that are left."""
        try:
            while len(self.done) < self.count:
                self.at = (len(self.done), time.monotonic())
                self.done.append(self.step(self.at[0], self.done))
        except Exception as error:  # noqa: BLE001 - carried to the caller, who raises it
            self.ended.put(error)
        else:
            self.ended.put(None)


class Thread:
    """A worker thread that takes steps, each under a limit; a fresh thread replaces one that overran.

    One hand-over for all steps of a conversation: handing each scorer to the worker took a tenth of grading.
    """

    def __init__(self) -> None:
        self._waiting: SimpleQueue[_Steps[Any] | None] = SimpleQueue()
        self._worker: threading.Thread | None = None

    def run(self, step: Step[T], limits: Sequence[float | None], late: Callable[[int], T]) -> list[T]:
        """What the steps gave, in order; what one raises ends them and is raised.

        Args:
            step: Takes a step, given its number and what the steps before it gave.
            limits: Seconds each may take; None for one that keeps a limit of its own.
            late: What is put in the place of a step that took longer.
        """
        steps = self._started(_Steps(step, len(limits), []))
        while True:
            number, began = steps.at
            limit = limits[number] if number < len(limits) else None
            try:
                error = steps.ended.get(timeout=None if limit is None else max(0.0, began + limit - time.monotonic()))
            except Empty:
                if steps.at != (number, began):
                    continue
                done = steps.done[:number]
                self._abandon()
                steps = self._started(_Steps(step, len(limits), [*done, late(number)]))
                continue
            if error is not None:
                raise error
            return steps.done

    def close(self) -> None:
        """Let the thread end."""
        if self._worker is not None:
            self._waiting.put(None)
            self._worker = None

    def _started(self, steps: _Steps[T]) -> _Steps[T]:
        if self._worker is None:
            self._worker = threading.Thread(target=_work, args=(self._waiting,), name="floorline-scorer", daemon=True)
            self._worker.start()
        self._waiting.put(steps)
        return steps

    def _abandon(self) -> None:
        """Ask the overrunning thread to stop, and use another from now on."""
        worker, self._worker = self._worker, None
        self._waiting.put(None)
        self._waiting = SimpleQueue()
        if worker is not None and worker.ident is not None:
            ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(worker.ident), ctypes.py_object(_Stop))


def _work(waiting: SimpleQueue[_Steps[Any] | None]) -> None:
    """Body of a worker thread."""
    try:
        while (steps := waiting.get()) is not None:
            steps.take()
    except _Stop:
        return


class ProcessScorer:
    """A scorer that runs in a Python process of its own, started on first use and again after it died."""

    name: ClassVar[str] = "process"
    version: ClassVar[str] = "1"
    parameters_type: ClassVar[type[Parameters]] = Parameters

    def __init__(self, config: ScorerConfig, folder: Path, parameters: Parameters) -> None:
        self._reference = config.python or ""
        self._registered = config.registered
        self._folder = folder
        self._parameters = parameters.model_dump(mode="json")
        self._limit = config.time_limit_seconds
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None

    def score(self, conversation: Conversation, context: Context) -> Iterable[Score]:
        """Scores of one conversation, within the time limit.

        Raises:
            TimeLimitError: It took too long; the process was killed.
            ScorerError: It raised, or its process ended.
        """
        with self._lock:
            process = self._running()
            try:
                _send(process, pickle.dumps((conversation, context)))
                fine, value = _receive(process, self._limit)
            except TimeLimitError:
                self._kill()
                raise
            except (OSError, EOFError) as error:
                self._kill()
                raise ScorerError("its process ended while it scored") from error
        if not fine:
            raise ScorerError(str(value))
        return tuple(item for item in value if isinstance(item, Score))

    def close(self) -> None:
        """End the process."""
        with self._lock:
            self._kill()

    def _running(self) -> subprocess.Popen[bytes]:
        """The process, started if need be."""
        if self._process is not None and self._process.poll() is None:
            return self._process
        self._kill()
        root = str(Path(__file__).resolve().parent.parent)
        inherited = os.pathsep.join(entry for entry in sys.path if entry)
        self._process = subprocess.Popen(
            [sys.executable, "-m", "scoring.worker"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            cwd=self._folder,
            env={"PYTHONPATH": os.pathsep.join((root, inherited))},
        )
        _send(self._process, pickle.dumps((self._reference, self._registered, str(self._folder), self._parameters)))
        fine, value = _receive(self._process, _START_SECONDS)
        if not fine:
            self._kill()
            raise ScorerError(str(value))
        return self._process

    def _kill(self) -> None:
        if self._process is None:
            return
        self._process.kill()
        for stream in (self._process.stdin, self._process.stdout):
            if stream is not None:
                try:
                    stream.close()
                except OSError:  # bytes that never reached the dead process
                    continue
        self._process.wait()
        self._process = None


def write_frame(stream: IO[bytes], body: bytes) -> None:
    """Write one length-prefixed body."""
    stream.write(_HEADER.pack(len(body)) + body)
    stream.flush()


def read_frame(stream: IO[bytes]) -> bytes:
    """Read one length-prefixed body.

    Raises:
        EOFError: The other side closed the pipe.
    """
    header = stream.read(_HEADER.size)
    if len(header) < _HEADER.size:
        raise EOFError
    return stream.read(_HEADER.unpack(header)[0])


def _send(process: subprocess.Popen[bytes], body: bytes) -> None:
    if process.stdin is None:
        raise EOFError
    write_frame(process.stdin, body)


def _receive(process: subprocess.Popen[bytes], limit_seconds: float) -> tuple[bool, tuple[object, ...] | str]:
    """The child's answer; read as it comes, so that a child that stops half-way cannot hold us."""
    if process.stdout is None:
        raise EOFError
    handle, deadline, got = process.stdout.fileno(), time.monotonic() + limit_seconds, bytearray()
    # Not `select`: it takes no file number above 1023, and a store with many parts has more files open.
    waiting = select.poll()
    waiting.register(handle, select.POLLIN)
    while len(got) < _HEADER.size or len(got) < _HEADER.size + _HEADER.unpack_from(got)[0]:
        if not waiting.poll(max(0.0, deadline - time.monotonic()) * 1000):
            raise TimeLimitError.after(limit_seconds)
        chunk = os.read(handle, 1 << 16)
        if not chunk:
            raise EOFError
        got += chunk
    answer: tuple[bool, tuple[object, ...] | str] = pickle.loads(got[_HEADER.size :])  # noqa: S301 - bytes of our own child process
    return answer
