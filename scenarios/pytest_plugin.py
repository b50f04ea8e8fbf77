"""Runs `*.scenario.yaml` files as pytest tests, one item a scenario. Off unless `--floorline` or the ini option is set.

    [pytest]
    floorline = true
    floorline_agent = path/to/agent.py:callable
    floorline_trials = 8
    floorline_gate = pass^8 >= 1

Tags become markers (`-m promoted`); pass^1 and pass^n are properties of the item in JUnit XML. Nothing but pytest is
imported before the first scenario is collected.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from scenarios.spec import Scenario

_SUFFIX = ".scenario.yaml"
_TRIALS = 4
_OPTIONS = {
    "agent": "the agent under test, as `floorline replay --agent` takes it",
    "trials": f"trials of each scenario (default {_TRIALS})",
    "gate": "gate expression of each scenario (default: every trial passes)",
    "mode": "customer: strict or divergence (default divergence)",
}


class ScenarioFailedError(Exception):
    """A scenario missed its gate; the text is its report."""


def pytest_addoption(parser: pytest.Parser) -> None:
    """Options and ini settings of the same names."""
    group = parser.getgroup("floorline", "replay of recorded conversations")
    group.addoption("--floorline", action="store_true", default=None, help="collect *.scenario.yaml files")
    parser.addini("floorline", "collect *.scenario.yaml files", type="bool", default=False)
    for name, text in _OPTIONS.items():
        group.addoption(f"--floorline-{name}", default=None, help=text)
        parser.addini(f"floorline_{name}", text, default="")


def _setting(config: pytest.Config, name: str) -> str:
    given = config.getoption(f"--floorline-{name}")
    return str(given if given is not None else config.getini(f"floorline_{name}"))


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> ScenarioFile | None:
    """Scenario files, where the plugin is switched on."""
    wanted = parent.config.getoption("--floorline") or parent.config.getini("floorline")
    if not wanted or not file_path.name.endswith(_SUFFIX):
        return None
    collected: ScenarioFile = ScenarioFile.from_parent(parent, path=file_path)
    return collected


class ScenarioFile(pytest.File):
    """One file; each YAML document is an item."""

    def collect(self) -> Iterator[ScenarioItem]:
        """The file's scenarios."""
        from conversation.errors import UsageError  # noqa: PLC0415 - the plugin stays light until a scenario is there
        from scenarios.scenario_file import read  # noqa: PLC0415 - as above

        try:
            scenarios = read(self.path)
        except UsageError as error:
            raise self.CollectError(str(error)) from error
        for scenario in scenarios:
            item: ScenarioItem = ScenarioItem.from_parent(self, name=scenario.id, scenario=scenario)
            for tag in scenario.tags:
                self.config.addinivalue_line("markers", f"{tag}: a scenario's tag")
                item.add_marker(tag)
            yield item


class ScenarioItem(pytest.Item):
    """All trials of one scenario: one verdict."""

    def __init__(self, *, scenario: Scenario, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.scenario = scenario

    def runtest(self) -> None:
        """Replay the scenario and decide its gate."""
        from conversation.errors import UsageError  # noqa: PLC0415 - as in `collect`
        from scenarios.gate import DEFAULT, Gate  # noqa: PLC0415 - as in `collect`
        from scenarios.report import details, number  # noqa: PLC0415 - as in `collect`
        from scenarios.suite import replay_scenarios  # noqa: PLC0415 - as in `collect`

        agent = _setting(self.config, "agent")
        if not agent:
            raise UsageError("no agent under test: give --floorline-agent or the ini option floorline_agent")
        trials = _whole(_setting(self.config, "trials") or str(_TRIALS))
        gate = Gate(_setting(self.config, "gate") or DEFAULT)
        gate.check(trials)
        mode = _setting(self.config, "mode") or "divergence"
        if mode not in {"strict", "divergence"}:
            raise UsageError(f"floorline mode {mode!r}: choose strict or divergence")
        suite = replay_scenarios(
            [self.scenario], agent, trials=trials, ks=(1, trials), mode="strict" if mode == "strict" else "divergence"
        )
        self.user_properties += [(f"pass^{item.k}", number(item)) for item in suite.estimates()]
        decided = gate.decide(suite)
        if decided is None or not decided.met:
            counts = suite.results[0].counts
            head = f"{counts.passes} of {counts.trials} trials passed; gate {gate.expression!r} is not met"
            raise ScenarioFailedError(f"{head}\n{details(suite.results[0])}")

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> Any:
        """The report instead of a traceback."""
        from conversation.errors import FloorlineError  # noqa: PLC0415 - as in `collect`

        if isinstance(excinfo.value, FloorlineError | ScenarioFailedError):
            return str(excinfo.value)
        return super().repr_failure(excinfo, style)

    def reportinfo(self) -> tuple[Path, int | None, str]:
        """File and name for the report's heading."""
        return self.path, None, f"scenario {self.name}"


def _whole(text: str) -> int:
    from conversation.errors import UsageError  # noqa: PLC0415 - as in `collect`

    if not text.isdigit() or int(text) < 1:
        raise UsageError(f"floorline trials {text!r} is no whole number from 1 on")
    return int(text)
