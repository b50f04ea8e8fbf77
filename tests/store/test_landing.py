from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

import pytest

from store.client import Client, connect
from store.errors import PermanentStoreError, RetryableStoreError
from store.landing import Landing
from store.traces import Body, TraceStore
from tests.bench.bodies import body


def requests(count: int) -> list[Body]:
    return [Body("p", "traces", 1 + seed, body(seed, 3)) for seed in range(count)]


def test_what_a_killed_process_left_behind_is_removed_at_the_next_start(tmp_path: Path) -> None:
    landing = tmp_path / "db" / "landing"
    landing.mkdir(parents=True)
    (landing / "half.pb").write_bytes(b"words of a customer")
    client = connect(f"chdb://{tmp_path / 'db'}")
    client.close()
    assert list(landing.glob("*.pb")) == []


def test_nothing_of_a_request_stays_on_disk_beside_the_tables(embedded_engine: Client) -> None:
    before = set(Path(tempfile.gettempdir()).glob("*.raw"))
    store = TraceStore(embedded_engine)
    store.load(requests(4), "a")
    with pytest.raises(PermanentStoreError):
        store.load([Body("p", "traces", 1, b"\xff\xff")], "broken")
    assert store.count() == 12
    assert set(Path(tempfile.gettempdir()).glob("*.raw")) <= before


def test_only_its_owner_may_look_into_the_landing_directory(tmp_path: Path) -> None:
    Landing(tmp_path / "landing")
    assert (tmp_path / "landing").stat().st_mode & 0o077 == 0


def test_a_disk_that_refuses_is_told_as_something_that_may_pass(tmp_path: Path) -> None:
    client = connect(f"chdb://{tmp_path / 'db'}")
    try:
        shutil.rmtree(tmp_path / "db" / "landing")
        with pytest.raises(RetryableStoreError, match="free or repair its disk"):
            TraceStore(client).load(requests(1), "a")
    finally:
        client.close()
