from __future__ import annotations

import threading
import time
from pathlib import Path

import pytest
from clickhouse_connect.driver import exceptions

from conversation.errors import UsageError
from store.client import Client, connect, mapped
from store.errors import PermanentStoreError, RetryableStoreError, one_line
from tests.support.engine import EngineServer


def _all_below(kind: type[BaseException]) -> list[type[BaseException]]:
    return [kind, *(found for below in kind.__subclasses__() for found in _all_below(below))]


@pytest.mark.parametrize("kind", _all_below(exceptions.ClickHouseError))
def test_every_error_of_the_driver_becomes_one_of_the_two_kinds(kind: type[exceptions.ClickHouseError]) -> None:
    error = kind.__new__(kind, "it broke")
    assert isinstance(mapped(error), PermanentStoreError | RetryableStoreError)


@pytest.mark.parametrize(
    ("code", "expected"),
    [(62, PermanentStoreError), (60, PermanentStoreError), (241, RetryableStoreError), (252, RetryableStoreError)],
)
def test_the_engines_code_decides_whether_to_try_again(code: int, expected: type[Exception]) -> None:
    assert isinstance(mapped(exceptions.DatabaseError("no", code=code)), expected)


def test_a_message_is_one_line_without_stack_trace_version_or_query() -> None:
    text = "Code: 62. DB::Exception: Syntax error: x. Stack trace:\n\n0. a\n1. b (version 26.9.2.1)"
    assert one_line(text) == "Code: 62. DB::Exception: Syntax error: x."
    assert len(one_line("x" * 5000)) == 600


def test_a_refused_statement_says_why_on_one_line(engine: Client) -> None:
    with pytest.raises(PermanentStoreError) as caught:
        engine.query("SELECT missing FROM spans")
    assert caught.value.code == 47
    assert "\n" not in str(caught.value)


def test_bound_values_travel_whatever_they_hold(engine: Client) -> None:
    texts = ["a'b", "tab\tline\nback\\slash", "{x:String}", "snow☃", "x" * 20_000]
    rows = engine.query("SELECT {texts:Array(String)} AS texts, {n:UInt64} AS n", {"texts": texts, "n": 2**64 - 1})
    assert rows == [{"texts": texts, "n": 2**64 - 1}]


def test_an_insert_with_the_same_token_adds_nothing_the_second_time(engine: Client) -> None:
    columns = ["project", "trace_id", "conversation_id", "rule", "linked_at_ns"]
    for _ in range(3):
        engine.insert("trace_links", columns, [("p", b"0" * 16, "c", "r", 1)], token="once")
    assert engine.query("SELECT count() AS n FROM trace_links") == [{"n": 1}]


def test_a_long_query_of_one_role_does_not_hold_up_another(engine: Client) -> None:
    done: list[float] = []

    def long() -> None:
        engine.query("SELECT sleepEachRow(0.5) FROM numbers(2) SETTINGS max_block_size = 1", role="jobs")
        done.append(time.monotonic())

    thread = threading.Thread(target=long)
    thread.start()
    engine.query("SELECT 1 AS one", role="read")
    answered = time.monotonic()
    thread.join()
    assert answered < done[0]


@pytest.mark.parametrize("url", ["", "mysql://x/y", "chdb://relative/dir", "http://", "chdb:relative"])
def test_a_url_that_cannot_be_understood_is_a_usage_error(url: str) -> None:
    with pytest.raises(UsageError):
        connect(url)


def test_a_password_never_shows_in_an_error() -> None:
    with pytest.raises(UsageError) as caught:
        connect("ftp://user:secret@host/db")
    assert "secret" not in str(caught.value)


def test_a_server_that_is_away_can_be_tried_again() -> None:
    with pytest.raises(RetryableStoreError):
        connect("http://127.0.0.1:1/default")


def test_a_wrong_password_is_refused_for_good(tmp_path: Path) -> None:
    server = EngineServer(tmp_path, password="right")
    server.start()
    try:
        connect(server.url()).close()
        with pytest.raises(PermanentStoreError):
            connect(server.url().replace("right", "wrong"))
    finally:
        server.kill()


def test_a_client_goes_on_after_the_server_was_killed_and_started_again(engine_server: EngineServer) -> None:
    client = connect(engine_server.url("kept"))
    client.command("CREATE TABLE t (x UInt8) ENGINE = MergeTree ORDER BY x SETTINGS fsync_after_insert = 1")
    client.insert("t", ["x"], [[1]])
    engine_server.kill()
    with pytest.raises(RetryableStoreError):
        client.query("SELECT x FROM t")
    engine_server.start()
    assert client.query("SELECT x FROM t") == [{"x": 1}]
    client.close()


def test_a_large_answer_comes_whole(engine: Client) -> None:
    rows = engine.query("SELECT number, toString(cityHash64(number)) AS hash FROM numbers(50000)")
    assert [row["number"] for row in rows] == list(range(50_000))


def test_the_engine_keeps_no_growing_logs_of_its_own(embedded_engine: Client) -> None:
    embedded_engine.command("SYSTEM FLUSH LOGS")
    rows = embedded_engine.query(
        "SELECT name FROM system.tables WHERE database = 'system' AND engine LIKE '%MergeTree'"
    )
    assert rows == []


def test_a_server_that_is_away_is_named_in_one_short_line_without_its_password() -> None:
    with pytest.raises(RetryableStoreError, match=r"no answer from 127\.0\.0\.1:9 \(.*refused\)$") as caught:
        connect("http://me:secret@127.0.0.1:9/default")
    assert "secret" not in str(caught.value)
