"""Trials: every way to end, and what an agent may and may not see."""

# ruff: noqa: ARG001, ARG002, ARG005 - agents take messages whether they need them or not

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from typing import Any

import pytest

from conversation.errors import RetryableError
from scenarios.agents.protocol import Agent, ToolError
from scenarios.agents.python_callable import PythonAgent
from scenarios.cassette import Cassette
from scenarios.grade import grade
from scenarios.spec import (
    CallExpectation,
    Expectations,
    Limits,
    Recording,
    Scenario,
    Statement,
    Tool,
    ToolUse,
    User,
    UserTurn,
    World,
    WorldTool,
)
from scenarios.suite import run_suite
from scenarios.trial import Outcome, Trial, run
from scenarios.users import Customer, Line, ScriptedUser, SimulatorError
from scoring.scorecard import Scorecard


def _scenario(*says: str, **parts: Any) -> Scenario:
    turns = [UserTurn(say=say) for say in says or ("Hi", "Bye")]
    return Scenario(
        **{
            "format": 1,
            "id": "s",
            "user": User(turns=turns),
            "tools": [Tool(name="get", kind="read"), Tool(name="put")],
            "recordings": [Recording(tool="get", arguments={"id": "A1"}, result={"n": 1}, seconds=2.0)],
            **parts,
        }
    )


class _Clock:
    def __init__(self) -> None:
        self.now = 0

    def __call__(self) -> int:
        self.now += 1_000_000
        return self.now


def _run(target: Callable[..., Any], scenario: Scenario | None = None, customer: Customer | None = None) -> Trial:
    made = scenario or _scenario()
    agent = PythonAgent(target, "agent", "1")
    return run(made, agent, customer or ScriptedUser(made.user), Cassette(made), now_ns=_Clock())


def test_a_script_that_is_said_to_its_end_stops_by_the_customer() -> None:
    trial = _run(lambda messages: f"reply {len(messages)}")
    assert trial.outcome is Outcome.USER_STOP
    assert [(turn.user, turn.reply) for turn in trial.conversation.turns] == [("Hi", "reply 1"), ("Bye", "reply 3")]
    assert (trial.conversation.agent.name, trial.conversation.agent.version) == ("agent", "1")


def test_tool_calls_in_the_answer_are_executed_and_the_agent_asked_again() -> None:
    def agent(messages: list[dict[str, Any]]) -> Any:
        if messages[-1]["role"] == "tool":
            return f"it is {messages[-1]['content']}"
        return {"role": "assistant", "tool_calls": [{"function": {"name": "get", "arguments": '{"id": "A1"}'}}]}

    trial = _run(agent, _scenario("Hi"))
    [turn] = trial.conversation.turns
    assert turn.reply == 'it is {"n": 1}'
    assert [(call.name, call.result) for call in turn.tool_calls] == [("get", {"n": 1})]
    assert [call.rung for call in trial.calls] == ["strict"]


def test_recorded_seconds_pass_without_waiting() -> None:
    def agent(messages: list[Any], call_tool: Any) -> str:
        call_tool("get", {"id": "A1"})
        return "done"

    [turn] = _run(agent, _scenario("Hi")).conversation.turns
    assert turn.duration_seconds == pytest.approx(2.0, abs=0.2)


def test_an_async_agent_and_a_class_are_as_good() -> None:
    class Counting:
        def __init__(self, instructions: str | None) -> None:
            self.said, self.instructions = 0, instructions

        async def __call__(self, messages: list[dict[str, Any]]) -> str:
            await asyncio.sleep(0)
            self.said += 1
            return f"{messages[0]['role']} {self.said} {self.instructions}"

    trial = _run(Counting, _scenario(instructions="Be kind."))
    assert [turn.reply for turn in trial.conversation.turns] == ["system 1 Be kind.", "system 2 Be kind."]


def test_an_agent_sees_what_a_deployed_one_would_and_nothing_of_the_scenario() -> None:
    seen: dict[str, Any] = {}

    def agent(messages: list[Any], **facts: Any) -> str:
        seen.update(facts, messages=messages)
        return "ok"

    _run(agent, _scenario("Hi", expectations=Expectations(statements=[Statement(text="secret")])))
    assert set(seen) == {"messages", "tools", "call_tool", "instructions", "reference_time", "seed"}
    assert "secret" not in str(seen)


