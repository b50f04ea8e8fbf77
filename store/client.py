"""The one way to ClickHouse: the embedded engine (`chdb:///dir`) or a server (`http://user:password@host:port/database`).

Owns the driver and its errors; the only module that imports it. An embedded client runs one query at a time, so every
role keeps connections of its own: `insert` (the loader), `jobs` (scheduled work) and `read` (a few, for users). A call
borrows a connection for its duration. Blocks the caller: never call from an event loop.

Known limits: one process per embedded directory; results are materialised, bound them with LIMIT.
"""

from __future__ import annotations

import ctypes
import io
import logging
import queue
import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import clickhouse_connect
from clickhouse_connect.driver.client import Client as DriverClient
from clickhouse_connect.driver.exceptions import ClickHouseError, OperationalError

from conversation.errors import UsageError
from store.errors import RETRYABLE_CODES, PermanentStoreError, RetryableStoreError, one_line, unreachable
from store.landing import FORMAT, Landing, ProtobufSchema

# The driver warns of every failed request; whoever called hears of it through the error.
logging.getLogger("clickhouse_connect").setLevel(logging.ERROR)
CONNECTIONS: Mapping[str, int] = {"insert": 1, "jobs": 1, "read": 3}
# Blocks of 8 MB and more go back to the system at once instead of after seconds: a batch of 50 MB passes through many.
# Measured under full load, peak memory and CPU us for a span: without 0.92 GB and 35.9; 32 MB 0.87 and 34.3; 8 MB 0.82
# and 34.8; 4 MB 0.70 and 41: the smaller ones are wanted again at once.
_ALLOCATOR = b"oversize_threshold:8388608"
# An answer is refused rather than allowed to take the process's memory or its connection for ever.
SESSION_SETTINGS: Mapping[str, object] = {
    "max_execution_time": 120,
    "max_memory_usage": 4_000_000_000,
    # Embedded and server must answer alike; these differ by packaging.
    "join_use_nulls": 0,
    "log_queries": 0,
    "send_logs_level": "none",
}


def connect(url: str) -> Client:
    """A client for a URL; the directory or database is created if absent.

    Args:
        url: `chdb:///abs/dir` or `http(s)://user:password@host:port/database` (database `default` if left out).

    Raises:
        UsageError: The URL cannot be understood.
        RetryableStoreError: The server is away.
        PermanentStoreError: The server refuses the user, or the directory is in use by another process.
    """
    parts = urlsplit(url)
    if parts.scheme == "chdb":
        directory = Path(unquote(parts.path))
        if not directory.is_absolute() or parts.netloc:
            raise UsageError(f"{url}: give the embedded engine an absolute directory, as in chdb:///var/lib/floorline")
        directory.mkdir(parents=True, exist_ok=True)
        # Read by the engine when it is loaded; what an operator has set stays.
        ctypes.CDLL(None).setenv(b"JE_MALLOC_CONF", _ALLOCATOR, 0)
        return Client({"interface": "chdb", "path": str(directory)}, embedded=True)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise UsageError(
            f"{_without_password(url)}: expected chdb:///dir or http(s)://user:password@host:port/database"
        )
    options: dict[str, Any] = {
        "host": parts.hostname,
        "port": parts.port or (8443 if parts.scheme == "https" else 8123),
        "secure": parts.scheme == "https",
        "username": unquote(parts.username or "default"),
        "password": unquote(parts.password or ""),
        # Sessions would make the server run one query at a time; nothing here needs session state.
        "autogenerate_session_id": False,
    }
    database = unquote(parts.path.strip("/")) or "default"
    if database != "default":
        _create_database(options, database)
    return Client({**options, "database": database}, embedded=False)


