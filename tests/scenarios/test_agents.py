"""Agent specs, the endpoint adapter and simulated customers, against a real HTTP server."""

# ruff: noqa: ARG001, ARG005 - agents take messages whether they need them or not

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from conversation.errors import UsageError
from scenarios.agents.protocol import AgentOptions, InfrastructureError
from scenarios.agents.python_callable import PythonAgent
from scenarios.agents.registry import accepted, open_agent
from scenarios.cassette import Cassette
from scenarios.chat import ChatClient
from scenarios.simulated_user import SimulatedUser
from scenarios.spec import Recording, Scenario, Tool, User, UserTurn
from scenarios.suite import replay, replay_scenarios, run_suite
from scenarios.trial import Outcome, run
from scenarios.users import DivergingUser, ScriptedUser
from scoring.scorecard import Scorecard
from tests.scenarios.endpoint import completion, serving

SCENARIO = Scenario(
    format=1,
    id="s",
    user=User(
        turns=[UserTurn(say="My order is N-1041"), UserTurn(say="Thanks")],
        goal="Learn the state of the order",
        known={"order_id": "N-1041"},
        reveal_when_asked={"postcode": "1017", "email": "bram@example.com"},
    ),
    instructions="Be kind.",
    tools=[Tool(name="get_order", kind="read", parameters={"type": "object"})],
    recordings=[Recording(tool="get_order", arguments={"order_id": "N-1041"}, result={"status": "sent"})],
)
OPTIONS = AgentOptions(api_key="key", attempts=3, timeout_seconds=5)


def _model(body: dict[str, Any]) -> dict[str, Any]:
    if body["messages"][-1]["role"] == "user":
        arguments = json.dumps({"order_id": "N-1041"})
        return completion(tool_calls=[{"id": "x", "function": {"name": "get_order", "arguments": arguments}}])
    return completion(f"It says {body['messages'][-1]['content']}")


def test_an_endpoint_is_an_agent_with_instructions_tools_and_seed(scorecard: Scorecard) -> None:
    with serving(_model) as (url, requests):
        suite = replay_scenarios(
            [SCENARIO], f"openai:{url}#tiny", trials=1, scorecard=scorecard, options=OPTIONS, seed=7
        )
    [graded] = suite.graded
    assert graded.passed
    assert graded.trial.conversation.turns[0].reply == 'It says {"status": "sent"}'
    assert (graded.trial.input_tokens, graded.trial.output_tokens) == (20, 8)
    first = requests[0]
    assert (first["model"], first["seed"], first["_authorization"]) == ("tiny", 7, "Bearer key")
    assert first["messages"][0] == {"role": "system", "content": "Be kind."}
    assert first["tools"][0]["function"]["name"] == "get_order"


@pytest.mark.parametrize("bad", [429, 500, 503, "no json", '{"choices": []}'])
def test_an_endpoint_that_stays_broken_is_not_the_agents_failure(bad: int | str, scorecard: Scorecard) -> None:
    with serving(lambda _: bad) as (url, requests):
        suite = replay_scenarios([SCENARIO], f"openai:{url}#m", trials=1, scorecard=scorecard, options=OPTIONS)
    [graded] = suite.graded
    assert graded.trial.outcome is Outcome.INFRASTRUCTURE_ERROR
    assert not graded.counted
    assert len(requests) == OPTIONS.attempts


def test_an_endpoint_that_recovers_is_asked_again() -> None:
    answers: list[Any] = [429, 500, completion("ok")]
    with serving(lambda _: answers.pop(0)) as (url, _):
        client = ChatClient(url, "m", OPTIONS)
        assert client.complete([])["choices"][0]["message"]["content"] == "ok"


def test_an_endpoint_that_refuses_for_good_is_a_wrong_set_up(scorecard: Scorecard) -> None:
    with serving(lambda _: 401) as (url, requests), pytest.raises(UsageError, match="refuses the request with 401"):
        replay_scenarios([SCENARIO], f"openai:{url}#m", trials=1, scorecard=scorecard, options=OPTIONS)
    assert len(requests) == 1