def _raises(error: Exception) -> Callable[..., str]:
    def agent(messages: list[Any]) -> str:
        raise error

    return agent


def _miss(messages: list[Any], call_tool: Any) -> str:
    call_tool("get", {"id": "B2"})
    return "never said"


def _swallow(messages: list[Any], call_tool: Any) -> str:
    try:
        call_tool("get", {"id": "B2"})
    except Exception:  # noqa: BLE001 - agents do that
        return "all is well"
    return "never said"


def _hang(messages: list[Any]) -> str:
    threading.Event().wait(2)
    return "late"


def _loop(messages: list[Any], call_tool: Any) -> str:
    while True:
        call_tool("get", {"id": "A1"})


def _fail(messages: list[Any], call_tool: Any) -> str:
    while True:
        try:
            call_tool("put", {"id": "A1"})
        except ToolError:
            continue


@pytest.mark.parametrize(
    ("agent", "outcome", "detail"),
    [
        (_raises(ValueError("no")), Outcome.AGENT_ERROR, "agent agent raised ValueError: no"),
        (_raises(RetryableError("away")), Outcome.INFRASTRUCTURE_ERROR, "away"),
        (lambda messages: 3, Outcome.AGENT_ERROR, "not int"),
        (lambda messages: {"role": "user", "content": ""}, Outcome.AGENT_ERROR, "not a user message"),
        (
            lambda messages: {"tool_calls": [{"function": {"name": "get", "arguments": "{"}}]},
            Outcome.AGENT_ERROR,
            "JSON",
        ),
        (lambda messages: {"content": "bye", "end": True}, Outcome.AGENT_STOP, ""),
        (_miss, Outcome.CASSETTE_MISS, '/id: "A1" recorded, "B2" now'),
        (_swallow, Outcome.CASSETTE_MISS, '/id: "A1" recorded, "B2" now'),
        (_hang, Outcome.TIMEOUT, "within 0.2 s"),
        (_loop, Outcome.MAX_STEPS, "more than 30"),
        (_fail, Outcome.TOO_MANY_ERRORS, "5 tool calls failed"),
    ],
)
def test_every_fault_has_its_own_outcome(agent: Callable[..., Any], outcome: Outcome, detail: str) -> None:
    limits = Limits(seconds=0.2 if agent is _hang else 60.0, steps=30, tool_errors=5)
    world = World(tools=[WorldTool(tool="put", requires=["nothing"], missing="refused")])
    trial = _run(agent, _scenario(limits=limits, world=world))
    assert trial.outcome is outcome, trial.detail
    assert detail in trial.detail


def test_a_customer_who_never_ends_is_cut_off() -> None:
    class Endless:
        def next(self, messages: list[Any]) -> Line | None:
            return Line("and another thing")

    assert _run(lambda messages: "ok", _scenario(limits=Limits(turns=3)), Endless()).outcome is Outcome.MAX_STEPS


def test_a_script_as_long_as_the_limit_ends_well() -> None:
    assert _run(lambda messages: "ok", _scenario(limits=Limits(turns=2))).outcome is Outcome.USER_STOP


def test_faults_of_simulator_and_machinery_are_not_counted(scorecard: Scorecard) -> None:
    class Broken:
        def next(self, messages: list[Any]) -> Line | None:
            raise SimulatorError("made up an id")

    scenario = _scenario()
    simulator = grade(scenario, _run(lambda messages: "ok", scenario, Broken()), scorecard)
    machinery = grade(scenario, _run(_raises(RetryableError("away")), scenario), scorecard)
    assert not simulator.counted
    assert not machinery.counted
    assert not simulator.passed


def test_a_miss_counts_and_is_no_pass(scorecard: Scorecard) -> None:
    graded = grade(_scenario(), _run(_miss), scorecard)
    assert graded.counted
    assert not graded.passed
    assert graded.reasons[0].startswith("cassette_miss: get:")


