"""Compares a window with the pinned baseline: every tool, every argument, one list of findings.

A finding is `drift` only where both hold: the effect is large enough to matter, and its p-value survives the
Benjamini-Hochberg procedure over all comparisons of the run (J. R. Stat. Soc. B 57 (1995) 289-300,
https://doi.org/10.1111/j.2517-6161.1995.tb02031.x). Where a window is too small the state is `not_enough_data`. Compare
disjoint windows (an hour, a day): a window that grows and is tested again and again alarms by chance; only the call
rate, an e-process, may be looked at any time.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from scipy import stats

from scoring.drift import measure
from scoring.drift.counts import ArgumentCounts, ToolCounts, Window
from scoring.drift.measure import Measured
from scoring.statistics import wilson

State = Literal["ok", "drift", "not_enough_data"]


@dataclass(frozen=True, slots=True)
class DriftSettings:
    """When a difference is an alarm.

    Attributes:
        false_discoveries: Level of the Benjamini-Hochberg procedure, for one run.
        least_numeric: Observations for numbers: a shift of half a standard deviation is found in 94% of windows of 100.
        least_categorical: Observations for categories: a shift of ten points is found in 60% of windows of 200.
        most_categories: Values of an argument with more distinct ones in the baseline are not a category mix.
        rate_tolerance: Call rates may move by this share of the baseline's rate without being drift.
    """

    false_discoveries: float = 0.01
    least_numeric: int = 100
    least_categorical: int = 200
    most_categories: int = 50
    rate_tolerance: float = 0.1


@dataclass(frozen=True, slots=True)
class Finding:
    """One comparison of one tool (`path` empty) or argument.

    Attributes:
        tool: The tool.
        path: JSON pointer of the argument.
        kind: `presence`, `unknown_key`, `type`, `new_category`, `category_mix`, `numeric`, `shape`, `collapse`,
            `call_rate` or `call_order`.
        state: What to make of it.
        statistic: How far apart, see `measure`.
        threshold: The least statistic that matters.
        p_value: Before adjustment; for `call_rate` the inverse of the e-value.
        p_adjusted: After adjustment.
        n: Current observations.
        n_reference: Baseline observations.
        told: What moved.
    """

    tool: str
    path: str
    kind: str
    state: State
    statistic: float = 0.0
    threshold: float = 0.0
    p_value: float = 1.0
    p_adjusted: float = 1.0
    n: int = 0
    n_reference: int = 0
    told: str = ""


def compare(reference: Window, current: Window, settings: DriftSettings | None = None) -> list[Finding]:
    """All findings, drift first, then by how far the statistic is over its threshold.

    Args:
        reference: The pinned baseline.
        current: The window to look at.
        settings: When a difference is an alarm.
    """
    chosen = settings or DriftSettings()
    found = [
        _finding(tool, path, kind, measured)
        for tool in sorted({*reference.tools, *current.tools})
        for path, kind, measured in _comparisons(tool, reference, current, chosen)
    ]
    judged = _adjusted(found, chosen.false_discoveries)
    return sorted(judged, key=lambda item: (item.state != "drift", item.state != "ok", -_excess(item)))


def _finding(tool: str, path: str, kind: str, measured: Measured | None) -> Finding:
    if measured is None:
        return Finding(tool, path, kind, "not_enough_data")
    return Finding(
        tool,
        path,
        kind,
        "ok",
        measured.statistic,
        measured.threshold,
        measured.p_value,
        1.0,
        measured.n,
        measured.n_reference,
        measured.told,
    )


def _adjusted(found: Sequence[Finding], level: float) -> list[Finding]:
    """States, after Benjamini-Hochberg over all findings that have data."""
    tested = [item for item in found if item.state == "ok"]
    adjusted = stats.false_discovery_control([item.p_value for item in tested], method="bh") if tested else ()
    judged = [
        replace(item, p_adjusted=float(p), state="drift" if p <= level and item.statistic > item.threshold else "ok")
        for item, p in zip(tested, adjusted, strict=True)
    ]
    return [*judged, *(item for item in found if item.state == "not_enough_data")]


def _excess(item: Finding) -> float:
    return item.statistic / item.threshold if item.threshold else item.statistic


def _comparisons(
    tool: str, reference: Window, current: Window, settings: DriftSettings
) -> Iterator[tuple[str, str, Measured | None]]:
    """Every comparison of one tool."""
    old, new = reference.tools.get(tool, ToolCounts()), current.tools.get(tool, ToolCounts())
    yield "", "call_rate", _call_rate(old, new, reference, current, settings)
    if not old.calls:
        return
    least = settings.least_categorical
    yield "", "call_order", measure.category_mix(old.before, new.before, least)
    known = {path: counts.present for path, counts in old.arguments.items()}
    seen = {path: counts.present for path, counts in new.arguments.items()}
    for path in sorted({*known, *seen}):
        if path not in known:
            yield path, "unknown_key", _unknown_key(old, new, seen[path], least)
            continue
        before, now = old.arguments[path], new.arguments.get(path, ArgumentCounts())
        yield path, "presence", measure.share(before.present, old.calls, now.present, new.calls, least)
        for kind, measured in _argument(before, now, settings):
            yield path, kind, measured


def _argument(
    old: ArgumentCounts, new: ArgumentCounts, settings: DriftSettings
) -> Iterator[tuple[str, Measured | None]]:
    """The comparisons of one argument's values."""
    least = settings.least_categorical
    yield "type", _either(old.types, new.types, least)
    numeric = len(old.numbers) > settings.most_categories
    if numeric:
        yield "numeric", measure.numeric_shape(old.numbers, new.numbers, settings.least_numeric)
    if any(old.shapes.values()):
        yield "shape", _either(old.shapes, new.shapes, least)
    closed = len(old.values) <= settings.most_categories and not old.unlisted
    if closed:
        yield "category_mix", measure.category_mix(old.values, new.values, least)
    if not numeric:
        yield "new_category", measure.novelty(old.values, new.values, least, old.unlisted)
        yield "collapse", measure.collapse(old.values, new.values, least, old.unlisted)


