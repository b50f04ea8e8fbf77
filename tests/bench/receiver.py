"""The ingest part alone, with everything on: receiver, keys, redaction, spool, loader, tables and rollups.

`python -m tests.bench.receiver DIR [--port 0]` prints its port; `GET /stored` answers with the rows there are,
`GET /count` with distinct spans, rows, and what waits.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import signal
import threading
import time
from collections.abc import MutableMapping
from pathlib import Path
from typing import Any

from ingest.auth import KeyFile
from ingest.handler import Handler
from ingest.http_receiver import Asgi, Receive, Send, build_app
from ingest.loader import Loader
from ingest.redact import Redactor, load_key
from ingest.server import HttpServer
from ingest.spool import Spool
from store.client import Client, connect
from store.migrate import migrate
from store.traces import TraceStore


def main() -> None:
    """Run until SIGTERM."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("directory", type=Path)
    parser.add_argument("--port", type=int, default=0)
    arguments = parser.parse_args()
    directory: Path = arguments.directory.resolve()
    client = connect(f"chdb://{directory / 'db'}")
    migrate(client)
    spool = Spool(directory / "spool", 2 << 30)
    keys = KeyFile(directory / "keys.json", now_ns=time.time_ns)
    _, secret = keys.create("bench")
    redactor = Redactor(load_key(directory / "redaction.key"))
    handler = Handler(spool, access=keys, now_ns=time.time_ns, redactor=redactor)
    loader = Loader(spool, TraceStore(client), counters=handler.counters)
    server = HttpServer(_with_count(build_app(handler), client, spool), host="127.0.0.1", port=arguments.port)
    loader.start()
    server.start()
    print(json.dumps({"port": server.port, "key": secret}), flush=True)  # noqa: T201 - the starter reads it
    finish = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: finish.set())
    finish.wait()
    server.stop()
    loader.stop()
    spool.close()
    client.close()


def _with_count(app: Asgi, client: Client, spool: Spool) -> Asgi:
    store = TraceStore(client)

    def stored() -> dict[str, object]:
        """What a query finds now; the least that can be asked, because it is asked while the load is measured."""
        return {"count": client.query("SELECT count() AS rows FROM spans")[0]["rows"]}

    def counts() -> dict[str, object]:
        backlog = spool.backlog()
        waiting = backlog.ready_items + backlog.open_batches
        # A body sent again is one row once parts have merged; FINAL reads as if they had.
        rows = client.query(f"SELECT count() AS rows FROM spans {'' if waiting else 'FINAL'}")[0]["rows"]
        return {
            "count": rows if waiting else store.count(),
            "rows": rows,
            "waiting": waiting,
            "dead": backlog.dead_items,
        }

    asked = {"/count": counts, "/stored": stored}

    async def wrapped(scope: MutableMapping[str, Any], receive: Receive, send: Send) -> None:
        ask = asked.get(str(scope.get("path")))
        if ask is None:
            await app(scope, receive, send)
            return
        answer = json.dumps(await asyncio.to_thread(ask)).encode()
        headers = [(b"content-type", b"application/json"), (b"content-length", str(len(answer)).encode())]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": answer})

    return wrapped


if __name__ == "__main__":
    main()