class Client:
    """Connections to one ClickHouse database, by role. Thread-safe.

    Args:
        options: What the driver's `get_client` takes.
        embedded: Whether the engine runs in this process.
    """

    def __init__(self, options: Mapping[str, Any], *, embedded: bool) -> None:
        self.embedded = embedded
        self._options = dict(options)
        self._landing = Landing(Path(options["path"]) / "landing") if embedded else None
        self._idle: dict[str, queue.LifoQueue[DriverClient | None]] = {}
        self._open: list[DriverClient] = []
        self._lock = threading.Lock()
        for role, size in CONNECTIONS.items():
            self._idle[role] = queue.LifoQueue()
            for _ in range(size):
                self._idle[role].put(None)  # opened at first use
        with self._connection("jobs"):
            pass

    def query(
        self,
        sql: str,
        parameters: Mapping[str, object] | None = None,
        *,
        role: str = "read",
        formats: Mapping[str, str] | None = None,
        settings: Mapping[str, object] | None = None,
    ) -> list[dict[str, Any]]:
        """Rows of a SELECT as dicts.

        Args:
            sql: The statement; values are bound as `{name:Type}`.
            parameters: The bound values.
            role: Whose connection to use: `read`, `jobs` or `insert`.
            formats: How to read ClickHouse types, as `{"String": "bytes"}`.
            settings: Engine settings of this call.
        """
        with self._connection(role) as driver:
            result = driver.query(
                sql,
                parameters=dict(parameters or {}),
                query_formats=dict(formats or {}),
                settings=dict(settings or {}),
            )
            names = result.column_names
            return [dict(zip(names, row, strict=True)) for row in result.result_rows]

    def command(
        self,
        sql: str,
        parameters: Mapping[str, object] | None = None,
        *,
        role: str = "jobs",
        settings: Mapping[str, object] | None = None,
    ) -> None:
        """Run a statement whose answer does not matter."""
        with self._connection(role) as driver:
            driver.command(sql, parameters=dict(parameters or {}), settings=dict(settings or {}))

    def insert(
        self,
        table: str,
        columns: Sequence[str],
        rows: Sequence[Sequence[object]],
        *,
        role: str = "jobs",
        token: str | None = None,
    ) -> None:
        """Insert rows; with a token the same insert a second time adds nothing."""
        if not rows:
            return
        with self._connection(role) as driver:
            if self._landing is not None:
                self._landing.insert_rows(driver, table, columns, rows, _token_settings(token))
            else:
                driver.insert(table, rows, column_names=list(columns), settings=_token_settings(token))

    def insert_raw(
        self,
        table: str,
        chunks: Iterable[bytes | memoryview],
        schema: ProtobufSchema,
        settings: Mapping[str, object],
        *,
        token: str,
    ) -> None:
        """Insert one protobuf message that the engine parses by itself, exactly once per token.

        Args:
            table: Its first column takes the message's only field.
            chunks: The message in pieces, each done with before the next is asked for; never joined in memory where
                the engine is embedded.
            schema: How to read it.
            settings: Engine settings of this call.
            token: Of this insert.
        """
        settings = {**settings, **_token_settings(token)}
        if self._landing is not None:
            # The next message is written down while the engine is still at the one before.
            with self._landing.message(chunks) as message, self._connection("insert") as driver:
                self._landing.insert(driver, table, message, schema, settings)
            return
        settings |= {
            "format_schema_source": "string",
            "format_schema": schema.text,
            "format_schema_message_name": schema.message,
        }
        joined = io.BytesIO()  # not `join`, which would hold all pieces at once: they are views that end one by one
        joined.writelines(chunks)
        with self._connection("insert") as driver:
            driver.raw_insert(table, insert_block=joined.getvalue(), fmt=FORMAT, settings=settings)

    def close(self) -> None:
        """Close every connection; the client cannot be used afterwards."""
        with self._lock:
            opened, self._open = self._open, []
        for driver in opened:
            driver.close()

    @contextmanager
    def _connection(self, role: str) -> Iterator[DriverClient]:
        idle = self._idle[role]
        driver = idle.get()
        try:
            with mapped_errors():
                if driver is None:
                    driver = _open(self._options)
                    with self._lock:
                        self._open.append(driver)
                yield driver
        finally:
            idle.put(driver)


@contextmanager
def mapped_errors() -> Iterator[None]:
    """Raise the driver's errors as `PermanentStoreError` or `RetryableStoreError`, one line each."""
    try:
        yield
    except ClickHouseError as error:
        raise mapped(error) from error


def mapped(error: ClickHouseError) -> PermanentStoreError | RetryableStoreError:
    """The store's error for a driver's error: by ClickHouse's code, else by the driver's class."""
    code: int | None = getattr(error, "code", None)
    message = unreachable(error) or one_line(str(error)) or type(error).__name__
    if code in RETRYABLE_CODES or (code is None and isinstance(error, OperationalError)):
        return RetryableStoreError(f"ClickHouse cannot do this now: {message}", code)
    return PermanentStoreError(f"ClickHouse refused: {message}", code)


def _open(options: Mapping[str, Any]) -> DriverClient:
    return clickhouse_connect.get_client(**options, settings=dict(SESSION_SETTINGS))


def _create_database(options: Mapping[str, Any], database: str) -> None:
    with mapped_errors():
        driver = clickhouse_connect.get_client(**options)
        try:
            driver.command("CREATE DATABASE IF NOT EXISTS {database:Identifier}", parameters={"database": database})
        finally:
            driver.close()


def _token_settings(token: str | None) -> dict[str, object]:
    if token is None:
        return {}
    return {"insert_deduplication_token": token, "deduplicate_blocks_in_dependent_materialized_views": 1}


def _without_password(url: str) -> str:
    parts = urlsplit(url)
    return url.replace(f":{parts.password}@", ":***@") if parts.password else url