def _either(old: Mapping[str, int], new: Mapping[str, int], least: int) -> Measured | None:
    """The mix, or what is new in it: whichever is less likely by chance (twice its p-value)."""
    mix, fresh = measure.category_mix(old, new, least), measure.novelty(old, new, least)
    both = [item for item in (mix, fresh) if item is not None]
    if not both:
        return None
    smallest = min(both, key=lambda item: item.p_value)
    return replace(smallest, p_value=min(1.0, smallest.p_value * len(both)))


def _unknown_key(old: ToolCounts, new: ToolCounts, present: int, least: int) -> Measured | None:
    """A key the baseline never had: with none in m calls its share was below the upper limit of 0 of m."""
    if old.calls < least or new.calls < 1:
        return None
    limit = wilson(0, old.calls, 0.99).high
    p_value = float(stats.binom.sf(present - 1, new.calls, limit))
    return Measured(present / new.calls, limit, p_value, new.calls, old.calls, f"in {present} of {new.calls} calls")


def _call_rate(
    old: ToolCounts, new: ToolCounts, reference: Window, current: Window, settings: DriftSettings
) -> Measured | None:
    """Share of conversations that call the tool, as an e-value against the baseline's limits."""
    m, n = reference.conversations, current.conversations
    if min(m, n) < settings.least_categorical:
        return None
    usual = wilson(old.conversations, m, 0.999)
    margin = settings.rate_tolerance * usual.value
    evidence = measure.e_value(
        new.conversations, n, max(0.0, usual.low - margin), min(1.0, max(usual.high + margin, 1 / m))
    )
    rate = new.conversations / n
    outside = max(usual.low - margin - rate, rate - usual.high - margin)
    told = f"in {usual.value:.1%} -> {rate:.1%} of conversations"
    return Measured(max(0.0, outside), 0.0, min(1.0, 1 / evidence), n, m, told)
