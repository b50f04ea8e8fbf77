"""`floorline passk`: pass^k of a results file."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from conversation.errors import UsageError
from scenarios import results_file
from scenarios.pass_k import Estimate
from scenarios.results_file import PassTable, Row
from service.cli.options import Json
from service.cli.output import as_json, table


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("passk")(passk)


def numbers(text: str) -> list[int]:
    """The whole numbers of a comma-separated list.

    Raises:
        UsageError: Something in it is not a positive whole number.
    """
    try:
        found = sorted({int(part) for part in text.split(",")})
    except ValueError as error:
        raise UsageError(f"--k takes whole numbers separated by commas, such as 1,2,4,8; not {text!r}") from error
    if not found or found[0] < 1:
        raise UsageError(f"--k takes numbers from 1 on, not {text!r}")
    return found


def passk(
    file: Annotated[Path, typer.Argument(help="Results: ours, tau-bench's trajectories, tau2's results.json, CSV.")],
    k: Annotated[str, typer.Option("--k", help="Values of k.")] = "1,2,3,4,8",
    json: Json = False,
) -> None:
    """Unbiased pass^k, mean over tasks of C(c,k)/C(n,k)."""
    found = results_file.passk_file(file, numbers(k))
    if json:
        as_json([_row(row) for row in found.rows])
    else:
        show(f"pass^k of {file.name}", found)


def _row(row: Row) -> dict[str, Any]:
    return {
        "source": row.source,
        "tasks": row.tasks,
        "trials": row.trials,
        "passes": row.passes,
        "pass_k": {
            estimate.k: {"value": estimate.value, "low": estimate.low, "high": estimate.high}
            for estimate in row.estimates
        },
    }


def show(title: str, found: PassTable) -> None:
    """Print a pass^k table; a dash where a task has fewer trials than k."""
    ks = sorted({e.k for row in found.rows for e in row.estimates if e.value is not None})
    rows = []
    for row in found.rows:
        values = {e.k: _shown(e) for e in row.estimates}
        rows.append((row.source, str(row.tasks), str(row.trials), *(values.get(value, "–") for value in ks)))
    columns = ("source", "tasks", "trials", *(f"pass^{value}" for value in ks))
    table(f"{title} (95 % interval)", columns, rows, numeric=tuple(range(1, len(columns))))


def _shown(estimate: Estimate) -> str:
    if estimate.value is None or estimate.low is None or estimate.high is None:
        return "–"
    return f"{estimate.value:.4f} ({estimate.low:.2f}–{estimate.high:.2f})"
