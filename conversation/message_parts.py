"""The parts of one message: texts, tool calls and tool results, whatever the provider calls them."""

from __future__ import annotations

from dataclasses import dataclass, field

from conversation.model import JSON
from conversation.parsing import as_bool, parse_structure, unquoted
from conversation.said import Request, result_text

# A picture or a file is something the customer sent: it must not look like an empty message.
_MEDIA = {
    "image": "[image]",
    "image_url": "[image]",
    "input_image": "[image]",
    "file": "[file]",
    "input_file": "[file]",
    "blob": "[file]",
    "uri": "[file]",
    "document": "[file]",
    "video": "[video]",
    "audio": "[audio]",
    "input_audio": "[audio]",
}
_TEXTS = {"text", "input_text", "output_text", "refusal", "message_content"}
_SILENT = {"reasoning", "thinking", "redacted_thinking", "cache_breakpoint", "compaction", "step-start"}
_CALLS = {"tool_call", "tool-call", "tool_use", "function_call", "server_tool_call", "server_tool_use", "toolCall"}
_ANSWERS = {
    "tool_call_response",
    "tool-result",
    "tool_result",
    "function_response",
    "server_tool_call_response",
    "toolResult",
}
_NESTED = {
    "toolUse": "call",
    "function_call": "call",
    "functionCall": "call",
    "toolResult": "answer",
    "function_response": "answer",
    "functionResponse": "answer",
}
_KINDS = frozenset((*_TEXTS, *_SILENT, *_CALLS, *_ANSWERS, *_MEDIA))


@dataclass(frozen=True, slots=True)
class Answer:
    """A tool result inside a message."""

    id: str
    text: str
    name: str | None = None
    error: str | None = None


@dataclass(slots=True)
class Parts:
    """What a message's content holds."""

    texts: list[str] = field(default_factory=list)
    requests: list[Request] = field(default_factory=list)
    answers: list[Answer] = field(default_factory=list)


def parts_of(content: JSON, *, is_tool: bool = False) -> Parts:
    """The parts of a message's content: text, one part, or a list of parts.

    Args:
        content: The content as the carrier has it.
        is_tool: The message is a tool's answer: an object in it is the result, not a part.
    """
    parts = Parts()
    if isinstance(content, str):
        blocks = parse_structure(content)
        if not is_tool and isinstance(blocks, list) and blocks and all(_is_block(block) for block in blocks):
            return parts_of(blocks)
        parts.texts.append(content)
    elif isinstance(content, list):
        if is_tool and not all(isinstance(block, str) or _is_block(block) for block in content):
            parts.texts.append(result_text(content))
            return parts
        for block in content:
            _add(block, parts)
    elif isinstance(content, dict):
        if is_tool and not _is_block(content):
            parts.texts.append(result_text(content))
        elif isinstance(content.get("parts"), list):
            return parts_of(content["parts"])
        else:
            _add(content, parts)
    elif content is not None:
        parts.texts.append(result_text(content))
    return parts


def _is_block(block: JSON) -> bool:
    if not isinstance(block, dict):
        return False
    kind = block.get("type")
    if isinstance(kind, str) and kind in _KINDS:
        return True
    return any(
        isinstance(block.get(key), dict)
        for key in (
            "toolUse",
            "toolResult",
            "function_call",
            "functionCall",
            "function_response",
            "functionResponse",
            "message_content",
        )
    ) or (set(block) <= {"text", "cache_control", "citations", "thought", "thought_signature"} and "text" in block)


def _add(block: JSON, parts: Parts) -> None:
    if isinstance(block, str):
        parts.texts.append(block)
        return
    if not isinstance(block, dict):
        return
    inner = block.get("message_content")
    if isinstance(inner, dict):
        block = inner
    kind = str(block.get("type") or "")
    if kind in _SILENT or block.get("thought") is True:
        return
    nested = _nested(block)
    if nested is not None:
        nested_kind, value = nested
        _add_call(value, parts) if nested_kind == "call" else _add_answer(value, parts)
    elif kind in _CALLS:
        _add_call(block, parts)
    elif kind in _ANSWERS:
        _add_answer(block, parts)
    else:
        parts.texts.append(_text(block, kind))


def _nested(block: dict[str, JSON]) -> tuple[str, dict[str, JSON]] | None:
    """A call or result one level down, as Bedrock and Gemini write them."""
    if _NESTED.keys().isdisjoint(block):
        return None
    for key, kind in _NESTED.items():
        value = block.get(key)
        if isinstance(value, dict):
            return kind, value
    return None


def _add_call(block: dict[str, JSON], parts: Parts) -> None:
    call_id = _first(block, ("call_id", "id", "toolCallId", "toolUseId"))
    name = _first(block, ("name", "toolName"))
    parts.requests.append(Request.of(call_id, name, _first(block, ("arguments", "args", "input", "server_tool_call"))))


def _add_answer(block: dict[str, JSON], parts: Parts) -> None:
    call_id = _first(block, ("id", "call_id", "tool_use_id", "toolCallId", "toolUseId", "tool_call_id"))
    value = _first(block, ("response", "result", "output", "content", "server_tool_call_response"))
    failed = as_bool(block.get("is_error")) or as_bool(block.get("isError")) or block.get("status") == "error"
    if isinstance(value, dict) and "value" in value and str(value.get("type")) in _VERCEL_OUTPUTS:
        failed = failed or str(value["type"]).startswith("error")
        value = value["value"]
    text = _result_text(value)
    name = unquoted(_first(block, ("name", "toolName")))
    parts.answers.append(Answer(str(call_id or ""), text, name, (text or "error") if failed else None))


_VERCEL_OUTPUTS = {"text", "json", "error-text", "error-json", "content"}


def _result_text(value: JSON) -> str:
    """A result as text; a list of text or json blocks is unfolded."""
    if isinstance(value, list) and value and all(isinstance(item, dict) for item in value):
        pieces = [
            item.get("text", item.get("json"))
            for item in value
            if isinstance(item, dict) and {"text", "json"} & set(item)
        ]
        if len(pieces) == len(value):
            return "\n".join(result_text(piece) for piece in pieces)
    return result_text(value)


def _text(block: dict[str, JSON], kind: str) -> str:
    for key in ("content", "text", "transcript", "refusal", "value"):
        value = block.get(key)
        if isinstance(value, str) and (kind not in _MEDIA or key == "transcript"):
            return value
    return _MEDIA.get(kind, "")


def _first(block: dict[str, JSON], keys: tuple[str, ...]) -> JSON:
    for key in keys:
        value = block.get(key)
        if value is not None:
            return value
    return None
