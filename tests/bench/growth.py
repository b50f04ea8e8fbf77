"""Does it stay fast? `python -m tests.bench.growth [--copies N] [--spans N]`: reads and inserts as the data grows.

Real bodies are loaded and graded, then every table's rows are copied inside the engine with ids of their own, spread
over thirty days before them. Reads are the stores' own calls, milliseconds, median of nine; CPU seconds for 1,000
spans.
"""

from __future__ import annotations

import argparse
import json
import statistics
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from rich.console import Console
from rich.table import Table

from scoring import scorecard
from scoring.due import Grader, Settle
from store.activity import ActivityStore
from store.client import connect
from store.conversations import ConversationStore
from store.grades import GradeStore
from store.latency import LatencyStore
from store.migrate import migrate
from store.rollups import RollupStore
from store.scorecards import ScorecardStore
from store.traces import Body, TraceStore
from tests.bench.__main__ import make_bodies
from tests.bench.load import Bodies

PROJECT, DAYS, ROUNDS = "default", 30, 9
TABLES = (
    "spans", "trace_activity", "conversation_traces", "trace_log", "attempts", "graded", "conversations", "turns",
    "tool_calls", "model_calls", "scores", "ledger", "argument_values",
)  # fmt: skip
SECOND = 1_000_000_000
Reads = dict[str, Callable[[str], object]]
console = Console()


class Growing:
    """A store that is filled, copied and read.

    Args:
        directory: Its data.
    """

    def __init__(self, directory: Path) -> None:
        self.client = connect(f"chdb://{directory / 'db'}")
        migrate(self.client)
        self.traces = TraceStore(self.client)

    def load(self, bodies: Bodies, mark: str) -> float:
        """Insert bodies, 20 at a time; CPU seconds for 1,000 spans, merges that run meanwhile included."""
        before = time.process_time()
        for first in range(0, len(bodies), 20):
            now = time.time_ns()
            part = [Body(PROJECT, "traces", now, payload) for _, payload in bodies[first : first + 20]]
            self.traces.load(part, f"{mark} {first}")
        return (time.process_time() - before) / sum(spans for spans, _ in bodies) * 1000

    def grade(self) -> int:
        """Grade everything that is there."""
        # The bodies carry times of a made-up past: nothing is awaited.
        grader = Grader(
            ActivityStore(self.client), self.traces, GradeStore(self.client), scorecard.load(None),
            settle=Settle(idle_seconds=0),
        )  # fmt: skip
        graded = 0
        while found := grader.tick(time.time_ns() + 3600 * SECOND):
            graded += found
        return graded

    def copy(self, copies: int) -> None:
        """Every row `copies` times more, each copy earlier than the one before."""
        step = DAYS * 24 // max(copies, 1) or 1
        for table in TABLES:
            columns = {
                row["name"]: row["type"]
                for row in self.client.query(
                    "SELECT name, type FROM system.columns WHERE database = currentDatabase() AND table = {t:String}",
                    {"t": table},
                )
            }
            chosen = ", ".join(f"{_copied(name, kind)} AS {name}" for name, kind in columns.items())
            console.log(f"copying {table}")
            # A few copies at a time: all at once would hold them in memory.
            for first in range(1, copies + 1, 20):
                last = min(first + 20, copies + 1)
                self.client.command(
                    f"INSERT INTO {table} ({', '.join(columns)}) WITH {step} * 3600 * n AS back SELECT {chosen} "
                    f"FROM (SELECT * FROM original_{table}) AS origin CROSS JOIN "
                    f"(SELECT arrayJoin(range({first}, {last})) AS n) AS copies",
                    settings={
                        "max_execution_time": 3600,
                        "max_partitions_per_insert_block": 0,
                        "optimize_on_insert": 0,
                    },
                )

    def keep_originals(self) -> None:
        """Remember what is there, so that copies are made of it alone."""
        for table in TABLES:
            self.client.command(f"CREATE TABLE original_{table} ENGINE = Memory AS SELECT * FROM {table}")

    def seal(self) -> None:
        """Make the sums of all hours."""
        rollups = RollupStore(self.client)
        while rollups.seal(quiet_seconds=0):
            pass

    def settle(self, seconds: float = 300) -> None:
        """Wait until no part is being merged: what runs in the background would be measured too."""
        deadline, quiet = time.monotonic() + seconds, 0
        while quiet < 5 and time.monotonic() < deadline:
            merging = self.client.query("SELECT count() AS n FROM system.merges")[0]["n"]
            quiet = 0 if merging else quiet + 1
            time.sleep(1)

    def ids(self) -> Iterator[str]:
        """Conversation ids from all over the data, a different one each time."""
        rows = self.client.query(
            "SELECT conversation_id AS id FROM conversations ORDER BY cityHash64(attempt) LIMIT 500"
        )
        while True:
            yield from (row["id"] for row in rows)

    def reads(self) -> Reads:
        """What users ask, by name."""
        conversations, latency = ConversationStore(self.client), LatencyStore(self.client)
        week = time.time_ns() - 7 * 24 * 3600 * SECOND
        return {
            "open a conversation": lambda name: conversations.get(PROJECT, name),
            "its spans": lambda name: self.traces.read(PROJECT, name),
            "last 100 conversations": lambda _: conversations.page(PROJECT, limit=100),
            "last 100 that failed": lambda _: conversations.page(PROJECT, limit=100, verdict="fail"),
            "latency by turn type, 7 days": lambda _: latency.percentiles(PROJECT, "turn_type", since_ns=week),
            "latency by turn type, all": lambda _: latency.percentiles(PROJECT, "turn_type"),
            "scorecard by agent, 7 days": lambda _: ScorecardStore(self.client).rates(PROJECT, "agent", since_ns=week),
        }

    def size(self) -> tuple[int, float, float]:
        """Spans, and bytes on disk for one: of the spans alone, and with what says whose they are."""
        rows = self.client.query(
            "SELECT table, sum(rows) AS n, sum(bytes_on_disk) AS bytes FROM system.parts WHERE active AND table IN "
            "('spans', 'trace_activity', 'conversation_traces', 'trace_log') GROUP BY table"
        )
        spans = next(row for row in rows if row["table"] == "spans")
        return spans["n"], spans["bytes"] / spans["n"], sum(row["bytes"] for row in rows) / spans["n"]