def test_nobody_listening_is_infrastructure() -> None:
    client = ChatClient("http://127.0.0.1:9", "m", AgentOptions(attempts=1, timeout_seconds=1))
    with pytest.raises(InfrastructureError):
        client.complete([])


AGENT = """
__version__ = "3.2"
def respond(messages, call_tool):
    return "ok"
class Nested:
    @staticmethod
    def respond(messages):
        return "nested"
not_callable = 3
"""


def test_a_file_is_an_agent(tmp_path: Path) -> None:
    path = tmp_path / "agent.py"
    path.write_text(AGENT)
    for spec, name in ((f"{path}:respond", "respond"), (f"python:{path}:Nested.respond", "Nested.respond")):
        agent = open_agent(spec)
        assert (agent.name, agent.version) == (name, "3.2")


@pytest.mark.parametrize(
    ("spec", "reason"),
    [
        ("", "give one of python:package.module:callable, path/to/file.py:callable, openai:"),
        ("gpt-4o", "give one of"),
        ("python:json", "give python:package.module:callable"),
        ("python:no_such_module:f", "cannot import the agent from no_such_module: ModuleNotFoundError"),
        ("python:json:nothing", "json has no callable 'nothing'"),
        ("nowhere.py:f", "no such file for an agent: nowhere.py"),
        ("openai:localhost#m", "give openai:http://host:port/v1#model"),
        ("openai:http://localhost:1/v1", "give openai:http://host:port/v1#model"),
        ("recorded:x", "just `recorded`"),
    ],
)
def test_a_spec_that_names_no_agent_is_one_clear_line(spec: str, reason: str) -> None:
    with pytest.raises(UsageError, match=reason) as caught:
        open_agent(spec)
    assert "\n" not in str(caught.value)


def test_a_broken_agent_file_is_told(tmp_path: Path) -> None:
    path = tmp_path / "agent.py"
    path.write_text("1 / 0")
    with pytest.raises(UsageError, match="ZeroDivisionError"):
        open_agent(f"{path}:respond")


def test_all_built_in_forms_are_listed() -> None:
    assert {"recorded", "path/to/file.py:callable"} <= set(accepted())


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        ({"trials": 0}, "trials and jobs"),
        ({"ks": ()}, "k is a whole number"),
        ({"mode": "loose"}, "choose one of strict, divergence, simulated"),
        ({"mode": "simulated"}, "needs the endpoint"),
    ],
)
def test_options_that_cannot_be_are_refused(options: dict[str, Any], reason: str, tmp_path: Path) -> None:
    (tmp_path / "a.scenario.yaml").write_text("format: 1\nid: a\nuser: {goal: x}\n")
    with pytest.raises(UsageError, match=reason):
        replay([tmp_path], "python:json:dumps", **options)


def _turns(agent: Callable[..., str], user: User) -> list[str]:
    scenario = SCENARIO.model_copy(update={"user": user})
    made = run(scenario, PythonAgent(agent, "a"), DivergingUser(user), Cassette(scenario), now_ns=lambda: 0)
    return [str(turn.user) for turn in made.conversation.turns]


def test_a_diverging_agent_that_asks_for_a_fact_gets_it_once() -> None:
    def agent(messages: list[dict[str, Any]]) -> str:
        return "To verify that it's you, what is the postcode we have on file?"

    assert _turns(agent, SCENARIO.user) == ["My order is N-1041", "My postcode is 1017.", "Thanks"]


def test_a_question_that_the_script_answers_next_is_left_to_it() -> None:
    user = SCENARIO.user.model_copy(
        update={"turns": [UserTurn(say="Hi"), UserTurn(say="it is bram@example.com"), UserTurn(say="Bye")]}
    )
    replies = iter(["What is your email?", "Thank you.", "Bye."])
    assert _turns(lambda messages: next(replies), user) == ["Hi", "it is bram@example.com", "Bye"]


def test_a_request_to_confirm_is_confirmed_when_the_script_goes_elsewhere() -> None:
    replies = iter(["I would cancel it. Shall I go ahead?", "Done.", "Bye."])
    assert _turns(lambda messages: next(replies), SCENARIO.user)[1] == "Yes, please go ahead."


