"""`floorline up`: everything in one process."""

from __future__ import annotations

import typer

from service import settings
from service.cli import options
from service.cli.output import out


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("up")(up)


def up(
    data: options.DataDir = None,
    host: options.Host = None,
    otlp_http_port: options.HttpPort = None,
    otlp_grpc_port: options.GrpcPort = None,
    port: options.Port = None,
    clickhouse: options.ClickHouse = None,
    config: options.Config = None,
    idle_seconds: options.Idle = None,
) -> None:
    """Receive traces, grade conversations, serve API and console."""
    from service.server import Addresses, Server  # noqa: PLC0415 - other commands start faster without the server
    from service.wiring import build  # noqa: PLC0415 - as above

    given = options.overrides(
        data=data,
        host=host,
        otlp_http_port=otlp_http_port,
        otlp_grpc_port=otlp_grpc_port,
        port=port,
        clickhouse=clickhouse,
        idle_seconds=idle_seconds,
    )
    services = build(settings.load(config, given))

    def ready(addresses: Addresses) -> None:
        out.print("Floorline is up. Stop it with Ctrl-C.")
        out.print(f"  OTLP over HTTP  {addresses.otlp_http}/v1/traces", soft_wrap=True)
        out.print(f"  OTLP over gRPC  {addresses.otlp_grpc}", soft_wrap=True)
        out.print(f"  Console         {addresses.api}/", soft_wrap=True)
        out.print(f"  API             {addresses.api}/api/v1/conversations", soft_wrap=True)
        out.print(f"  Metrics         {addresses.api}/metrics", soft_wrap=True)

    Server(services).run(ready)
