"""`floorline label` and `floorline agreement`: human verdicts and how far scorers agree with them."""

from __future__ import annotations

from typing import Annotated

import typer

from conversation.errors import UsageError
from service.cli import options
from service.cli.client import Client
from service.cli.output import as_json, out, table


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command("label")(label)
    app.command("agreement")(agreement)


def label(
    conversation_id: Annotated[str, typer.Argument(help="The conversation.")],
    verdict: Annotated[str, typer.Argument(help="`pass` or `fail`.")],
    scorer: Annotated[
        str | None, typer.Option(help="The scorer the label is about (default: the whole verdict).")
    ] = None,
    note: Annotated[str, typer.Option(help="Why.")] = "",
    url: options.Url = options.URL,
    data: options.Data = None,
    api_key: options.ApiKey = None,
) -> None:
    """Record a human verdict."""
    if verdict not in {"pass", "fail"}:
        raise UsageError(f"a label is `pass` or `fail`, not {verdict!r}")
    with Client(url, data, api_key) as client:
        client.post(
            f"/api/v1/conversations/{conversation_id}/labels", {"verdict": verdict, "scorer": scorer, "note": note}
        )
    out.print(f"{conversation_id} labelled {verdict}.")


def agreement(
    url: options.Url = options.URL,
    data: options.Data = None,
    api_key: options.ApiKey = None,
    json: options.Json = False,
) -> None:
    """Cohen's kappa of each scorer and version against human labels, with its 95 % interval."""
    with Client(url, data, api_key) as client:
        rows = client.get("/api/v1/agreement")["agreement"]
    if json:
        as_json(rows)
        return
    table(
        "Agreement with human labels",
        ("scorer", "version", "labels", "kappa", "95 % interval", "precision", "recall"),
        [
            (
                row["scorer"],
                row["version"],
                str(row["n"]),
                *(_number(row[name]) for name in ("kappa",)),
                f"{_number(row['low'])} – {_number(row['high'])}",
                _number(row["precision"]),
                _number(row["recall"]),
            )
            for row in rows
        ],
        numeric=(2, 3, 4, 5, 6),
    )


def _number(value: float | None) -> str:
    return "–" if value is None else f"{value:.3f}"
