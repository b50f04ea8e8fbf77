"""Exports scenarios as a tau2-bench domain: a folder that tau2's own runner can run (its CLI has no plug-in hook).

| file | holds |
|---|---|
| `tasks.json` | one task a scenario |
| `policy.md`, `tools.json`, `recordings.json` | the agent's instructions, tool schemas, recorded results |
| `recorded_tools.py`, `floorline_domain.py`, `run.py` | the domain and its launcher; need tau2 and Python 3.12 |
| `floorline.json` | the scenarios themselves by task id: tau2 drops what it does not know, importing reads them here |

Known limits: regular expressions and forbidden statements have no counterpart in tau2 and are left out with a warning.
tau2 checks words and calls over the whole trajectory, its prefix included: a criterion that the prefix meets already
would be met for nothing, so it is dropped with a warning.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from importlib.resources import files
from pathlib import Path
from typing import Any

from conversation.errors import UsageError
from scenarios.spec import CallExpectation, Recording, Scenario, ToolUse
from scenarios.transcript import text_of
from scenarios.values import canonical

_MODULES = ("recorded_tools.py", "floorline_domain.py", "run.py")
SIDE_FILE = "floorline.json"


@dataclass
class Bundle:
    """What was exported, and what could not be."""

    folder: Path
    tasks: int = 0
    warnings: list[str] = field(default_factory=list)


def export(scenarios: Sequence[Scenario], folder: Path, *, domain: str = "floorline", prefix: int = 0) -> Bundle:
    """Write the bundle.

    Args:
        scenarios: At least one; tools of the same name must have the same schema.
        folder: Made if it is not there.
        domain: The domain's name in tau2.
        prefix: This many customer turns of each recording become the task's message history.

    Raises:
        UsageError: Nothing to export, tools contradict each other, or the folder cannot be written.
    """
    if not scenarios:
        raise UsageError("no scenario to export")
    bundle = Bundle(folder)
    tasks = [_task(scenario, prefix, bundle.warnings) for scenario in scenarios]
    contents: dict[str, Any] = {
        "tasks.json": tasks,
        "tools.json": _tools(scenarios),
        "recordings.json": {scenario.id: _recordings(scenario) for scenario in scenarios},
        SIDE_FILE: {scenario.id: scenario.model_dump(mode="json", exclude_defaults=True) for scenario in scenarios},
    }
    policies = list(dict.fromkeys(scenario.instructions or "" for scenario in scenarios))
    if len(policies) > 1:
        bundle.warnings.append(
            "scenarios have different instructions: policy.md holds all of them, one after the other"
        )
    texts = {name: json.dumps(data, indent=2, ensure_ascii=False) + "\n" for name, data in contents.items()}
    texts["policy.md"] = "\n\n".join(filter(None, policies)) or "Help the customer."
    for name in _MODULES:
        template = (files("scenarios") / "tau2_bundle" / f"{name}.tmpl").read_text(encoding="utf-8")
        texts[name] = template.replace("@DOMAIN@", domain)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, text in texts.items():
            (folder / name).write_text(text, encoding="utf-8")
    except OSError as error:
        raise UsageError(f"cannot write the export to {folder}: {error}") from error
    bundle.tasks = len(tasks)
    return bundle


def _task(scenario: Scenario, prefix: int, warnings: list[str]) -> dict[str, Any]:
    user = scenario.user
    history, used = _history(scenario, prefix)
    left = [turn.say for turn in user.turns[prefix:]]
    said = "\n".join(f"- {line}" for line in left)
    return {
        "id": scenario.id,
        "description": {
            "purpose": scenario.title or None,
            "relevant_policies": None,
            "notes": f"Exported by Floorline; the scenario is in {SIDE_FILE}.",
        },
        "user_scenario": {
            "persona": user.persona,
            "instructions": {
                "domain": scenario.domain or "customer service",
                "reason_for_call": user.goal or (left[0] if left else user.turns[0].say),
                "known_info": _facts({**user.known, **user.reveal_when_asked}),
                "unknown_info": ", ".join(user.unknown) or None,
                "task_instructions": f"Say these in order, as far as they fit:\n{said}"
                if said
                else "Follow your goal.",
            },
        },
        "ticket": None,
        "initial_state": {
            "initialization_data": {"agent_data": {"scenario": scenario.id}, "user_data": None},
            "initialization_actions": None,
            "message_history": history or None,
        },
        "evaluation_criteria": _criteria(scenario, history, used, warnings),
    }


def _facts(facts: dict[str, Any]) -> str | None:
    return "\n".join(f"{name}: {value}" for name, value in facts.items()) or None


def _history(scenario: Scenario, prefix: int) -> tuple[list[dict[str, Any]], list[ToolUse]]:
    """The first turns as tau2 messages: unique ids, no empty texts, answers in the order of calls."""
    messages: list[dict[str, Any]] = []
    used: list[ToolUse] = []
    left = list(scenario.recordings)
    for number, turn in enumerate(scenario.user.turns[:prefix], start=1):
        messages.append({"role": "user", "content": turn.say, "tool_calls": None})
        for step in (step for step in scenario.recorded_agent if step.after == number):
            calls = [
                {
                    "id": f"call_{len(used) + index}",
                    "name": use.tool,
                    "arguments": use.arguments,
                    "requestor": "assistant",
                }
                for index, use in enumerate(step.calls)
            ]
            messages.append({"role": "assistant", "content": step.say or None, "tool_calls": calls or None})
            messages += [_answer(call, left) for call in calls]
            used += step.calls
    for index, message in enumerate(messages):
        # tau2 orders messages by time; without one they would get the time of loading.
        message |= {"turn_idx": index, "timestamp": f"2000-01-01T00:{index // 60:02}:{index % 60:02}"}
    return messages, used


def _answer(call: dict[str, Any], left: list[Recording]) -> dict[str, Any]:
    found = next(
        (r for r in left if r.tool == call["name"] and canonical(r.arguments) == canonical(call["arguments"])), None
    )
    if found is not None:
        left.remove(found)
    content = "" if found is None else (found.error if found.error is not None else text_of(found.result))
    failed = found is None or found.error is not None
    return {"id": call["id"], "role": "tool", "content": content, "requestor": "assistant", "error": failed}


def _criteria(
    scenario: Scenario, history: list[dict[str, Any]], used: list[ToolUse], warnings: list[str]
) -> dict[str, Any]:
    wanted = scenario.expectations
    actions, said, basis = [], [], []
    for number, call in enumerate(wanted.calls):
        if any(_meets(call, use) for use in used):
            warnings.append(f"{scenario.id}: the call of {call.tool} is in the prefix already and was dropped")
            continue
        compare = list(call.compare) if call.compare is not None else (None if call.arguments is not None else [])
        actions.append(
            {
                "action_id": f"{call.tool}_{number}",
                "requestor": "assistant",
                "name": call.tool,
                "arguments": call.arguments or {},
                # None would compare only the keys that the call has; listing them makes an omission a difference.
                "compare_args": sorted(call.arguments or {}) if compare is None else compare,
            }
        )
    replies = " ".join(str(m["content"]) for m in history if m["role"] == "assistant").replace(",", "").casefold()
    for statement in wanted.statements:
        if statement.text is None:
            warnings.append(f"{scenario.id}: tau2 knows no pattern /{statement.pattern}/; it was left out")
        elif statement.text.replace(",", "").casefold() in replies:
            warnings.append(f"{scenario.id}: {statement.text!r} is said in the prefix already and was dropped")
        else:
            said.append(statement.text)
    if wanted.forbidden_statements:
        warnings.append(
            f"{scenario.id}: tau2 knows no forbidden statements; {len(wanted.forbidden_statements)} left out"
        )
    assertions = [_not_called(call) for call in wanted.forbidden_calls]
    basis += ["ACTION"] if actions else []
    basis += ["COMMUNICATE"] if said else []
    basis += ["ENV_ASSERTION"] if assertions else []
    if not basis:
        warnings.append(f"{scenario.id}: nothing is left to check in tau2; the task would pass whatever happens")
    return {
        "actions": actions or None,
        "env_assertions": assertions or None,
        "communicate_info": said or None,
        "nl_assertions": None,
        "reward_basis": basis or ["COMMUNICATE"],
    }


def _meets(call: CallExpectation, use: ToolUse) -> bool:
    if call.tool != use.tool or call.arguments is None:
        return call.tool == use.tool
    keys = call.compare if call.compare is not None else call.arguments.keys() | use.arguments.keys()
    return all(canonical(call.arguments.get(key)) == canonical(use.arguments.get(key)) for key in keys)


def _not_called(call: CallExpectation) -> dict[str, Any]:
    return {
        "env_type": "assistant",
        "func_name": "assert_not_called",
        "arguments": {"tool": call.tool, "arguments": call.arguments},
        "assert_value": True,
        "message": f"{call.tool} must not be called with these arguments",
    }


def _tools(scenarios: Iterable[Scenario]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for scenario in scenarios:
        for tool in scenario.tools:
            known = {
                "description": tool.description or tool.name,
                "parameters": tool.parameters or {"type": "object", "properties": {}},
                "kind": tool.kind,
            }
            if found.setdefault(tool.name, known) != known:
                raise UsageError(f"scenario {scenario.id}: tool {tool.name} differs from another's: export them apart")
    return found


def _recordings(scenario: Scenario) -> dict[str, Any]:
    writes = 0
    items = []
    for recording in scenario.recordings:
        tool = scenario.tool(recording.tool)
        items.append(
            {
                "tool": recording.tool,
                "arguments": recording.arguments,
                "result": recording.result,
                "error": recording.error,
                "writes_before": writes,
            }
        )
        writes += tool is not None and tool.kind == "write" and recording.error is None
    templates = (
        {tool.tool: tool.result for tool in scenario.world.tools if tool.result is not None} if scenario.world else {}
    )
    return {"recordings": items, "templates": templates}
