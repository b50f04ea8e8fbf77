"""`floorline grade`: grade transcripts offline, with the scorecard that grades production."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from itertools import islice
from multiprocessing import get_context
from pathlib import Path
from typing import Annotated, Any, TypeAlias

import orjson
import typer

from conversation import transcript
from conversation.errors import UsageError
from conversation.model import Conversation
from conversation.turn_types import TurnTypes
from scoring import results, runner, scorecard
from service.cli.options import Json
from service.cli.output import as_json, out, percent, progress, table, verdict
from service.garbage import collect_seldom, collecting_seldom

Options: TypeAlias = "tuple[Path | None, Path | None]"
_loaded: dict[Options, scorecard.Scorecard] = {}


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("grade")(grade)


def _card(options: Options) -> scorecard.Scorecard:
    """The scorecard, loaded once in each worker process."""
    if options not in _loaded:
        _loaded[options] = scorecard.load(options[0], policy=options[1])
    return _loaded[options]


def _grade_chunk(options: Options, chunk: list[Conversation]) -> list[dict[str, Any]]:
    card = _card(options)
    return [results.to_json(conversation, runner.grade(conversation, card)) for conversation in chunk]


def _chunks(conversations: Iterable[Conversation], size: int = 16) -> Iterator[list[Conversation]]:
    source = iter(conversations)
    while chunk := list(islice(source, size)):
        yield chunk


def _graded(options: Options, files: list[Path], jobs: int, types: TurnTypes | None) -> Iterator[dict[str, Any]]:
    """Result lines in input order; only a bounded number of conversations is in memory."""
    conversations = (conversation for path in files for conversation in transcript.read(path, turn_types=types))
    if jobs == 1:
        for conversation in conversations:
            yield from _grade_chunk(options, [conversation])
        return
    chunks = _chunks(conversations)
    # A forked worker would inherit the threads of time limits in whatever state they are: it must start afresh.
    with ProcessPoolExecutor(jobs, mp_context=get_context("spawn"), initializer=collect_seldom) as pool:
        waiting = [pool.submit(_grade_chunk, options, chunk) for chunk in islice(chunks, 2 * jobs)]
        while waiting:
            yield from waiting.pop(0).result()
            waiting += [pool.submit(_grade_chunk, options, chunk) for chunk in islice(chunks, 1)]


class _Summary:
    """Counts for the table at the end."""

    def __init__(self) -> None:
        self.verdicts: Counter[str] = Counter()
        self.scorers: dict[str, Counter[str]] = {}
        self.arguments: Counter[str] = Counter()

    def add(self, line: dict[str, Any]) -> None:
        """Count one result."""
        self.verdicts[line["verdict"]] += 1
        worst: dict[str, set[str]] = {}
        for score in line["scores"]:
            worst.setdefault(score["name"], set()).add(score["verdict"])
            if score["argument_path"]:
                self.arguments[score["label"]] += 1
        for name, seen in worst.items():
            word = next(w for w in ("error", "fail", "inconclusive", "pass", "not_applicable") if w in seen)
            self.scorers.setdefault(name, Counter())[word] += 1

    def as_json(self) -> dict[str, Any]:
        """The counts."""
        return {"verdicts": self.verdicts, "scorers": self.scorers, "arguments": self.arguments}

    def show(self) -> None:
        """Print the scorecard table."""
        total = sum(self.verdicts.values())
        words = ("pass", "fail", "inconclusive")
        rows = [
            (verdict(word), str(self.verdicts[word]), percent(self.verdicts[word] / max(total, 1))) for word in words
        ]
        table(f"{total} conversations", ("verdict", "conversations", "share"), rows, numeric=(1, 2))
        columns = ("pass", "fail", "inconclusive", "error", "not_applicable")
        table(
            "By scorer (conversations by their worst score)",
            ("scorer", *columns),
            [(name, *(str(counts[word] or "–") for word in columns)) for name, counts in sorted(self.scorers.items())],
            numeric=(1, 2, 3, 4, 5),
        )
        table(
            "Tool arguments",
            ("label", "arguments"),
            [(label, str(count)) for label, count in self.arguments.most_common()],
            numeric=(1,),
        )


def grade(
    files: Annotated[list[Path], typer.Argument(help="Transcripts: JSONL, .gz too.")],
    results_file: Annotated[Path, typer.Option("--out", help="Where the results go, one JSON object a line.")],
    scorecard_file: Annotated[Path | None, typer.Option("--scorecard", help="Scorecard YAML.")] = None,
    policy: Annotated[Path | None, typer.Option(help="Policy YAML to grade with.")] = None,
    turn_types: Annotated[Path | None, typer.Option(help="YAML of rules that name turns.")] = None,
    jobs: Annotated[int, typer.Option(min=1, help="Processes.")] = 1,
    json: Json = False,
) -> None:
    """Grade transcripts without a service; prints a scorecard table."""
    options = (scorecard_file, policy)
    _card(options)
    for path in files:
        if not path.is_file():
            raise UsageError(f"there is no file {path}")
    types = TurnTypes.read(turn_types) if turn_types else None
    summary = _Summary()
    with results_file.open("wb") as sink, progress() as bar, collecting_seldom():
        task = bar.add_task("grading", total=None)
        for line in _graded(options, files, jobs, types):
            sink.write(orjson.dumps(line, option=orjson.OPT_APPEND_NEWLINE))
            summary.add(line)
            bar.advance(task)
    if json:
        as_json(summary.as_json())
        return
    summary.show()
    out.print(f"Results: {results_file}")
