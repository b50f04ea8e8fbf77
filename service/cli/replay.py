"""`floorline replay`: scenarios against an agent, k times."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from conversation.errors import UsageError
from scenarios import gate as gates
from scenarios import report, suite
from service.cli.output import err, out, progress
from service.cli.passk import numbers

MODES = ("strict", "divergence", "simulated")
EXIT_MISSED = 1
EXIT_COULD_NOT_RUN = 3


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("replay")(replay)


def replay(
    paths: Annotated[list[Path], typer.Argument(help="Scenario files or folders of them.")],
    agent: Annotated[str, typer.Option(help="python:module:callable, file.py:callable, openai:URL#model, demo:1.2.")],
    trials: Annotated[int, typer.Option(min=1, help="Trials of each scenario.")] = 8,
    k: Annotated[str, typer.Option("--k", help="Values of k.")] = "1,2,4,8",
    mode: Annotated[str, typer.Option(help="strict, divergence or simulated.")] = "strict",
    gate: Annotated[str | None, typer.Option(help="Such as 'pass^8 >= 0.9'.")] = None,
    junit: Annotated[Path | None, typer.Option(help="Write JUnit XML.")] = None,
    json_file: Annotated[Path | None, typer.Option("--json", help="Write the results as JSON.")] = None,
    markdown: Annotated[Path | None, typer.Option(help="Write a Markdown report.")] = None,
    scorecard: Annotated[Path | None, typer.Option(help="Scorecard YAML (default: the shipped one).")] = None,
    jobs: Annotated[int, typer.Option(min=1, help="Trials at a time.")] = 1,
    seed: Annotated[int, typer.Option(help="Seed of everything random.")] = 0,
) -> None:
    """Replay scenarios; exit 0 gate met, 1 missed, 2 usage, 3 could not run."""
    if mode not in MODES:
        raise UsageError(f"--mode is one of {', '.join(MODES)}, not {mode!r}")
    wanted = gates.parse(gate) if gate else None
    ks = [value for value in numbers(k) if value <= trials]
    with progress() as bar:
        task = bar.add_task("replaying", total=None)

        def tick(done: int, total: int) -> None:
            bar.update(task, completed=done, total=total)

        result = suite.replay(
            paths, agent, trials=trials, ks=ks, mode=mode, jobs=jobs, seed=seed, scorecard=scorecard, progress=tick
        )
    out.print(report.table(result))
    for path, text in ((junit, report.junit), (markdown, report.markdown)):
        if path is not None:
            path.write_text(text(result), encoding="utf-8")
    if json_file is not None:
        json_file.write_text(report.to_json(result), encoding="utf-8")
    met, reason = gates.decide(wanted, result)
    if result.could_not_run:
        err.print(f"floorline: {result.could_not_run}")
        raise typer.Exit(EXIT_COULD_NOT_RUN)
    out.print(reason)
    if not met:
        raise typer.Exit(EXIT_MISSED)
