"""Messages out of the JSON shapes in the wild: one lenient reader for all of them.

Knows OTel GenAI parts, OpenAI chat and Responses items, Anthropic and Bedrock blocks, Gemini contents, Vercel AI SDK
parts, LangChain messages (plain, `data` and constructor form), OpenInference's nested form and LiveKit chat items, and
the wrappers they come in (requests, responses, generations, choices). Senders mix these shapes inside one list, so the
shape is found for each message, not for each sender. What is not understood is left out, never raised.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from conversation import recall
from conversation.message_parts import Parts, parts_of
from conversation.model import JSON, Role
from conversation.parsing import as_bool, parse_structure, unquoted
from conversation.said import Request, Said, result_text

_ROLES = {
    "system": Role.SYSTEM,
    "developer": Role.SYSTEM,
    "user": Role.USER,
    "human": Role.USER,
    "assistant": Role.ASSISTANT,
    "ai": Role.ASSISTANT,
    "model": Role.ASSISTANT,
    "agent": Role.ASSISTANT,
    "bot": Role.ASSISTANT,
    "aimessagechunk": Role.ASSISTANT,
    "tool": Role.TOOL,
    "function": Role.TOOL,
    "tool_response": Role.TOOL,
}
_CONSTRUCTORS = {
    "SystemMessage": "system",
    "HumanMessage": "user",
    "AIMessage": "assistant",
    "ToolMessage": "tool",
    "FunctionMessage": "tool",
    "ChatMessage": "user",
}
# Where a request, response or run keeps its messages; the first key that holds some wins.
_WRAPPERS = (
    "messages",
    "input",
    "contents",
    "items",
    "choices",
    "generations",
    "candidates",
    "output",
    "outputs",
    "inputs",
    "message",
    "data",
    "response",
)
_MAX_DEPTH = 12
# Tuples, not sets: what stands there may be anything, also what cannot be hashed.
_CALLS = ("function_call", "custom_tool_call")
_OUTPUTS = ("function_call_output", "custom_tool_call_output")
_ITEMS = (*_CALLS, *_OUTPUTS, "message", "reasoning")
_CONTENT_KEYS = frozenset(("content", "contents", "parts", "tool_calls", "function_call", "text"))
_WRAPPED = frozenset(("lc", "data"))
_REQUEST_KEYS = frozenset(("tool_calls", "additional_kwargs", "function_call"))


def messages_in(value: object, bare: Role | None = None) -> tuple[Said, ...]:
    """All messages a value holds, in order.

    Args:
        value: Parsed JSON or text of it, in any of the shapes above.
        bare: Who said it if the value is plain text or holds no message; None leaves such values out.
    """
    if value is None:
        return ()
    parsed = parse_structure(value)
    if isinstance(parsed, str):
        return (Said(bare, parsed),) if bare and parsed.strip() else ()
    memory = recall.current() if isinstance(parsed, list) else None
    if memory is not None and isinstance(parsed, list):
        return memory.of_items(("messages", bare), parsed, lambda item: tuple(_walk([item], bare, 0)))
    found = tuple(_walk(parsed, bare, 0))
    instructions = parsed.get("instructions") or parsed.get("system") if isinstance(parsed, dict) else None
    if isinstance(instructions, str) and instructions and not any(said.role is Role.SYSTEM for said in found):
        return (Said(Role.SYSTEM, instructions), *found)
    return found


def _walk(value: JSON, bare: Role | None, depth: int) -> Iterator[Said]:
    if depth > _MAX_DEPTH:
        return
    if isinstance(value, list):
        for item in value:
            if isinstance(item, str):
                if bare and item.strip():
                    yield Said(bare, item)
            else:
                yield from _item_of(item, bare, depth + 1)
    elif isinstance(value, dict):
        if _is_message(value):
            yield from _message(value, bare)
            return
        for key in _WRAPPERS:
            inner = parse_structure(value.get(key))
            found = list(_walk(inner, bare, depth + 1)) if isinstance(inner, dict | list) else []
            if not found and isinstance(inner, str) and inner.strip() and bare and key in {"input", "output"}:
                found = [Said(bare, inner)]
            if found:
                yield from found
                return


def _item_of(item: JSON, bare: Role | None, depth: int) -> Iterable[Said]:
    """The messages of one item of a list; told again in the next model call they are the same objects."""
    memory = recall.current()
    if memory is None or not isinstance(item, dict):
        return _walk(item, bare, depth)
    role = item.get("role")
    says_role = isinstance(role, str) and role in _ROLES and not _CONTENT_KEYS.isdisjoint(item)
    if says_role and _WRAPPED.isdisjoint(item) and depth <= _MAX_DEPTH:
        # The same wherever it stands: first as an output with its finish reason, then in each history.
        told = item
        if "finish_reason" in item:
            told = {key: value for key, value in item.items() if key != "finish_reason"}
        return memory.once("message", told, lambda: tuple(_message(told, None)))
    return memory.once(("said", bare, depth), item, lambda: tuple(_walk(item, bare, depth)))


def _is_message(value: dict[str, JSON]) -> bool:
    kind = value.get("type")
    if kind in _ITEMS:
        return True
    if value.get("lc") and isinstance(value.get("kwargs"), dict):
        return isinstance(value.get("id"), list)
    inner = value.get("message")
    if isinstance(inner, dict) and "role" in inner and "role" not in value:
        return False
    if isinstance(kind, str) and kind.lower() in _ROLES and ("data" in value or "content" in value):
        return True
    role = value.get("role")
    return isinstance(role, str) and not _CONTENT_KEYS.isdisjoint(value)


def _message(value: dict[str, JSON], bare: Role | None) -> Sequence[Said]:
    if value.get("lc"):
        value = _constructed(value)
    elif isinstance(value.get("data"), dict) and "content" not in value:
        inner = value["data"]
        value = {"role": value.get("type"), **inner} if isinstance(inner, dict) else value
    item = _item(value)
    if item is not None:
        return item
    role = _role(value, bare)
    if role is None:
        return ()
    if role is Role.USER and unquoted(value.get("tool_call_id")):
        # Anthropic has no tool role: some senders keep `user` and say only which call is answered.
        role = Role.TOOL
    parts = _content(value)
    requests = tuple(parts.requests) or (() if _REQUEST_KEYS.isdisjoint(value) else tuple(requests_in(value)))
    return _told(value, role, parts, requests)


def _told(value: dict[str, JSON], role: Role, parts: Parts, requests: tuple[Request, ...]) -> Sequence[Said]:
    """A message and the tool results inside it, results first unless the message itself asked for them."""
    text = "\n".join(piece for piece in parts.texts if piece)
    name = unquoted(value.get("name"))
    if role is Role.TOOL and not parts.answers:
        answers = unquoted(value.get("tool_call_id")) or unquoted(value.get("call_id")) or unquoted(value.get("id"))
        failed = value.get("status") in ("error", "ERROR") or as_bool(value.get("is_error")) is True
        return (Said(role, text, answers=answers or "", name=name, error=(text or "error") if failed else None),)
    speaks = bool(text.strip() or requests)
    interrupted = as_bool(value.get("interrupted")) is True
    told = Said(role, text, requests if role is not Role.SYSTEM else (), name=name, interrupted=interrupted)
    if not parts.answers:
        return (told,) if speaks and role is not Role.TOOL else ()
    found = [
        Said(Role.TOOL, answer.text, answers=answer.id, name=answer.name or name, error=answer.error)
        for answer in parts.answers
    ]
    if speaks and role is Role.ASSISTANT:
        return (told, *found)
    return (*found, told) if speaks and role is not Role.TOOL else found


def _constructed(value: dict[str, JSON]) -> dict[str, JSON]:
    """LangChain's serialised constructor form as a plain message."""
    path, inner = value.get("id"), value.get("kwargs")
    kind = path[-1] if isinstance(path, list) and path else ""
    role = _CONSTRUCTORS.get(str(kind).replace("Chunk", ""))
    fields = inner if isinstance(inner, dict) else {}
    return {**fields, "role": role or fields.get("type")}


