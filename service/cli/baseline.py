"""`floorline baseline` and the drift table."""

from __future__ import annotations

from typing import Annotated

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
) -> None:
    """Drift of a release against the pinned baseline."""
    with Client(url, data, api_key) as client:
        found = client.get("/api/v1/drift", agent=agent, version=version)
    if json:
        as_json(found)
        return
    table(
        f"Drift of {agent} {found.get('version') or ''}",
        ("tool", "argument", "statistic", "value", "threshold", "n", "verdict"),
        [
            (
                row["tool"],
                row["argument"],
                row["statistic"],
                _number(row["value"]),
                _number(row["threshold"]),
                str(row["n"]),
                verdict(row["verdict"]),
            )
            for row in found["drift"]
        ],
        numeric=(3, 4, 5),
    )


def _number(value: float | None) -> str:
    return "–" if value is None else f"{value:.3f}"
