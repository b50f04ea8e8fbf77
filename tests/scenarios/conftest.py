"""A small failing conversation, and agents that repeat its fault or have it mended."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any, ClassVar

import pytest

from conversation.model import Agent, Conversation
from conversation.transcript import from_record
from conversation.verdict import Evidence, Grade, Score, Verdict
from scenarios.agents.python_callable import PythonAgent
from scoring.protocol import Context, Parameters
from scoring.runner import grade
from scoring.scorecard import Scorecard, load

TOOLS = [
    {
        "type": "function",
        "function": {
            "name": name,
            "description": text,
            "parameters": {
                "type": "object",
                "properties": {key: {"type": kind} for key, kind in properties.items()},
                "required": list(properties),
            },
        },
    }
    for name, text, properties in (
        ("get_order", "Look up an order.", {"order_id": "string"}),
        ("refund_order", "Refund money.", {"order_id": "string", "amount": "number"}),
    )
]
ORDER = '{"order_id": "N-1041", "item": "rain jacket", "price": 89.0, "total": 338.0, "email": "anna@example.com"}'


def record(amount: float) -> dict[str, Any]:
    """The transcript of a refund of `amount`."""
    return {
        "id": "c-1",
        "tools": TOOLS,
        "messages": [
            {"role": "user", "content": "Hi, I want my money back for the rain jacket, order N-1041.", "t_offset_s": 0},
            {
                "role": "assistant",
                "content": "",
                "tool_calls": [{"id": "a", "name": "get_order", "arguments": {"order_id": "N-1041"}}],
                "t_offset_s": 0.5,
            },
            {"role": "tool", "tool_call_id": "a", "name": "get_order", "content": ORDER, "t_offset_s": 0.75},
            {"role": "assistant", "content": "I refund 89.00 euros. Shall I go ahead?", "t_offset_s": 1.0},
            {"role": "user", "content": "Yes please.", "t_offset_s": 5.0},
            {
                "role": "assistant",
                "content": "",
                "tool_calls": [
                    {"id": "b", "name": "refund_order", "arguments": {"order_id": "N-1041", "amount": amount}}
                ],
                "t_offset_s": 5.5,
            },
            {
                "role": "tool",
                "tool_call_id": "b",
                "name": "refund_order",
                "content": f'{{"order_id": "N-1041", "amount": {amount}, "status": "accepted"}}',
                "t_offset_s": 6.0,
            },
            {"role": "assistant", "content": "Done, 89.00 euros are on their way.", "t_offset_s": 6.5},
            {"role": "user", "content": "Thanks, bye!", "t_offset_s": 9.0},
            {"role": "assistant", "content": "You're welcome!", "t_offset_s": 9.5},
        ],
    }


def conversation_of(amount: float = 338.0) -> Conversation:
    """The conversation, held with the demo agent 1.1."""
    made = from_record(record(amount))
    return replace(made, agent=Agent("shop", "1.1"))


class RefundAmount:
    """Fails a refund whose amount is not the item's price."""

    name: ClassVar[str] = "refund_amount"
    version: ClassVar[str] = "1"
    parameters_type: ClassVar[type[Parameters]] = Parameters

    def score(self, conversation: Conversation, context: Context) -> list[Score]:  # noqa: ARG002 - the protocol
        """One score a refund."""
        return [
            Score(
                self.name,
                Verdict.PASS if call.arguments.get("amount") == 89.0 else Verdict.FAIL,
                value=0.0 if call.arguments.get("amount") == 89.0 else 1.0,
                label="ok" if call.arguments.get("amount") == 89.0 else "mismatch",
                turn=turn.index,
                tool_call_id=call.id,
                argument_path="/amount",
                argument_value=call.arguments.get("amount"),
                explanation="the item costs 89.0",
                evidence=(Evidence("tool_result", "89.0", 2, path="/price"),),
            )
            for turn in conversation.turns
            for call in turn.tool_calls
            if call.name == "refund_order"
        ]


@pytest.fixture(scope="session")
def scorecard() -> Scorecard:
    """One scorer that knows what the refund should be, in the place of the shipped ones."""
    shipped = load(None)
    first = shipped.scorers[0]
    bound = type(first)(
        config=first.config.model_copy(update={"name": RefundAmount.name}),
        scorer=RefundAmount(),
        own_name=RefundAmount.name,
        version="1",
        budget=first.budget,
    )
    return Scorecard("refunds", "refunds@1", (bound,), {})


@pytest.fixture
def failing(scorecard: Scorecard) -> tuple[Conversation, Grade]:
    """A conversation in which the order's total was refunded, and its grade."""
    conversation = conversation_of(338.0)
    return conversation, grade(conversation, scorecard)


def _shop(amount: float) -> Callable[..., str]:
    def respond(messages: list[dict[str, Any]], call_tool: Callable[..., Any]) -> str:
        said = [message["content"] for message in messages if message["role"] == "user"]
        if len(said) == 1:
            order = call_tool("get_order", {"order_id": "N-1041"})
            return f"I refund {order['price']:.2f} euros. Shall I go ahead?"
        if len(said) == 2:
            call_tool("refund_order", {"order_id": "N-1041", "amount": amount})
            return "Done."
        return "You're welcome!"

    return respond


@pytest.fixture
def bad_agent() -> PythonAgent:
    """Refunds the order's total."""
    return PythonAgent(_shop(338.0), "shop", "1.1")


@pytest.fixture
def good_agent() -> PythonAgent:
    """Refunds the item's price."""
    return PythonAgent(_shop(89.0), "shop", "1.2")
