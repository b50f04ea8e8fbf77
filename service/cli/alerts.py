"""`floorline alerts`: Prometheus rules with their unit tests, dashboards, and the way to the receiver."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from alerts import check as checks
from alerts import render as renders
from service.cli import options
from service.cli.client import Client
from service.cli.output import as_json, err, out, table

app = typer.Typer(help="Rules, dashboards and their tests.", no_args_is_help=True)
Out = Annotated[Path, typer.Option("--out", help="Directory of the generated files.")]
Objectives = Annotated[Path | None, typer.Option(help="Objectives YAML (default: the shipped one).")]
Dashboards = Annotated[bool, typer.Option(help="The dashboards too; they need the development dependencies.")]
DEPLOY = Path("deploy")


@app.command("render")
def render(directory: Out = DEPLOY, objectives: Objectives = None, dashboards: Dashboards = True) -> None:
    """Write rules, their promtool tests and the dashboards."""
    for path in renders.render(directory, objectives, dashboards=dashboards):
        out.print(str(path), soft_wrap=True)


@app.command("check")
def check(directory: Out = DEPLOY, objectives: Objectives = None, dashboards: Dashboards = True) -> None:
    """Fail when the files differ from what would be generated."""
    differences = checks.check(directory, objectives, dashboards=dashboards)
    for difference in differences:
        err.print(difference)
    if differences:
        raise typer.Exit(1)
    out.print("The generated files are up to date.")


@app.command("test")
def fire(
    url: options.Url = options.URL,
    data: options.Data = None,
    api_key: options.ApiKey = None,
    json: options.Json = False,
) -> None:
    """Fire a synthetic failure through the configured receivers and say where it arrived."""
    with Client(url, data, api_key) as client:
        rows = client.post("/api/v1/incidents/test")["deliveries"]
    if json:
        as_json(rows)
        return
    table("Synthetic failure", ("receiver", "result"), [(row["receiver"], row["result"]) for row in rows])
    if any(not row["delivered"] for row in rows):
        raise typer.Exit(1)


@app.command("backtest")
def backtest(
    since: Annotated[str, typer.Option(help="History since then: ISO 8601 or an age.")] = "7d",
    url: options.Url = options.URL,
    data: options.Data = None,
    api_key: options.ApiKey = None,
    json: options.Json = False,
) -> None:
    """Say when each objective would have paged over stored history."""
    with Client(url, data, api_key) as client:
        rows = client.get("/api/v1/incidents/backtest", since=since)["objectives"]
    if json:
        as_json(rows)
        return
    table(
        f"Objectives over the last {since}",
        ("objective", "pages", "tickets", "first"),
        [(row["objective"], str(row["pages"]), str(row["tickets"]), row["first"] or "–") for row in rows],
        numeric=(1, 2),
    )
