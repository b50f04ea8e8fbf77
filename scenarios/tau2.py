"""Exchange with tau2-bench by file: what the command line calls. Details are in `tau2_export` and `tau2_import`."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

from conversation.errors import UsageError
from scenarios import scenario_file, tau2_export, tau2_import

TRANSCRIPTS = "tau2-runs.jsonl"


def export(paths: Sequence[Path], folder: Path, *, domain: str = "floorline", prefix: int = 0) -> list[str]:
    """Write the scenarios of files and folders as a tau2 bundle; what could not be kept, a line each.

    Raises:
        UsageError: A scenario cannot be read, or the bundle cannot be written.
    """
    return tau2_export.export(scenario_file.read_all(paths), folder, domain=domain, prefix=prefix).warnings


def import_file(path: Path, folder: Path) -> list[Path]:
    """Read a `tasks.json` into scenario files, or a `results.json` into one file of transcripts; the files written.

    Raises:
        UsageError: The file is neither, or the folder cannot be written.
    """
    if _is_results(path):
        target = folder / TRANSCRIPTS
        lines = [json.dumps(record, ensure_ascii=False) + "\n" for record in tau2_import.import_runs(path)]
        try:
            folder.mkdir(parents=True, exist_ok=True)
            target.write_text("".join(lines), encoding="utf-8")
        except OSError as error:
            raise UsageError(f"cannot write {target}: {error}") from error
        return [target]
    return [scenario_file.write(scenario, folder) for scenario in tau2_import.import_tasks(path).scenarios]


def _is_results(path: Path) -> bool:
    try:
        return path.read_text(encoding="utf-8").lstrip().startswith("{")
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"cannot read {path}: {error}") from error
