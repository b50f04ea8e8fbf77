"""Real exporters while the store is away: `python -m tests.bench.outage [SECONDS]`; every span must arrive, each once.

The store is the engine behind ClickHouse's HTTP interface in a process of its own, killed for SECONDS (60). After that
the receivers themselves are restarted under the exporters. The Python SDK sends over HTTP and over gRPC all the while.
"""

from __future__ import annotations

import sys
import tempfile
import threading
import time
from pathlib import Path

from rich.console import Console

from ingest.loader import Pace
from store.client import connect
from store.migrate import migrate
from store.traces import TraceStore
from tests.ingest.test_exporters import EXPORTERS, Station, emit, provider_of
from tests.support.engine import EngineServer

BURST, PAUSE = 25, 0.1


def run(directory: Path, seconds: float) -> dict[str, int]:
    """Spans sent, stored and distinct, and how many waited in the spool when the store came back."""
    server = EngineServer(directory / "engine")
    server.start()
    client = connect(server.url())
    migrate(client)
    station = Station(directory, TraceStore(client), pace=Pace(longest_pause_seconds=1))
    providers = [provider_of(exporter(station)) for exporter in EXPORTERS]
    over, sent = threading.Event(), list[bytes]()

    def send() -> None:
        number = 0
        while not over.is_set():
            number += 1
            for provider in providers:
                sent.extend(emit(provider, BURST, f"conversation {number}"))
            over.wait(PAUSE)

    sender = threading.Thread(target=send)
    sender.start()
    time.sleep(3)
    server.kill()
    time.sleep(seconds)
    waiting = station.spool.backlog().ready_items
    server.start()
    time.sleep(5)
    station.stop()
    time.sleep(1)
    station.start()
    time.sleep(5)
    over.set()
    sender.join()
    for provider in providers:
        provider.shutdown()
    drained = station.loader.drain(120)
    found = client.query("SELECT count() AS rows, uniqExact(span_id) AS distinct FROM spans FINAL")[0]
    station.stop()
    client.close()
    server.kill()
    return {"sent": len(sent), **found, "waiting after the outage": waiting, "drained": int(drained)}


def main() -> None:
    """Print the counts; exit 1 when a span is missing or there twice."""
    seconds = float(sys.argv[1]) if len(sys.argv) > 1 else 60
    with tempfile.TemporaryDirectory() as directory:
        counts = run(Path(directory), seconds)
    Console().print(counts)
    sys.exit(0 if counts["sent"] == counts["rows"] == counts["distinct"] else 1)


if __name__ == "__main__":
    main()
