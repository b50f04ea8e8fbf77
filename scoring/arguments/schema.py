"""Arguments against the tool's JSON Schema: the trace's own, or one learned from accepted calls.

Validation is jsonschema-rs (draft 2020-12 unless the schema names another). One problem a place: an argument that
breaks two rules is one finding. A learned schema only knows presence, types and closed sets of values, and a value
it has not seen is weaker evidence than one that a written schema forbids.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import jsonschema_rs
import orjson

from conversation.model import JSON, ToolCall
from scoring.arguments.leaves import Path

_LEARNED_CALLS = 30  # fewer calls than this teach nothing
_CLOSED_SHARE = 0.05  # a closed set: at most this many distinct values a call
_CLOSED_VALUES = 12


@dataclass(frozen=True, slots=True)
class SchemaProblem:
    """One place where a call breaks its schema.

    Attributes:
        path: The argument; for a missing one, where it should be.
        rule: The schema keyword: `required`, `enum`, `type`, `additionalProperties`, ...
        text: What is wrong, in one line.
        missing: Whether the argument is absent.
    """

    path: Path
    rule: str
    text: str
    missing: bool = False


@lru_cache(maxsize=1024)
def _validator(schema: bytes) -> Any:
    try:
        return jsonschema_rs.validator_for(orjson.loads(schema))
    except (ValueError, jsonschema_rs.ReferencingError):
        return None  # a schema that is none says nothing of the arguments


def problems(call: ToolCall, parameters: Mapping[str, Any] | None) -> list[SchemaProblem]:
    """Every place where a call's arguments break the schema, in order; none where the schema cannot be used."""
    if call.raw_arguments is not None and not call.arguments and call.raw_arguments.strip() not in ("", "{}", "null"):
        return [SchemaProblem((), "json", "the arguments are not a JSON object")]
    if not parameters:
        return []
    validator = _validator(orjson.dumps(parameters))
    if validator is None or validator.is_valid(call.arguments):
        return _unknown(call, parameters)
    found: dict[Path, SchemaProblem] = {}
    for error in validator.iter_errors(call.arguments):
        problem = _problem(error)
        found.setdefault(problem.path, problem)
    for problem in _unknown(call, parameters):
        found.setdefault(problem.path, problem)
    return list(found.values())


def _problem(error: Any) -> SchemaProblem:
    path: Path = tuple(error.instance_path)
    rule = str(error.kind.name)
    if rule == "required":
        name = str(error.kind.property)
        return SchemaProblem((*path, name), rule, f"the required argument {name} is missing", missing=True)
    if rule == "additionalProperties":
        extra = str(error.kind.unexpected[0])
        return SchemaProblem((*path, extra), rule, f"the tool has no argument {extra}")
    return SchemaProblem(path, rule, str(error.message)[:200])


def _unknown(call: ToolCall, parameters: Mapping[str, Any]) -> list[SchemaProblem]:
    """Arguments that the schema does not name, where it names any and does not invite more."""
    properties = parameters.get("properties")
    if not isinstance(properties, Mapping) or parameters.get("additionalProperties") or not properties:
        return []
    if parameters.get("patternProperties"):
        return []
    return [
        SchemaProblem((name,), "additionalProperties", f"the tool has no argument {name}")
        for name in call.arguments
        if name not in properties
    ]


def learn(calls: Iterable[ToolCall]) -> dict[str, dict[str, JSON]]:
    """A schema for each tool from calls that were accepted: always-present arguments, types, closed sets of values.

    Tools with fewer than 30 accepted calls get none.
    """
    by_tool: dict[str, list[dict[str, JSON]]] = defaultdict(list)
    for call in calls:
        if call.error is None and call.executed:
            by_tool[call.name].append(call.arguments)
    return {name: _learned(seen) for name, seen in by_tool.items() if len(seen) >= _LEARNED_CALLS}


def _learned(seen: list[dict[str, JSON]]) -> dict[str, JSON]:
    names = Counter(name for arguments in seen for name in arguments)
    properties: dict[str, JSON] = {}
    for name in sorted(names):
        values = [arguments[name] for arguments in seen if name in arguments]
        rule: dict[str, JSON] = {"type": [*sorted({_type(value) for value in values})]}
        distinct: set[str] = {value for value in values if isinstance(value, str)}
        if all(isinstance(value, str) for value in values) and len(distinct) <= min(
            _CLOSED_VALUES, _CLOSED_SHARE * len(values)
        ):
            rule["enum"] = [*sorted(distinct)]
        properties[name] = rule
    required: list[JSON] = [name for name in sorted(names) if names[name] == len(seen)]
    return {"type": "object", "properties": properties, "required": required}


def _type(value: JSON) -> str:
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, int | float):
        return "number"
    if isinstance(value, str):
        return "string"
    if isinstance(value, list):
        return "array"
    return "object" if isinstance(value, dict) else "null"
