"""`floorline score`: grade or re-grade stored conversations."""

from __future__ import annotations

from typing import Annotated

import typer

from service.cli import options
from service.cli.client import Client
from service.cli.output import as_json, out


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("score")(score)


def score(
    since: Annotated[str | None, typer.Option(help="Only conversations since then: ISO 8601 or an age (24h).")] = None,
    conversation: Annotated[str | None, typer.Option(help="Only this conversation.")] = None,
    scorer: Annotated[str | None, typer.Option(help="Only this scorer.")] = None,
    url: options.Url = options.URL,
    data: options.Data = None,
    api_key: options.ApiKey = None,
    json: options.Json = False,
) -> None:
    """Back-fill history under the current scorecard; earlier verdicts stay."""
    with Client(url, data, api_key) as client:
        done = client.post("/api/v1/score", {"since": since, "conversation_id": conversation, "scorer": scorer})
    if json:
        as_json(done)
    else:
        out.print(f"{done['graded']} conversations graded under scorecard {done['scorecard_version']}.")
