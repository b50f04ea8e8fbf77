"""Token counts, finish reasons and times to first token brought to one meaning.

`input` includes cached tokens and `output` includes reasoning tokens (OTel GenAI semantic conventions); a report whose
cache reads and writes exceed its input, or whose reasoning count exceeds its output, counts them outside (Anthropic's
own form).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from conversation.model import JSON, Span, Tokens
from conversation.parsing import as_dict, as_float, first_int, parse_structure, unquoted

_FINISH = {
    "tool_calls": "tool_call",
    "tool-calls": "tool_call",
    "tool_call": "tool_call",
    "tool_use": "tool_call",
    "function_call": "tool_call",
    "stop": "stop",
    "end_turn": "stop",
    "stop_sequence": "stop",
    "completed": "stop",
    "length": "length",
    "max_tokens": "length",
    "content_filter": "content_filter",
    "content-filter": "content_filter",
    "safety": "content_filter",
    "guardrail_intervened": "content_filter",
}
_INPUT = ("input_tokens", "prompt_tokens", "promptTokens", "inputTokens", "input", "prompt", "prompt_token_count")
_OUTPUT = (
    "output_tokens",
    "completion_tokens",
    "completionTokens",
    "outputTokens",
    "output",
    "completion",
    "candidates_token_count",
)
_CACHED = (
    "cache_read_input_tokens",
    "cached_tokens",
    "cachedInputTokens",
    "input_cached_tokens",
    "cache_read",
    "cached_content_token_count",
    "cacheReadInputTokens",
)
_REASONING = ("reasoning_tokens", "reasoningTokens", "output_reasoning_tokens", "reasoning", "thoughts_token_count")
_DETAILS = (
    "prompt_tokens_details",
    "input_tokens_details",
    "input_token_details",
    "inputTokenDetails",
    "completion_tokens_details",
    "output_tokens_details",
    "output_token_details",
    "outputTokenDetails",
)


def tokens(
    given: int | None,
    made: int | None,
    cached: int | None = None,
    reasoning: int | None = None,
    written: int | None = None,
) -> Tokens | None:
    """Counts as `Tokens`; None where neither input nor output is told.

    Args:
        given: Input tokens.
        made: Output tokens.
        cached: Input tokens read from a cache.
        reasoning: Output tokens nobody sees.
        written: Input tokens written to a cache.
    """
    if given is None and made is None:
        return None
    whole_in, whole_out = given or 0, made or 0
    if (cached or 0) + (written or 0) > whole_in:
        whole_in += (cached or 0) + (written or 0)
    if (reasoning or 0) > whole_out:
        whole_out += reasoning or 0
    return Tokens(whole_in, whole_out, reasoning or 0, cached or 0, written or 0)


def tokens_in(usage: object) -> Tokens | None:
    """Counts out of a provider's usage object, in any of the common spellings."""
    counts = as_dict(usage)
    if not counts:
        return None
    flat: dict[str, JSON] = dict(counts)
    for key in _DETAILS:
        inner = counts.get(key)
        if isinstance(inner, dict):
            flat = {**inner, **flat}
    return tokens(
        first_int(flat, _INPUT),
        first_int(flat, _OUTPUT),
        first_int(flat, _CACHED),
        first_int(flat, _REASONING),
        first_int(flat, ("cache_creation_input_tokens", "cacheWriteInputTokens")),
    )


def tokens_by_keys(
    attributes: Mapping[str, object],
    *,
    given: Sequence[str],
    made: Sequence[str],
    cached: Sequence[str] = (),
    reasoning: Sequence[str] = (),
    written: Sequence[str] = (),
) -> Tokens | None:
    """Counts out of attributes; of each group the first key that holds a number counts."""
    return tokens(
        first_int(attributes, given),
        first_int(attributes, made),
        first_int(attributes, cached),
        first_int(attributes, reasoning),
        first_int(attributes, written),
    )


def finish_reason(value: object) -> str | None:
    """One finish reason out of a text, a list, or a JSON text of a list; tool calls and stops under one name each."""
    parsed = parse_structure(value)
    if isinstance(parsed, list):
        parsed = next((item for item in parsed if isinstance(item, str) and item), None)
    text = unquoted(parsed)
    return _FINISH.get(text.lower(), text.lower()) if text else None


def seconds(value: object, unit_seconds: float = 1.0) -> float | None:
    """A duration in seconds, None where absent or negative."""
    number = as_float(value)
    return number * unit_seconds if number is not None and number >= 0 else None


def until_event(span: Span, *names: str) -> float | None:
    """Seconds from the span's start to its first event of one of these names (also as prefix, ending in a dot)."""
    times = [
        event.time_ns
        for event in span.events
        if any(event.name == name or (name.endswith(".") and event.name.startswith(name)) for name in names)
    ]
    return max(0, min(times) - span.start_ns) / 1e9 if times else None
