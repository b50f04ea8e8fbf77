"""Reads results of repeated trials and tells their pass^k: our own runs, tau-bench, tau2-bench, CSV and transcripts.

| format | what it looks like |
|---|---|
| Floorline | JSON of `floorline replay --json`: `scenarios[].trials[]` with `counted` and `passed` |
| tau-bench | a JSON list of `{task_id, trial, reward, ...}` |
| tau2-bench | JSON with `simulations[]`: `{task_id, trial, reward_info.reward, termination_reason}` |
| CSV | columns `task, trial, reward` (`task_id` will do, `source` may be added) |
| transcripts | JSON lines with `task_id`, `trial`, `source` and `label.reward`; streamed |

A trial passes when its reward is 1 (within 1e-6, as tau2-bench has it). Trials that ended by a fault of the machinery
(`infrastructure_error`, `simulator_error`) are no trials of the agent and do not count. Any file may be gzipped.
"""

from __future__ import annotations

import csv
import gzip
import io
import json
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from conversation.errors import UsageError
from scenarios.pass_k import Counts, Estimate, estimates

OVERALL = "overall"
_NOT_THE_AGENT = frozenset({"infrastructure_error", "simulator_error", "user_error"})
_ALMOST_ONE = 1 - 1e-6


@dataclass(frozen=True, slots=True)
class Result:
    """One trial of one task; `source` tells runs apart that share a file."""

    source: str
    task: str
    passed: bool


@dataclass(frozen=True, slots=True)
class Row:
    """The pass^k of one source, or of all of them."""

    source: str
    tasks: int
    trials: int
    passes: int
    estimates: tuple[Estimate, ...]


@dataclass(frozen=True, slots=True)
class PassTable:
    """pass^k by source; a file with several sources has a last row for all of them together."""

    ks: tuple[int, ...]
    rows: tuple[Row, ...]


def passk_file(path: Path, ks: Sequence[int] = (1, 2, 4, 8)) -> PassTable:
    """The pass^k table of a results file.

    Raises:
        UsageError: The file cannot be read, or is in none of the known formats.
    """
    if any(k < 1 for k in ks) or not ks:
        raise UsageError("k is a whole number from 1 on")
    return table(read(path), ks)


def table(results: Iterable[Result], ks: Sequence[int]) -> PassTable:
    """The pass^k table of results, sources in the order they first occur."""
    trials: dict[str, Counter[str]] = {}
    passes: dict[str, Counter[str]] = {}
    for result in results:
        trials.setdefault(result.source, Counter())[result.task] += 1
        passes.setdefault(result.source, Counter())[result.task] += result.passed
    by_source = {
        source: {task: Counts(passes[source][task], n) for task, n in tasks.items()} for source, tasks in trials.items()
    }
    rows = [_row(source, tasks, ks) for source, tasks in by_source.items()]
    if len(rows) > 1:
        together = {
            f"{source}\0{task}": counts for source, tasks in by_source.items() for task, counts in tasks.items()
        }
        rows.append(_row(OVERALL, together, ks))
    return PassTable(tuple(ks), tuple(rows))


def _row(source: str, tasks: dict[str, Counts], ks: Sequence[int]) -> Row:
    return Row(
        source=source,
        tasks=len(tasks),
        trials=sum(counts.trials for counts in tasks.values()),
        passes=sum(counts.passes for counts in tasks.values()),
        estimates=tuple(estimates(tasks, ks, "bootstrap" if len(tasks) > 1 else "beta")),
    )


def read(path: Path) -> Iterator[Result]:
    """The trials of a results file, in any of the formats above.

    Raises:
        UsageError: The file cannot be read, or is in none of them; the text names file and line.
    """
    try:
        with _opened(path) as stream:
            results = 0
            for result in _parsed(path, stream):
                results += 1
                yield result
    except (OSError, EOFError, UnicodeDecodeError) as error:
        raise UsageError(f"cannot read {path}: {error}") from error
    if not results:
        raise UsageError(f"{path}: no trials in this file")


