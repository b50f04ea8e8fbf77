"""`floorline probes`: a pinned set of conversations that alarms when a judge (or any scorer) changes its mind."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Annotated

import typer

from conversation import transcript
from conversation.errors import UsageError
from conversation.model import Conversation
from conversation.verdict import Score
from scoring import probes, runner, scorecard
from service.cli.output import err, out

app = typer.Typer(help="Pinned conversations that show when a judge changes its mind.", no_args_is_help=True)
Transcripts = Annotated[Path, typer.Argument(help="The probe conversations, as transcripts.")]
Card = Annotated[Path | None, typer.Option("--scorecard", help="Scorecard YAML (default: the shipped one).")]
Scorer = Annotated[str, typer.Option("--scorer", help="Whose verdicts are pinned.")]
Pins = Annotated[Path, typer.Option("--pins", help="Where the pinned verdicts are kept.")]


def _asking(path: Path | None, scorer: str) -> probes.Ask:
    """Grades a conversation with one scorer.

    Raises:
        UsageError: The scorecard has no such scorer.
    """
    card = scorecard.load(path)
    names = [bound.name for bound in card.scorers]
    if scorer not in names:
        raise UsageError(f"the scorecard has no scorer {scorer!r}; it has {', '.join(names)}")

    def ask(conversation: Conversation) -> Iterable[Score]:
        return runner.grade(conversation, card, only={scorer}).scores

    return ask


@app.command("pin")
def pin(file: Transcripts, pins: Pins, scorecard_file: Card = None, scorer: Scorer = "judge") -> None:
    """Keep what the scorer says of each conversation now."""
    pinned = probes.pin(transcript.read(file), _asking(scorecard_file, scorer))
    if not pinned:
        raise UsageError(f"{scorer} gave no verdict on any conversation of {file}: there is nothing to pin")
    probes.write(pins, pinned)
    out.print(f"{len(pinned)} verdicts of {scorer} pinned in {pins}.")


@app.command("check")
def check(file: Transcripts, pins: Pins, scorecard_file: Card = None, scorer: Scorer = "judge") -> None:
    """Ask again; exit 1 where the scorer now says something else."""
    changed = probes.changes(probes.read(pins), transcript.read(file), _asking(scorecard_file, scorer))
    for change in changed:
        err.print(str(change))
    if changed:
        raise typer.Exit(1)
    out.print(f"{scorer} says what it said.")
