"""`floorline costs`: what conversations cost, by agent, release, model, tool, turn type or intent."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from service.cli import options
from service.cli.client import Client
from service.cli.output import as_json, dollars, table

_TITLES = ("calls", "tokens in", "out", "reasoning", "cost", "per turn", "per conversation", "per resolved", "no price")


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("costs")(costs)


def costs(
    by: Annotated[str, typer.Option(help="agent, version, model, tool, turn_type or intent.")] = "agent",
    agent: Annotated[str | None, typer.Option(help="Only this agent.")] = None,
    version: Annotated[str | None, typer.Option(help="Only this version.")] = None,
    model: Annotated[str | None, typer.Option(help="Only this model.")] = None,
    since: Annotated[str | None, typer.Option(help="Since then: ISO 8601 or an age (24h).")] = None,
    until: Annotated[str | None, typer.Option(help="Until then.")] = None,
    url: options.Url = options.URL,
    data: options.Data = None,
    api_key: options.ApiKey = None,
    json: options.Json = False,
) -> None:
    """Tokens and money of model calls; a resolved conversation is one that passed."""
    with Client(url, data, api_key) as client:
        given = {"by": by, "agent": agent, "version": version, "model": model, "since": since, "until": until}
        found = client.get("/api/v1/costs", **given)
    if json:
        as_json(found)
        return
    rows = [*found["costs"], *([{by: "all", **found["total"]}] if found["total"] else [])]
    title = f"Costs by {by.replace('_', ' ')}, prices {found['prices']}"
    table(title, (by.replace("_", " "), *_TITLES), [_row(by, row) for row in rows], numeric=range(1, len(_TITLES) + 1))


def _row(by: str, row: dict[str, Any]) -> tuple[str, ...]:
    tokens = row["tokens"]
    least = "≥ " if row["unpriced_calls"] and row["cost_usd"] is not None else ""
    money = (row["cost_usd"], row["per_turn_usd"], row["per_conversation_usd"], row["per_resolved_usd"])
    return (
        str(row[by]) or "(none)",
        *(str(number) for number in (row["calls"], tokens["input"], tokens["output"], tokens["reasoning"])),
        *(least * (value is not None) + dollars(value) for value in money),
        str(row["unpriced_calls"]),
    )
