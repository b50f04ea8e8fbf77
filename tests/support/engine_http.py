"""The embedded engine behind ClickHouse's HTTP interface, in a process of its own: a stand-in for a ClickHouse server.

`python engine_http.py DIRECTORY [--port N] [--password P]` prints `port N` when it listens on 127.0.0.1. It speaks what
the real clickhouse-connect HTTP client needs, unmodified: GET and POST, the query in the URL, the body or a form,
`param_x` bindings, settings in the query string, `database`, insert data after the statement, compressed requests and
answers, chunked answers, `X-ClickHouse-*` headers, and errors with their code in a header. Every request runs on one of
several engine connections, so requests run in parallel. It may be killed at any time
and started again on its directory.

Not there: native block compression (`compress=1`), external tables, users and rights beyond one password.
"""

from __future__ import annotations

import argparse
import base64
import gzip
import json
import os
import queue
import re
import sys
import tempfile
import uuid
import zlib
from collections.abc import Callable, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.parser import BytesParser
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import chdb
import lz4.frame  # type: ignore[import-untyped] # no type information shipped

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

CONNECTIONS = 6
_CHUNK = 64 * 1024
_TRANSPORT = {
    "query", "database", "default_format", "session_id", "session_timeout", "session_check", "query_id", "compress",
    "decompress", "user", "password", "quota_key", "wait_end_of_query", "buffer_size", "client_protocol_version",
    "role", "send_progress_in_http_headers", "http_headers_progress_interval_ms", "enable_http_compression",
    "stacktrace",
}  # fmt: skip
_INSERT = re.compile(rb"^\s*INSERT\s+INTO\s.+?\sFORMAT\s+(\w+)[ \t]*\r?\n", re.IGNORECASE | re.DOTALL)
_SELECTS = re.compile(rb"^\s*INSERT\s+INTO\s[^;]*?\b(SELECT|WITH|VALUES)\b", re.IGNORECASE | re.DOTALL)
_FORMAT = re.compile(rb"\bFORMAT\s+(\w+)\s*;?\s*$", re.IGNORECASE)
_CODE = re.compile(r"Code: (\d+)")
_STATUS = {516: 403, 60: 404, 81: 404, 159: 408, 202: 429}
_DECODERS: Mapping[str, Callable[[bytes], bytes]] = {
    "gzip": gzip.decompress,
    "deflate": zlib.decompress,
    "lz4": lz4.frame.decompress,
    "zstd": zstd.decompress,
}
_ENCODERS: Mapping[str, Callable[[bytes], bytes]] = {
    "lz4": lz4.frame.compress,
    "zstd": lambda data: zstd.compress(data, level=1),
    "gzip": lambda data: gzip.compress(data, 1),
}


@dataclass
class Request:
    """What a client asked for."""

    sql: bytes
    database: str
    default_format: str
    settings: dict[str, str] = field(default_factory=dict)
    parameters: dict[str, str] = field(default_factory=dict)


class Engine:
    """Connections to one data directory."""

    def __init__(self, directory: str) -> None:
        self._idle: queue.LifoQueue[Any] = queue.LifoQueue()
        for _ in range(CONNECTIONS):
            connection = chdb.connect(directory)  # type: ignore[no-untyped-call] # no type information shipped
            self._idle.put([connection, "default"])

    def run(self, request: Request) -> tuple[bytes, str]:
        """The answer's bytes and their format. Raises RuntimeError with the engine's text."""
        slot = self._idle.get()
        try:
            connection, current = slot
            if request.database != current:
                connection.query(f"USE `{request.database}`", "TabSeparated")
                slot[1] = request.database
            with _applied(connection, request.settings):
                return _execute(connection, request)
        finally:
            self._idle.put(slot)


@contextmanager
def _applied(connection: Any, settings: Mapping[str, str]) -> Any:
    if settings:
        values = ", ".join(f"{name} = {_quoted(value)}" for name, value in settings.items())
        connection.query(f"SET {values}", "TabSeparated")
    try:
        yield
    finally:
        if settings:
            connection.query("SET " + ", ".join(f"{name} = DEFAULT" for name in settings), "TabSeparated")


def _execute(connection: Any, request: Request) -> tuple[bytes, str]:
    insert = _INSERT.match(request.sql)
    if insert and not _SELECTS.match(insert.group(0)):
        return _insert(connection, request, insert), "Null"
    named = _FORMAT.search(request.sql)
    answer_format = named.group(1).decode() if named else request.default_format
    result = connection.query(request.sql.decode(), answer_format, params=request.parameters)
    return result.bytes() or b"", answer_format


def _insert(connection: Any, request: Request, match: re.Match[bytes]) -> bytes:
    statement, data = match.group(0).decode(), request.sql[match.end() :]
    head, data_format = statement[: statement.upper().rindex("FORMAT")], match.group(1).decode()
    with tempfile.NamedTemporaryFile() as file:
        file.write(data)
        file.flush()
        connection.query(f"{head} FROM INFILE '{file.name}' FORMAT {data_format}", "TabSeparated")
    return b""


def _quoted(text: str) -> str:
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"