def test_an_agent_that_never_stops_asking_does_not_keep_the_customer_for_ever() -> None:
    turns = _turns(lambda messages: "Do you confirm? Reply yes.", SCENARIO.user)
    assert len(turns) == 8
    assert turns[-1] == "Thanks"


def test_a_strict_customer_says_the_script_whatever_happens() -> None:
    scripted = ScriptedUser(SCENARIO.user)
    asked = [{"role": "assistant", "content": "What is your postcode?"}]
    assert [line.text for line in iter(lambda: scripted.next(asked), None)] == ["My order is N-1041", "Thanks"]


def _simulated(*answers: Any, replies: tuple[str, ...] = ("Your postcode?", "It was sent.")) -> Any:
    said, left = list(answers), list(replies)
    agent = PythonAgent(lambda messages: left.pop(0) if left else "Anything else?", "a")
    with serving(lambda _: said.pop(0) if len(said) > 1 else said[0]) as (url, requests):
        client = ChatClient(url, "m", OPTIONS)
        customer = SimulatedUser(SCENARIO, client, 1)
        trial = run(SCENARIO, agent, customer, Cassette(SCENARIO), now_ns=lambda: 0)
    return trial, requests


def _say(text: str, *, stop: bool = False) -> dict[str, Any]:
    return completion(json.dumps({"say": text, "stop": stop}))


def test_a_simulated_customer_talks_until_it_says_stop_in_its_own_field() -> None:
    trial, requests = _simulated(_say("Where is N-1041?"), _say("It is 1017."), _say("", stop=True))
    assert trial.outcome is Outcome.USER_STOP
    assert [turn.user for turn in trial.conversation.turns] == ["Where is N-1041?", "It is 1017."]
    assert "1017" in requests[0]["messages"][0]["content"]
    assert [message["role"] for message in requests[1]["messages"]] == ["system", "assistant", "user"]
    assert requests[0]["response_format"]["type"] == "json_schema"


def test_a_stop_before_the_agent_said_anything_does_not_count() -> None:
    trial, _ = _simulated(_say("Where is N-1041?", stop=True), _say("", stop=True))
    assert [turn.user for turn in trial.conversation.turns] == ["Where is N-1041?"]


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (_say("  "), "it was empty"),
        (completion(""), "not the JSON object"),
        (completion("###STOP###"), "not the JSON object"),
        (_say("My order is N-9999"), "N-9999 is not among your facts"),
        (_say("It costs 12,50"), "12,50 is not among"),
    ],
)
def test_a_customer_that_breaks_its_rules_twice_is_a_simulator_error(answer: Any, reason: str) -> None:
    trial, requests = _simulated(answer)
    assert trial.outcome is Outcome.SIMULATOR_ERROR
    assert reason in trial.detail
    assert len(requests) == 2


def test_a_customer_that_breaks_its_rules_once_is_asked_again() -> None:
    trial, requests = _simulated(_say("It is N-9999"), _say("It is #n-1041."), _say("", stop=True))
    assert trial.outcome is Outcome.USER_STOP
    assert "N-9999 is not among your facts" in requests[1]["messages"][-1]["content"]


def test_numbers_that_the_agent_told_may_be_repeated() -> None:
    trial, _ = _simulated(
        _say("Hello"), _say("So R-77 it is?"), _say("", stop=True), replies=("Your refund is R-77.", "Yes.")
    )
    assert trial.outcome is Outcome.USER_STOP


def test_a_suite_can_be_played_by_simulated_customers(scorecard: Scorecard) -> None:
    def answer(body: dict[str, Any]) -> dict[str, Any]:
        return _say("Hello", stop=len(body["messages"]) > 2)

    with serving(answer) as (url, _):
        client = ChatClient(url, "m", OPTIONS)
        agent = PythonAgent(lambda messages: "Hi", "a")
        suite = run_suite(
            [SCENARIO],
            agent,
            scorecard=scorecard,
            trials=4,
            jobs=4,
            mode="simulated",
            customer=lambda scenario, seed: SimulatedUser(scenario, client, seed),
        )
    assert [graded.trial.outcome for graded in suite.graded] == [Outcome.USER_STOP] * 4


def test_options_do_not_show_their_secrets() -> None:
    assert "hunter2" not in repr(AgentOptions(headers={"x": "hunter2"}))
