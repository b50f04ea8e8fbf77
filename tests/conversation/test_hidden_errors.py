from __future__ import annotations

from typing import Any

import pytest

from conversation.hidden_errors import hidden_error


@pytest.mark.parametrize(
    ("result", "text"),
    [
        ("Error: order not found", "Error: order not found"),
        ("ValueError: bad id", "ValueError: bad id"),
        ("Traceback (most recent call last):\n x", "Traceback (most recent call last):\n x"),
        ("Tool execution failed: timeout", "Tool execution failed: timeout"),
        ({"error": "gateway timed out"}, "gateway timed out"),
        ('{"error": {"code": 7, "message": "gone"}}', "gone"),
        ({"status": "error", "error_message": "no such order"}, "no such order"),
        ({"status": "failed", "reason": "declined"}, "declined"),
        ({"success": False, "message": "declined"}, "declined"),
        ({"isError": True, "content": "declined"}, "declined"),
        ("{'error': 'a Python literal'}", "a Python literal"),
    ],
)
def test_a_failure_inside_an_ordinary_result_is_found(result: Any, text: str) -> None:
    assert hidden_error(result) == text


@pytest.mark.parametrize(
    "result",
    [
        None,
        "",
        "found",
        "No errors were found.",
        "Errors: none",
        {"eligible": False},
        {"error": None, "value": 1},
        {"errors": [], "value": 1},
        {"error_rate": 0.2},
        {"status": "delivered"},
        {"success": True},
        [{"error": "in a list of records"}],
        7,
    ],
)
def test_an_ordinary_result_is_no_failure(result: Any) -> None:
    assert hidden_error(result) is None
