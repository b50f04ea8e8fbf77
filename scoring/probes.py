"""A pinned set of conversations that shows when a judge changes its mind: same conversations, same rubric, new answer.

Providers change models behind one name. The probe set is pinned once with the verdicts the judge gave; each later run
is compared with the pin, and any difference is an alarm with the conversation named.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

from conversation.errors import UsageError
from conversation.model import Conversation
from conversation.verdict import Score, Verdict

Ask = Callable[[Conversation], Iterable[Score]]


class PinnedVerdict(BaseModel):
    """What the judge said of one probe when it was pinned."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    conversation_id: str
    score: str
    verdict: Verdict
    scorer_version: str


@dataclass(frozen=True, slots=True)
class Change:
    """A probe on which the judge changed its mind; `now` is None where it no longer gives that score."""

    pinned: PinnedVerdict
    now: Verdict | None
    scorer_version: str

    def __str__(self) -> str:
        now = self.now.value if self.now else "no score"
        was = f"{self.pinned.verdict.value} (version {self.pinned.scorer_version})"
        return f"{self.pinned.conversation_id}: {self.pinned.score} was {was}, is {now} (version {self.scorer_version})"


def pin(probes: Iterable[Conversation], ask: Ask) -> list[PinnedVerdict]:
    """The judge's verdicts on the probes, to be kept. Errors are not pinned: they are nobody's opinion."""
    return [
        PinnedVerdict(
            conversation_id=probe.id, score=score.name, verdict=score.verdict, scorer_version=score.scorer_version
        )
        for probe in probes
        for score in ask(probe)
        if score.verdict is not Verdict.ERROR
    ]


def changes(pinned: Iterable[PinnedVerdict], probes: Iterable[Conversation], ask: Ask) -> list[Change]:
    """Where the judge now says something else than when it was pinned. An error now is a change too."""
    now = {(probe.id, score.name): score for probe in probes for score in ask(probe)}
    found: list[Change] = []
    for item in pinned:
        score = now.get((item.conversation_id, item.score))
        if score is None:
            found.append(Change(item, None, ""))
        elif score.verdict is not item.verdict:
            found.append(Change(item, score.verdict, score.scorer_version))
    return found


def write(path: Path, pinned: Iterable[PinnedVerdict]) -> None:
    """Keep a pin as JSON lines."""
    path.write_text("".join(f"{item.model_dump_json()}\n" for item in pinned), encoding="utf-8")


def read(path: Path) -> list[PinnedVerdict]:
    """A pin that `write` kept.

    Raises:
        UsageError: The file cannot be read; the text names the line.
    """
    found: list[PinnedVerdict] = []
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except OSError as error:
        raise UsageError(f"cannot read the pinned probes: {error}") from error
    for number, line in enumerate(lines, 1):
        try:
            found.append(PinnedVerdict.model_validate_json(line))
        except ValidationError as error:
            raise UsageError(f"{path}:{number}: not a pinned verdict: {error.errors()[0]['msg']}") from error
    return found
