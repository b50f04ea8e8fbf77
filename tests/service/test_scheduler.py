"""Recurring work."""

from __future__ import annotations

import threading
import time

from service.scheduler import Scheduler

PATIENCE_SECONDS = 20


def _quiet(name: str) -> None:
    del name


def test_a_job_with_a_backlog_starts_again_at_once_and_stops_when_told() -> None:
    scheduler = Scheduler(_quiet, _quiet)
    runs, ready = list[float](), threading.Event()

    def job() -> None:
        runs.append(time.monotonic())
        if len(runs) == 3:
            ready.set()
        time.sleep(0.3)

    scheduler.every(0.25, "slow", job, at_once=True, catch_up=True)
    scheduler.start()
    assert ready.wait(PATIENCE_SECONDS)
    scheduler.stop()
    done = len(runs)
    time.sleep(0.5)
    assert len(runs) == done


def test_a_job_runs_at_the_start_only_if_asked_to() -> None:
    scheduler = Scheduler(_quiet, _quiet)
    ran = {name: threading.Event() for name in ("at once", "later")}
    scheduler.every(3600, "at once", ran["at once"].set, at_once=True)
    scheduler.every(3600, "later", ran["later"].set)
    scheduler.start()
    assert ran["at once"].wait(PATIENCE_SECONDS)
    scheduler.stop()
    assert not ran["later"].is_set()


def test_a_job_that_fails_is_reported_and_runs_again() -> None:
    failed, again = list[str](), threading.Event()

    def note(name: str) -> None:
        failed.append(name)
        if len(failed) == 2:
            again.set()

    def job() -> None:
        raise ValueError("no")

    scheduler = Scheduler(note, _quiet)
    scheduler.every(0.05, "broken", job, catch_up=True)
    scheduler.start()
    assert again.wait(PATIENCE_SECONDS)
    scheduler.stop()
    assert set(failed) == {"broken"}
