"""`floorline baseline` and the drift table."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from service.cli import options
from service.cli.client import Client
from service.cli.output import as_json, out, table, verdict

app = typer.Typer(help="The pinned reference that drift is measured against.", no_args_is_help=True)


@app.command("pin")
def pin(
    agent: Annotated[str, typer.Option(help="The agent.")],
    version: Annotated[str, typer.Option(help="The release to measure against.")],
    url: options.Url = options.URL,
    data: options.Data = None,
    api_key: options.ApiKey = None,
) -> None:
    """Freeze a release's tool arguments as the reference."""
    with Client(url, data, api_key) as client:
        made = client.post("/api/v1/baselines", {"agent": agent, "version": version})
    out.print(f"Baseline {made['id']} pinned: {made['arguments']} arguments of {made['calls']} calls.")


@app.command("show")
def show(
    agent: Annotated[str, typer.Option(help="The agent.")],
    version: Annotated[str | None, typer.Option(help="The release to compare (default: the newest).")] = None,
    url: options.Url = options.URL,
    data: options.Data = None,
    api_key: options.ApiKey = None,
    json: options.Json = False,
    every: Annotated[bool, typer.Option("--all", help="Comparisons without enough data too.")] = False,
) -> None:
    """Drift of a release against the pinned baseline."""
    with Client(url, data, api_key) as client:
        found = client.get("/api/v1/drift", agent=agent, version=version)
    if json:
        as_json(found)
        return
    rows = found["drift"]
    if not rows:
        out.print(f"Nothing to compare: no baseline of {agent} is pinned, or no tool was called.")
        return
    thin = 0 if every else sum(row["verdict"] == "not_enough_data" for row in rows)
    table(
        f"Drift of {agent} {rows[0]['version']} from {rows[0]['baseline']}",
        ("tool", "argument", "statistic", "value", "threshold", "n", "verdict", "what moved"),
        [
            (
                row["tool"],
                row["argument"],
                row["statistic"],
                _number(row["value"]),
                _number(row["threshold"]),
                str(row["n"]),
                verdict(row["verdict"]),
                row["told"],
            )
            for row in rows
            if every or row["verdict"] != "not_enough_data"
        ],
        numeric=(3, 4, 5),
    )
    if thin:
        out.print(f"{thin} more comparisons have too few calls to say anything; --all lists them.")
    for look in found["watch"]:
        out.print(_told(look))


def _told(look: dict[str, Any]) -> str:
    """How the watch stands, in one line."""
    if look["tested"] is None:
        done = f"nothing is tested before {look['next_test_at']}"
    else:
        done = f"conversations {look['tested'][0] + 1} to {look['tested'][1]}: {look['state'].replace('_', ' ')}"
    return f"Watch of {look['agent']} {look['version']}, {look['conversations']} conversations so far; {done}."


def _number(value: float | None) -> str:
    return "–" if value is None else f"{value:.3f}"
