"""The exchange with tau2-bench: a bundle in its format and back, foreign tasks, runs as transcripts."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path
from types import ModuleType
from typing import Any

import jsonschema_rs
import pytest

from conversation.errors import UsageError
from conversation.model import Conversation
from conversation.transcript import from_record
from conversation.verdict import Grade
from scenarios import tau2
from scenarios.promote import promote
from scenarios.scenario_file import read_all, write
from scenarios.spec import CallExpectation, Expectations, Scenario, Statement
from scenarios.tau2_export import export
from scenarios.tau2_import import import_runs, import_tasks

SCHEMA = json.loads((Path(__file__).parent / "tau2_task.schema.json").read_text(encoding="utf-8"))
Failing = tuple[Conversation, Grade]


@pytest.fixture
def scenario(failing: Failing) -> Scenario:
    """The promoted refund, with things to say and to do."""
    expectations = Expectations(
        calls=[
            CallExpectation(tool="get_order", arguments={"order_id": "N-1041"}),
            CallExpectation(tool="refund_order", arguments={"order_id": "N-1041", "amount": 89.0}),
        ],
        forbidden_calls=[CallExpectation(tool="refund_order", arguments={"order_id": "N-1041", "amount": 338.0})],
        statements=[Statement(text="89.00 euros"), Statement(text="on their way"), Statement(pattern="x+")],
        forbidden_statements=[Statement(text="never")],
    )
    return promote(*failing).model_copy(update={"expectations": expectations})


def _tasks(folder: Path) -> Any:
    return json.loads((folder / "tasks.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize("prefix", [0, 1, 3])
def test_every_task_is_in_the_schema_of_tau2(scenario: Scenario, prefix: int, tmp_path: Path) -> None:
    export([scenario], tmp_path, prefix=prefix)
    [task] = _tasks(tmp_path)
    errors = list(jsonschema_rs.validator_for(SCHEMA).iter_errors(task))
    assert errors == []


def test_an_export_comes_back_as_the_same_scenario(scenario: Scenario, tmp_path: Path) -> None:
    write(scenario, tmp_path / "in")
    tau2.export([tmp_path / "in"], tmp_path / "bundle")
    tau2.import_file(tmp_path / "bundle" / "tasks.json", tmp_path / "out")
    [back] = read_all([tmp_path / "out"])
    assert back.model_dump() == scenario.model_dump()


def test_criteria_that_the_prefix_meets_are_dropped_and_told(scenario: Scenario, tmp_path: Path) -> None:
    bundle = export([scenario], tmp_path, prefix=1)
    criteria = _tasks(tmp_path)[0]["evaluation_criteria"]
    assert [action["name"] for action in criteria["actions"]] == ["refund_order"]
    assert criteria["communicate_info"] == ["on their way"]
    assert criteria["reward_basis"] == ["ACTION", "COMMUNICATE", "ENV_ASSERTION"]
    told = " ".join(bundle.warnings)
    assert "the call of get_order is in the prefix" in told
    assert "'89.00 euros' is said in the prefix" in told
    assert "no pattern" in told
    assert "forbidden statements" in told


def test_required_calls_list_their_arguments_so_that_an_omission_is_a_difference(
    scenario: Scenario, tmp_path: Path
) -> None:
    export([scenario], tmp_path)
    actions = _tasks(tmp_path)[0]["evaluation_criteria"]["actions"]
    assert actions[1]["compare_args"] == ["amount", "order_id"]


def test_the_history_alternates_as_tau2_wants_it(scenario: Scenario, tmp_path: Path) -> None:
    export([scenario], tmp_path, prefix=3)
    history = _tasks(tmp_path)[0]["initial_state"]["message_history"]
    asked = [call["id"] for message in history for call in message.get("tool_calls") or ()]
    assert len(asked) == len(set(asked)) == 2
    assert asked == [message["id"] for message in history if message["role"] == "tool"]
    assert all(message["content"] or message.get("tool_calls") for message in history)
    assert [message["timestamp"] for message in history] == sorted(message["timestamp"] for message in history)


def _recorded_tools(folder: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location("recorded_tools_of_a_bundle", folder / "recorded_tools.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_exported_tools_answer_from_recordings_and_templates(scenario: Scenario, tmp_path: Path) -> None:
    export([scenario], tmp_path)
    tools, log = _recorded_tools(tmp_path), list[dict[str, Any]]()
    assert tools.call(scenario.id, log, "get_order", {"order_id": "N-1041"})["price"] == 89.0
    corrected = tools.call(scenario.id, log, "refund_order", {"order_id": "N-1041", "amount": 89})
    assert corrected == {"order_id": "N-1041", "amount": 89, "status": "accepted"}
    assert tools.was_called(log, "refund_order", {"order_id": "N-1041", "amount": 89.0})
    assert not tools.was_called(log, "refund_order", {"order_id": "N-1041", "amount": 338.0})
    with pytest.raises(tools.ToolFailedError):
        tools.call(scenario.id, log, "get_order", {"order_id": "N-2"})


@pytest.mark.parametrize("name", ["recorded_tools.py", "floorline_domain.py", "run.py"])
def test_the_exported_modules_are_python(name: str, scenario: Scenario, tmp_path: Path) -> None:
    export([scenario], tmp_path, domain="shop")
    text = (tmp_path / name).read_text(encoding="utf-8")
    compile(text, name, "exec")
    assert "@DOMAIN@" not in text


FOREIGN = {
    "id": "mock/1 a",
    "description": {"purpose": "Change a flight"},
    "user_scenario": {
        "persona": "Impatient.",
        "instructions": {
            "domain": "airline",
            "reason_for_call": "You want another flight.",
            "known_info": "You are Mia Li.",
            "unknown_info": "Your e-mail.",
            "task_instructions": "Be brief.",
        },
    },
    "evaluation_criteria": {
        "actions": [
            {"action_id": "1", "name": "change", "arguments": {"id": "A1"}, "compare_args": ["id"]},
            {"action_id": "2", "name": "reboot", "arguments": {}, "requestor": "user"},
        ],
        "communicate_info": ["42"],
        "nl_assertions": ["is polite"],
        "reward_basis": ["DB", "COMMUNICATE", "NL_ASSERTION"],
    },
}


def test_a_foreign_task_keeps_customer_calls_and_facts_and_tells_what_it_lost(tmp_path: Path) -> None:
    path = tmp_path / "tasks.json"
    plain = {**FOREIGN, "id": "2", "user_scenario": {"instructions": "Just ask."}, "evaluation_criteria": None}
    path.write_text(json.dumps([FOREIGN, plain]))
    imported = import_tasks(path)
    first, second = imported.scenarios
    assert (first.id, first.user.persona, first.user.known) == (
        "tau2-mock-1-a",
        "Impatient.",
        {"facts": "You are Mia Li."},
    )
    assert [(call.tool, call.compare) for call in first.expectations.calls] == [("change", ["id"])]
    assert first.expectations.statements == [Statement(text="42")]
    assert second.user.goal == "Just ask."
    assert [warning.partition(": ")[2].split(" ")[0] for warning in imported.warnings] == ["its", "1"]


RESULTS = {
    "info": {"agent_info": {"llm": "gpt-4.1"}, "environment_info": {"domain_name": "airline"}},
    "simulations": [
        {
            "id": "s1",
            "task_id": "7",
            "trial": 0,
            "termination_reason": "user_stop",
            "reward_info": {"reward": 0.0},
            "messages": [
                {"role": "assistant", "content": "Hi! How can I help you today?"},
                {"role": "user", "content": "Change my flight"},
                {
                    "role": "assistant",
                    "content": None,
                    "tool_calls": [{"id": "c1", "name": "get", "arguments": {"id": "A1"}, "requestor": "assistant"}],
                },
                {"role": "tool", "tool_messages": [{"id": "c1", "role": "tool", "content": '{"n": 1}'}]},
                {"role": "user", "content": None, "tool_calls": [{"id": "u1", "name": "reboot", "arguments": {}}]},
                {"role": "tool", "id": "u1", "content": "ok", "requestor": "user"},
                {"role": "assistant", "content": "Done."},
            ],
        }
    ],
}


def test_runs_become_transcripts_that_can_be_graded(tmp_path: Path) -> None:
    path = tmp_path / "results.json"
    path.write_text(json.dumps(RESULTS))
    [record] = import_runs(path)
    assert record["label"]["reward"] == 0.0
    conversation = from_record(record)
    assert [(call.name, call.result) for call in conversation.tool_calls] == [("get", {"n": 1})]
    assert [turn.reply for turn in conversation.turns] == ["Done."]
    [written] = tau2.import_file(path, tmp_path / "out")
    assert json.loads(written.read_text())["id"] == "s1"


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("[", "cannot read"),
        ('"x"', "a list of tasks"),
        ("[{}]", "task 0 is no tau2 task: KeyError"),
        ("{}", "`simulations` is missing"),
        ('{"simulations": [{}]}', "simulation 0: KeyError"),
    ],
)
def test_what_is_not_from_tau2_is_refused(text: str, reason: str, tmp_path: Path) -> None:
    path = tmp_path / "x.json"
    path.write_text(text)
    with pytest.raises(UsageError, match=reason):
        tau2.import_file(path, tmp_path / "out")


def test_tools_that_contradict_each_other_are_refused(scenario: Scenario, tmp_path: Path) -> None:
    other = scenario.model_copy(
        update={"id": "other", "tools": [scenario.tools[0].model_copy(update={"kind": "write"})]}
    )
    with pytest.raises(UsageError, match="tool get_order differs"):
        export([scenario, other], tmp_path)
