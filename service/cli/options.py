"""Options several commands share."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from service.cli.client import DEFAULT_URL

Url = Annotated[str, typer.Option("--url", help="The running service.", envvar=[])]
Data = Annotated[Path | None, typer.Option("--data", help="Open this data directory instead of calling a service.")]
ApiKey = Annotated[str | None, typer.Option("--api-key", help="Key for the service.")]
Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]
URL = DEFAULT_URL

DataDir = Annotated[Path | None, typer.Option("--data", help="Data directory (default: data).")]
Host = Annotated[str | None, typer.Option("--host", help="Address to listen on (default: 127.0.0.1).")]
HttpPort = Annotated[int | None, typer.Option("--otlp-http-port", help="OTLP over HTTP (default 4318; 0 picks one).")]
GrpcPort = Annotated[int | None, typer.Option("--otlp-grpc-port", help="OTLP over gRPC (default 4317; 0 picks one).")]
Port = Annotated[int | None, typer.Option("--port", help="API, console and metrics (default 8318; 0 picks one).")]
ClickHouse = Annotated[str | None, typer.Option("--clickhouse", help="http(s):// URL of a ClickHouse server.")]
Config = Annotated[Path | None, typer.Option("--config", help="YAML file with settings.")]
Idle = Annotated[float | None, typer.Option("--idle-seconds", help="Grade a conversation idle for so long.")]


def overrides(
    *,
    data: Path | None,
    host: str | None,
    otlp_http_port: int | None,
    otlp_grpc_port: int | None,
    port: int | None,
    clickhouse: str | None,
    idle_seconds: float | None,
) -> dict[str, Any]:
    """The settings that were given on the command line, nested as in the settings file."""
    given = {
        "data": str(data) if data else None,
        "host": host,
        "otlp_http_port": otlp_http_port,
        "otlp_grpc_port": otlp_grpc_port,
        "port": port,
        "clickhouse": clickhouse,
        "grading": {"idle_seconds": idle_seconds} if idle_seconds is not None else None,
    }
    return {name: value for name, value in given.items() if value is not None}
