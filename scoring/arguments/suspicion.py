"""Adds up findings to one suspicion, by weights that are data: `suspicion.yaml` beside this file."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from importlib.resources import files

import yaml
from pydantic import BaseModel, ConfigDict

from scoring.arguments.finding import Finding


class SuspicionWeights(BaseModel):
    """Weight of each signal: the chance that an argument is wrong where only this signal speaks, fully met."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    version: str
    weights: dict[str, float]


@lru_cache(maxsize=1)
def weights() -> SuspicionWeights:
    """The shipped weights."""
    text = files("scoring.arguments").joinpath("suspicion.yaml").read_text(encoding="utf-8")
    return SuspicionWeights.model_validate(yaml.safe_load(text))


def suspicion_of(findings: Sequence[Finding]) -> tuple[float, Finding | None]:
    """The suspicion and the strongest finding: independent reasons add up as 1 minus the product of the doubts."""
    table = weights().weights
    doubt = 1.0
    strongest: Finding | None = None
    best = 0.0
    for finding in findings:
        share = table[finding.signal] * finding.strength
        doubt *= 1.0 - share
        if share > best:
            best, strongest = share, finding
    return 1.0 - doubt, strongest
