"""What the commands print: tables for people, JSON for scripts, progress on stderr."""

from __future__ import annotations

import json
import math
import sys
from collections.abc import Iterable, Sequence

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn
from rich.table import Table
from rich.text import Text

VERDICT_STYLE = {"pass": "green", "fail": "bold red", "inconclusive": "yellow", "error": "magenta"}

# Where nobody watches, a table keeps a width that is good to read in a file.
out = Console(highlight=False, width=None if sys.stdout.isatty() else 140)
err = Console(stderr=True, highlight=False)


def verdict(label: str) -> Text:
    """A verdict in its colour; the word itself carries the meaning, so it survives a pipe."""
    return Text(label, style=VERDICT_STYLE.get(label, "cyan"))


def seconds(value: float | None) -> str:
    """Seconds with two decimals, a dash for none."""
    return "–" if value is None else f"{value:.2f} s"


def dollars(value: float | None) -> str:
    """US dollars with at least two decimals and two figures that count, a dash for none."""
    if value is None:
        return "–"
    decimals = 2 if value == 0 or value >= 0.1 else min(9, 1 - math.floor(math.log10(value)))  # noqa: PLR2004 - a dime
    return f"${value:,.{decimals}f}"


def percent(value: float | None) -> str:
    """A share as per cent with one decimal, a dash for none."""
    return "–" if value is None else f"{100 * value:.1f} %"


def table(
    title: str, columns: Sequence[str], rows: Iterable[Sequence[str | Text]], *, numeric: Sequence[int] = ()
) -> None:
    """Print a table; columns in `numeric` are right-aligned."""
    made = Table(title=title, title_justify="left", title_style="bold", header_style="dim", box=None, pad_edge=False)
    for position, name in enumerate(columns):
        made.add_column(name, justify="right" if position in numeric else "left", overflow="fold")
    for row in rows:
        made.add_row(*row)
    out.print(made)
    out.print()


def as_json(value: object) -> None:
    """Print a JSON document."""
    json.dump(value, sys.stdout, ensure_ascii=False, indent=2, default=str)
    sys.stdout.write("\n")


def progress() -> Progress:
    """A progress bar on stderr that keeps quiet where nobody watches."""
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
        console=err,
        transient=not err.is_terminal,
        disable=not err.is_terminal,
    )
