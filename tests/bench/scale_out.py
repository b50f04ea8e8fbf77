"""Two and four scoring processes against one engine, one killed every ten seconds: `python -m tests.bench.scale_out`.

Conversations flow in all the time, each in two parts, so that many are graded while the second part comes. Besides the
kills from outside, one write of grades in `1 / CUT` is cut at a random instant by the end of its process. Afterwards
every conversation must be graded whole, once for each revision and scorer, and the ledger must balance.
"""

from __future__ import annotations

import argparse
import random
import tempfile
import time
from collections import Counter
from pathlib import Path

from store.client import Client, connect
from store.migrate import migrate
from store.traces import TraceStore
from tests.support.engine import EngineServer
from tests.support.fleet import CARD, Fleet, current, problems, turn_body

CUT = 0.05
KILL_EVERY_SECONDS = 10
AT_ONCE = 10
PATIENCE_SECONDS = 300


def run(place: Path, processes: int, seconds: float) -> str:
    """One run; a line of figures, or what went wrong."""
    server = EngineServer(place / "engine")
    server.start()
    client = connect(server.url())
    try:
        migrate(client)
        card = place / "card.yaml"
        card.write_text(CARD)
        fleet = Fleet(server.url(), card, processes, cut=CUT)
        try:
            sent = _flow(client, fleet, seconds)
            waited = _settle(client, fleet, sent)
        finally:
            fleet.stop()
        found = current(client)
        wrong = problems(client, most_revisions=2)
        turns = Counter(turns for _, turns in found.values())
        if turns != {2: sent}:
            wrong.append(f"of {sent} conversations of two turns the store has (turns: conversations) {dict(turns)}")
        written = client.query("SELECT uniqExact(attempt) AS n FROM attempts")[0]["n"]
        revisions = sum(revision for revision, _ in found.values())
        return (
            f"{processes} processes, {seconds:g} s: {sent} conversations graded in {revisions} revisions "
            f"({written} attempts); {fleet.killed} killed, {fleet.cut_short} ended inside a write; all graded "
            f"{waited:.1f} s after the last arrival; "
            + ("; ".join(wrong) or "nothing lost, nothing doubled, ledger balanced")
        )
    finally:
        client.close()
        server.kill()


def _flow(client: Client, fleet: Fleet, seconds: float) -> int:
    """Conversations come in, ten a second, their second turn a little later; every ten seconds a process is killed."""
    traces, began, number, step = TraceStore(client), time.monotonic(), 0, 0
    chance = random.Random(0)  # noqa: S311 - picks processes, no secret
    kill_at = began + KILL_EVERY_SECONDS
    while (now := time.monotonic()) < began + seconds:
        traces.load([turn_body(number, number + AT_ONCE, 0, time.time_ns())], f"first-{number}")
        if number >= 3 * AT_ONCE:
            early = number - 3 * AT_ONCE
            traces.load([turn_body(early, early + AT_ONCE, 1, time.time_ns())], f"second-{early}")
        number, step = number + AT_ONCE, step + 1
        fleet.restart_dead()
        if now >= kill_at:
            fleet.kill(chance.randrange(64))
            kill_at += KILL_EVERY_SECONDS
        time.sleep(max(0.0, began + step - time.monotonic()))
    for late in range(max(0, number - 3 * AT_ONCE), number, AT_ONCE):
        traces.load([turn_body(late, late + AT_ONCE, 1, time.time_ns())], f"second-{late}")
    return number


def _settle(client: Client, fleet: Fleet, sent: int) -> float:
    began = time.monotonic()
    while time.monotonic() < began + PATIENCE_SECONDS:
        fleet.restart_dead()
        found = current(client)
        if len(found) == sent and all(turns == 2 for _, turns in found.values()) and not problems(client, 2):
            break
        time.sleep(1)
    return time.monotonic() - began


def main() -> None:
    """Run and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=120)
    parser.add_argument("--processes", type=int, nargs="*", default=[2, 4])
    options = parser.parse_args()
    for count in options.processes:
        with tempfile.TemporaryDirectory(prefix="floorline-scale-out-") as place:
            print(run(Path(place), count, options.seconds), flush=True)  # noqa: T201 - a script


if __name__ == "__main__":
    main()
