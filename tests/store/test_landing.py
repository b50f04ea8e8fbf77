from __future__ import annotations

import shutil
import struct
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
    for name in ("half.pb", "half.native"):
        (landing / name).write_bytes(b"words of a customer")
    client = connect(f"chdb://{tmp_path / 'db'}")
    client.close()
    assert [path for path in landing.iterdir() if path.suffix != ".proto"] == []


def test_rows_reach_the_engine_through_no_file_outside_its_directory(
    embedded_engine: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("a temporary file was asked for")

    monkeypatch.setattr(tempfile, "NamedTemporaryFile", refuse)
    rows = [("p", "c'1\n", 5), ("p", "d", 6)]
    embedded_engine.insert("conversation_ends", ["project", "conversation_id", "at_ns"], rows, token="t")
    embedded_engine.insert("conversation_ends", ["project", "conversation_id", "at_ns"], rows, token="t")
    stored = embedded_engine.query("SELECT project, conversation_id, at_ns FROM conversation_ends ORDER BY at_ns")
    assert [tuple(row.values()) for row in stored] == rows


def test_a_row_of_a_wrong_type_is_refused_and_nothing_of_the_insert_is_kept(engine: Client) -> None:
    columns = ["project", "conversation_id", "at_ns"]
    with pytest.raises((PermanentStoreError, TypeError, struct.error, OverflowError, ValueError)):
        engine.insert("conversation_ends", columns, [("p", "c", 5), ("p", "d", "six")])
    assert engine.query("SELECT count() AS n FROM conversation_ends") == [{"n": 0}]


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
