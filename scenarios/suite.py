"""Replays scenarios against an agent: scenarios x trials, several at once, graded and counted.

`replay` is what the command line, the API and CI call. Nothing here writes files or prints.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from pathlib import Path
from typing import cast

from conversation.errors import UsageError
from conversation.verdict import Verdict
from scenarios import trial as trials_of
from scenarios.agents.protocol import Agent, AgentOptions, Sandbox
from scenarios.agents.recorded import RecordedAgent
from scenarios.agents.registry import open_agent
from scenarios.cassette import Cassette
from scenarios.grade import GradedTrial, grade, scorecard_of
from scenarios.pass_k import Counts, Estimate, estimates
from scenarios.scenario_file import read_all
from scenarios.spec import Scenario
from scenarios.trial import Outcome
from scenarios.users import MODES, Customer, DivergingUser, Mode, ScriptedUser
from scoring.scorecard import Scorecard, load

Progress = Callable[[int, int], None]
SandboxMaker = Callable[[], Sandbox]
CustomerMaker = Callable[[Scenario, int], Customer]


@dataclass(frozen=True, slots=True)
class ScenarioResult:
    """All trials of one scenario."""

    scenario: Scenario
    trials: tuple[GradedTrial, ...]

    @property
    def counts(self) -> Counts:
        """Passes and trials that say something of the agent."""
        counted = [trial for trial in self.trials if trial.counted]
        return Counts(sum(trial.passed for trial in counted), len(counted))

    def count(self, verdict: Verdict) -> int:
        """Counted trials with this verdict."""
        return sum(trial.verdict is verdict for trial in self.trials if trial.counted)

    def outcomes(self, outcome: Outcome) -> int:
        """Trials that ended this way."""
        return sum(trial.trial.outcome is outcome for trial in self.trials)

    def estimates(self, ks: Sequence[int]) -> list[Estimate]:
        """pass^k of this scenario alone."""
        return estimates({self.scenario.id: self.counts}, ks, "beta")


@dataclass(frozen=True, slots=True)
class SuiteResult:
    """A replay: every scenario with its trials, and what was asked for."""

    agent: str
    mode: Mode
    seed: int
    trials: int
    ks: tuple[int, ...]
    results: tuple[ScenarioResult, ...]
    scorecard_version: str
    seconds: float

    def estimates(self, ks: Sequence[int] | None = None) -> list[Estimate]:
        """pass^k of the suite: the mean over its scenarios."""
        tasks = {result.scenario.id: result.counts for result in self.results}
        return estimates(tasks, self.ks if ks is None else ks, "beta")

    @property
    def graded(self) -> list[GradedTrial]:
        """All trials of all scenarios."""
        return [trial for result in self.results for trial in result.trials]

    @property
    def could_run(self) -> bool:
        """Whether at least one trial says something of the agent."""
        return any(trial.counted for trial in self.graded)


def replay(
    paths: Sequence[Path],
    agent_spec: str,
    *,
    trials: int = 8,
    ks: Sequence[int] = (1, 2, 4, 8),
    mode: Mode = "divergence",
    jobs: int = 1,
    seed: int = 0,
    progress: Progress | None = None,
    scorecard: Scorecard | None = None,
    options: AgentOptions | None = None,
    customer: CustomerMaker | None = None,
    live: SandboxMaker | None = None,
    now_ns: Callable[[], int] = time.time_ns,
) -> SuiteResult:
    """Replay the scenarios of files and folders against an agent.

    Args:
        paths: Scenario files and folders.
        agent_spec: As `scenarios.agents.registry.open_agent` reads it.
        trials: Trials of each scenario.
        ks: Values of k to report; those above `trials` stay undefined.
        mode: What kind of customer plays; `simulated` needs `customer`.
        jobs: Trials at once.
        seed: Trials of one scenario get `seed`, `seed + 1`, ...
        progress: Called with (done, all) after each trial.
        scorecard: Judges scenarios that name none; the shipped default if None.
        options: Keys and limits for the agent.
        customer: Makes a simulated customer from a scenario and a seed.
        live: Makes the tools of a trial that answer what nothing recorded answers; without it the agent's own
            sandbox, if it has one.
        now_ns: The clock.

    Raises:
        UsageError: A scenario, the agent or an option cannot be used.
    """
    return replay_scenarios(
        read_all(paths),
        agent_spec,
        trials=trials,
        ks=ks,
        mode=mode,
        jobs=jobs,
        seed=seed,
        progress=progress,
        scorecard=scorecard,
        options=options,
        customer=customer,
        live=live,
        now_ns=now_ns,
    )


def replay_scenarios(
    scenarios: Sequence[Scenario],
    agent_spec: str,
    *,
    trials: int = 8,
    ks: Sequence[int] = (1, 2, 4, 8),
    mode: Mode = "divergence",
    jobs: int = 1,
    seed: int = 0,
    progress: Progress | None = None,
    scorecard: Scorecard | None = None,
    options: AgentOptions | None = None,
    customer: CustomerMaker | None = None,
    live: SandboxMaker | None = None,
    now_ns: Callable[[], int] = time.time_ns,
) -> SuiteResult:
    """`replay` for scenarios that were read already."""
    _check(trials, ks, jobs, mode, has_customer=customer is not None)
    agent = open_agent(agent_spec, options)
    return run_suite(
        scenarios,
        agent,
        agent_spec=agent_spec,
        trials=trials,
        ks=ks,
        mode=mode,
        jobs=jobs,
        seed=seed,
        progress=progress,
        scorecard=scorecard or load(None),
        customer=customer,
        live=live,
        now_ns=now_ns,
    )


def _check(trials: int, ks: Sequence[int], jobs: int, mode: str, *, has_customer: bool) -> None:
    if trials < 1 or jobs < 1:
        raise UsageError("trials and jobs are whole numbers from 1 on")
    if not ks or any(k < 1 for k in ks):
        raise UsageError("k is a whole number from 1 on, such as 1,2,4,8")
    if mode not in MODES:
        raise UsageError(f"mode {mode!r} is unknown: choose one of {', '.join(MODES)}")
    if mode == "simulated" and not has_customer:
        raise UsageError("mode simulated needs the endpoint and model of a simulated customer")


def run_suite(
    scenarios: Sequence[Scenario],
    agent: Agent,
    *,
    scorecard: Scorecard,
    agent_spec: str = "",
    trials: int = 1,
    ks: Sequence[int] = (1,),
    mode: Mode = "divergence",
    jobs: int = 1,
    seed: int = 0,
    progress: Progress | None = None,
    customer: CustomerMaker | None = None,
    live: SandboxMaker | None = None,
    now_ns: Callable[[], int] = time.time_ns,
) -> SuiteResult:
    """`replay` for scenarios and an agent at hand."""
    started = now_ns()
    if isinstance(agent, RecordedAgent):
        agent = agent.for_scenarios(scenarios)
    sandbox = live or cast("SandboxMaker | None", getattr(agent, "sandbox", None))
    loaded: dict[tuple[str | None, str | None], Scorecard] = {}
    judges = {scenario.id: scorecard_of(scenario, scorecard, loaded) for scenario in scenarios}

    def one(scenario: Scenario, index: int) -> GradedTrial:
        here = seed + index
        user = customer(scenario, here) if mode == "simulated" and customer else script(scenario, mode)
        cassette = Cassette(scenario, sandbox() if sandbox else None, loose=mode != "strict")
        played = trials_of.run(scenario, agent, user, cassette, now_ns=now_ns, index=index, seed=here)
        return grade(scenario, played, judges[scenario.id])

    total = len(scenarios) * trials
    done: dict[str, list[GradedTrial]] = {scenario.id: [] for scenario in scenarios}
    with ThreadPoolExecutor(max_workers=jobs, thread_name_prefix="floorline-trial") as pool:
        work: list[Future[GradedTrial]] = [
            pool.submit(one, scenario, n) for scenario in scenarios for n in range(trials)
        ]
        try:
            for number, future in enumerate(as_completed(work), start=1):
                graded = future.result()
                done[graded.trial.scenario_id].append(graded)
                if progress:
                    progress(number, total)
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise
    results = (
        ScenarioResult(scenario, tuple(sorted(done[scenario.id], key=lambda graded: graded.trial.index)))
        for scenario in scenarios
    )
    seconds = (now_ns() - started) / 1e9
    return SuiteResult(
        agent_spec or agent.name, mode, seed, trials, tuple(ks), tuple(results), scorecard.version, seconds
    )


def script(scenario: Scenario, mode: Mode) -> Customer:
    """The customer that needs no language model.

    Raises:
        UsageError: The scenario has no script.
    """
    if not scenario.user.turns:
        raise UsageError(f"scenario {scenario.id} has no customer turns: it needs --mode simulated")
    return ScriptedUser(scenario.user) if mode == "strict" else DivergingUser(scenario.user)