def main() -> None:
    """Run and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--spans", type=int, default=25_000)
    parser.add_argument("--copies", type=int, default=399)
    parser.add_argument("--data", type=Path, help="keep the store here; one that is there already is only measured")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as directory:
        place = options.data or Path(directory)
        place.mkdir(parents=True, exist_ok=True)
        bodies = make_bodies(place, options.spans * 4, 512)
        quarter = len(bodies) // 4
        there = (place / "small.json").exists()
        growing = Growing(place)
        if not there:
            growing.load(bodies[:quarter], "base")
            console.log(f"{growing.grade()} conversations graded")
            growing.keep_originals()
            growing.copy(3)
            growing.seal()
            (place / "small.json").write_text(json.dumps(_measure(growing, bodies[quarter : 2 * quarter], "small")))
            growing.copy(options.copies)
            growing.seal()
        small = json.loads((place / "small.json").read_text())
        large = _measure(growing, bodies[2 * quarter : 3 * quarter], f"large {time.time_ns()}")
        busy = _while_loading(growing, bodies[3 * quarter :])
        table = Table("what", f"{small['spans']:,.0f} spans", f"{large['spans']:,.0f} spans", "ratio", "while loading")
        for name, value in large.items():
            ratio = f"{value / small[name]:.2f}" if small[name] else ""
            table.add_row(
                name, f"{small[name]:.4g}", f"{value:.4g}", ratio, f"{busy[name]:.4g}" if name in busy else ""
            )
        console.print(table)
        growing.client.close()


def _measure(growing: Growing, bodies: Bodies, mark: str) -> dict[str, float]:
    growing.settle()
    spans, alone, together = growing.size()
    found = {"spans": float(spans), "bytes a span": alone, "bytes with activity": together}
    found |= _timed(growing)
    return {**found, "insert, CPU s/1,000": growing.load(bodies, mark)}


def _timed(growing: Growing) -> dict[str, float]:
    ids, times = growing.ids(), dict[str, float]()
    for name, read in growing.reads().items():
        read(next(ids))
        taken = []
        for _ in range(ROUNDS):
            started = time.monotonic()
            read(next(ids))
            taken.append((time.monotonic() - started) * 1000)
        times[name] = statistics.median(taken)
    return times


def _while_loading(growing: Growing, bodies: Bodies) -> dict[str, float]:
    """The same reads while another thread inserts at about half of what the machine can."""
    over = threading.Event()

    def insert() -> None:
        number = 0
        while not over.is_set():
            started = time.monotonic()
            growing.load(bodies[:20], f"busy {number}")
            number += 1
            over.wait(time.monotonic() - started)

    thread = threading.Thread(target=insert)
    thread.start()
    try:
        return _timed(growing)
    finally:
        over.set()
        thread.join()


def _copied(name: str, kind: str) -> str:
    """A column's value in copy `n`, `back` seconds earlier."""
    if name in {"conversation_id", "session"}:
        return f"if(origin.{name} = '', '', concat(origin.{name}, '~', toString(n)))"
    if name == "trace_id" and kind.startswith("FixedString"):
        return "toFixedString(sipHash128(origin.trace_id, n), 16)"
    if name == "attempt":
        return "cityHash64(origin.attempt, n)"
    if name == "conversation" and "Tuple" in kind:
        fields = ", ".join(f"origin.conversation.{place}" for place in (1, 2, 3))
        return f"({fields}, if(origin.conversation.4 = '', '', concat(origin.conversation.4, '~', toString(n))))"
    if name == "sessions":
        return "arrayMap(one -> if(one = '', '', concat(one, '~', toString(n))), origin.sessions)"
    if name in {"hour", "inserted_at"}:
        return f"origin.{name} - toIntervalSecond(back)"
    if name.endswith("_ns") and "Int64" in kind and "Map" not in kind and "Array" not in kind:
        return f"origin.{name} - back * {SECOND}"
    return f"origin.{name}"


if __name__ == "__main__":
    main()
