"""Recurring work on APScheduler 3.x: every job in memory, one run at a time, catch-up by its own watermark.

Missed ticks need no store: each job looks at what is due, so one run covers all that was missed (`coalesce`,
no misfire limit). The only importer of APScheduler.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from datetime import UTC, datetime
from threading import Lock

from apscheduler.events import EVENT_JOB_ERROR, EVENT_JOB_MAX_INSTANCES, JobEvent
from apscheduler.executors.pool import ThreadPoolExecutor
from apscheduler.schedulers.background import BackgroundScheduler

log = logging.getLogger(__name__)


class Scheduler:
    """Runs jobs in threads at fixed intervals; a job that is still running is not started again.

    Args:
        on_failure: Called with the job's name when a run raised.
        on_overrun: Called with the job's name when a tick found it still running.
    """

    def __init__(self, on_failure: Callable[[str], None], on_overrun: Callable[[str], None]) -> None:
        self._scheduler = BackgroundScheduler(
            timezone="UTC",
            executors={"default": ThreadPoolExecutor(4)},
            job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": None},
        )
        self._on_failure = on_failure
        self._on_overrun = on_overrun
        self._locks: list[Lock] = []
        self._stopping = False
        self._scheduler.add_listener(self._heard, EVENT_JOB_ERROR | EVENT_JOB_MAX_INSTANCES)

    def every(
        self,
        seconds: float,
        name: str,
        job: Callable[[], object],
        *,
        at_once: bool = False,
        catch_up: bool = False,
    ) -> None:
        """Run `job` every `seconds`.

        Args:
            seconds: From one start to the next.
            name: Its name in metrics and logs.
            job: What to run.
            at_once: For the first time as soon as the scheduler starts, else after `seconds`.
            catch_up: Start again at once after a run that took longer than `seconds`, instead of at the next tick: a
                job with a backlog would stand still for up to half of the time.
        """
        lock = Lock()
        self._locks.append(lock)

        def run() -> None:
            with lock:
                took = seconds
                while took >= seconds:
                    began = time.monotonic()
                    job()
                    took = time.monotonic() - began if catch_up and not self._stopping else 0.0

        first = {"next_run_time": datetime.now(UTC)} if at_once else {}
        self._scheduler.add_job(run, "interval", seconds=seconds, id=name, name=name, **first)

    def start(self) -> None:
        """Begin to run jobs."""
        self._scheduler.start()

    def stop(self) -> None:
        """Take no further ticks and wait for the jobs that run now.

        APScheduler's own `shutdown(wait=True)` may leave running work behind, so each job's lock is waited for.
        """
        self._stopping = True
        if self._scheduler.running:
            self._scheduler.pause()
            for lock in self._locks:
                with lock:
                    pass
            self._scheduler.shutdown(wait=True)

    def _heard(self, event: JobEvent) -> None:
        if event.code == EVENT_JOB_MAX_INSTANCES:
            self._on_overrun(event.job_id)
            return
        log.error("job %s failed: %s", event.job_id, event.exception)
        self._on_failure(event.job_id)
