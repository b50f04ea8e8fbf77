"""`floorline send`: transcripts as OTLP through the OpenTelemetry SDK."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Annotated

import typer

from conversation import transcript
from conversation.model import Conversation
from service.cli.output import out, progress
from service.genai_spans import spans_of
from service.sender import Sender
from service.transcripts import timed

DEFAULT_ENDPOINT = "http://127.0.0.1:4318"


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("send")(send)


def send(
    files: Annotated[list[Path], typer.Argument(help="Transcripts: JSONL, .gz too.")],
    endpoint: Annotated[str, typer.Option(help="OTLP/HTTP receiver.")] = DEFAULT_ENDPOINT,
    api_key: Annotated[str | None, typer.Option(help="API key with the scope ingest.")] = None,
    agent_version: Annotated[str | None, typer.Option(help="Version to report for the agent.")] = None,
    rate: Annotated[float, typer.Option(help="Conversations a second; 0 is as fast as they are taken.")] = 0,
    trace_per: Annotated[str, typer.Option(help="A trace per `turn` or per `conversation`.")] = "turn",
) -> None:
    """Send transcripts to an OTLP endpoint; what is not acknowledged is tried again."""
    if trace_per not in {"turn", "conversation"}:
        raise typer.BadParameter("must be `turn` or `conversation`", param_hint="--trace-per")
    conversations: list[Conversation] = [found for path in files for found in transcript.read(path)]
    sender = Sender(endpoint, api_key)
    started = time.monotonic()
    spans = 0
    with progress() as bar:
        task = bar.add_task("sending", total=len(conversations))
        for number, conversation in enumerate(conversations):
            if rate > 0:
                time.sleep(max(0.0, started + number / rate - time.monotonic()))
            made = spans_of(timed(conversation, time.time_ns(), agent_version), trace_per=trace_per)
            sender.send(made)
            spans += len(made)
            bar.advance(task)
    sender.close()
    took = time.monotonic() - started
    out.print(f"{len(conversations)} conversations sent as {spans} spans in {took:.1f} s; all acknowledged.")
