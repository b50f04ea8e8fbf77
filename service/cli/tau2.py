"""`floorline tau2`: tasks and runs from and to tau2-bench."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from scenarios import tau2
from service.cli.output import err, out

app = typer.Typer(help="Exchange with tau2-bench.", no_args_is_help=True)


@app.command("export")
def export(
    paths: Annotated[list[Path], typer.Argument(help="Scenario files or folders of them.")],
    directory: Annotated[Path, typer.Option("--out", help="Where the bundle goes.")] = Path("tau2-bundle"),
) -> None:
    """Write scenarios as a tau2 domain with its tasks."""
    warnings = tau2.export(paths, directory)
    for warning in warnings:
        err.print(f"warning: {warning}")
    out.print(f"Bundle written to {directory}.")


@app.command("import")
def import_(
    tasks: Annotated[Path, typer.Argument(help="tau2's tasks.json or results.json.")],
    directory: Annotated[Path, typer.Option("--out", help="Where scenario files or transcripts go.")] = Path(
        "tau2-import"
    ),
) -> None:
    """Read tau2 tasks or runs."""
    written = tau2.import_file(tasks, directory)
    out.print(f"{len(written)} files written to {directory}.")
