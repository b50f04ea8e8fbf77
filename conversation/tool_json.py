"""Tool definitions, arguments and results out of the shapes senders wrap them in."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache

from conversation import recall
from conversation.model import JSON, Attributes, Span, ToolDefinition
from conversation.parsing import as_dict, parse_json, parse_structure, unquoted

_SCHEMA_KEYS = (
    "parameters",
    "inputSchema",
    "input_schema",
    "parameters_json_schema",
    "parametersJsonSchema",
    "jsonSchema",
    "schema",
)
_MESSAGE_KEYS = ("exception.message", "exception.type")
# Words frameworks put around the error of a tool; what matters to a reader is inside.
RETRY_SENTENCE = "Fix the errors and try again."


def definitions(value: object) -> tuple[ToolDefinition, ...] | None:
    """Tool definitions out of a list in any provider's shape; None where there is none."""
    if value is None:
        return None
    memory = recall.current() if isinstance(value, (str, list, dict)) else None
    if memory is None:
        return _definitions(value)
    return memory.once("tools", value, lambda: _of_text(value) if isinstance(value, str) else _definitions(value))


@lru_cache(maxsize=64)
def _of_text(text: str) -> tuple[ToolDefinition, ...] | None:
    """An agent offers the same tools in all its conversations."""
    return _definitions(text)


def _definitions(value: object) -> tuple[ToolDefinition, ...] | None:
    parsed = parse_structure(value)
    if isinstance(parsed, dict):
        inner = parsed.get("function_declarations") or parsed.get("tools")
        parsed = inner if isinstance(inner, list) else [parsed]
    if not isinstance(parsed, list):
        return None
    found: list[ToolDefinition] = []
    for item in parsed:
        tool = parse_structure(item)
        if isinstance(tool, dict):
            nested = tool.get("function_declarations") or tool.get("functionDeclarations")
            if isinstance(nested, list):
                found += definitions(nested) or ()
            else:
                found += _definition(tool)
    return tuple(found) or None


def _definition(tool: dict[str, JSON]) -> Iterable[ToolDefinition]:
    for key in ("function", "toolSpec", "tool"):
        inner = tool.get(key)
        if isinstance(inner, dict):
            tool = inner
    name = unquoted(tool.get("name"))
    if name is None:
        return
    schema: dict[str, JSON] | None = None
    for key in _SCHEMA_KEYS:
        if tool.get(key) is not None:
            schema = as_dict(tool[key])
            inner = schema.get("json") or schema.get("jsonSchema")
            schema = inner if isinstance(inner, dict) else schema
            break
    yield ToolDefinition(name, str(tool.get("description") or ""), schema or None)


def unwrapped_arguments(value: object) -> JSON:
    """The arguments of a tool span without the sender's wrapping.

    Known wrappings: `{args, kwargs}` (Traceloop, Langfuse decorators), `{input_str, inputs, ...}` (Traceloop on
    LangChain). A call with positional arguments only stays a list: their names are not in the trace.
    """
    parsed = parse_structure(value)
    if not isinstance(parsed, dict):
        return parsed
    if {"args", "kwargs"} <= set(parsed) and isinstance(parsed["args"], list) and isinstance(parsed["kwargs"], dict):
        named, placed = parsed["kwargs"], parsed["args"]
        if named:
            return named
        return placed[0] if len(placed) == 1 and isinstance(placed[0], dict) else placed or {}
    if "input_str" in parsed:
        inner = parsed.get("inputs")
        return inner if isinstance(inner, dict) else parse_structure(parsed["input_str"])
    return parsed


def result_of(value: object) -> JSON:
    """A tool's result: parsed JSON where it parses, also inside JSON text or as a Python literal; else the text."""
    parsed = parse_json(value)
    return parse_structure(parsed) if isinstance(parsed, str) else parsed


def wrapped_call_id(value: object) -> str | None:
    """The call id that a wrapping of a tool's arguments carries along."""
    wrapper = as_dict(value)
    inner = wrapper.get("kwargs")
    return unquoted(inner.get("tool_call_id")) if isinstance(inner, dict) else None


def tool_message(value: object) -> tuple[JSON, str | None, bool] | None:
    """Content, call id and failure mark of a LangChain ToolMessage in any serialised form; None where it is none."""
    parsed = parse_structure(value)
    if not isinstance(parsed, dict):
        return None
    if isinstance(parsed.get("output"), dict):
        parsed = as_dict(parsed["output"])
    inner = parsed.get("data") if parsed.get("type") == "tool" else parsed.get("kwargs") if parsed.get("lc") else None
    if isinstance(inner, dict):
        parsed = inner
    if parsed.get("type") != "tool" or "content" not in parsed:
        return None
    return parsed["content"], unquoted(parsed.get("tool_call_id")), parsed.get("status") == "error"


def span_error(span: Span) -> str | None:
    """The error text of a failed span: its exception event's message, else the status text; None if it did not fail."""
    raised = [event.attributes for event in span.events if event.name == "exception"]
    if span.status_code != 2 and not any(not _is_false(a.get("exception.escaped")) for a in raised):  # noqa: PLR2004 - OTLP STATUS_CODE_ERROR
        return None
    for attributes in raised:
        message = unquoted(attributes.get("exception.message"))
        if message:
            return message
    if span.status_message:
        return span.status_message
    return _first(raised, span.attributes)


def _first(raised: list[Attributes], attributes: Attributes) -> str:
    for source in (*raised, attributes):
        for key in (*_MESSAGE_KEYS, "error.type"):
            text = unquoted(source.get(key))
            if text:
                return text
    return "error"


def _is_false(value: object) -> bool:
    return str(value).lower() == "false" or value is None


def without_retry_sentence(text: str) -> str:
    """A tool error without pydantic-ai's fixed request to try again."""
    return text.removesuffix(RETRY_SENTENCE).rstrip() if text.endswith(RETRY_SENTENCE) else text
