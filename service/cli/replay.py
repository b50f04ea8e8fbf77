"""`floorline replay`: scenarios against an agent, k times."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import orjson
import typer

from conversation.errors import UsageError
from scenarios import report, suite
from scenarios.gate import Gate, GateResult
from scenarios.users import Mode
from scoring.scorecard import load
from service.cli.output import err, out, progress
from service.cli.passk import numbers

MODES: tuple[Mode, ...] = ("strict", "divergence", "simulated")
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
    mode: Annotated[str, typer.Option(help="strict, divergence or simulated.")] = "divergence",
    gate: Annotated[str | None, typer.Option(help="Such as 'pass^8 >= 0.9'.")] = None,
    junit: Annotated[Path | None, typer.Option(help="Write JUnit XML.")] = None,
    json_file: Annotated[Path | None, typer.Option("--json", help="Write the results as JSON.")] = None,
    markdown: Annotated[Path | None, typer.Option(help="Write a Markdown report.")] = None,
    scorecard: Annotated[Path | None, typer.Option(help="Scorecard YAML (default: the shipped one).")] = None,
    jobs: Annotated[int, typer.Option(min=1, help="Trials at a time.")] = 1,
    seed: Annotated[int, typer.Option(help="Seed of everything random.")] = 0,
) -> None:
    """Replay scenarios; exit 0 gate met, 1 missed, 2 usage, 3 could not run."""
    chosen = _mode(mode)
    gate_ = Gate(gate) if gate else None
    if gate_ is not None:
        gate_.check(trials)
    ks = [value for value in numbers(k) if value <= trials]
    with progress() as bar:
        task = bar.add_task("replaying", total=None)
        result = suite.replay(
            paths,
            agent,
            trials=trials,
            ks=ks,
            mode=chosen,
            jobs=jobs,
            seed=seed,
            scorecard=load(scorecard) if scorecard else None,
            progress=lambda done, total: bar.update(task, completed=done, total=total),
        )
    out.print(report.table(result))
    decided = gate_.decide(result) if gate_ is not None else None
    if junit is not None:
        junit.write_text(report.to_junit(result), encoding="utf-8")
    if markdown is not None:
        markdown.write_text(report.to_markdown(result, decided), encoding="utf-8")
    if json_file is not None:
        json_file.write_bytes(orjson.dumps(report.to_json(result, decided), option=orjson.OPT_INDENT_2))
    raise typer.Exit(_status(result, gate_, decided))


def _mode(word: str) -> Mode:
    for mode in MODES:
        if word == mode:
            return mode
    raise UsageError(f"--mode is one of {', '.join(MODES)}, not {word!r}")


def _status(result: suite.SuiteResult, gate: Gate | None, decided: GateResult | None) -> int:
    """Tell how it ended; without a gate every trial must pass."""
    if not result.could_run:
        err.print("floorline: no trial says anything of the agent; see the reasons in the table")
        return EXIT_COULD_NOT_RUN
    if gate is None:
        passed = all(trial.passed for trial in result.graded if trial.counted)
        out.print("Every counted trial passed." if passed else "Not every trial passed.")
        return 0 if passed else EXIT_MISSED
    if decided is None:
        err.print(f"floorline: the gate {gate.expression!r} names a figure that is undefined here")
        return EXIT_COULD_NOT_RUN
    figures = ", ".join(f"{name} = {value:.4g}" for name, value in decided.figures.items())
    out.print(f"Gate {'met' if decided.met else 'missed'}: {decided.expression} ({figures})")
    return 0 if decided.met else EXIT_MISSED
