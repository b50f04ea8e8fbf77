"""The demo as one command: traffic of three releases, the scorecard falling and recovering, and a failure replayed."""

from __future__ import annotations

import threading
import time
from pathlib import Path
from typing import Any

from rich.table import Table

from conversation.errors import RetryableError
from scenarios import report, suite
from service.cli.client import Client
from service.cli.output import err, out, percent, progress, seconds, table, verdict
from service.demo.agent import RELEASES
from service.demo.traffic import AGENT_NAME, traffic
from service.genai_spans import spans_of
from service.sender import Sender
from service.server import Addresses, Server
from service.settings import Settings
from service.wiring import Services, build

PATIENCE_SECONDS = 120
PROMOTED = 3
SHOWN = 6
# Scorers of the shipped scorecard that do not decide a verdict.
BESIDE = ("latency", "degradation")
TRIALS = 8
KS = (1, 2, 4, 8)


def run(settings: Settings, *, conversations: int, seed: int, leave: bool) -> None:
    """Serve, send the traffic, report; then serve on until stopped unless `leave`.

    Raises:
        RetryableError: Grading did not finish in time.
    """
    services = build(settings)
    server = Server(services)
    failed: list[BaseException] = []

    def ready(addresses: Addresses) -> None:
        try:
            _tell(addresses, services, conversations=conversations, seed=seed)
            if not leave:
                out.print(
                    f"Console: {addresses.api}/   OTLP: {addresses.otlp_http}   Stop with Ctrl-C.", soft_wrap=True
                )
        except BaseException as error:  # noqa: BLE001 - carried over to the caller's thread below
            failed.append(error)
        if leave or failed:
            server.stop()

    server.run(lambda addresses: threading.Thread(target=ready, args=(addresses,), daemon=True).start())
    if failed:
        raise failed[0]


def _tell(addresses: Addresses, services: Services, *, conversations: int, seed: int) -> None:
    releases = list(RELEASES.values())
    names = ", ".join(release.version for release in releases)
    out.print(f"Nordlys Outfitters: {conversations} customers meet releases {names} of {AGENT_NAME}.\n")
    sender = Sender(addresses.otlp_http)
    visits = list(traffic(releases=releases, conversations=conversations, seed=seed, until_ns=time.time_ns()))
    with Client(addresses.api) as client, progress() as bar:
        task = bar.add_task("customers served and graded", total=conversations)
        done = 0
        # A release at a time, so that the incident opens while the bad one is live.
        for release in releases:
            mine = [visit for visit in visits if visit.agent[1] == release.version]
            for visit in mine:
                sender.send(spans_of(visit, service=AGENT_NAME))
            done += len(mine)
            _wait(client, done)
            bar.update(task, completed=done)
            services.incidents.compare_releases()
        sender.close()
        services.rollups.seal(quiet_seconds=0)
        _scorecard(client)
        _latency(client)
        failing = _failures(client)
        _incidents(client)
        _replay(client, failing, services.settings.data / "demo-scenarios")


def _wait(client: Client, conversations: int) -> None:
    until = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < until:
        if client.get("/api/v1/ledger")["conversations"]["graded"] >= conversations:
            return
        time.sleep(0.2)
    raise RetryableError("grading did not finish in time; look at `floorline doctor`")


def _scorecard(client: Client) -> None:
    rows = client.get("/api/v1/scorecard", group_by="version", agent=AGENT_NAME)["verdicts"]
    table(
        "Scorecard by release",
        ("release", "conversations", "passed", "failed", "pass rate", "95 % interval"),
        [
            (
                row["version"],
                str(row["conversations"]),
                str(row["passed"]),
                str(row["failed"]),
                percent(row["pass_rate"]),
                " – ".join(percent(end) for end in row["interval"] or ()),
            )
            for row in sorted(rows, key=lambda row: row["version"])
        ],
        numeric=(1, 2, 3, 4, 5),
    )