@contextmanager
def _opened(path: Path) -> Iterator[IO[str]]:
    with path.open("rb") as raw:
        packed = raw.read(2) == b"\x1f\x8b"
        raw.seek(0)
        with io.TextIOWrapper(gzip.GzipFile(fileobj=raw) if packed else raw, encoding="utf-8", newline="") as text:
            yield text


def _parsed(path: Path, stream: IO[str]) -> Iterator[Result]:
    first = stream.readline()
    start = first.lstrip()
    if start.startswith("{"):
        try:
            record = json.loads(first)
        except ValueError:
            record = None
        if isinstance(record, dict) and not {"simulations", "scenarios"} & record.keys():
            yield from _lines(path, first, stream)
            return
    if start.startswith(("{", "[")) or not start:
        yield from _document(path, first + stream.read())
    else:
        yield from _csv(path, first, stream)


def _passed(reward: object, where: str) -> bool:
    if isinstance(reward, bool) or not isinstance(reward, int | float | str):
        raise UsageError(f"{where}: reward is {reward!r}, not a number")
    try:
        return float(reward) >= _ALMOST_ONE
    except ValueError:
        raise UsageError(f"{where}: reward is {reward!r}, not a number") from None


def _lines(path: Path, first: str, stream: IO[str]) -> Iterator[Result]:
    for number, line in enumerate(_chain(first, stream), start=1):
        if not line.strip():
            continue
        where = f"{path}:{number}"
        try:
            record = json.loads(line)
        except ValueError as error:
            raise UsageError(f"{where}: not JSON: {error}") from error
        yield _line(record, where)


def _chain(first: str, stream: IO[str]) -> Iterator[str]:
    yield first
    yield from stream


def _line(record: Any, where: str) -> Result:
    task = record.get("task_id") if isinstance(record, dict) else None
    if task is None:
        raise UsageError(f"{where}: a transcript with results has `task_id` and `label.reward`")
    label = record.get("label")
    reward = label.get("reward") if isinstance(label, dict) else record.get("reward")
    return Result(str(record.get("source") or ""), str(task), _passed(reward, where))


def _csv(path: Path, first: str, stream: IO[str]) -> Iterator[Result]:
    reader = csv.DictReader(_chain(first, stream))
    names = set(reader.fieldnames or ())
    task = "task" if "task" in names else "task_id"
    if not {task, "reward"} <= names:
        raise UsageError(f"{path}:1: not a results file: a CSV has the columns task, trial, reward")
    for row in reader:
        yield Result(row.get("source") or "", row[task], _passed(row["reward"], f"{path}:{reader.line_num}"))


def _document(path: Path, text: str) -> Iterator[Result]:
    try:
        data = json.loads(text)
    except ValueError as error:
        raise UsageError(f"{path}: not JSON: {error}") from error
    if isinstance(data, list):
        trials = [(item, item.get("reward")) for item in data if isinstance(item, dict)]
    elif isinstance(data, dict) and isinstance(data.get("simulations"), list):
        trials = [(item, (item.get("reward_info") or {}).get("reward", 0.0)) for item in data["simulations"]]
    elif isinstance(data, dict) and isinstance(data.get("scenarios"), list):
        yield from _ours(data)
        return
    else:
        raise UsageError(f"{path}: not a results file: neither ours, tau-bench's, tau2-bench's, CSV nor transcripts")
    for index, (item, reward) in enumerate(trials):
        where = f"{path}: trial {index}"
        if item.get("termination_reason") in _NOT_THE_AGENT:
            continue
        if "task_id" not in item:
            raise UsageError(f"{where}: task_id is missing")
        yield Result("", str(item["task_id"]), _passed(reward, where))


def _ours(data: dict[str, Any]) -> Iterator[Result]:
    for scenario in data["scenarios"]:
        for trial in scenario["trials"]:
            if trial["counted"]:
                yield Result(str(data.get("agent", "")), str(scenario["id"]), bool(trial["passed"]))
