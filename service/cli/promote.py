"""`floorline promote`: failing conversations to scenario files that are proved to reproduce."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from service.cli import options
from service.cli.client import Client
from service.cli.output import as_json, table, verdict


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("promote")(promote)


def promote(
    conversation_ids: Annotated[list[str], typer.Argument(help="Failing conversations.")],
    directory: Annotated[Path, typer.Option("--out", help="Where the scenario files go.")] = Path("scenarios.d"),
    minimise: Annotated[bool, typer.Option("--minimise", help="Drop what the failure does not need.")] = False,
    url: options.Url = options.URL,
    data: options.Data = None,
    api_key: options.ApiKey = None,
    json: options.Json = False,
) -> None:
    """Write `*.scenario.yaml` and prove that each fails the way production did."""
    rows = []
    directory.mkdir(parents=True, exist_ok=True)
    with Client(url, data, api_key) as client:
        for conversation_id in conversation_ids:
            body = {"conversation_id": conversation_id, "minimise": minimise}
            made = client.post("/api/v1/scenarios", body)
            path = directory / made["file"]
            path.write_text(made["yaml"], encoding="utf-8")
            rows.append(
                {**{name: made[name] for name in ("id", "conversation_id", "reproduced", "reason")}, "path": str(path)}
            )
    if json:
        as_json(rows)
    else:
        table(
            "Promoted",
            ("scenario", "conversation", "reproduces", "why", "file"),
            [
                (
                    row["id"],
                    row["conversation_id"],
                    verdict("yes" if row["reproduced"] else "no"),
                    row["reason"],
                    row["path"],
                )
                for row in rows
            ],
        )
    if not all(row["reproduced"] for row in rows):
        raise typer.Exit(1)
