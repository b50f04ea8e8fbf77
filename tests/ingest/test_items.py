from __future__ import annotations

from pathlib import Path

import pytest

from ingest.item import Batch
from ingest.spool import Spool

ALL = Batch("", 1, 99)
LARGE = 300_000  # far over a page: such bodies have pages of their own, which are given back after use


def fill(spool: Spool, sizes: list[int]) -> list[bytes]:
    payloads = [bytes([65 + place]) * size for place, size in enumerate(sizes)]
    for place, payload in enumerate(payloads):
        spool.append("p", "traces", place, 3, payload).result(10)
    return payloads


def test_a_batch_can_be_gone_through_again_and_again(spool: Spool) -> None:
    sent = fill(spool, [10, LARGE, 5000, LARGE])
    items = spool.read(ALL)
    for _ in range(3):
        assert [bytes(item.payload) for item in items] == sent
    assert (len(items), items.spans()) == (4, 12)


def test_a_payload_kept_beyond_its_step_is_an_error_and_never_another_bodys_bytes(spool: Spool) -> None:
    fill(spool, [LARGE, LARGE])
    kept = [item.payload for item in spool.read(ALL)]
    with pytest.raises(ValueError, match="released"):
        bytes(kept[0])


def test_stopping_half_way_leaves_the_spool_usable(spool: Spool) -> None:
    sent = fill(spool, [LARGE, LARGE, LARGE])
    for _ in range(200):  # more than there are reader slots
        assert bytes(next(iter(spool.read(ALL))).payload) == sent[0]
    assert [bytes(item.payload) for item in spool.read(ALL)] == sent


def test_what_left_the_spool_meanwhile_is_passed_over(spool: Spool) -> None:
    fill(spool, [10, 20])
    batch = spool.claim(10**6, 10**9)
    assert batch is not None
    items = spool.read(batch)
    spool.complete(batch)
    assert list(items) == []


@pytest.mark.skipif(not Path("/proc/self/smaps_rollup").exists(), reason="only Linux tells the pages of a process")
def test_bodies_that_were_read_do_not_stay_in_the_processs_memory(tmp_path: Path) -> None:
    spool = Spool(tmp_path, 256 << 20)
    fill(spool, [2_000_000] * 50)
    before = _file_pages(tmp_path)
    assert sum(len(bytes(item.payload)) for item in spool.read(ALL)) == 100_000_000
    assert _file_pages(tmp_path) - before < 10_000_000
    spool.close()


def _file_pages(directory: Path) -> int:
    """Bytes of the spool's file that are mapped into this process (proc(5), smaps)."""
    resident, inside = 0, False
    for line in Path("/proc/self/smaps").read_text(encoding="utf-8").splitlines():
        if "-" in line.split(" ", 1)[0]:
            inside = line.endswith(str(directory / "data.mdb"))
        elif inside and line.startswith("Rss:"):
            resident += int(line.split()[1]) * 1024
    return resident
