"""`floorline demo`: the whole loop in one command, on a made-up shop."""

from __future__ import annotations

from typing import Annotated

import typer

from service import settings
from service.cli import options


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("demo")(demo)


def demo(
    data: options.DataDir = None,
    host: options.Host = None,
    otlp_http_port: options.HttpPort = None,
    otlp_grpc_port: options.GrpcPort = None,
    port: options.Port = None,
    clickhouse: options.ClickHouse = None,
    config: options.Config = None,
    idle_seconds: options.Idle = None,
    conversations: Annotated[int, typer.Option(min=3, help="Conversations in all.")] = 120,
    seed: Annotated[int, typer.Option(help="The same seed gives the same traffic.")] = 7,
    leave: Annotated[bool, typer.Option("--exit", help="Stop after the report instead of serving on.")] = False,
) -> None:
    """Start Floorline, send the demo shop's traffic, and show what it found."""
    from service.demo.story import run  # noqa: PLC0415 - other commands start faster without the server
    from service.demo.traffic import MODEL  # noqa: PLC0415 - as above

    given = options.overrides(
        data=data,
        host=host,
        otlp_http_port=otlp_http_port,
        otlp_grpc_port=otlp_grpc_port,
        port=port,
        clickhouse=clickhouse,
        idle_seconds=idle_seconds,
    )
    # A made-up model has made-up prices, so that the pages about money show some.
    given["prices"] = {"models": {MODEL: {"input": 0.4, "output": 1.6}}}
    run(settings.load(config, given), conversations=conversations, seed=seed, leave=leave)
