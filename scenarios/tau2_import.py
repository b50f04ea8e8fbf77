"""Imports tau2-bench: tasks as scenarios, runs as transcripts that can be graded and promoted.

A task that Floorline exported comes back whole from the side file next to it. Of a foreign task everything that does
not need tau2's own environment is kept: customer, required calls (`actions`, where the reward rests on them or on the
database; then only one reference path is known), facts to be told. Assertions on its environment and those a language
model judges are left out, each with a warning.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from conversation.errors import UsageError
from scenarios.spec import CallExpectation, Expectations, Origin, Scenario, Statement, User
from scenarios.tau2_export import SIDE_FILE

_NOT_AN_ID = re.compile(r"[^A-Za-z0-9._-]+")


@dataclass
class Imported:
    """Scenarios of a tasks file, and what could not be kept."""

    scenarios: list[Scenario] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)


def import_tasks(path: Path) -> Imported:
    """The scenarios of a `tasks.json`.

    Raises:
        UsageError: The file cannot be read or is no list of tasks; the text names the task.
    """
    data = _json(path)
    if not isinstance(data, list):
        raise UsageError(f"{path}: not tau2 tasks: a list of tasks was expected")
    side_path = path.with_name(SIDE_FILE)
    side = _json(side_path) if side_path.exists() else {}
    imported = Imported()
    for number, task in enumerate(data):
        try:
            known = side.get(str(task["id"]))
            scenario = Scenario.model_validate(known) if known else _scenario(task, imported.warnings)
        except (KeyError, TypeError, AttributeError) as error:
            raise UsageError(f"{path}: task {number} is no tau2 task: {type(error).__name__} {error}") from error
        except ValidationError as error:
            first = error.errors()[0]
            raise UsageError(f"{path}: task {number}: {'.'.join(map(str, first['loc']))}: {first['msg']}") from error
        imported.scenarios.append(scenario)
    return imported


def _json(path: Path) -> Any:
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise UsageError(f"cannot read {path}: {error}") from error


def _scenario(task: dict[str, Any], warnings: list[str]) -> Scenario:
    name = _NOT_AN_ID.sub("-", str(task["id"])).strip("-.")[:100] or "task"
    persona = task["user_scenario"].get("persona")
    instructions = task["user_scenario"]["instructions"]
    structured = instructions if isinstance(instructions, dict) else {}
    goal = (
        f"{structured['reason_for_call']}\n{structured['task_instructions']}".strip()
        if structured
        else str(instructions)
    )
    known, unknown = structured.get("known_info"), structured.get("unknown_info")
    return Scenario(
        format=1,
        id=f"tau2-{name}",
        title=str((task.get("description") or {}).get("purpose") or ""),
        tags=["tau2"],
        origin=Origin(conversation=str(task["id"])),
        domain=structured.get("domain"),
        user=User(
            goal=goal,
            persona=persona,
            known={"facts": known} if known else {},
            unknown=[unknown] if unknown else [],
        ),
        expectations=_expectations(task, warnings),
    )


def _expectations(task: dict[str, Any], warnings: list[str]) -> Expectations:
    criteria = task.get("evaluation_criteria") or {}
    basis = set(criteria.get("reward_basis") or ("DB", "COMMUNICATE"))
    calls = [
        CallExpectation(tool=action["name"], arguments=action["arguments"], compare=action.get("compare_args"))
        for action in criteria.get("actions") or ()
        if basis & {"ACTION", "DB"} and action.get("requestor", "assistant") == "assistant"
    ]
    if calls and "ACTION" not in basis:
        warnings.append(
            f"task {task['id']}: its calls are one reference path to a database state; others may be right too"
        )
    for key, kind in (("env_assertions", "ENV_ASSERTION"), ("nl_assertions", "NL_ASSERTION")):
        if criteria.get(key) and kind in basis:
            warnings.append(f"task {task['id']}: {len(criteria[key])} {key} were left out")
    told = [Statement(text=text) for text in criteria.get("communicate_info") or () if "COMMUNICATE" in basis]
    return Expectations(calls=calls, statements=told)


def import_runs(path: Path) -> Iterator[dict[str, Any]]:
    """The simulations of a `results.json` as transcript records, with the reward as their label.

    Raises:
        UsageError: The file is no results file of tau2.
    """
    data = _json(path)
    if not isinstance(data, dict) or not isinstance(data.get("simulations"), list):
        raise UsageError(f"{path}: not tau2 results: `simulations` is missing")
    info = data.get("info") or {}
    agent = str((info.get("agent_info") or {}).get("llm") or "")
    domain = (info.get("environment_info") or {}).get("domain_name")
    for number, run in enumerate(data["simulations"]):
        try:
            messages = [message for item in run["messages"] for message in _messages(item)]
            task, trial = str(run["task_id"]), run.get("trial")
        except (KeyError, TypeError) as error:
            raise UsageError(f"{path}: simulation {number}: {type(error).__name__} {error}") from error
        reward = (run.get("reward_info") or {}).get("reward")
        yield {
            "id": str(run.get("id") or f"{task}-{trial}"),
            "source": "tau2",
            "domain": domain,
            "agent_model": agent,
            "task_id": task,
            "trial": trial,
            "tools": [],
            "messages": messages,
            "label": {"reward": reward, "termination": run.get("termination_reason")},
        }


def _messages(item: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Transcript messages of a tau2 message; what a customer does on the own devices is not seen by the agent."""
    if "tool_messages" in item:
        for message in item["tool_messages"]:
            yield from _messages(message)
        return
    role, content = item["role"], item.get("content") or ""
    if role == "tool":
        if item.get("requestor", "assistant") == "assistant":
            failed = {"error": content} if item.get("error") else {}
            yield {"role": "tool", "tool_call_id": item["id"], "content": content, **failed}
        return
    calls = [
        {"id": call["id"], "name": call["name"], "arguments": call["arguments"]}
        for call in item.get("tool_calls") or ()
        if role == "assistant"
    ]
    if role in {"user", "assistant"} and (content or calls):
        yield {"role": role, "content": content, **({"tool_calls": calls} if calls else {})}
