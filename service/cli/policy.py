"""`floorline policy`: compile a policy, run its examples, try it on stored history."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from scoring.policy import examples, load
from service.cli import options
from service.cli.client import Client
from service.cli.output import as_json, out, percent, table, verdict

app = typer.Typer(help="Policies: rules over time.", no_args_is_help=True)
File = Annotated[Path, typer.Argument(help="A policy YAML file.")]


@app.command("check")
def check(file: File) -> None:
    """Compile a policy; every problem is named with its line."""
    policy = load.load(file)
    out.print(f"{file}: {len(policy.rules)} rules, version {policy.version}. No problems.")


@app.command("test")
def run_examples(file: File, json: options.Json = False) -> None:
    """Run the examples beside the rules."""
    results = examples.run_examples(load.load(file))
    failed = [result for result in results if not result.ok]
    if json:
        as_json(
            [
                {"rule": r.rule, "example": r.example, "expected": r.expected, "got": r.actual, "passed": r.ok}
                for r in results
            ]
        )
    else:
        table(
            f"Examples of {file.name}",
            ("rule", "example", "expected", "got", ""),
            [(r.rule, r.example, r.expected, r.actual, verdict("pass" if r.ok else "fail")) for r in results],
        )
        out.print(f"{len(results) - len(failed)} of {len(results)} examples hold.")
    if failed:
        raise typer.Exit(1)


@app.command("backtest")
def backtest(
    file: File,
    since: Annotated[str | None, typer.Option(help="History since then: ISO 8601 or an age (7d).")] = None,
    url: options.Url = options.URL,
    data: options.Data = None,
    api_key: options.ApiKey = None,
    json: options.Json = False,
) -> None:
    """Show what each rule would have flagged over stored history."""
    load.load(file)
    with Client(url, data, api_key) as client:
        body = {"policy": file.read_text(encoding="utf-8"), "name": file.name, "since": since}
        found = client.post("/api/v1/policies/backtest", body)
    if json:
        as_json(found)
        return
    table(
        f"{file.name} over {found['conversations']} stored conversations",
        ("rule", "applied", "failed", "share", "errors", "for example"),
        [
            (
                row["rule"],
                str(row["applied"]),
                str(row["failed"]),
                percent(row["failed"] / row["applied"] if row["applied"] else None),
                str(row["errors"]),
                ", ".join(row["examples"]),
            )
            for row in found["rules"]
        ],
        numeric=(1, 2, 3, 4),
    )
