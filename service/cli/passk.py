"""`floorline passk`: pass^k of a results file."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from conversation.errors import UsageError
from scenarios import results_file
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
    k: Annotated[str | None, typer.Option("--k", help="Values of k (default: all that the trials allow).")] = None,
    json: Json = False,
) -> None:
    """Unbiased pass^k, mean over tasks of C(c,k)/C(n,k)."""
    rows = results_file.passk_file(file, numbers(k) if k else None)
    if json:
        as_json(rows)
        return
    ks = sorted({int(value) for row in rows for value in row["pass_k"]})
    table(
        f"pass^k of {file.name}",
        ("source", "tasks", "trials", *(f"pass^{value}" for value in ks)),
        [
            (
                str(row["source"]),
                str(row["tasks"]),
                str(row["trials"]),
                *(f"{row['pass_k'][value]:.4f}" if value in row["pass_k"] else "–" for value in ks),
            )
            for row in rows
        ],
        numeric=tuple(range(1, 3 + len(ks))),
    )
