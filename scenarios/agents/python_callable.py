"""An agent that is a Python callable: `python:package.module:name` or `path/to/file.py:name`.

The callable is given the messages and, by parameter name, whatever else it declares:

    def agent(messages, tools, call_tool, instructions, reference_time, seed): ...

| parameter | value |
|---|---|
| first | OpenAI-style messages so far, the instructions as system message first if there are any |
| `call_tool` | `call_tool(name, arguments)` runs a tool and returns its result; raises `ToolError` |
| `tools` | OpenAI-style tool definitions |
| `instructions`, `reference_time`, `seed` | the scenario's, and the trial's seed |

It returns the reply as text, or an OpenAI-style assistant message (or a list of them): with `tool_calls` they are
executed and it is called again; with `"end": true` the agent hangs up. It may be `async`. A class is instantiated for
each conversation (constructor parameters by the same names) and its instance called for each message.
"""

from __future__ import annotations

import asyncio
import importlib
import importlib.util
import inspect
import json
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import httpx

from conversation.errors import RetryableError, UsageError
from scenarios.agents.protocol import (
    Agent,
    AgentError,
    AgentMessage,
    AgentOptions,
    Call,
    CallTool,
    ChatMessage,
    InfrastructureError,
    Session,
    Task,
)

_EXTRAS = ("tools", "call_tool", "instructions", "reference_time", "seed")


class PythonAgent:
    """An agent behind a callable.

    Args:
        target: The callable, or a class whose instances are callable.
        name: What the trial calls it.
        version: Its release, if known.
    """

    def __init__(self, target: Callable[..., Any], name: str, version: str = "") -> None:
        self.name, self.version, self._target = name, version, target

    def start(self, task: Task) -> Session:
        """A conversation; a class gets a new instance."""
        target: Any = self._target
        if inspect.isclass(self._target):
            try:
                target = target(**_wanted(self._target, _facts(task, None)))
            except Exception as error:
                raise AgentError(_raised(self.name, error)) from error
        return _Session(target, task, self.name)


class _Session:
    def __init__(self, target: Callable[..., Any], task: Task, name: str) -> None:
        self._target, self._task, self._name = target, task, name

    def respond(self, messages: Sequence[ChatMessage], call_tool: CallTool) -> AgentMessage:
        """Call the callable and read its answer."""
        extras = _wanted(self._target, _facts(self._task, call_tool))
        told = list(messages)
        if self._task.instructions:
            told.insert(0, {"role": "system", "content": self._task.instructions})
        try:
            answer = self._target(told, **extras)
            if inspect.isawaitable(answer):
                answer = asyncio.run(_awaited(answer))
        except (httpx.TransportError, RetryableError) as error:
            raise InfrastructureError(_raised(self._name, error)) from error
        except Exception as error:
            raise AgentError(_raised(self._name, error)) from error
        return read_answer(answer)


async def _awaited(answer: Any) -> Any:
    return await answer


def _raised(name: str, error: Exception) -> str:
    return f"agent {name} raised {type(error).__name__}: {error}"


def _facts(task: Task, call_tool: CallTool | None) -> dict[str, Any]:
    return {
        "tools": task.tools,
        "call_tool": call_tool,
        "instructions": task.instructions,
        "reference_time": task.reference_time,
        "seed": task.seed,
    }


def _wanted(target: Callable[..., Any], facts: Mapping[str, Any]) -> dict[str, Any]:
    """Those facts that the callable has a parameter for."""
    try:
        parameters = inspect.signature(target).parameters.values()
    except (TypeError, ValueError):
        return {}
    if any(parameter.kind is parameter.VAR_KEYWORD for parameter in parameters):
        return dict(facts)
    names = {parameter.name for parameter in parameters}
    return {name: facts[name] for name in _EXTRAS if name in names}


def read_answer(answer: Any) -> AgentMessage:
    """What an agent returned, as one message.

    Raises:
        AgentError: It is neither text nor an assistant message nor a list of them.
    """
    if answer is None or isinstance(answer, str):
        return AgentMessage(answer or "")
    if isinstance(answer, AgentMessage):
        return answer
    if isinstance(answer, list):
        parts = [read_answer(item) for item in answer if not _is_tool_message(item)]
        text = "\n".join(part.text for part in parts if part.text)
        calls = tuple(call for part in parts for call in part.calls)
        return AgentMessage(text, calls, any(part.end for part in parts))
    if not isinstance(answer, Mapping):
        raise AgentError(f"an agent returns text or an assistant message, not {type(answer).__name__}")
    if answer.get("role", "assistant") != "assistant":
        raise AgentError(f"an agent returns assistant messages, not a {answer['role']} message")
    calls = tuple(_call(item) for item in answer.get("tool_calls") or ())
    return AgentMessage(str(answer.get("content") or ""), calls, bool(answer.get("end")))


def _is_tool_message(item: Any) -> bool:
    return isinstance(item, Mapping) and item.get("role") == "tool"


def _call(item: Any) -> Call:
    function = item.get("function", item) if isinstance(item, Mapping) else None
    if not isinstance(function, Mapping) or not function.get("name"):
        raise AgentError(f"a tool call has function.name and function.arguments, not {item!r:.80}")
    arguments = function.get("arguments") or {}
    if isinstance(arguments, str):
        try:
            arguments = json.loads(arguments)
        except ValueError as error:
            raise AgentError(f"the arguments of {function['name']} are not JSON: {error}") from error
    if not isinstance(arguments, dict):
        raise AgentError(f"the arguments of {function['name']} are not an object")
    return Call(str(function["name"]), arguments, str(item.get("id") or ""))


def open_agent(rest: str, options: AgentOptions) -> Agent:  # noqa: ARG001 - every adapter takes options
    """The adapter behind `python:module:callable` and `file.py:callable`.

    Raises:
        UsageError: There is no such module, file or callable.
    """
    where, _, name = rest.rpartition(":")
    if not where or not name:
        raise UsageError(
            f"cannot read the agent spec {rest!r}: give python:package.module:callable or file.py:callable"
        )
    try:
        module = _file(Path(where)) if where.endswith(".py") else importlib.import_module(where)
    except UsageError:
        raise
    except Exception as error:
        raise UsageError(f"cannot import the agent from {where}: {type(error).__name__}: {error}") from error
    target: Any = module
    for part in name.split("."):
        target = getattr(target, part, None)
    if not callable(target):
        raise UsageError(f"{where} has no callable {name!r}")
    return PythonAgent(target, name, str(getattr(target, "version", "") or getattr(module, "__version__", "")))


def _file(path: Path) -> Any:
    if not path.is_file():
        raise UsageError(f"no such file for an agent: {path}")
    name = f"floorline_agent_{abs(hash(path.resolve()))}"
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise UsageError(f"cannot import {path}")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module
