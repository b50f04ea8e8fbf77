from __future__ import annotations

from pathlib import Path

import pytest

from alerts import burn_rates, objectives
from alerts.burn_rates import Pair
from conversation.errors import UsageError

GOOD = """version: 1
slos:
  - name: fast
    objective: 95
    description: Turns are fast.
    indicator: {turn_latency: {seconds: 3}}
"""


def write(folder: Path, text: str) -> Path:
    path = folder / "objectives.yaml"
    path.write_text(text)
    return path


def test_the_shipped_objectives_load_and_their_budgets_become_bounds() -> None:
    spec, windows = objectives.load()
    assert windows.period == "30d"
    assert {5.0, 12.0, 20.0} <= set(spec.turn_budgets)
    assert len({slo.alert for slo in spec.slos}) == len(spec.slos)


@pytest.mark.parametrize(
    ("change", "line", "told"),
    [
        (("objective: 95", "objective: 100"), 4, "objective"),
        (("seconds: 3", "seconds: -1"), 6, "seconds"),
        (("name: fast", "name: Fast One"), 3, "name"),
        (("    description", "    colour: red\n    description"), 5, "colour"),
        (("{turn_latency: {seconds: 3}}", "{turn_latency: {seconds: 3}, pass_rate: {}}"), 6, "exactly one indicator"),
        (("{turn_latency: {seconds: 3}}", "{}"), 6, "exactly one indicator"),
        (("    objective: 95", "    objective: 95\n    objective: 96"), 5, "stands twice"),
        (("version: 1", "version: 2"), 1, "version"),
    ],
)
def test_a_mistake_is_told_with_file_line_and_place(
    change: tuple[str, str], line: int, told: str, tmp_path: Path
) -> None:
    path = write(tmp_path, GOOD.replace(*change))
    with pytest.raises(UsageError, match=told) as caught:
        objectives.load(path)
    assert str(caught.value).startswith(f"{path}:{line}: ")


def test_all_mistakes_of_a_file_are_told_at_once(tmp_path: Path) -> None:
    path = write(tmp_path, GOOD.replace("95", "200").replace("seconds: 3", "seconds: 0"))
    with pytest.raises(UsageError) as caught:
        objectives.load(path)
    assert len(str(caught.value).splitlines()) == 2


def test_two_objectives_of_one_name_are_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="two objectives have the name fast"):
        objectives.load(write(tmp_path, GOOD + GOOD.partition("slos:\n")[2]))


def test_windows_of_ones_own_are_found_beside_the_objectives(tmp_path: Path) -> None:
    (tmp_path / "mine.yaml").write_text(
        "source: me\nperiod: 1d\nalerts: [{severity: page, short: 5m, long: 1h, budget_percent: 10}]\n"
    )
    _, windows = objectives.load(write(tmp_path, "windows: mine.yaml\n" + GOOD))
    assert windows.lengths == ("5m", "1h")


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("{severity: page, short: 1h, long: 5m, budget_percent: 10}", "must be shorter"),
        ("{severity: page, short: 5m, long: 2d, budget_percent: 10}", "longer than the period"),
        ("{severity: page, short: 5 min, long: 1h, budget_percent: 10}", "is not a duration"),
    ],
)
def test_impossible_windows_are_refused(text: str, told: str, tmp_path: Path) -> None:
    (tmp_path / "mine.yaml").write_text(f"source: me\nperiod: 1d\nalerts: [{text}]\n")
    with pytest.raises(UsageError, match=told):
        burn_rates.load("mine.yaml", tmp_path / "objectives.yaml")


def test_unknown_windows_are_refused_with_the_known_names() -> None:
    with pytest.raises(UsageError, match="30d, 7d"):
        burn_rates.load("90d")


@pytest.mark.parametrize(("name", "factors"), [("30d", [14.4, 6, 3, 1]), ("7d", [13.44, 3.5, 1.4, 0.98])])
def test_burn_factors_are_those_of_the_source(name: str, factors: list[float]) -> None:
    windows = burn_rates.load(name)
    assert [windows.factor(pair, 0.999) for pair in windows.alerts] == pytest.approx(factors)


@pytest.mark.parametrize("objective", [0.5, 0.8, 0.9, 0.95, 0.99, 0.999])
def test_every_threshold_can_be_reached(objective: float) -> None:
    for name in ("30d", "7d"):
        windows = burn_rates.load(name)
        assert all(0 < windows.threshold(pair, objective) <= 0.9 for pair in windows.alerts)


def test_a_low_objective_caps_the_factor() -> None:
    windows = burn_rates.load("30d")
    pair = Pair(severity="page", short="5m", long="1h", budget_percent=2)
    assert windows.factor(pair, 0.9) == pytest.approx(9)