def _item(value: dict[str, JSON]) -> list[Said] | None:
    """A Responses API or LiveKit item that is no chat message; None where it is one."""
    kind = value.get("type")
    if kind in _CALLS:
        request = Request.of(value.get("call_id") or value.get("id"), value.get("name"), _arguments(value))
        return [Said(Role.ASSISTANT, requests=(request,))]
    if kind in _OUTPUTS:
        text = result_text(_flat(value.get("output")))
        failed = as_bool(value.get("is_error")) is True
        name = unquoted(value.get("name"))
        return [
            Said(Role.TOOL, text, answers=str(value.get("call_id") or ""), name=name, error=text if failed else None)
        ]
    return [] if kind == "reasoning" else None


def _flat(output: JSON) -> JSON:
    """The text of an output given as a list of text parts."""
    if isinstance(output, list) and output and all(isinstance(part, dict) and "text" in part for part in output):
        return "\n".join(str(part["text"]) for part in output if isinstance(part, dict))
    return output


def _arguments(value: dict[str, JSON]) -> JSON:
    for key in ("arguments", "args", "input", "parameters"):
        if key in value:
            return value[key]
    return None


def _role(value: dict[str, JSON], bare: Role | None) -> Role | None:
    for key in ("role", "type"):
        name = value.get(key)
        if isinstance(name, str) and name.lower() in _ROLES:
            return _ROLES[name.lower()]
    return bare


def _content(value: dict[str, JSON]) -> Parts:
    for key in ("parts", "content", "contents", "text"):
        content = value.get(key)
        if content not in (None, [], ""):
            return parts_of(content, is_tool=value.get("role") in ("tool", "function"))
    return Parts()


def requests_in(value: dict[str, JSON]) -> Iterator[Request]:
    """The tool calls beside a message's content: `tool_calls` in any nesting, or the old `function_call`."""
    extra = value.get("additional_kwargs")
    calls = parse_structure(value.get("tool_calls") or (extra.get("tool_calls") if isinstance(extra, dict) else None))
    for call in calls if isinstance(calls, list) else ():
        if not isinstance(call, dict):
            continue
        # An item of the Responses API has an id of its own beside the call's.
        inner = call.get("tool_call") if isinstance(call.get("tool_call"), dict) else call
        if not isinstance(inner, dict):
            continue
        function = inner.get("function")
        named = function if isinstance(function, dict) else inner
        call_id = inner.get("call_id") or inner.get("id") or inner.get("toolCallId")
        yield Request.of(call_id, named.get("name") or named.get("toolName"), _arguments(named))
    old = value.get("function_call")
    if isinstance(old, dict) and not calls:
        yield Request.of(None, old.get("name"), old.get("arguments"))
