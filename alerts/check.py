"""Compares the generated files of a folder with what would be generated now; continuous integration fails on lines."""

from __future__ import annotations

import difflib
from pathlib import Path

from alerts import render

SHOWN = 20
"""Lines of a difference that are worth printing; the rest is told by count."""


def check(directory: Path, objectives_path: Path | None = None, *, dashboards: bool = True) -> list[str]:
    """The differences, a short unified diff for each file; empty where all agree.

    Raises:
        UsageError: The objectives have problems, or the dashboards' SDK is missing.
    """
    found = []
    for name, wanted in render.files(objectives_path, dashboards=dashboards).items():
        path = directory / name
        if not path.is_file():
            found.append(f"{path}: missing; run `floorline alerts render`")
            continue
        text = path.read_text(encoding="utf-8")
        if text != wanted:
            found.append(_difference(path, text, wanted))
    return found


def _difference(path: Path, text: str, wanted: str) -> str:
    lines = list(difflib.unified_diff(text.splitlines(), wanted.splitlines(), str(path), "generated", lineterm="", n=1))
    more = [f"... and {len(lines) - SHOWN} more lines"] if len(lines) > SHOWN else []
    return "\n".join([*lines[:SHOWN], *more])