def test_what_customers_do_on_their_own_devices_changes_the_world_unseen() -> None:
    turn = UserTurn(say="I switched it off and on", calls=[ToolUse(tool="reboot", arguments={"device": "phone"})])
    world = World(tools=[WorldTool(tool="reboot", write={"$device/rebooted": True})])
    trial = _run(lambda messages: "thanks", _scenario(user=User(turns=[turn]), world=world))
    assert trial.state == {"phone": {"rebooted": True}}
    assert trial.conversation.tool_calls == ()


EXPECTED = Expectations(
    calls=[CallExpectation(tool="get", arguments={"id": "A1"}, at_most=1)],
    forbidden_calls=[CallExpectation(tool="put")],
    statements=[Statement(text="  it  IS done"), Statement(pattern=r"\bn is \d\b")],
    forbidden_statements=[Statement(text="guarantee")],
    state={"x": None},
)


def _well(messages: list[Any], call_tool: Any) -> str:
    return f"It is done: n is {call_tool('get', {'id': 'A1'})['n']}"


def test_expectations_are_met_by_the_right_calls_and_words(scorecard: Scorecard) -> None:
    scenario = _scenario("Hi", expectations=EXPECTED)
    graded = grade(scenario, _run(_well, scenario), scorecard)
    assert [score.verdict.value for score in graded.scores if score.name.startswith("scenario.")] == ["pass"] * 6
    assert graded.passed


def test_each_expectation_can_fail(scorecard: Scorecard) -> None:
    def agent(messages: list[Any], call_tool: Any) -> str:
        call_tool("put", {"id": "A1"})
        return "I guarantee it"

    world = World(tools=[WorldTool(tool="put", write={"x": 1})])
    scenario = _scenario("Hi", expectations=EXPECTED, world=world)
    graded = grade(scenario, _run(agent, scenario), scorecard)
    assert [score.verdict.value for score in graded.scores if score.name.startswith("scenario.")] == ["fail"] * 6


@pytest.mark.parametrize(
    ("expected", "made", "met"),
    [
        ({"a": 1}, {"a": 1}, True),
        ({"a": 1}, {"a": "1"}, False),
        ({"a": 1}, {"a": 1, "b": 2}, False),
        ({"a": 1, "b": 2}, {"a": 1}, False),
        ({"a": None}, {}, False),
    ],
)
def test_omitted_extra_and_wrong_typed_arguments_are_differences(
    expected: dict[str, Any], made: dict[str, Any], met: bool, scorecard: Scorecard
) -> None:
    def agent(messages: list[Any], call_tool: Any) -> str:
        call_tool("put", made)
        return "ok"

    wanted = Expectations(calls=[CallExpectation(tool="put", arguments=expected)])
    scenario = _scenario("Hi", expectations=wanted, world=World(tools=[WorldTool(tool="put")]))
    assert grade(scenario, _run(agent, scenario), scorecard).passed is met


def test_an_agents_own_sandbox_answers_and_marks_the_pass_as_loose(scorecard: Scorecard) -> None:
    class Sandboxed(PythonAgent):
        def sandbox(self) -> Callable[[str, Any], Any]:
            return lambda name, arguments: {"n": len(name) + len(arguments)}

    agent: Agent = Sandboxed(lambda messages, call_tool: str(call_tool("get", {"id": "B2"})), "a")
    suite = run_suite([_scenario()], agent, scorecard=scorecard, trials=2)
    assert all(graded.passed and graded.trial.loose for graded in suite.graded)


def test_trials_get_seeds_one_after_the_other_and_progress_is_told(scorecard: Scorecard) -> None:
    told: list[tuple[int, int]] = []
    agent = PythonAgent(lambda messages, seed: str(seed), "a")
    suite = run_suite(
        [_scenario()], agent, scorecard=scorecard, trials=4, jobs=3, seed=10, progress=lambda *at: told.append(at)
    )
    assert [graded.trial.conversation.turns[0].reply for graded in suite.graded] == ["10", "11", "12", "13"]
    assert sorted(told) == [(n, 4) for n in range(1, 5)]
