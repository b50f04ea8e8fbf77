"""Burn-rate windows: how fast an error budget may burn before somebody is told. Read from `windows/*.yaml`.

A pair of windows fires while the error ratio is above `factor * (1 - objective)` in the long and in the short window;
`factor = budget_percent / 100 * period / long`: the rate at which the long window alone burns that much of the budget.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, model_validator

from conversation.errors import UsageError
from scoring import yaml_document

FOLDER = Path(__file__).parent / "windows"
CAP = 0.9
"""Highest error ratio to wait for: at an objective of 90 %, 14.4 times the budget is 144 % and never comes."""
_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800}


def seconds(duration: str) -> int:
    """Seconds of a Prometheus duration of one unit, such as `30m`.

    Raises:
        ValueError: It is not a whole number and one of the units s, m, h, d, w.
    """
    match = re.fullmatch(r"([1-9][0-9]{0,5})([smhdw])", duration)
    if match is None:
        raise ValueError(f"{duration!r} is not a duration such as 30m, 6h or 3d")
    return int(match[1]) * _UNITS[match[2]]


def _checked(duration: str) -> str:
    seconds(duration)
    return duration


Duration = Annotated[str, AfterValidator(_checked)]


class Pair(BaseModel):
    """A long window that says how much burnt and a short one that says it still does."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    severity: Literal["page", "ticket"]
    short: Duration
    long: Duration
    budget_percent: float = Field(gt=0, le=100)

    @model_validator(mode="after")
    def _ordered(self) -> Pair:
        if seconds(self.short) >= seconds(self.long):
            raise ValueError(f"the short window {self.short} must be shorter than the long window {self.long}")
        return self


class Windows(BaseModel):
    """A set of window pairs for one budget period, with the place it comes from."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    source: str = Field(min_length=1)
    period: Duration
    alerts: tuple[Pair, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _within_period(self) -> Windows:
        for pair in self.alerts:
            if seconds(pair.long) > seconds(self.period):
                raise ValueError(f"the long window {pair.long} is longer than the period {self.period}")
        return self

    def factor(self, pair: Pair, objective: float) -> float:
        """How many times the budget's even pace counts as burning, capped for low objectives.

        Args:
            pair: One of `alerts`.
            objective: Promised share of good events, in 0-1, below 1.
        """
        burn = pair.budget_percent / 100 * seconds(self.period) / seconds(pair.long)
        return min(burn, CAP / (1 - objective))

    def threshold(self, pair: Pair, objective: float) -> float:
        """Error ratio above which both windows of a pair must be, in 0-0.9."""
        return round(self.factor(pair, objective) * (1 - objective), 9)

    @property
    def lengths(self) -> tuple[str, ...]:
        """All window lengths of the pairs, shortest first."""
        return tuple(sorted({d for pair in self.alerts for d in (pair.short, pair.long)}, key=seconds))


def load(name: str, beside: Path | None = None) -> Windows:
    """Read a shipped set by its period (`30d`, `7d`) or a file of one's own.

    Args:
        name: Shipped name or path.
        beside: The file that names it; a relative path starts from its folder.

    Raises:
        UsageError: No such file, or problems in it: each with file and line.
    """
    shipped = FOLDER / f"{name}.yaml"
    path = shipped if shipped.is_file() else (beside.parent if beside else Path()) / name
    if not path.is_file():
        known = ", ".join(sorted(file.stem for file in FOLDER.glob("*.yaml")))
        raise UsageError(f"no burn-rate windows {name!r}: use one of {known}, or the path of a file")
    document = yaml_document.read(path)
    try:
        return Windows.model_validate(document.data)
    except ValidationError as error:
        raise UsageError("\n".join(document.problems(error))) from error
