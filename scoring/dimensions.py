"""Scores of whole dimensions: the weighted mean of the scorers of one side of quality against its threshold."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping

from conversation.verdict import Score, Verdict
from scoring.scorecard_config import DimensionConfig, ScorerConfig


def dimension_scores(
    scores: Iterable[Score],
    scorers: Mapping[str, ScorerConfig],
    dimensions: Mapping[str, DimensionConfig],
) -> Iterator[Score]:
    """A score `dimension.<name>` for each dimension with a threshold and something to average.

    A scorer counts with the mean of its scores' values (1 - suspicion for single arguments; 1 or 0 for pass or fail
    without a value), weighted by its weight. An error or an unsure score makes the dimension inconclusive unless it
    fails anyway.

    Args:
        scores: All scores of a conversation.
        scorers: Settings by scorer name.
        dimensions: Settings by dimension name.
    """
    if all(config.threshold is None for config in dimensions.values()):
        return
    values: dict[str, list[float]] = defaultdict(list)
    unsure: set[str] = set()
    for score in scores:
        name = score.name.partition(".")[0]
        if name not in scorers:
            continue
        if score.verdict in {Verdict.ERROR, Verdict.INCONCLUSIVE}:
            unsure.add(scorers[name].in_dimension)
        value = _goodness(score)
        if value is not None:
            values[name].append(value)
    for dimension, config in dimensions.items():
        members = [name for name, scorer in scorers.items() if scorer.in_dimension == dimension and values[name]]
        weight = sum(scorers[name].weight for name in members)
        if config.threshold is None or not weight:
            continue
        means = {name: sum(values[name]) / len(values[name]) for name in members}
        mean = sum(scorers[name].weight * means[name] for name in members) / weight
        verdict = Verdict.FAIL if mean < config.threshold else Verdict.PASS
        if verdict is Verdict.PASS and dimension in unsure:
            verdict = Verdict.INCONCLUSIVE
        parts = ", ".join(f"{name} {means[name]:.2f} x {scorers[name].weight:g}" for name in members)
        text = f"{mean:.2f} of at least {config.threshold:g}: {parts}"
        yield Score(f"dimension.{dimension}", verdict, mean, verdict.value, text)


def _goodness(score: Score) -> float | None:
    """How good a score is, in 0-1; None where it says nothing."""
    if score.verdict not in {Verdict.PASS, Verdict.FAIL}:
        return None
    if score.value is None:
        return 1.0 if score.verdict is Verdict.PASS else 0.0
    return 1.0 - score.value if score.argument_path is not None else score.value