class Handler(BaseHTTPRequestHandler):
    """One request."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    engine: Engine
    password: str

    def do_GET(self) -> None:
        """`/ping`, or a query in the URL."""
        if urlsplit(self.path).path == "/ping":
            self._answer(200, b"Ok.\n", {})
        else:
            self._handle()

    def do_POST(self) -> None:
        """A query in the URL, the body or a form."""
        self._handle()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name http.server calls
        """Stay quiet."""

    def _handle(self) -> None:
        body = self._body()
        if not self._allowed():
            self._fail("Code: 516. DB::Exception: default: Authentication failed. (AUTHENTICATION_FAILED)")
            return
        request = self._request(body)
        try:
            answer, answer_format = self.engine.run(request)
        except Exception as error:  # noqa: BLE001 - every engine error goes to the client
            self._fail(str(error))
            return
        self._answer(200, answer, {"X-ClickHouse-Format": answer_format})

    def _body(self) -> bytes:
        if self.headers.get("Transfer-Encoding", "").lower() == "chunked":
            parts = []
            while size := int(self.rfile.readline().split(b";")[0], 16):
                parts.append(self.rfile.read(size))
                self.rfile.readline()
            self.rfile.readline()
            data = b"".join(parts)
        else:
            data = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        encoding = self.headers.get("Content-Encoding", "")
        return _DECODERS[encoding](data) if encoding else data

    def _request(self, body: bytes) -> Request:
        given = dict(parse_qsl(urlsplit(self.path).query, keep_blank_values=True))
        form, body = self._form(body)
        given |= form
        sql = given.get("query", "").encode()
        sql = sql + b"\n" + body if sql and body else sql or body
        return Request(
            sql=sql,
            database=given.get("database") or self.headers.get("X-ClickHouse-Database") or "default",
            default_format=given.get("default_format") or self.headers.get("X-ClickHouse-Format") or "TabSeparated",
            settings={
                key: value for key, value in given.items() if key not in _TRANSPORT and not key.startswith("param_")
            },
            parameters={key.removeprefix("param_"): value for key, value in given.items() if key.startswith("param_")},
        )

    def _form(self, body: bytes) -> tuple[dict[str, str], bytes]:
        kind = self.headers.get("Content-Type", "")
        if kind.startswith("application/x-www-form-urlencoded"):
            return dict(parse_qsl(body.decode(), keep_blank_values=True)), b""
        if not kind.startswith("multipart/form-data"):
            return {}, body
        message = BytesParser().parsebytes(f"Content-Type: {kind}\r\n\r\n".encode() + body)
        parts: list[Any] = message.get_payload()  # type: ignore[assignment] # multipart: a list of messages
        return {
            str(part.get_param("name", header="content-disposition")): part.get_payload(decode=True).decode()
            for part in parts
        }, b""

    def _allowed(self) -> bool:
        if not self.password:
            return True
        basic = self.headers.get("Authorization", "")
        given = base64.b64decode(basic.removeprefix("Basic ")).decode().partition(":")[2] if basic else ""
        return self.password in {given, self.headers.get("X-ClickHouse-Key", "")}

    def _fail(self, text: str) -> None:
        start = text.find("Code: ")
        message = text[start:] if start > 0 else text
        found = _CODE.search(message)
        code = int(found.group(1)) if found else 1000
        extra = {"X-ClickHouse-Exception-Code": str(code)}
        self._answer(_STATUS.get(code, 500), f"{message.strip()}\n".encode(), extra)

    def _answer(self, status: int, data: bytes, extra: Mapping[str, str]) -> None:
        self.send_response(status)
        headers = {
            "Content-Type": "application/octet-stream",
            "X-ClickHouse-Server-Display-Name": "engine-http",
            "X-ClickHouse-Query-Id": str(uuid.uuid4()),
            "X-ClickHouse-Timezone": "UTC",
            "X-ClickHouse-Summary": json.dumps({"read_rows": "0", "written_rows": "0", "result_rows": "0"}),
            **extra,
        }
        accepted = self.headers.get("Accept-Encoding", "")
        encoding = next((name for name in _ENCODERS if name in accepted), None) if len(data) > _CHUNK // 16 else None
        if encoding:
            data = _ENCODERS[encoding](data)
            headers["Content-Encoding"] = encoding
        chunked = len(data) > _CHUNK
        headers |= {"Transfer-Encoding": "chunked"} if chunked else {"Content-Length": str(len(data))}
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        if not chunked:
            self.wfile.write(data)
            return
        for start in range(0, len(data), _CHUNK):
            part = data[start : start + _CHUNK]
            self.wfile.write(f"{len(part):x}\r\n".encode() + part + b"\r\n")
        self.wfile.write(b"0\r\n\r\n")


def main() -> None:
    """Serve until killed."""
    options = argparse.ArgumentParser()
    options.add_argument("directory")
    options.add_argument("--port", type=int, default=0)
    options.add_argument("--password", default="")
    given = options.parse_args()
    os.environ.setdefault("TZ", "UTC")
    Handler.engine = Engine(given.directory)
    Handler.password = given.password
    server = ThreadingHTTPServer(("127.0.0.1", given.port), Handler)
    server.daemon_threads = True
    sys.stdout.write(f"port {server.server_port}\n")
    sys.stdout.flush()
    server.serve_forever()


if __name__ == "__main__":
    main()
