from __future__ import annotations

import subprocess
import sys
import textwrap
import threading
from pathlib import Path

import pytest

from conversation.errors import UsageError
from ingest.dead_letters import DeadLetters
from ingest.errors import Busy, Cause
from ingest.item import Batch
from ingest.spool import Spool

ROOT = Path(__file__).resolve().parents[2]


def fill(spool: Spool, count: int, size: int = 100) -> None:
    for future in [spool.append("p", "traces", n, 10, b"%d" % n + b"x" * size) for n in range(count)]:
        future.result(10)


def test_items_come_back_in_the_order_they_were_acknowledged(spool: Spool) -> None:
    fill(spool, 7)
    batch = spool.claim(10**6, 10**9)
    assert batch is not None
    assert [item.head.received_ns for item in spool.read(batch)] == list(range(7))
    spool.complete(batch)
    assert spool.backlog().held_bytes == 0
    assert spool.claim(10**6, 10**9) is None


def test_a_batch_is_bounded_by_spans_and_by_bytes_but_never_empty(spool: Spool) -> None:
    fill(spool, 6)
    by_spans, by_bytes, whole = spool.claim(25, 10**9), spool.claim(10**6, 1), spool.claim(10**6, 10**9)
    assert [None if b is None else len(spool.read(b)) for b in (by_spans, by_bytes, whole)] == [2, 1, 3]


def test_a_claimed_batch_keeps_its_token_through_a_restart(tmp_path: Path) -> None:
    first = Spool(tmp_path, 1 << 20)
    fill(first, 5)
    batch = first.claim(20, 10**9)
    first.close()
    second = Spool(tmp_path, 1 << 20)
    assert second.open_batches() == [batch]
    rest = second.claim(10**6, 10**9)
    assert rest is not None
    assert len(second.read(rest)) == 3
    second.close()


def test_a_full_spool_asks_the_sender_to_wait_and_takes_more_once_there_is_room(tmp_path: Path) -> None:
    spool = Spool(tmp_path, 1000)
    spool.append("p", "traces", 1, 1, b"x" * 900).result(10)
    with pytest.raises(Busy) as refused:
        spool.append("p", "traces", 1, 1, b"x" * 200)
    assert refused.value.cause is Cause.THROTTLED
    batch = spool.claim(10, 10**9)
    assert batch is not None
    spool.complete(batch)
    spool.append("p", "traces", 1, 1, b"x" * 200).result(10)
    spool.close()


def test_waiting_requests_share_a_commit_and_all_are_kept(spool: Spool) -> None:
    threads = [threading.Thread(target=fill, args=(spool, 50)) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    batch = spool.claim(10**6, 10**9)
    assert batch is not None
    assert len(spool.read(batch)) == 400


def test_a_split_batch_loses_nothing_and_each_half_has_a_token_of_its_own(spool: Spool) -> None:
    fill(spool, 5)
    batch = spool.claim(10**6, 10**9)
    assert batch is not None
    left, right = spool.split(batch)
    assert [item.seq for half in (left, right) for item in spool.read(half)] == [1, 2, 3, 4, 5]
    assert len({batch.token, left.token, right.token}) == 3
    assert spool.open_batches() == [left, right]


def buried(spool: Spool) -> Batch:
    fill(spool, 1)
    batch = spool.claim(10**6, 10**9)
    assert batch is not None
    DeadLetters(spool).bury(batch, "cannot be read")
    return batch


def test_a_dead_letter_can_be_listed_replayed_and_dropped(spool: Spool) -> None:
    dead = DeadLetters(spool)
    buried(spool)
    (letter,) = dead.list()
    assert (letter.reason, letter.head.spans, spool.backlog().dead_items) == ("cannot be read", 10, 1)
    dead.replay(letter.seq)
    again = spool.claim(10**6, 10**9)
    assert again is not None
    assert [bytes(item.payload) for item in spool.read(again)] == [b"0" + b"x" * 100]
    spool.complete(again)
    buried(spool)
    dead.drop(dead.list()[0].seq)
    assert (dead.list(), spool.backlog().held_bytes) == ([], 0)
    with pytest.raises(UsageError, match="no dead letter"):
        dead.drop(99)


def test_dead_letters_survive_a_restart_and_count_against_the_bound(tmp_path: Path) -> None:
    spool = Spool(tmp_path, 1 << 20)
    buried(spool)
    spool.close()
    again = Spool(tmp_path, 1 << 20)
    assert (again.backlog().dead_items, again.backlog().held_bytes) == (1, 101)
    again.close()


def test_a_second_process_is_turned_away(tmp_path: Path) -> None:
    spool = Spool(tmp_path, 1 << 20)
    with pytest.raises(UsageError, match="another process"):
        Spool(tmp_path, 1 << 20)
    spool.close()


def test_a_disk_that_refuses_is_an_error_the_sender_sees_and_what_was_acknowledged_stays(tmp_path: Path) -> None:
    program = textwrap.dedent("""
        import resource, signal, sys
        from pathlib import Path
        from ingest.errors import Busy, Cause
        from ingest.spool import Spool
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)  # then a write past the limit fails as on a full disk
        spool = Spool(Path(sys.argv[1]), 1 << 30)
        resource.setrlimit(resource.RLIMIT_FSIZE, (3_000_000, 3_000_000))
        kept = 0
        try:
            for _ in range(100):
                spool.append("p", "traces", 1, 1, b"x" * 100_000).result(10)
                kept += 1
        except Busy as error:
            assert error.cause is Cause.UNAVAILABLE, error
            batch = spool.claim(10**6, 10**9)
            print(kept, len(spool.read(batch)))
        spool.close()
    """)
    done = subprocess.run(
        [sys.executable, "-c", program, str(tmp_path)], capture_output=True, text=True, cwd=ROOT, check=True, timeout=60
    )
    kept, read = map(int, done.stdout.split())
    assert 0 < kept < 100
    assert kept == read
