"""Labelled conversations graded with the shipped scorecard, for the measuring scripts beside this file.

Reads `../shared/conversations` next to the checkout. A label never reaches a scorer: it is taken off the record first.
"""

from __future__ import annotations

import gzip
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import orjson
from numpy.typing import NDArray

from conversation.model import Conversation
from conversation.transcript import from_record
from conversation.verdict import Grade
from scoring.runner import grade
from scoring.scorecard import Scorecard, load

CONVERSATIONS = Path(__file__).resolve().parents[3] / "shared" / "conversations"
SETS = ("natural", "injected-tau", "injected-sgd")


@dataclass(frozen=True, slots=True)
class Labelled:
    """One graded conversation with what is known of it."""

    source: str
    domain: str
    group: str
    label: dict[str, Any]
    conversation: Conversation
    grade: Grade

    @property
    def failed(self) -> bool:
        """Whether it failed, or carries a fault."""
        return bool(self.label["failed"])

    @property
    def faults(self) -> set[tuple[str, str]]:
        """Call id and JSON pointer of every argument known to be wrong."""
        injected = self.label.get("injected")
        if injected:
            return {(injected["call_id"], as_pointer(path)) for path in injected["paths"]}
        writes = (self.label.get("evidence") or {}).get("writes") or {}
        return {
            (wrong["call_id"], as_pointer(one["path"]))
            for wrong in writes.get("wrong_arguments") or ()
            for one in wrong["diffs"]
        }

    @property
    def suspicions(self) -> dict[tuple[str, str], float]:
        """Suspicion of every argument by call id and pointer."""
        return {
            (score.tool_call_id or "", score.argument_path): score.value or 0.0
            for score in self.grade.scores
            if score.argument_path is not None
        }


def as_pointer(path: str) -> str:
    """`flights[0].date` as a JSON pointer."""
    return "/" + re.sub(r"\[(\d+)\]", r".\1", path).replace(".", "/")


def labelled(source: str, scorecard: Scorecard | None = None) -> Iterator[Labelled]:
    """The conversations of one file, graded."""
    card = scorecard or load(None)
    with gzip.open(CONVERSATIONS / f"{source}.jsonl.gz", "rb") as lines:
        for line in lines:
            record = orjson.loads(line)
            label = record.pop("label")
            conversation = from_record(record)
            yield Labelled(source, record["domain"], _group(record), label, conversation, grade(conversation, card))


def _group(record: dict[str, Any]) -> str:
    """What must not be split between training and testing: the customer, or the set of services."""
    services = record.get("services")
    return ",".join(sorted(services)) if services else str(record["group"])


def auroc(positive: Sequence[float], negative: Sequence[float]) -> float:
    """The chance that a positive ranks above a negative, ties counted half; nan where either is empty."""
    if not positive or not negative:
        return float("nan")
    above = np.asarray(positive)[:, None]
    below = np.asarray(negative)[None, :]
    return float((above > below).mean() + 0.5 * (above == below).mean())


def interval(
    positive: Sequence[bool], value: Sequence[float], group: Sequence[str], rounds: int = 300
) -> tuple[float, float]:
    """95 % bootstrap interval of the AUROC, resampled by group (percentile method)."""
    rng = np.random.default_rng(0)
    truth, number, groups = np.asarray(positive, bool), np.asarray(value, float), np.asarray(group)
    places = [np.flatnonzero(groups == one) for one in np.unique(groups)]
    found: list[float] = []
    for _ in range(rounds):
        chosen = np.concatenate([places[at] for at in rng.integers(0, len(places), len(places))])
        one = auroc(_list(number[chosen][truth[chosen]]), _list(number[chosen][~truth[chosen]]))
        if not np.isnan(one):
            found.append(one)
    low, high = np.percentile(found, [2.5, 97.5])
    return float(low), float(high)


def _list(values: NDArray[np.float64]) -> list[float]:
    return [float(value) for value in values]
