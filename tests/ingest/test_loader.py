from __future__ import annotations

import threading
from pathlib import Path

import pytest

from conversation.errors import PermanentError, RetryableError
from ingest.dead_letters import DeadLetters
from ingest.loader import Loader, Pace
from ingest.spool import Spool
from store.errors import PermanentStoreError
from tests.ingest.conftest import MemoryStore

QUICK = Pace(spans=100, age_seconds=0.01, first_pause_seconds=0.001, longest_pause_seconds=0.005)


def fill(spool: Spool, count: int, spans: int = 10) -> None:
    for future in [spool.append("p", "traces", n, spans, b"body-%d;" % n) for n in range(count)]:
        future.result(10)


def run(spool: Spool, store: MemoryStore, threads: int = 1) -> None:
    loader = Loader(spool, store, pace=QUICK, threads=threads)
    loader.start()
    assert loader.drain(20)
    loader.stop()


def expected(count: int) -> list[bytes]:
    return sorted(b"body-%d;" % n for n in range(count))


@pytest.mark.parametrize("threads", [1, 3])
def test_everything_arrives_once_in_batches_of_bounded_size(spool: Spool, store: MemoryStore, threads: int) -> None:
    fill(spool, 55)
    run(spool, store, threads)
    assert sorted(store.payloads) == expected(55)
    assert max(len(batch) for batch in store.loaded.values()) <= 10


def test_a_failure_that_may_pass_is_tried_again_under_the_same_token(spool: Spool, store: MemoryStore) -> None:
    store.failures = [RetryableError("away"), OSError("broken pipe"), RetryableError("away")]
    fill(spool, 3)
    run(spool, store)
    assert len(store.calls) == 4
    assert len(set(store.calls)) == 1
    assert sorted(store.payloads) == expected(3)


@pytest.mark.parametrize("error", [PermanentError("cannot be read"), PermanentStoreError("cannot be read", 33)])
def test_one_poisonous_body_is_buried_and_all_others_arrive(spool: Spool, store: MemoryStore, error: Exception) -> None:
    store.poison, store.poison_error = b"body-7;", error
    fill(spool, 20)
    run(spool, store)
    assert sorted(store.payloads) == sorted(set(expected(20)) - {b"body-7;"})
    (letter,) = DeadLetters(spool).list()
    assert letter.reason == "cannot be read"
    assert DeadLetters(spool).item(letter.seq).payload == b"body-7;"


def test_a_store_that_refuses_for_its_own_reasons_buries_nothing(spool: Spool, store: MemoryStore) -> None:
    store.failures = [PermanentStoreError("wrong password", 516), PermanentStoreError("no such table", 60)]
    fill(spool, 3)
    run(spool, store)
    assert sorted(store.payloads) == expected(3)
    assert DeadLetters(spool).list() == []


def test_a_batch_left_by_a_stopped_loader_goes_out_under_its_old_token(tmp_path: Path, store: MemoryStore) -> None:
    spool = Spool(tmp_path, 1 << 20)
    fill(spool, 4)
    store.away = RetryableError("away")
    tried = threading.Event()

    class Watched(MemoryStore):
        def load(self, bodies: object, token: str) -> None:
            tried.set()
            store.load(bodies, token)  # type: ignore[arg-type] # the bodies pass through

    loader = Loader(spool, Watched(), pace=QUICK)
    loader.start()
    assert tried.wait(10)
    loader.stop()
    spool.close()
    store.away = None
    again = Spool(tmp_path, 1 << 20)
    run(again, store)
    again.close()
    assert len(set(store.calls)) == 1
    assert sorted(store.payloads) == expected(4)
