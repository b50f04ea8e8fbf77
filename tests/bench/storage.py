"""`python -m tests.bench.storage [SPANS]`: bytes a span on disk, merged, the day it came and later; CPU to merge it."""

from __future__ import annotations

import sys
import tempfile
import time
from pathlib import Path

from rich.console import Console
from rich.table import Table

from store.client import Client, connect
from store.migrate import migrate
from store.traces import Body, TraceStore
from tests.bench.__main__ import make_bodies
from tests.bench.load import Bodies

DAY_NS = 86_400_000_000_000
PER_LOAD = 40  # requests of 512 spans
TABLES = ("spans", "trace_activity", "conversation_traces", "trace_log")
console = Console()


def main() -> None:
    """Print a row for each age and table."""
    table = Table("received", "table", "bytes a span", "CPU us a span to merge")
    with tempfile.TemporaryDirectory() as place:
        bodies = make_bodies(Path(place), int((sys.argv[1:] or ["100000"])[0]), 512)
        for label, days in (("today", 0), ("two days ago", 2)):
            client = connect(f"chdb://{place}/{days}")
            migrate(client)
            for row in _merged(client, bodies, time.time_ns() - days * DAY_NS):
                table.add_row(label, *row)
            client.close()
    console.print(table)


def _merged(client: Client, bodies: Bodies, received_ns: int) -> list[tuple[str, str, str]]:
    client.command("SYSTEM STOP MERGES")
    for start in range(0, len(bodies), PER_LOAD):
        chosen = [Body("default", "traces", received_ns, body) for _, body in bodies[start : start + PER_LOAD]]
        TraceStore(client).load(chosen, str(start))
    client.command("SYSTEM START MERGES")
    spans, rows = sum(count for count, _ in bodies), []
    for name in TABLES:
        before = time.process_time()
        client.command(f"OPTIMIZE TABLE {name} FINAL")
        taken = time.process_time() - before
        [size] = client.query(
            "SELECT sum(bytes_on_disk) AS bytes FROM system.parts WHERE active AND table = {t:String} "
            "AND database = currentDatabase()",
            {"t": name},
        )
        rows.append((name, f"{size['bytes'] / spans:.1f}", f"{taken / spans * 1e6:.1f}"))
    return rows


if __name__ == "__main__":
    main()