def _latency(client: Client) -> None:
    rows = client.get("/api/v1/latency", by="turn_type", agent=AGENT_NAME)["latency"]
    table(
        "Seconds a customer waited for the whole reply, by turn type",
        ("turn type", "turns", "p50", "p95", "p99", "budget", "over budget"),
        [
            (
                row["turn_type"],
                str(row["turns"]),
                *(seconds(row["duration"][name]) for name in ("p50", "p95", "p99")),
                seconds(row["duration"].get("budget")),
                percent(row["duration"].get("share_over_budget")),
            )
            for row in rows
        ],
        numeric=(1, 2, 3, 4, 5, 6),
    )


def _failures(client: Client) -> list[dict[str, Any]]:
    items = client.get("/api/v1/conversations", verdict="fail", limit=100)["conversations"]
    found = [client.get(f"/api/v1/conversations/{item['conversation_id']}") for item in items]
    rows = [
        (
            conversation["conversation_id"],
            conversation["agent"]["version"],
            verdict(score["label"]),
            _where(conversation, score),
            score["explanation"],
        )
        for conversation in _different(found)[:SHOWN]
        for score in _faults(conversation)
    ]
    columns = ("conversation", "release", "fault", "where", "why")
    table(f"Failing conversations ({min(SHOWN, len(found))} of {len(found)})", columns, rows)
    return found


def _faults(conversation: dict[str, Any]) -> list[dict[str, Any]]:
    """What failed the conversation, arguments first; slow turns are in the latency table."""
    failed = [score for score in conversation["scores"] if score["verdict"] == "fail"]
    failed = [score for score in failed if not score["name"].startswith(BESIDE)]
    return sorted(failed, key=lambda score: score["argument_path"] is None)


def _where(conversation: dict[str, Any], score: dict[str, Any]) -> str:
    if not score["argument_path"]:
        return str(score["name"])
    calls = {call["id"]: call for turn in conversation["turns"] for call in turn["tool_calls"]}
    call = calls[score["tool_call_id"]]
    value = next(a["value"] for a in call["arguments_checked"] if a["path"] == score["argument_path"])
    return f"{call['name']}{score['argument_path']} = {value!r}"


def _incidents(client: Client) -> None:
    rows = client.get("/api/v1/incidents")["incidents"]
    table(
        "Incidents",
        ("incident", "status", "what happened"),
        [(row["title"], row["status"], row["summary"]) for row in rows],
    )


def _replay(client: Client, failing: list[dict[str, Any]], folder: Path) -> None:
    """Promote a few failures of the bad release and replay them on the bad and on the fixed one."""
    folder.mkdir(parents=True, exist_ok=True)
    paths = []
    for conversation in _different(failing)[:PROMOTED]:
        made = client.post("/api/v1/scenarios", {"conversation_id": conversation["conversation_id"]})
        path = folder / made["file"]
        path.write_text(made["yaml"], encoding="utf-8")
        if made["reproduced"]:
            paths.append(path)
        else:
            err.print(f"{made['id']} is not proved: {made['reason']}")
    if not paths:
        out.print("Nothing failed that could be replayed.")
        return
    made_table = Table(title="Replay of promoted failures", title_justify="left", title_style="bold", box=None)
    for name in ("release", "trials", *(f"pass^{k}" for k in KS)):
        made_table.add_column(name, justify="left" if name == "release" else "right")
    for version in ("1.1", "1.2"):
        result = suite.replay(paths, f"demo:{version}", trials=TRIALS, ks=KS)
        made_table.add_row(version, f"{len(paths)} x {TRIALS}", *(report.number(found) for found in result.estimates()))
    out.print(made_table)
    out.print()


def _different(failing: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """One conversation for each kind of fault first, then the rest."""
    seen: set[tuple[str, ...]] = set()
    first: list[dict[str, Any]] = []
    rest: list[dict[str, Any]] = []
    for conversation in failing:
        kinds = tuple(sorted({score["name"] for score in _faults(conversation)}))
        (rest if kinds in seen else first).append(conversation)
        seen.add(kinds)
    return first + rest
