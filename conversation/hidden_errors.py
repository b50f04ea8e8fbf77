"""Tool failures that hide in an ordinary result: an error field, a failed status, or text that begins like one.

Backends report failure in the payload while the span stays green (Google ADK, hand-written loops, tau-bench tools).
Only the shape decides, never what a tool is called; a business answer such as `{"eligible": false}` is no failure.
"""

from __future__ import annotations

import re

from conversation.model import JSON
from conversation.parsing import as_bool, canonical, parse_structure
from conversation.tool_json import RETRY_SENTENCE, without_retry_sentence

_ERROR_FIELDS = ("error", "error_message", "errorMessage", "errors", "exception")
_STATUS_FIELDS = ("status", "state", "result", "outcome", "type")
_FAILED = {"error", "failed", "failure", "exception", "errored"}
_FALSE_IS_FAILURE = ("success", "ok", "succeeded")
_TRUE_IS_FAILURE = ("is_error", "isError", "iserror", "failed")
_TEXT = re.compile(
    r"^\W{0,3}(?:(?:internal |tool |runtime |validation |execution |http )?(?:error|exception|failure)s?\b"
    r"|traceback \(most recent call last\)|\w+(?:error|exception)\b\s*[:(]"
    r"|(?:tool|function|call|request|operation|execution)(?: call| execution)? (?:has )?(?:failed|timed out)\b)",
    re.IGNORECASE,
)


def hidden_error(result: JSON) -> str | None:
    """The error text a result carries; None where it is an ordinary result."""
    value = parse_structure(result)
    if isinstance(value, str):
        failed = _TEXT.match(value) or value.rstrip().endswith(RETRY_SENTENCE)
        return without_retry_sentence(value.strip()) if failed and not _reports_none(value) else None
    if isinstance(value, dict):
        return _in_object(value)
    return None


def _reports_none(text: str) -> bool:
    return bool(re.match(r"^\W*errors?\W+(?:none|null|0|\[\]|false)\b", text, re.IGNORECASE))


def _in_object(value: dict[str, JSON]) -> str | None:
    for key in _ERROR_FIELDS:
        found = value.get(key)
        if found not in (None, False, "", [], {}, 0):
            return _words(found, value)
    for key in _TRUE_IS_FAILURE:
        if as_bool(value.get(key)) is True:
            return _words(None, value)
    for key in _FALSE_IS_FAILURE:
        if as_bool(value.get(key)) is False:
            return _words(None, value)
    for key in _STATUS_FIELDS:
        status = value.get(key)
        if isinstance(status, str) and status.strip().lower() in _FAILED:
            return _words(None, value)
    return None


def _words(found: JSON, value: dict[str, JSON]) -> str:
    """The most telling text: the error's own, else a message beside it, else the whole object."""
    if isinstance(found, str):
        return found
    if isinstance(found, dict):
        for key in ("message", "detail", "description", "text"):
            if isinstance(found.get(key), str):
                return str(found[key])
    for key in ("message", "error_message", "reason", "detail", "description", "content", "text"):
        text = value.get(key)
        if isinstance(text, str) and text:
            return text
    return canonical(found if isinstance(found, dict | list) else value)
